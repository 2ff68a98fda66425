// What the next process needs to continue a session, and its form in a file: lines of a name and a
// value, the last of them a check sum. Pure.
//
//   mosh-resume 1
//   key SF/MlfhoOVaLoagbnZgzHQ
//   address 192.0.2.1
//   port 60001
//   target user@host
//   started 1764367312
//   incarnation 2
//   next 8796093024208
//   check 1f2e3d4c5b6a7988
//
// A number used twice would give the key away, so whatever does not look as it was written is
// refused as a whole.
#ifndef CLIENT_RESUME_STATE_H_
#define CLIENT_RESUME_STATE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crypto/nonce.h"
#include "crypto/session_key.h"

namespace mosh::client {

struct ResumeState {
  crypto::SessionKey key;
  std::string address;  // numeric
  uint16_t port = 0;
  std::string target;           // how the user reached it, for people; one line
  absl::Time started;           // the session, to the second
  uint64_t incarnation = 0;     // of the process that wrote this
  crypto::SequenceNumber next;  // the first number that is not set aside for it
};

inline constexpr uint64_t kMostIncarnations = uint64_t{1} << 20;

// As secret as the key: wipe it.
std::string EncodeResumeState(const ResumeState& state);
// kDataLoss if `text` is not what EncodeResumeState makes; kResourceExhausted if nothing can be
// continued from it, because all numbers of the key's route tag are used.
absl::StatusOr<ResumeState> ParseResumeState(absl::string_view text);

}  // namespace mosh::client

#endif  // CLIENT_RESUME_STATE_H_
