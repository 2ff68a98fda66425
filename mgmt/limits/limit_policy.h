// LimitPolicies (limit_policy.proto): what they may hold, which nodes they match, and what holds on
// a node by all of them. Pure.
#ifndef MGMT_LIMITS_LIMIT_POLICY_H_
#define MGMT_LIMITS_LIMIT_POLICY_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/field_mask.pb.h"
#include "mosh/fleet/v1/limit_policy.pb.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;
namespace control = ::mosh::server::control;

// By resource name, "policies/POLICY".
using LimitPolicies = std::map<std::string, fleet::LimitPolicy, std::less<>>;

inline constexpr size_t kMaxPolicies = 1'000;

// "policies/POLICY"
bool IsPolicyName(absl::string_view name);

struct FieldProblem {
  std::string field;
  std::string description;
};
// Nothing: everything in it can be meant. Its name is not looked at.
std::optional<FieldProblem> ProblemIn(const fleet::LimitPolicy& policy);

// The fields of `from` that `mask` names, into `to`; without a mask those that are given.
// kInvalidArgument: a path that can't be changed.
absl::Status Change(const google::protobuf::FieldMask& mask, const fleet::LimitPolicy& from,
                    fleet::LimitPolicy* to);

using Labels = std::map<std::string, std::string>;

// `node` is "nodes/NODE".
bool Matches(const fleet::NodeSelector& selector, absl::string_view node, const Labels& labels);

struct LimitsInForce {
  fleet::SessionLimits limits;        // the strictest of each kind; what isn't limited is unset
  std::vector<std::string> policies;  // names of those that match
};
LimitsInForce LimitsOn(absl::string_view node, const Labels& labels, const LimitPolicies& policies);

// What Hosts are told of it.
control::Limits ForHosts(const fleet::SessionLimits& limits);

}  // namespace mosh::mgmt

#endif  // MGMT_LIMITS_LIMIT_POLICY_H_
