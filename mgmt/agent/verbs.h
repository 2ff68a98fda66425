// What may be done to a session, or to a node: the rights that roles bundle (docs/management.md).
#ifndef MGMT_AGENT_VERBS_H_
#define MGMT_AGENT_VERBS_H_

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "absl/strings/string_view.h"

namespace mosh::mgmt {

enum class Verb : uint8_t {
  kMetadata,   // that a session is there, and everything known about it but its screen
  kScreen,     // what it shows
  kNotify,     // a line on its clients' screens
  kInput,      // to freeze what its clients type
  kTerminate,  // to end it, and to detach its clients
  kRecord,     // to keep what it shows
  // With kRecord, to keep also what is typed. Of no role: a policy has to name it.
  kRecordInput,
  kAudit,   // a node's: to read the audit log
  kDebug,   // a node's: the agent's own connections (channelz)
  kForget,  // a node's: to take lost nodes out of the fleet
  kDrain,   // a node's: to empty it, and to let sessions in again
  kPolicy,  // a node's: to change limits of sessions
};
inline constexpr int kVerbCount = 12;

// A set of them.
class Verbs {
 public:
  constexpr Verbs() = default;
  constexpr Verbs(std::initializer_list<Verb> verbs) {
    for (const Verb verb : verbs) bits_ |= Bit(verb);
  }
  static constexpr Verbs All() {
    Verbs all;
    all.bits_ = (1 << kVerbCount) - 1;
    return all;
  }

  constexpr bool Has(Verb verb) const { return (bits_ & Bit(verb)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr Verbs& operator|=(Verbs other) {
    bits_ |= other.bits_;
    return *this;
  }
  constexpr Verbs Without(Verbs other) const {
    Verbs rest = *this;
    rest.bits_ &= ~other.bits_;
    return rest;
  }
  friend constexpr bool operator==(Verbs, Verbs) = default;

 private:
  static constexpr uint16_t Bit(Verb verb) { return uint16_t(1u << static_cast<unsigned>(verb)); }
  uint16_t bits_ = 0;
};

// Those that are about a node and not about one of its sessions.
inline constexpr Verbs kNodeVerbs = {Verb::kAudit, Verb::kDebug, Verb::kForget, Verb::kDrain,
                                     Verb::kPolicy};

// "metadata", and back.
absl::string_view VerbName(Verb verb);
std::optional<Verb> VerbOf(absl::string_view name);

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_VERBS_H_
