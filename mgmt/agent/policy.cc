#include "mgmt/agent/policy.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace mosh::mgmt {
namespace {

using Json = nlohmann::json;

absl::Status Bad(absl::string_view where, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", what));
}

absl::StatusOr<std::vector<std::string>> StringList(const Json& json, absl::string_view where) {
  if (!json.is_array() || json.empty()) return Bad(where, "a list of strings is wanted here");
  std::vector<std::string> strings;
  for (const Json& item : json) {
    if (!item.is_string() || item.get_ref<const std::string&>().empty()) {
      return Bad(where, "a list of strings is wanted here");
    }
    strings.push_back(item.get<std::string>());
  }
  return strings;
}

absl::StatusOr<std::vector<std::string>> PrincipalList(const Json& json, absl::string_view where) {
  absl::StatusOr<std::vector<std::string>> list = StringList(json, where);
  if (!list.ok()) return list;
  for (const std::string& principal : *list) {
    if (!IsPrincipal(principal)) {
      return Bad(
          where,
          absl::StrCat("\"", principal,
                       "\" names nobody: local:NAME, local:UID, local:*, group:NAME, cert:CN=NAME, "
                       "cert:DNS=NAME, cert:URI=NAME, cert:EMAIL=NAME or cert:*"));
    }
  }
  return list;
}

absl::StatusOr<Verbs> VerbList(const Json& json, absl::string_view where) {
  const absl::StatusOr<std::vector<std::string>> list = StringList(json, where);
  if (!list.ok()) return list.status();
  Verbs verbs;
  for (const std::string& name : *list) {
    const std::optional<Verb> verb = VerbOf(name);
    if (!verb) {
      return Bad(where, absl::StrCat(
                            "there is no verb \"", name,
                            "\": metadata, screen, notify, input, terminate, record, record_input, "
                            "audit, debug, forget, drain, policy"));
    }
    verbs |= {*verb};
  }
  return verbs;
}

using Roles = absl::flat_hash_map<std::string, Verbs>;

absl::StatusOr<Roles> ParseRoles(const Json& json) {
  Roles roles;
  if (!json.is_object())
    return Bad("roles", "an object of names with lists of verbs is wanted here");
  for (const auto& [name, list] : json.items()) {
    const std::string where = absl::StrCat("roles.", name);
    if (Policy::BuiltInRole(name) != nullptr) return Bad(where, "this role is built in");
    const absl::StatusOr<Verbs> verbs = VerbList(list, where);
    if (!verbs.ok()) return verbs.status();
    roles[name] = *verbs;
  }
  return roles;
}

}  // namespace

const Verbs* Policy::BuiltInRole(absl::string_view name) {
  static constexpr std::pair<absl::string_view, Verbs> kRoles[] = {
      {"viewer", {Verb::kMetadata}},
      {"operator", {Verb::kMetadata, Verb::kNotify, Verb::kInput, Verb::kTerminate, Verb::kDrain}},
      {"recorder", {Verb::kMetadata, Verb::kScreen, Verb::kRecord}},
      // What one agent needs of another to answer for the whole fleet.
      {"agent", {Verb::kMetadata, Verb::kNotify}},
      {"admin", Verbs::All().Without({Verb::kRecordInput})},
  };
  for (const auto& [role, verbs] : kRoles) {
    if (role == name) return &verbs;
  }
  return nullptr;
}

absl::StatusOr<Policy> Policy::Parse(absl::string_view text, uid_t own_uid) {
  std::string problem;
  Json json;
  // The parser's own words say where; it has no other way to tell them than an exception, which
  // stays in here.
  try {
    json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/true,
                       /*ignore_comments=*/true);
  } catch (const Json::exception& error) {
    problem = error.what();
  }
  if (!problem.empty()) return absl::InvalidArgumentError(absl::StrCat("not JSON: ", problem));
  if (!json.is_object()) return absl::InvalidArgumentError("a JSON object is wanted");

  Policy policy(own_uid);
  Roles roles;
  if (json.contains("roles")) {
    absl::StatusOr<Roles> parsed = ParseRoles(json["roles"]);
    if (!parsed.ok()) return parsed.status();
    roles = *std::move(parsed);
  }
  for (const auto& [key, value] : json.items()) {
    if (key == "roles") {
      continue;
    } else if (key == "quiet") {
      absl::StatusOr<std::vector<std::string>> quiet = PrincipalList(value, "quiet");
      if (!quiet.ok()) return quiet.status();
      policy.quiet_ = *std::move(quiet);
    } else if (key != "grants") {
      return Bad(key, "not known here: roles, grants, quiet");
    } else if (!value.is_array()) {
      return Bad("grants", "a list is wanted here");
    }
  }
  if (!json.contains("grants")) return policy;

  int index = 0;
  for (const Json& item : json["grants"]) {
    const std::string where = absl::StrCat("grants[", index++, "]");
    if (!item.is_object()) return Bad(where, "an object is wanted here");
    Grant grant;
    for (const auto& [key, value] : item.items()) {
      const std::string here = absl::StrCat(where, ".", key);
      if (key == "to") {
        absl::StatusOr<std::vector<std::string>> to = PrincipalList(value, here);
        if (!to.ok()) return to.status();
        grant.to = *std::move(to);
      } else if (key == "verbs") {
        const absl::StatusOr<Verbs> verbs = VerbList(value, here);
        if (!verbs.ok()) return verbs.status();
        grant.verbs |= *verbs;
      } else if (key == "roles") {
        const absl::StatusOr<std::vector<std::string>> names = StringList(value, here);
        if (!names.ok()) return names.status();
        for (const std::string& name : *names) {
          const Verbs* verbs = BuiltInRole(name);
          if (const auto own = roles.find(name); own != roles.end()) verbs = &own->second;
          if (verbs == nullptr) return Bad(here, absl::StrCat("there is no role \"", name, "\""));
          grant.verbs |= *verbs;
        }
      } else if (key == "users") {
        const absl::StatusOr<std::vector<std::string>> users = StringList(value, here);
        if (!users.ok()) return users.status();
        grant.all_users = false;
        grant.users.insert(users->begin(), users->end());
      } else {
        return Bad(here, "not known here: to, roles, verbs, users");
      }
    }
    if (grant.to.empty()) return Bad(where, "\"to\" is missing");
    if (grant.verbs.empty()) return Bad(where, "\"roles\" or \"verbs\" is missing");
    policy.grants_.push_back(std::move(grant));
  }
  return policy;
}

bool Policy::IsMaster(const Caller& caller) const {
  return caller.uid && (*caller.uid == 0 || *caller.uid == own_uid_);
}

bool Policy::Names(const Grant& grant, const Caller& caller) {
  return std::find_first_of(grant.to.begin(), grant.to.end(), caller.principals.begin(),
                            caller.principals.end()) != grant.to.end();
}

Verbs Policy::RightsOver(const Caller& caller, std::optional<uid_t> owner_uid,
                         absl::string_view owner) const {
  if (IsMaster(caller) || (caller.uid && caller.uid == owner_uid)) {
    return Verbs::All().Without(kNodeVerbs);
  }
  Verbs verbs;
  for (const Grant& grant : grants_) {
    if ((grant.all_users || grant.users.contains(owner)) && Names(grant, caller)) {
      verbs |= grant.verbs;
    }
  }
  return verbs.Without(kNodeVerbs);
}

Verbs Policy::RightsOverNode(const Caller& caller) const {
  if (IsMaster(caller)) return Verbs::All();
  Verbs verbs;
  for (const Grant& grant : grants_) {
    if (grant.all_users && Names(grant, caller)) verbs |= grant.verbs;
  }
  return verbs;
}

bool Policy::Knows(const Caller& caller) const { return caller.uid || KnowsElsewhere(caller); }

bool Policy::KnowsElsewhere(const Caller& caller) const {
  if (IsMaster(caller)) return true;
  return std::any_of(grants_.begin(), grants_.end(),
                     [&caller](const Grant& grant) { return Names(grant, caller); });
}

bool Policy::IsQuiet(const Caller& caller) const {
  return std::find_first_of(quiet_.begin(), quiet_.end(), caller.principals.begin(),
                            caller.principals.end()) != quiet_.end();
}

}  // namespace mosh::mgmt
