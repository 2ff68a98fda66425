// Whether new sessions are taken: what agents (mgmt/agent) say of it in small files, which
// mosh-server and moshd's Hosts read before they start one. docs/drain.md describes them.
//
//   /run/mosh-agent/admission   the machine's, by root's agent
//   RUNTIME/admission           a user's own (server/control/runtime_directory.h)
//
// A file counts only if root or the user owns it and nobody else may write it. Where there is none,
// or what is there can't be trusted or understood, everything is allowed.
#ifndef SERVER_CONTROL_ADMISSION_H_
#define SERVER_CONTROL_ADMISSION_H_

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/control/runtime_directory.h"

namespace mosh::server {

struct Admission {
  // No new sessions, and why, for people; may be empty.
  std::optional<std::string> closed;
  // Of one user at a time; 0: any number.
  size_t max_sessions = 0;

  bool open() const { return !closed && max_sessions == 0; }
  friend bool operator==(const Admission&, const Admission&) = default;
};

// What both allow.
Admission Strictest(Admission a, const Admission& b);

// The file's text, and back: lines of `key = value`, comments after '#' at a line's beginning.
// `closed` loses its control characters. Unknown keys are passed over, as a later version's; a
// value that can't be meant adds to `problems`, which may be null. Pure.
std::string FormatAdmission(const Admission& admission);
Admission ParseAdmission(absl::string_view text, std::vector<std::string>* problems);

// OK if a user who has so many sessions gets one more. kUnavailable: none are taken;
// kResourceExhausted: he has as many as he may. The message is for him. Pure.
absl::Status CheckAdmission(const Admission& admission, size_t sessions);

// The machine's file; `root` stands before it, for tests.
std::string MachinesAdmissionPath(absl::string_view root = "");
// The file in a user's runtime directory.
std::string UsersAdmissionPath(absl::string_view runtime_directory);

// What one file says to processes of user `uid`; open if there is none. kPermissionDenied: it can't
// be trusted.
absl::StatusOr<Admission> ReadAdmission(const std::string& path, uid_t uid,
                                        std::vector<std::string>* problems = nullptr);
// What holds for the user of `places`, by all files. `problems`, which may be null, gets a line
// for each that doesn't count.
Admission ReadAdmissions(const RuntimePlaces& places, std::vector<std::string>* problems = nullptr);

// Replaces the file at once, readable by everybody; removes it if everything is allowed.
absl::Status WriteAdmission(const std::string& path, const Admission& admission);

}  // namespace mosh::server

#endif  // SERVER_CONTROL_ADMISSION_H_
