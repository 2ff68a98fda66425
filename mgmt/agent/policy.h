// The policy: who may do what to whose sessions. Nobody may do anything that it doesn't grant, but
// for two things that need no grant, at the Unix socket: the owner of a session has every right
// over it, and root and the agent's own user have every right.
//
//   {
//     "roles": {"helpdesk": ["metadata", "screen", "notify"]},
//     "grants": [
//       {"to": ["cert:CN=ops-1", "group:ops"], "roles": ["operator"]},
//       {"to": ["local:alice"], "roles": ["helpdesk"], "users": ["bob", "carol"]}
//     ],
//     "quiet": ["cert:CN=recorder-1"]
//   }
//
// JSON; comments are allowed. Pure.
#ifndef MGMT_AGENT_POLICY_H_
#define MGMT_AGENT_POLICY_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mgmt/agent/caller.h"
#include "mgmt/agent/verbs.h"

namespace mosh::mgmt {

class Policy {
 public:
  // Grants nothing. `own_uid` is the agent's: who runs it has every right at its Unix socket, as
  // root has.
  explicit Policy(uid_t own_uid) : own_uid_(own_uid) {}

  // An error says where and what: anything unknown is one, so that a misspelt word can't take a
  // right away or give one unseen.
  static absl::StatusOr<Policy> Parse(absl::string_view json, uid_t own_uid);

  // Over the sessions of a user. No uid: of another node's user, who is nobody here.
  Verbs RightsOver(const Caller& caller, std::optional<uid_t> owner_uid,
                   absl::string_view owner) const;
  // Over the node itself.
  Verbs RightsOverNode(const Caller& caller) const;
  // Whether there is anything at all that he may do. The node as such is shown to whom it is so.
  bool Knows(const Caller& caller) const;
  // Whether there may be something on other nodes. A machine's ordinary users have their own
  // sessions there, and nothing elsewhere.
  bool KnowsElsewhere(const Caller& caller) const;
  // Users aren't shown that he watches.
  bool IsQuiet(const Caller& caller) const;

  // Verbs of a built-in role; null if there is no such role. viewer, operator, recorder,
  // agent, admin.
  static const Verbs* BuiltInRole(absl::string_view name);

 private:
  struct Grant {
    std::vector<std::string> to;
    Verbs verbs;
    bool all_users = true;
    absl::flat_hash_set<std::string> users;
  };

  bool IsMaster(const Caller& caller) const;
  static bool Names(const Grant& grant, const Caller& caller);

  uid_t own_uid_;
  std::vector<Grant> grants_;
  std::vector<std::string> quiet_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_POLICY_H_
