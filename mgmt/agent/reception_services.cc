// gRPC's methods: each brings its call to the part that has the handler, by way of the loop.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "grpcpp/support/server_callback.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/grpc_stream.h"
#include "mgmt/agent/reception.h"
#include "mosh/fleet/v1/fleet_service.grpc.pb.h"
#include "mosh/fleet/v1/operation_service.grpc.pb.h"
#include "mosh/fleet/v1/policy_service.grpc.pb.h"
#include "mosh/fleet/v1/recording_service.grpc.pb.h"

namespace mosh::mgmt {
namespace {

using Rpc = fleet::FleetService;
using NodesBase = Rpc::WithCallbackMethod_ListNodes<
    Rpc::WithCallbackMethod_WatchNodes<Rpc::WithCallbackMethod_ForgetNode<Rpc::Service>>>;
// WatchSessions is raw: its answers come serialized, made once for all who watch the same.
using FleetBase = Rpc::WithCallbackMethod_GetNode<
    Rpc::WithCallbackMethod_ListSessions<Rpc::WithCallbackMethod_GetSession<
        Rpc::WithRawCallbackMethod_WatchSessions<Rpc::WithCallbackMethod_GetScreen<
            Rpc::WithCallbackMethod_StreamScreen<Rpc::WithCallbackMethod_TerminateSession<
                Rpc::WithCallbackMethod_DetachClient<Rpc::WithCallbackMethod_NotifySessions<
                    Rpc::WithCallbackMethod_HoldSession<Rpc::WithCallbackMethod_CreateAttachTicket<
                        Rpc::WithCallbackMethod_TailAudit<Rpc::WithCallbackMethod_DrainNode<
                            Rpc::WithCallbackMethod_UndrainNode<NodesBase>>>>>>>>>>>>>>;

using RecordingRpc = fleet::RecordingService;
using RecordingBase = RecordingRpc::WithCallbackMethod_StartRecording<
    RecordingRpc::WithCallbackMethod_StopRecording<RecordingRpc::WithCallbackMethod_ListRecordings<
        RecordingRpc::WithCallbackMethod_GetRecording<
            RecordingRpc::WithCallbackMethod_DeleteRecording<
                RecordingRpc::WithCallbackMethod_DownloadRecording<RecordingRpc::Service>>>>>>;

using OperationRpc = fleet::OperationService;
using OperationBase = OperationRpc::WithCallbackMethod_GetOperation<
    OperationRpc::WithCallbackMethod_ListOperations<OperationRpc::WithCallbackMethod_WaitOperation<
        OperationRpc::WithCallbackMethod_CancelOperation<OperationRpc::Service>>>>;

using PolicyRpc = fleet::PolicyService;
using PolicyBase = PolicyRpc::WithCallbackMethod_GetPolicy<
    PolicyRpc::WithCallbackMethod_ListPolicies<PolicyRpc::WithCallbackMethod_UpdatePolicy<
        PolicyRpc::WithCallbackMethod_DeletePolicy<PolicyRpc::Service>>>>;

}  // namespace

template <class Part, class Request, class Response>
io::Task<void> Reception::RunUnary(std::shared_ptr<Call> call, const Request* request,
                                   Response* response, Part* part,
                                   Calls::Done (Part::*handler)(Call*, const Request*, Response*),
                                   grpc::ServerUnaryReactor* reactor) {
  const Instant begun = context_.reactor->Now();
  call->stop = unary_->token();
  grpc::Status status = co_await Admit(call.get());
  const bool admitted = status.ok();
  if (admitted) status = co_await (part->*handler)(call.get(), request, response);
  status = co_await Conclude(call.get(), std::move(status), admitted);
  if (context_.metrics != nullptr) {
    context_.metrics->CountCall(call->method->name, status.error_code(),
                                context_.reactor->Now() - begun);
  }
  CountCalls(-1);
  reactor->Finish(status);
}

template <class Part, class Request, class Stream, class Handler>
io::Task<void> Reception::RunStream(std::shared_ptr<Call> call,
                                    std::shared_ptr<const Request> request, Stream* stream,
                                    Part* part, Handler handler) {
  io::StopSource source(streams_->token());
  stream->StopWhenGone(&source);
  call->stop = source.token();
  grpc::Status status = co_await Admit(call.get());
  const bool admitted = status.ok();
  if (admitted) {
    status = co_await (part->*handler)(call.get(), request.get(), stream);
  }
  status = co_await Conclude(call.get(), std::move(status), admitted);
  if (context_.metrics != nullptr) {
    context_.metrics->CountCall(call->method->name, status.error_code(), std::nullopt);
  }
  CountCalls(-1);
  stream->StopWhenGone(nullptr);
  stream->Finish(status);
}

// What the services have in common.
template <class Base>
class Reception::ServiceOf : public Base {
 public:
  ServiceOf(Reception* reception, Identify identify)
      : reception_(reception), identify_(std::move(identify)) {}

 protected:
  template <class Part, class Request, class Response>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const Method& method,
                                  const Request* request, Response* response, Part* part,
                                  Calls::Done (Part::*handler)(Call*, const Request*, Response*)) {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    grpc::Status refused;
    std::shared_ptr<Call> call = reception_->TakeOn(context, method, identify_, &refused);
    if (call == nullptr) {
      reactor->Finish(refused);
      return reactor;
    }
    const bool posted = reception_->context_.mailbox->Post(
        [reception = reception_, call, request, response, part, handler, reactor] {
          if (reception->unary_ == nullptr || reception->stopping_) {
            reception->CountCalls(-1);
            reactor->Finish(AgentStopping(""));
            return;
          }
          reception->unary_->Spawn(
              reception->RunUnary(call, request, response, part, handler, reactor));
        });
    if (!posted) {
      reception_->CountCalls(-1);
      reactor->Finish(AgentStopping(""));
    }
    return reactor;
  }

  // `request` null: it could not be parsed.
  template <class Message, class Wire, class Request, class Part, class Handler>
  grpc::ServerWriteReactor<Wire>* Stream(grpc::CallbackServerContext* context, const Method& method,
                                         std::shared_ptr<const Request> request, Part* part,
                                         Handler handler) {
    auto* const stream = new GrpcStream<Message, Wire>(reception_->context_.reactor,
                                                       reception_->context_.mailbox, context);
    grpc::Status refused;
    std::shared_ptr<Call> call = reception_->TakeOn(context, method, identify_, &refused);
    if (call != nullptr && request == nullptr) {
      reception_->CountCalls(-1);
      call = nullptr;
      refused = InvalidField(reason::kInvalidArgument, "request", "is not understood");
    }
    if (call == nullptr) {
      stream->Finish(refused);
      return stream;
    }
    call->caller_gone = stream->gone();
    const bool posted = reception_->context_.mailbox->Post(
        [reception = reception_, call, request, stream, part, handler] {
          if (reception->streams_ == nullptr || reception->stopping_) {
            reception->CountCalls(-1);
            stream->Finish(AgentStopping(""));
            return;
          }
          reception->streams_->Spawn(reception->RunStream(call, request, stream, part, handler));
        });
    if (!posted) {
      reception_->CountCalls(-1);
      stream->Finish(AgentStopping(""));
    }
    return stream;
  }

  const Context& parts() const { return reception_->context_; }

 private:
  Reception* const reception_;
  const Identify identify_;
};

class Reception::FleetService final : public ServiceOf<FleetBase> {
 public:
  using ServiceOf::ServiceOf;

  grpc::ServerUnaryReactor* GetNode(grpc::CallbackServerContext* context,
                                    const fleet::GetNodeRequest* request,
                                    fleet::Node* response) override {
    return Unary(context, method::kGetNode, request, response, parts().calls, &Calls::GetNode);
  }
  grpc::ServerUnaryReactor* ListNodes(grpc::CallbackServerContext* context,
                                      const fleet::ListNodesRequest* request,
                                      fleet::ListNodesResponse* response) override {
    return Unary(context, method::kListNodes, request, response, parts().nodes,
                 &NodeCalls::ListNodes);
  }
  grpc::ServerWriteReactor<fleet::WatchNodesResponse>* WatchNodes(
      grpc::CallbackServerContext* context, const fleet::WatchNodesRequest* request) override {
    return Stream<fleet::WatchNodesResponse, fleet::WatchNodesResponse, fleet::WatchNodesRequest>(
        context, method::kWatchNodes, std::make_shared<fleet::WatchNodesRequest>(*request),
        parts().nodes, &NodeCalls::WatchNodes);
  }
  grpc::ServerUnaryReactor* ForgetNode(grpc::CallbackServerContext* context,
                                       const fleet::ForgetNodeRequest* request,
                                       fleet::ForgetNodeResponse* response) override {
    return Unary(context, method::kForgetNode, request, response, parts().nodes,
                 &NodeCalls::ForgetNode);
  }
  grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext* context,
                                         const fleet::ListSessionsRequest* request,
                                         fleet::ListSessionsResponse* response) override {
    return Unary(context, method::kListSessions, request, response, parts().calls,
                 &Calls::ListSessions);
  }
  grpc::ServerUnaryReactor* GetSession(grpc::CallbackServerContext* context,
                                       const fleet::GetSessionRequest* request,
                                       fleet::Session* response) override {
    return Unary(context, method::kGetSession, request, response, parts().calls,
                 &Calls::GetSession);
  }
  grpc::ServerUnaryReactor* GetScreen(grpc::CallbackServerContext* context,
                                      const fleet::GetScreenRequest* request,
                                      fleet::Screen* response) override {
    return Unary(context, method::kGetScreen, request, response, parts().calls, &Calls::GetScreen);
  }
  grpc::ServerUnaryReactor* TerminateSession(grpc::CallbackServerContext* context,
                                             const fleet::TerminateSessionRequest* request,
                                             fleet::TerminateSessionResponse* response) override {
    return Unary(context, method::kTerminateSession, request, response, parts().calls,
                 &Calls::TerminateSession);
  }
  grpc::ServerUnaryReactor* DetachClient(grpc::CallbackServerContext* context,
                                         const fleet::DetachClientRequest* request,
                                         fleet::DetachClientResponse* response) override {
    return Unary(context, method::kDetachClient, request, response, parts().calls,
                 &Calls::DetachClient);
  }
  grpc::ServerUnaryReactor* NotifySessions(grpc::CallbackServerContext* context,
                                           const fleet::NotifySessionsRequest* request,
                                           fleet::NotifySessionsResponse* response) override {
    return Unary(context, method::kNotifySessions, request, response, parts().calls,
                 &Calls::NotifySessions);
  }
  grpc::ServerUnaryReactor* HoldSession(grpc::CallbackServerContext* context,
                                        const fleet::HoldSessionRequest* request,
                                        fleet::Session* response) override {
    return Unary(context, method::kHoldSession, request, response, parts().calls,
                 &Calls::HoldSession);
  }
  grpc::ServerUnaryReactor* CreateAttachTicket(grpc::CallbackServerContext* context,
                                               const fleet::CreateAttachTicketRequest* request,
                                               fleet::AttachTicket* response) override {
    return Unary(context, method::kCreateAttachTicket, request, response, parts().calls,
                 &Calls::CreateAttachTicket);
  }
  grpc::ServerUnaryReactor* DrainNode(grpc::CallbackServerContext* context,
                                      const fleet::DrainNodeRequest* request,
                                      fleet::Operation* response) override {
    return Unary(context, method::kDrainNode, request, response, parts().drains,
                 &DrainCalls::DrainNode);
  }
  grpc::ServerUnaryReactor* UndrainNode(grpc::CallbackServerContext* context,
                                        const fleet::UndrainNodeRequest* request,
                                        fleet::Node* response) override {
    return Unary(context, method::kUndrainNode, request, response, parts().drains,
                 &DrainCalls::UndrainNode);
  }
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchSessions(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override {
    auto parsed = std::make_shared<fleet::WatchSessionsRequest>();
    grpc::ByteBuffer bytes = *request;
    const bool good =
        grpc::SerializationTraits<fleet::WatchSessionsRequest>::Deserialize(&bytes, parsed.get())
            .ok();
    return Stream<std::string, grpc::ByteBuffer, fleet::WatchSessionsRequest>(
        context, method::kWatchSessions, good ? std::move(parsed) : nullptr, parts().streams,
        &Streams::WatchSessions);
  }
  grpc::ServerWriteReactor<fleet::ScreenFrame>* StreamScreen(
      grpc::CallbackServerContext* context, const fleet::StreamScreenRequest* request) override {
    return Stream<fleet::ScreenFrame, fleet::ScreenFrame, fleet::StreamScreenRequest>(
        context, method::kStreamScreen, std::make_shared<fleet::StreamScreenRequest>(*request),
        parts().streams, &Streams::StreamScreen);
  }
  grpc::ServerWriteReactor<fleet::AuditEntry>* TailAudit(
      grpc::CallbackServerContext* context, const fleet::TailAuditRequest* request) override {
    return Stream<fleet::AuditEntry, fleet::AuditEntry, fleet::TailAuditRequest>(
        context, method::kTailAudit, std::make_shared<fleet::TailAuditRequest>(*request),
        parts().streams, &Streams::TailAudit);
  }
};

class Reception::OperationService final : public ServiceOf<OperationBase> {
 public:
  using ServiceOf::ServiceOf;

  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* context,
                                         const fleet::GetOperationRequest* request,
                                         fleet::Operation* response) override {
    return Unary(context, method::kGetOperation, request, response, parts().drains,
                 &DrainCalls::GetOperation);
  }
  grpc::ServerUnaryReactor* ListOperations(grpc::CallbackServerContext* context,
                                           const fleet::ListOperationsRequest* request,
                                           fleet::ListOperationsResponse* response) override {
    return Unary(context, method::kListOperations, request, response, parts().drains,
                 &DrainCalls::ListOperations);
  }
  grpc::ServerUnaryReactor* WaitOperation(grpc::CallbackServerContext* context,
                                          const fleet::WaitOperationRequest* request,
                                          fleet::Operation* response) override {
    return Unary(context, method::kWaitOperation, request, response, parts().drains,
                 &DrainCalls::WaitOperation);
  }
  grpc::ServerUnaryReactor* CancelOperation(grpc::CallbackServerContext* context,
                                            const fleet::CancelOperationRequest* request,
                                            fleet::Operation* response) override {
    return Unary(context, method::kCancelOperation, request, response, parts().drains,
                 &DrainCalls::CancelOperation);
  }
};

class Reception::PolicyService final : public ServiceOf<PolicyBase> {
 public:
  using ServiceOf::ServiceOf;

  grpc::ServerUnaryReactor* GetPolicy(grpc::CallbackServerContext* context,
                                      const fleet::GetPolicyRequest* request,
                                      fleet::LimitPolicy* response) override {
    return Unary(context, method::kGetPolicy, request, response, parts().policies,
                 &PolicyCalls::GetPolicy);
  }
  grpc::ServerUnaryReactor* ListPolicies(grpc::CallbackServerContext* context,
                                         const fleet::ListPoliciesRequest* request,
                                         fleet::ListPoliciesResponse* response) override {
    return Unary(context, method::kListPolicies, request, response, parts().policies,
                 &PolicyCalls::ListPolicies);
  }
  grpc::ServerUnaryReactor* UpdatePolicy(grpc::CallbackServerContext* context,
                                         const fleet::UpdatePolicyRequest* request,
                                         fleet::LimitPolicy* response) override {
    return Unary(context, method::kUpdatePolicy, request, response, parts().policies,
                 &PolicyCalls::UpdatePolicy);
  }
  grpc::ServerUnaryReactor* DeletePolicy(grpc::CallbackServerContext* context,
                                         const fleet::DeletePolicyRequest* request,
                                         fleet::DeletePolicyResponse* response) override {
    return Unary(context, method::kDeletePolicy, request, response, parts().policies,
                 &PolicyCalls::DeletePolicy);
  }
};

class Reception::RecordingService final : public ServiceOf<RecordingBase> {
 public:
  using ServiceOf::ServiceOf;

  grpc::ServerUnaryReactor* StartRecording(grpc::CallbackServerContext* context,
                                           const fleet::StartRecordingRequest* request,
                                           fleet::Recording* response) override {
    return Unary(context, method::kStartRecording, request, response, parts().recordings,
                 &Recordings::StartRecording);
  }
  grpc::ServerUnaryReactor* StopRecording(grpc::CallbackServerContext* context,
                                          const fleet::StopRecordingRequest* request,
                                          fleet::Recording* response) override {
    return Unary(context, method::kStopRecording, request, response, parts().recordings,
                 &Recordings::StopRecording);
  }
  grpc::ServerUnaryReactor* ListRecordings(grpc::CallbackServerContext* context,
                                           const fleet::ListRecordingsRequest* request,
                                           fleet::ListRecordingsResponse* response) override {
    return Unary(context, method::kListRecordings, request, response, parts().recordings,
                 &Recordings::ListRecordings);
  }
  grpc::ServerUnaryReactor* GetRecording(grpc::CallbackServerContext* context,
                                         const fleet::GetRecordingRequest* request,
                                         fleet::Recording* response) override {
    return Unary(context, method::kGetRecording, request, response, parts().recordings,
                 &Recordings::GetRecording);
  }
  grpc::ServerUnaryReactor* DeleteRecording(grpc::CallbackServerContext* context,
                                            const fleet::DeleteRecordingRequest* request,
                                            fleet::DeleteRecordingResponse* response) override {
    return Unary(context, method::kDeleteRecording, request, response, parts().recordings,
                 &Recordings::DeleteRecording);
  }
  grpc::ServerWriteReactor<fleet::DownloadRecordingResponse>* DownloadRecording(
      grpc::CallbackServerContext* context,
      const fleet::DownloadRecordingRequest* request) override {
    return Stream<fleet::DownloadRecordingResponse, fleet::DownloadRecordingResponse,
                  fleet::DownloadRecordingRequest>(
        context, method::kDownloadRecording,
        std::make_shared<fleet::DownloadRecordingRequest>(*request), parts().recordings,
        &Recordings::DownloadRecording);
  }
};

std::vector<std::unique_ptr<grpc::Service>> Reception::MakeGrpcServices(Identify identify) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<FleetService>(this, identify));
  services.push_back(std::make_unique<OperationService>(this, identify));
  services.push_back(std::make_unique<PolicyService>(this, identify));
  services.push_back(std::make_unique<RecordingService>(this, std::move(identify)));
  return services;
}

}  // namespace mosh::mgmt
