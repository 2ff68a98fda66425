#include "mgmt/agent/policy_calls.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/util/time_util.h"
#include "io/attributes.h"
#include "mgmt/agent/errors.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::util::TimeUtil;

// How often a change that met another one is tried.
constexpr int kAttempts = 5;

// Of what the store says.
grpc::Status StoreAnswer(const absl::Status& status, const fleet::LimitPolicy* now) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return grpc::Status::OK;
    case absl::StatusCode::kCancelled:
      return AgentStopping("");
    case absl::StatusCode::kAborted: {
      ApiError error(grpc::StatusCode::ABORTED, reason::kEtagMismatch, status.message());
      if (now != nullptr) error.Metadata("etag", now->etag());
      return error;
    }
    case absl::StatusCode::kFailedPrecondition:
      return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kStateUnavailable,
                      absl::StrCat("policies can't be changed here: ", status.message()));
    default:
      return ApiError(grpc::StatusCode::UNAVAILABLE, reason::kInternal,
                      absl::StrCat("policies can't be kept: ", status.message()))
          .RetryAfter(std::chrono::seconds(5));
  }
}

// For the audit log: what it is now.
std::string InWords(const fleet::LimitPolicy& policy) {
  const std::string text = absl::StrCat(policy.limits().ShortDebugString(), " on ",
                                        policy.selector().ShortDebugString());
  return text.substr(0, 500);
}

}  // namespace

MOSH_CORO_WRAPPER PolicyCalls::Done PolicyCalls::UpdatePolicy(
    Call* call, const fleet::UpdatePolicyRequest* request, fleet::LimitPolicy* response) {
  return once_.Run(call, request->policy().name(), request, response, this, &PolicyCalls::Update);
}
MOSH_CORO_WRAPPER PolicyCalls::Done PolicyCalls::DeletePolicy(
    Call* call, const fleet::DeletePolicyRequest* request, fleet::DeletePolicyResponse* response) {
  return once_.Run(call, request->name(), request, response, this, &PolicyCalls::Delete);
}

grpc::Status PolicyCalls::Check(const Call& call, Verb verb) const {
  const grpc::Status allowed = context_.calls->CheckNodeRight(call, verb);
  if (!allowed.ok()) return allowed;
  const std::string why = context_.unavailable();
  if (why.empty()) return grpc::Status::OK;
  return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kStateUnavailable,
                  absl::StrCat("this agent has no policies: ", why));
}

grpc::Status PolicyCalls::Check(const Call& call, const std::string& name, Verb verb) const {
  if (!IsPolicyName(name)) {
    return InvalidField(reason::kInvalidName, "name",
                        "must be policies/POLICY: 1 to 63 lower-case letters, digits, hyphens, "
                        "underscores and dots");
  }
  return Check(call, verb);
}

grpc::Status PolicyCalls::CheckEtag(const std::string& asked, const fleet::LimitPolicy& policy) {
  if (asked.empty() || asked == policy.etag()) return grpc::Status::OK;
  return StoreAnswer(
      absl::AbortedError(absl::StrCat(policy.name(), " has changed since: look again")), &policy);
}

PolicyCalls::Done PolicyCalls::GetPolicy(Call* call, const fleet::GetPolicyRequest* request,
                                         fleet::LimitPolicy* response) {
  call->resource = request->name();
  const grpc::Status may = Check(*call, request->name(), Verb::kMetadata);
  if (!may.ok()) co_return may;
  const auto found = context_.store->all().find(request->name());
  if (found == context_.store->all().end()) co_return PolicyNotFound(request->name());
  *response = found->second;
  co_return grpc::Status::OK;
}

PolicyCalls::Done PolicyCalls::ListPolicies(Call* call, const fleet::ListPoliciesRequest*,
                                            fleet::ListPoliciesResponse* response) {
  call->resource = "policies";
  const grpc::Status may = Check(*call, Verb::kMetadata);
  if (!may.ok()) co_return may;
  for (const auto& [name, policy] : context_.store->all()) *response->add_policies() = policy;
  co_return grpc::Status::OK;
}

PolicyCalls::Done PolicyCalls::Update(Call* call, const fleet::UpdatePolicyRequest* request,
                                      fleet::LimitPolicy* response) {
  const std::string& name = request->policy().name();
  const grpc::Status may = Check(*call, name, Verb::kPolicy);
  if (!may.ok()) co_return may;
  for (int attempt = 1;; ++attempt) {
    const LimitPolicies& all = context_.store->all();
    const auto found = all.find(name);
    fleet::LimitPolicy policy;
    if (found != all.end()) {
      policy = found->second;
    } else if (!request->allow_missing()) {
      co_return PolicyNotFound(name);
    } else if (all.size() >= kMaxPolicies) {
      co_return LimitExceeded("there are 1,000 policies already", std::chrono::minutes(1));
    }
    policy.set_name(name);
    const grpc::Status same = CheckEtag(request->policy().etag(), policy);
    if (!same.ok()) co_return same;
    const std::string seen = policy.etag();
    const absl::Status changed = Change(request->update_mask(), request->policy(), &policy);
    if (!changed.ok()) {
      co_return InvalidField(reason::kInvalidFieldMask, "update_mask", changed.message());
    }
    const std::optional<FieldProblem> problem = ProblemIn(policy);
    if (problem) {
      co_return InvalidField(reason::kInvalidArgument, absl::StrCat("policy.", problem->field),
                             problem->description);
    }
    *policy.mutable_update_time() =
        TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(context_.wall_clock()));
    policy.set_updated_by(call->caller->name);
    if (request->validate_only()) {
      *response = std::move(policy);
      co_return grpc::Status::OK;
    }
    call->detail = InWords(policy);
    absl::StatusOr<fleet::LimitPolicy> kept =
        co_await context_.store->Put(std::move(policy), seen, call->stop);
    if (kept.ok()) {
      *response = *std::move(kept);
      co_return grpc::Status::OK;
    }
    // Somebody else was faster; what was asked still makes sense, unless it named an etag.
    if (!absl::IsAborted(kept.status()) || !request->policy().etag().empty() ||
        attempt == kAttempts) {
      const auto now = context_.store->all().find(name);
      co_return StoreAnswer(kept.status(),
                            now != context_.store->all().end() ? &now->second : nullptr);
    }
  }
}

PolicyCalls::Done PolicyCalls::Delete(Call* call, const fleet::DeletePolicyRequest* request,
                                      fleet::DeletePolicyResponse*) {
  const grpc::Status may = Check(*call, request->name(), Verb::kPolicy);
  if (!may.ok()) co_return may;
  const auto found = context_.store->all().find(request->name());
  if (found == context_.store->all().end()) co_return PolicyNotFound(request->name());
  const grpc::Status same = CheckEtag(request->etag(), found->second);
  if (!same.ok() || request->validate_only()) co_return same;
  const std::string seen = found->second.etag();
  const absl::Status deleted = co_await context_.store->Delete(request->name(), seen, call->stop);
  const auto now = context_.store->all().find(request->name());
  co_return StoreAnswer(deleted, now != context_.store->all().end() ? &now->second : nullptr);
}

}  // namespace mosh::mgmt
