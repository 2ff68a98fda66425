#include "mgmt/agent/reception.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/time_util.h"
#include "grpcpp/support/server_callback.h"
#include "io/timer.h"
#include "mgmt/agent/errors.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {
namespace {

// "nodes/NODE".
constexpr size_t kMaxNode = 70;
// For calls that are under way when the agent stops.
constexpr std::chrono::seconds kPatienceAtEnd{2};

fleet::AuditEntry EntryAt(absl::Time now) {
  fleet::AuditEntry entry;
  *entry.mutable_time() =
      google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(now));
  return entry;
}

fleet::AuditEntry EntryOf(const Call& call) {
  constexpr size_t kMaxResource = 300;
  fleet::AuditEntry entry = EntryAt(absl::Now());
  entry.set_caller(call.caller->name);
  entry.set_method(absl::StrCat("mosh.fleet.v1.", call.method->service, "/", call.method->name));
  entry.set_resource(call.resource.substr(0, kMaxResource));
  entry.set_reason(call.reason);
  entry.set_detail(call.detail);
  return entry;
}

}  // namespace

Reception::Reception(Context context)
    : context_(context),
      audited_(context.limits.audited_per_second, context.limits.audited_burst) {}

void Reception::CountCalls(int by) {
  const int now = under_way_.fetch_add(by) + by;
  if (context_.metrics != nullptr) context_.metrics->SetCalls(now);
}

std::shared_ptr<Call> Reception::TakeOn(grpc::CallbackServerContext* context, const Method& method,
                                        const Identify& identify, grpc::Status* refused) {
  Identity identity = identify(*context);
  if (identity.caller == nullptr) {
    *refused = NoLongerKnown();
    if (context_.metrics != nullptr) {
      context_.metrics->CountCall(method.name, refused->error_code(), std::nullopt);
    }
    return nullptr;
  }
  CountCalls(1);
  if (under_way_.load() > context_.limits.max_calls) {
    CountCalls(-1);
    *refused = LimitExceeded("the agent has too much to do", std::chrono::seconds(1));
    if (context_.metrics != nullptr) {
      context_.metrics->CountCall(method.name, refused->error_code(), std::nullopt);
    }
    return nullptr;
  }
  auto call = std::make_shared<Call>();
  call->caller = std::move(identity.caller);
  call->still_known = std::move(identity.still_known);
  call->method = &method;
  call->recorder = this;
  const auto asking = context->client_metadata().find(kAskingNode);
  if (asking != context->client_metadata().end()) {
    call->asking_node =
        std::string(asking->second.data(), std::min(asking->second.size(), kMaxNode));
  }
  // As a span, which is all that the two clocks have in common.
  const auto left = context->deadline() - std::chrono::system_clock::now();
  if (left < std::chrono::hours(24)) call->patience = left;
  return call;
}

io::Task<grpc::Status> Reception::Admit(Call* call) {
  const Instant now = context_.reactor->Now();
  call->deadline =
      now + std::max<std::chrono::nanoseconds>(call->patience, std::chrono::nanoseconds(0));
  if (!context_.calls->context().policy()->Knows(*call->caller)) {
    co_return ApiError(grpc::StatusCode::PERMISSION_DENIED, reason::kPermissionDenied,
                       absl::StrCat("the policy grants nothing to ", call->caller->name));
  }
  if (!call->method->audited) co_return grpc::Status::OK;
  if (const auto wait = audited_.Take(call->caller->name, now)) {
    call->recordable = false;
    co_return LimitExceeded("too many calls that are kept in the audit log", *wait);
  }
  if (!context_.audit->failing()) co_return grpc::Status::OK;
  fleet::AuditEntry entry = EntryAt(absl::Now());
  entry.set_caller("agent");
  entry.set_detail("the audit log can be written again");
  const absl::Status again = co_await context_.audit->Record(std::move(entry));
  if (context_.metrics != nullptr) context_.metrics->CountAudit(again.ok());
  if (again.ok()) co_return grpc::Status::OK;
  call->recordable = false;
  co_return ApiError(grpc::StatusCode::UNAVAILABLE, reason::kInternal,
                     "the audit log can't be written, so nothing is done that belongs into it")
      .RetryAfter(std::chrono::seconds(10));
}

io::Task<absl::Status> Reception::Begin(const Call* call) {
  fleet::AuditEntry entry = EntryOf(*call);
  entry.set_detail(absl::StrCat("begins", call->detail.empty() ? "" : ", ", call->detail));
  const absl::Status status = co_await context_.audit->Record(std::move(entry));
  if (context_.metrics != nullptr) context_.metrics->CountAudit(status.ok());
  co_return status;
}

io::Task<void> Reception::Note(std::string detail) {
  fleet::AuditEntry entry = EntryAt(absl::Now());
  entry.set_caller("agent");
  entry.set_detail(std::move(detail));
  const absl::Status status = co_await context_.audit->Record(std::move(entry));
  if (context_.metrics != nullptr) context_.metrics->CountAudit(status.ok());
}

io::Task<grpc::Status> Reception::Conclude(Call* call, grpc::Status status, bool admitted) {
  const bool denied = status.error_code() == grpc::StatusCode::PERMISSION_DENIED;
  bool record = call->method->audited ? call->recordable : denied;
  // A call that isn't audited has taken no turn yet.
  if (record && (!call->method->audited || !admitted) && denied) {
    record = !audited_.Take(call->caller->name, context_.reactor->Now());
  }
  if (record) {
    fleet::AuditEntry entry = EntryOf(*call);
    entry.set_code(static_cast<int>(status.error_code()));
    if (const std::string why = ReasonOf(status); !why.empty()) {
      entry.set_detail(absl::StrCat(why, call->detail.empty() ? "" : "; ", call->detail));
    }
    const absl::Status recorded = co_await context_.audit->Record(std::move(entry));
    if (context_.metrics != nullptr && context_.audit->enabled()) {
      context_.metrics->CountAudit(recorded.ok());
    }
    if (!recorded.ok() && status.ok()) {
      status = ApiError(grpc::StatusCode::INTERNAL, reason::kInternal,
                        "it was done, but the audit log can't be written");
    }
  }
  // The session's server may have had no time to answer.
  if (stopping_ && status.error_code() == grpc::StatusCode::UNAVAILABLE &&
      ReasonOf(status) == reason::kHostUnreachable) {
    status = AgentStopping("");
  }
  co_return status;
}

io::Task<void> Reception::Run(io::StopToken stop) {
  io::Scope unary;
  io::Scope streams(stop);
  unary_ = &unary;
  streams_ = &streams;
  io::Event never;
  (void)co_await never.Wait(stop);
  stopping_ = true;
  // Those that wait for a Host have a little time; nothing new begins.
  const Instant end = context_.reactor->Now() + kPatienceAtEnd;
  while (unary.children() > 0 && context_.reactor->Now() < end) {
    (void)co_await context_.reactor->Sleep(
        std::min(end, context_.reactor->Now() + std::chrono::milliseconds(20)), io::StopToken());
  }
  co_await unary.CancelAndJoin();
  unary_ = nullptr;
  co_await streams.CancelAndJoin();
  streams_ = nullptr;
}

}  // namespace mosh::mgmt
