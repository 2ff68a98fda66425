#include "mgmt/agent/drain_calls.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "io/attributes.h"
#include "io/timer.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/names.h"

namespace mosh::mgmt {
namespace {

constexpr int64_t kMaxGraceSeconds = 30 * 86'400;
constexpr size_t kMaxMessageBytes = 500;
constexpr std::chrono::minutes kMaxWait{10};
// The answer needs time too.
constexpr std::chrono::milliseconds kBeforeDeadline{200};
// A call that waits must not keep others from beginning.
constexpr int kMaxWaiting = 500;
constexpr int kMaxWaitingOfACaller = 50;

bool HasControls(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

grpc::Status DrainAnswer(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return grpc::Status::OK;
    case absl::StatusCode::kCancelled:
      return AgentStopping("");
    case absl::StatusCode::kFailedPrecondition:
      return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kDrainRunning,
                      status.message());
    default:
      return ApiError(grpc::StatusCode::INTERNAL, reason::kInternal, status.message());
  }
}

}  // namespace

MOSH_CORO_WRAPPER DrainCalls::Done DrainCalls::DrainNode(Call* call,
                                                         const fleet::DrainNodeRequest* request,
                                                         fleet::Operation* response) {
  return once_.Run(call, request->name(), request, response, this, &DrainCalls::Drain);
}
MOSH_CORO_WRAPPER DrainCalls::Done DrainCalls::UndrainNode(Call* call,
                                                           const fleet::UndrainNodeRequest* request,
                                                           fleet::Node* response) {
  return once_.Run(call, request->name(), request, response, this, &DrainCalls::Undrain);
}
MOSH_CORO_WRAPPER DrainCalls::Done DrainCalls::CancelOperation(
    Call* call, const fleet::CancelOperationRequest* request, fleet::Operation* response) {
  return once_.Run(call, request->name(), request, response, this, &DrainCalls::Cancel);
}

grpc::Status DrainCalls::Check(const Call& call, Verb verb) const {
  const grpc::Status allowed = context_.calls->CheckNodeRight(call, verb);
  if (!allowed.ok()) return allowed;
  const std::string why = context_.unavailable();
  if (why.empty()) return grpc::Status::OK;
  return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kStateUnavailable,
                  absl::StrCat("this agent can't drain its node: ", why));
}

grpc::Status DrainCalls::CheckDrain(const Call& call, absl::string_view name) const {
  const grpc::Status named = context_.calls->CheckNode(call, "name", name);
  return named.ok() ? Check(call, Verb::kDrain) : named;
}

DrainCalls::Done DrainCalls::Drain(Call* call, const fleet::DrainNodeRequest* request,
                                   fleet::Operation* response) {
  const grpc::Status may = CheckDrain(*call, request->name());
  if (!may.ok()) co_return may;
  call->resource = context_.calls->context().directory->node_name();
  const google::protobuf::Duration& grace = request->grace();
  if (grace.seconds() < 0 || grace.seconds() > kMaxGraceSeconds || grace.nanos() < 0 ||
      grace.nanos() > 999'999'999) {
    co_return InvalidField(reason::kInvalidArgument, "grace", "must be nothing to 30 days");
  }
  if (request->at_end() != fleet::TERMINATE && request->at_end() != fleet::LEAVE) {
    co_return InvalidField(reason::kInvalidArgument, "at_end",
                           "must be TERMINATE or LEAVE: what becomes of sessions that are left");
  }
  if (request->message().size() > kMaxMessageBytes || HasControls(request->message())) {
    co_return InvalidField(reason::kInvalidArgument, "message",
                           "must be one line of at most 500 bytes");
  }
  const std::chrono::seconds whole(grace.seconds() + (grace.nanos() > 0 ? 1 : 0));
  call->detail = absl::StrCat(call->detail, call->detail.empty() ? "" : "; ", "grace ",
                              whole.count(), " s, ", fleet::DrainEnd_Name(request->at_end()));
  if (request->validate_only()) {
    if (context_.drainer->running()) {
      co_return DrainAnswer(absl::FailedPreconditionError("this node is being drained already"));
    }
    co_return grpc::Status::OK;
  }
  Drainer::Terms terms = {.grace = whole,
                          .at_end = request->at_end(),
                          .message = request->message(),
                          .reason = request->reason(),
                          .started_by = call->caller->name};
  absl::StatusOr<fleet::Operation> started = co_await context_.drainer->Start(std::move(terms));
  if (!started.ok()) co_return DrainAnswer(started.status());
  *response = *std::move(started);
  call->detail = absl::StrCat(call->detail, "; ", response->name());
  co_return grpc::Status::OK;
}

DrainCalls::Done DrainCalls::Undrain(Call* call, const fleet::UndrainNodeRequest* request,
                                     fleet::Node* response) {
  const grpc::Status may = CheckDrain(*call, request->name());
  if (!may.ok()) co_return may;
  if (!request->validate_only()) {
    const absl::Status undrained =
        co_await context_.drainer->Undrain(call->caller->name, call->stop);
    if (!undrained.ok()) co_return DrainAnswer(undrained);
  }
  fleet::GetNodeRequest get;
  get.set_name(request->name());
  const grpc::Status got = co_await context_.calls->GetNode(call, &get, response);
  call->resource = context_.calls->context().directory->node_name();
  co_return got;
}

grpc::Status DrainCalls::Find(Call* call, absl::string_view name, Verb verb,
                              std::string* id) const {
  call->resource = std::string(name);
  const std::string node(name.substr(0, name.rfind("/operations/")));
  if (!ParseNodeName(node) || node.size() == name.size()) {
    return InvalidField(reason::kInvalidName, "name", "must be nodes/NODE/operations/OPERATION");
  }
  const grpc::Status here = context_.calls->CheckNode(*call, "name", node);
  if (!here.ok()) return here;
  const grpc::Status allowed = Check(*call, verb);
  if (!allowed.ok()) return allowed;
  const fleet::Operation* const found = context_.operations->FindByName(name);
  if (found == nullptr) return OperationNotFound(name);
  call->resource = found->name();
  *id = found->name().substr(found->name().rfind('/') + 1);
  return grpc::Status::OK;
}

grpc::Status DrainCalls::Answer(const std::string& id, absl::string_view name,
                                fleet::Operation* response) const {
  const fleet::Operation* const operation = context_.operations->Find(id);
  if (operation == nullptr) return OperationNotFound(name);
  *response = context_.drainer->Describe(*operation);
  return grpc::Status::OK;
}

DrainCalls::Done DrainCalls::GetOperation(Call* call, const fleet::GetOperationRequest* request,
                                          fleet::Operation* response) {
  std::string id;
  const grpc::Status found = Find(call, request->name(), Verb::kMetadata, &id);
  if (!found.ok()) co_return found;
  co_return Answer(id, request->name(), response);
}

DrainCalls::Done DrainCalls::ListOperations(Call* call, const fleet::ListOperationsRequest* request,
                                            fleet::ListOperationsResponse* response) {
  call->resource = request->parent();
  const grpc::Status named = context_.calls->CheckNode(*call, "parent", request->parent());
  if (!named.ok()) co_return named;
  const grpc::Status allowed = Check(*call, Verb::kMetadata);
  if (!allowed.ok()) co_return allowed;
  const auto& all = context_.operations->all();
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    *response->add_operations() = context_.drainer->Describe(it->second);
  }
  co_return grpc::Status::OK;
}

DrainCalls::Done DrainCalls::WaitOperation(Call* call, const fleet::WaitOperationRequest* request,
                                           fleet::Operation* response) {
  std::string id;
  const grpc::Status found = Find(call, request->name(), Verb::kMetadata, &id);
  if (!found.ok()) co_return found;
  std::chrono::nanoseconds patience = kMaxWait;
  if (request->has_timeout()) {
    const google::protobuf::Duration& timeout = request->timeout();
    if (timeout.seconds() < 0 || timeout.nanos() < 0 || timeout.nanos() > 999'999'999) {
      co_return InvalidField(reason::kInvalidArgument, "timeout", "must not be negative");
    }
    if (timeout.seconds() < 600) {
      patience =
          std::chrono::seconds(timeout.seconds()) + std::chrono::nanoseconds(timeout.nanos());
    }
  }
  const std::string caller = call->caller->name;
  if (waiting_ >= kMaxWaiting || waiting_of_[caller] >= kMaxWaitingOfACaller) {
    co_return LimitExceeded("too many calls wait for operations", std::chrono::seconds(5));
  }
  ++waiting_;
  ++waiting_of_[caller];
  io::Reactor* const reactor = context_.calls->context().reactor;
  const Instant end = std::min(reactor->Now() + patience,
                               call->deadline - std::chrono::nanoseconds(kBeforeDeadline));
  io::Deadline limit(reactor, end, stopping_.token());
  const absl::Status waited = co_await context_.operations->WaitDone(id, limit.token());
  --waiting_;
  if (--waiting_of_[caller] == 0) waiting_of_.erase(caller);
  if (!waited.ok() && !limit.expired()) co_return AgentStopping("");
  co_return Answer(id, request->name(), response);
}

DrainCalls::Done DrainCalls::Cancel(Call* call, const fleet::CancelOperationRequest* request,
                                    fleet::Operation* response) {
  std::string id;
  const grpc::Status found = Find(call, request->name(), Verb::kDrain, &id);
  if (!found.ok()) co_return found;
  const fleet::Operation* const operation = context_.operations->Find(id);
  if (!operation->done() && !request->validate_only()) {
    const absl::Status undrained =
        co_await context_.drainer->Undrain(call->caller->name, call->stop);
    if (!undrained.ok()) co_return DrainAnswer(undrained);
  }
  co_return Answer(id, request->name(), response);
}

}  // namespace mosh::mgmt
