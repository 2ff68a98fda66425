// Commands about limits of sessions.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mgmt/ctl/commands.h"
#include "mgmt/ctl/node_view.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

std::string PolicyName(const std::string& given) {
  return absl::StartsWith(given, "policies/") ? given : absl::StrCat("policies/", given);
}

// "off" takes the limit away: the mask names it, and nothing is set.
void SetLimit(const std::string& text, const char* path, google::protobuf::Duration* limit,
              fleet::UpdatePolicyRequest* request) {
  request->mutable_update_mask()->add_paths(path);
  limit->set_seconds(absl::ToInt64Seconds(ParseSpan(text).value_or(absl::ZeroDuration())));
}

absl::Status PrintPolicy(const Workplace& work, const fleet::LimitPolicy& policy) {
  if (!ForPrograms(work.options.format)) {
    work.surroundings.Print(DescribePolicy(policy, work.surroundings.now()));
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> text = FormatMessage(policy, work.options.format);
  if (text.ok()) work.surroundings.Print(*text);
  return text.status();
}

}  // namespace

absl::Status PolicyListCommand(const Workplace& work) {
  const absl::StatusOr<fleet::ListPoliciesResponse> list =
      work.api.Call(&Api::PolicyStub::ListPolicies, fleet::ListPoliciesRequest());
  if (!list.ok()) return list.status();
  if (ForPrograms(work.options.format)) {
    const absl::StatusOr<std::string> text = FormatMessage(*list, work.options.format);
    if (text.ok()) work.surroundings.Print(*text);
    return text.status();
  }
  if (list->policies().empty()) {
    work.surroundings.Print("No policies.\n");
    return absl::OkStatus();
  }
  work.surroundings.Print(FormatTable(PolicyRows(list->policies()), work.surroundings.columns,
                                      work.surroundings.colors));
  return absl::OkStatus();
}

absl::Status PolicyGetCommand(const Workplace& work) {
  fleet::GetPolicyRequest request;
  request.set_name(PolicyName(work.options.policy));
  const absl::StatusOr<fleet::LimitPolicy> policy =
      work.api.Call(&Api::PolicyStub::GetPolicy, request);
  if (!policy.ok()) return policy.status();
  return PrintPolicy(work, *policy);
}

absl::Status PolicySetCommand(const Workplace& work) {
  const Options& options = work.options;
  fleet::UpdatePolicyRequest request;
  request.set_allow_missing(true);
  request.set_reason(options.reason);
  request.set_validate_only(options.dry_run);
  fleet::LimitPolicy* const policy = request.mutable_policy();
  policy->set_name(PolicyName(options.policy));
  policy->set_etag(options.etag);
  fleet::SessionLimits* const limits = policy->mutable_limits();
  if (!options.idle.empty()) {
    SetLimit(options.idle, "limits.idle", limits->mutable_idle(), &request);
  }
  if (!options.lifetime.empty()) {
    SetLimit(options.lifetime, "limits.lifetime", limits->mutable_lifetime(), &request);
  }
  if (!options.detached.empty()) {
    SetLimit(options.detached, "limits.detached", limits->mutable_detached(), &request);
  }
  if (options.max_sessions) {
    limits->set_max_sessions_per_user(*options.max_sessions);
    request.mutable_update_mask()->add_paths("limits.max_sessions_per_user");
  }
  if (options.description) {
    policy->set_description(*options.description);
    request.mutable_update_mask()->add_paths("description");
  }
  if (options.everywhere) request.mutable_update_mask()->add_paths("selector");
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    (*policy->mutable_selector()->mutable_labels())[label.substr(0, equals)] =
        label.substr(equals + 1);
  }
  if (!options.labels.empty()) request.mutable_update_mask()->add_paths("selector.labels");
  for (const std::string& node : options.nodes) {
    policy->mutable_selector()->add_nodes(
        absl::StartsWith(node, "nodes/") ? node : absl::StrCat("nodes/", node));
  }
  if (!options.nodes.empty()) request.mutable_update_mask()->add_paths("selector.nodes");
  const absl::StatusOr<fleet::LimitPolicy> set =
      work.api.Call(&Api::PolicyStub::UpdatePolicy, request);
  if (!set.ok()) return set.status();
  return PrintPolicy(work, *set);
}

absl::Status PolicyRemoveCommand(const Workplace& work) {
  fleet::DeletePolicyRequest request;
  request.set_name(PolicyName(work.options.policy));
  request.set_etag(work.options.etag);
  request.set_reason(work.options.reason);
  request.set_validate_only(work.options.dry_run);
  const absl::StatusOr<fleet::DeletePolicyResponse> deleted =
      work.api.Call(&Api::PolicyStub::DeletePolicy, request);
  if (!deleted.ok()) return deleted.status();
  if (!ForPrograms(work.options.format)) {
    work.surroundings.Print(absl::StrCat(LastSegment(request.name()),
                                         work.options.dry_run ? " could be " : " ", "deleted\n"));
  }
  return absl::OkStatus();
}

}  // namespace mosh::mgmt::ctl
