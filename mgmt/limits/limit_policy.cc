#include "mgmt/limits/limit_policy.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/field_mask_util.h"

namespace mosh::mgmt {
namespace {

constexpr int64_t kMaxSeconds = int64_t{3650} * 86'400;
constexpr int kMaxSessions = 1'000'000;
constexpr size_t kMaxDescription = 200;
constexpr int kMaxLabels = 64;
constexpr int kMaxNodes = 1'000;
constexpr size_t kMaxLabelBytes = 63;

constexpr absl::string_view kPaths[] = {
    "selector",    "selector.labels", "selector.nodes",  "limits",
    "limits.idle", "limits.lifetime", "limits.detached", "limits.max_sessions_per_user",
    "description"};

bool IsOneLine(absl::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

bool IsNodeName(absl::string_view name) {
  return absl::ConsumePrefix(&name, "nodes/") && !name.empty() && name.size() <= 63 &&
         absl::ascii_isalnum(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
         });
}

std::optional<FieldProblem> ProblemInTime(const char* field, bool has,
                                          const google::protobuf::Duration& time) {
  if (!has || (time.nanos() == 0 && time.seconds() >= 0 && time.seconds() <= kMaxSeconds)) {
    return std::nullopt;
  }
  return FieldProblem{field, "must be whole seconds, from nothing to ten years"};
}

// What is given, as paths.
google::protobuf::FieldMask Given(const fleet::LimitPolicy& policy) {
  google::protobuf::FieldMask mask;
  const fleet::SessionLimits& limits = policy.limits();
  if (policy.has_selector()) mask.add_paths("selector");
  if (limits.has_idle()) mask.add_paths("limits.idle");
  if (limits.has_lifetime()) mask.add_paths("limits.lifetime");
  if (limits.has_detached()) mask.add_paths("limits.detached");
  if (limits.max_sessions_per_user() != 0) mask.add_paths("limits.max_sessions_per_user");
  if (!policy.description().empty()) mask.add_paths("description");
  return mask;
}

bool IsLimit(const google::protobuf::Duration& time) { return time.seconds() > 0; }

// 0 in `all`: there is none yet.
void Tighten(const google::protobuf::Duration& limit, google::protobuf::Duration* all) {
  if (!IsLimit(*all) || limit.seconds() < all->seconds()) *all = limit;
}

}  // namespace

bool IsPolicyName(absl::string_view name) {
  return absl::ConsumePrefix(&name, "policies/") && !name.empty() && name.size() <= 63 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_' ||
                  c == '.';
         });
}

std::optional<FieldProblem> ProblemIn(const fleet::LimitPolicy& policy) {
  const fleet::SessionLimits& limits = policy.limits();
  for (const auto& problem :
       {ProblemInTime("limits.idle", limits.has_idle(), limits.idle()),
        ProblemInTime("limits.lifetime", limits.has_lifetime(), limits.lifetime()),
        ProblemInTime("limits.detached", limits.has_detached(), limits.detached())}) {
    if (problem) return problem;
  }
  if (limits.max_sessions_per_user() < 0 || limits.max_sessions_per_user() > kMaxSessions) {
    return FieldProblem{"limits.max_sessions_per_user", "must be 0 to 1,000,000"};
  }
  if (policy.description().size() > kMaxDescription || !IsOneLine(policy.description())) {
    return FieldProblem{"description", "must be one line of at most 200 bytes"};
  }
  const fleet::NodeSelector& selector = policy.selector();
  if (selector.labels_size() > kMaxLabels || selector.nodes_size() > kMaxNodes) {
    return FieldProblem{"selector", "has more than 64 labels or 1,000 nodes"};
  }
  for (const auto& [key, value] : selector.labels()) {
    if (key.empty() || key.size() > kMaxLabelBytes || value.size() > kMaxLabelBytes ||
        !IsOneLine(key) || !IsOneLine(value)) {
      return FieldProblem{"selector.labels",
                          "keys have 1 to 63 bytes, values at most 63, all of them printable"};
    }
  }
  for (const std::string& node : selector.nodes()) {
    if (!IsNodeName(node)) return FieldProblem{"selector.nodes", "must be nodes/NODE"};
  }
  return std::nullopt;
}

absl::Status Change(const google::protobuf::FieldMask& mask, const fleet::LimitPolicy& from,
                    fleet::LimitPolicy* to) {
  google::protobuf::FieldMask wanted = mask.paths().empty() ? Given(from) : mask;
  if (wanted.paths_size() == 1 && wanted.paths(0) == "*") {
    wanted.Clear();
    for (const char* path : {"selector", "limits", "description"}) wanted.add_paths(path);
  }
  for (const std::string& path : wanted.paths()) {
    if (std::find(std::begin(kPaths), std::end(kPaths), path) == std::end(kPaths)) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no field ", path.substr(0, 100), " that can be changed"));
    }
  }
  google::protobuf::util::FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(from, wanted, options, to);
  return absl::OkStatus();
}

bool Matches(const fleet::NodeSelector& selector, absl::string_view node, const Labels& labels) {
  for (const auto& [key, value] : selector.labels()) {
    const auto own = labels.find(key);
    if (own == labels.end() || own->second != value) return false;
  }
  return selector.nodes().empty() || std::find(selector.nodes().begin(), selector.nodes().end(),
                                               node) != selector.nodes().end();
}

LimitsInForce LimitsOn(absl::string_view node, const Labels& labels,
                       const LimitPolicies& policies) {
  LimitsInForce all;
  for (const auto& [name, policy] : policies) {
    if (!Matches(policy.selector(), node, labels)) continue;
    all.policies.push_back(name);
    const fleet::SessionLimits& limits = policy.limits();
    // Not to touch what stays unlimited: it is to stay unset.
    if (IsLimit(limits.idle())) {
      Tighten(limits.idle(), all.limits.mutable_idle());
    }
    if (IsLimit(limits.lifetime())) {
      Tighten(limits.lifetime(), all.limits.mutable_lifetime());
    }
    if (IsLimit(limits.detached())) {
      Tighten(limits.detached(), all.limits.mutable_detached());
    }
    const int most = limits.max_sessions_per_user();
    const int before = all.limits.max_sessions_per_user();
    if (most > 0 && (before == 0 || most < before)) all.limits.set_max_sessions_per_user(most);
  }
  return all;
}

control::Limits ForHosts(const fleet::SessionLimits& limits) {
  control::Limits told;
  if (limits.has_idle()) told.set_idle_seconds(static_cast<uint32_t>(limits.idle().seconds()));
  if (limits.has_lifetime()) {
    told.set_lifetime_seconds(static_cast<uint32_t>(limits.lifetime().seconds()));
  }
  if (limits.has_detached()) {
    told.set_detached_seconds(static_cast<uint32_t>(limits.detached().seconds()));
  }
  return told;
}

}  // namespace mosh::mgmt
