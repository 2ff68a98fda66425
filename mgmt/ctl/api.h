// Calls to one agent, each with its deadline, failures in words. One thread.
#ifndef MGMT_CTL_API_H_
#define MGMT_CTL_API_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "mgmt/ctl/failure.h"
#include "mosh/fleet/v1/fleet_service.grpc.pb.h"
#include "mosh/fleet/v1/operation_service.grpc.pb.h"
#include "mosh/fleet/v1/policy_service.grpc.pb.h"
#include "mosh/fleet/v1/recording_service.grpc.pb.h"

namespace mosh::mgmt::ctl {

// All nodes that the agent knows of.
inline constexpr char kAnyNode[] = "nodes/-";

// What is about a session of another node is asked of that node's agent, when the first says where
// it is.
class Api {
 public:
  using Stub = ::mosh::fleet::v1::FleetService::Stub;
  using RecordingStub = ::mosh::fleet::v1::RecordingService::Stub;
  using OperationStub = ::mosh::fleet::v1::OperationService::Stub;
  using PolicyStub = ::mosh::fleet::v1::PolicyService::Stub;

  // "HOST:PORT" of another agent. kInvalidArgument: no certificate for it.
  using Opener =
      std::function<absl::StatusOr<std::shared_ptr<grpc::Channel>>(const std::string& endpoint)>;

  // `address` is only for messages. Without `opener` nobody else is asked.
  Api(const std::shared_ptr<grpc::Channel>& channel, std::string address, absl::Duration timeout,
      Opener opener = nullptr)
      : opener_(std::move(opener)),
        stub_(::mosh::fleet::v1::FleetService::NewStub(channel)),
        recordings_(::mosh::fleet::v1::RecordingService::NewStub(channel)),
        operations_(::mosh::fleet::v1::OperationService::NewStub(channel)),
        policies_(::mosh::fleet::v1::PolicyService::NewStub(channel)),
        address_(std::move(address)),
        timeout_(timeout) {}

  //   api.Call(&Api::Stub::GetNode, request)
  template <class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    return CallOf(stub_.get(), method, request);
  }
  template <class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (RecordingStub::*method)(grpc::ClientContext*,
                                                                      const Request&, Response*),
                                const Request& request) {
    return CallOf(recordings_.get(), method, request);
  }
  template <class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (OperationStub::*method)(grpc::ClientContext*,
                                                                      const Request&, Response*),
                                const Request& request) {
    return CallOf(operations_.get(), method, request);
  }
  template <class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (PolicyStub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                                const Request& request) {
    return CallOf(policies_.get(), method, request);
  }

  // The same, page by page until there are no more, as one answer.
  //   api.CallAllPages(&Api::Stub::ListNodes, request)
  template <class AnyStub, class Request, class Response>
  absl::StatusOr<Response> CallAllPages(grpc::Status (AnyStub::*method)(grpc::ClientContext*,
                                                                        const Request&, Response*),
                                        Request request) {
    Response all;
    do {
      absl::StatusOr<Response> page = Call(method, request);
      if (!page.ok()) return page.status();
      request.set_page_token(page->next_page_token());
      page->clear_next_page_token();
      all.clear_total_size();  // each page tells it
      all.MergeFrom(*page);
    } while (!request.page_token().empty());
    return all;
  }

  absl::Status Explain(const grpc::Status& status) const {
    return ExplainFailure(status, address_);
  }

  // The agent that this one says is to be asked instead, or null if it doesn't say so. An error:
  // there is no way to that one.
  absl::StatusOr<Api*> Elsewhere(const grpc::Status& status);

  // The agent at "HOST:PORT", by a connection of its own, with the same deadline. An error: there
  // is no way to it.
  absl::StatusOr<Api*> At(const std::string& endpoint);

  // All sessions, page by page, as one answer. No parent: of all nodes.
  absl::StatusOr<::mosh::fleet::v1::ListSessionsResponse> ListSessions(
      ::mosh::fleet::v1::ListSessionsRequest request);
  // The same of recordings, of one node. `session`: only this one's, unless it is empty.
  absl::StatusOr<::mosh::fleet::v1::ListRecordingsResponse> ListRecordings(
      const std::string& node, const std::string& session);

  // For streams, which have no end that could be waited for: the first message has to come within
  // timeout().
  Stub* stub() { return stub_.get(); }
  RecordingStub* recordings() { return recordings_.get(); }
  absl::Duration timeout() const { return timeout_; }

 private:
  template <class AnyStub, class Request, class Response>
  absl::StatusOr<Response> CallOf(AnyStub* stub,
                                  grpc::Status (AnyStub::*method)(grpc::ClientContext*,
                                                                  const Request&, Response*),
                                  const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout_));
    Response response;
    const grpc::Status status = (stub->*method)(&context, request, &response);
    if (status.ok()) return response;
    const absl::StatusOr<Api*> other = Elsewhere(status);
    if (!other.ok()) return other.status();
    if (*other == nullptr) return Explain(status);
    return (*other)->Call(method, request);
  }

  const Opener opener_;
  std::unique_ptr<Stub> stub_;
  std::unique_ptr<RecordingStub> recordings_;
  std::unique_ptr<OperationStub> operations_;
  std::unique_ptr<PolicyStub> policies_;
  std::string address_;
  absl::Duration timeout_;
  std::map<std::string, std::unique_ptr<Api>> others_;  // by endpoint
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_API_H_
