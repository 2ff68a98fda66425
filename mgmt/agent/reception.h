// Reception: brings gRPC's calls to the loop, and their answers back. What is the same for all of
// them is done here: who calls, whether he may call at all and how often, the audit log, counting,
// the end of everything.
#ifndef MGMT_AGENT_RECEPTION_H_
#define MGMT_AGENT_RECEPTION_H_

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "grpcpp/impl/service_type.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/task.h"
#include "mgmt/agent/audit.h"
#include "mgmt/agent/call.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/drain_calls.h"
#include "mgmt/agent/identity.h"
#include "mgmt/agent/limits.h"
#include "mgmt/agent/mailbox.h"
#include "mgmt/agent/metrics.h"
#include "mgmt/agent/node_calls.h"
#include "mgmt/agent/policy_calls.h"
#include "mgmt/agent/rate_limit.h"
#include "mgmt/agent/recordings.h"
#include "mgmt/agent/streams.h"

namespace mosh::mgmt {

class Reception final : public CallRecorder {
 public:
  // All outlive it; `metrics` may be null.
  struct Context {
    io::Reactor* reactor;
    Mailbox* mailbox;
    Calls* calls;
    Streams* streams;
    Recordings* recordings;
    DrainCalls* drains;
    PolicyCalls* policies;
    NodeCalls* nodes;
    Audit* audit;
    Metrics* metrics;
    Limits limits;
  };
  explicit Reception(Context context);

  // For one grpc::Server, whose callers `identify` knows. They die before this.
  std::vector<std::unique_ptr<grpc::Service>> MakeGrpcServices(Identify identify);

  // Loop. Runs the calls until `stop`. Then new ones are refused, streams end, and what is under
  // way has two seconds. Returns when nothing is left to answer; for that the grpc::Servers must be
  // shut down meanwhile, which ends what a caller doesn't read.
  io::Task<void> Run(io::StopToken stop);

  // An entry of the agent's own.
  io::Task<void> Note(std::string detail);

 private:
  template <class Base>
  class ServiceOf;
  class FleetService;
  class RecordingService;
  class OperationService;
  class PolicyService;

  io::Task<absl::Status> Begin(const Call* call) override;

  // gRPC's threads. Null, and a status: it can't be taken on.
  std::shared_ptr<Call> TakeOn(grpc::CallbackServerContext* context, const Method& method,
                               const Identify& identify, grpc::Status* refused);

  // Loop.
  io::Task<grpc::Status> Admit(Call* call);
  // What is to be told instead of `status`: the same unless it could not be recorded.
  io::Task<grpc::Status> Conclude(Call* call, grpc::Status status, bool admitted);
  // `part` is who has the handler.
  template <class Part, class Request, class Response>
  io::Task<void> RunUnary(std::shared_ptr<Call> call, const Request* request, Response* response,
                          Part* part,
                          Calls::Done (Part::*handler)(Call*, const Request*, Response*),
                          grpc::ServerUnaryReactor* reactor);
  template <class Part, class Request, class Stream, class Handler>
  io::Task<void> RunStream(std::shared_ptr<Call> call, std::shared_ptr<const Request> request,
                           Stream* stream, Part* part, Handler handler);
  void CountCalls(int by);

  const Context context_;
  RateLimit audited_;
  std::atomic<int> under_way_ = 0;
  // While Run runs.
  io::Scope* unary_ = nullptr;
  io::Scope* streams_ = nullptr;
  bool stopping_ = false;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_RECEPTION_H_
