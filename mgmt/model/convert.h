// From what a Host tells to what the API says. A Host is a program of its user's, and what it tells
// is believed only as far as it is about its own sessions: whose they are comes from the kernel,
// and strings are made valid.
#ifndef MGMT_MODEL_CONVERT_H_
#define MGMT_MODEL_CONVERT_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "mosh/fleet/v1/screen.pb.h"
#include "mosh/fleet/v1/session.pb.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;
namespace control = ::mosh::server::control;

// After so long without a word from any client a session is UNHEARD.
constexpr absl::Duration kUnheardAfter = absl::Seconds(15);
constexpr int kMaxStateHistory = 16;

// Whose a Host and its sessions are, by the kernel; of another node's sessions by the word of that
// node's agent.
struct Owner {
  uid_t uid = 0;
  std::string user;
  // Of another node: there the uid has a meaning, here it has none.
  bool elsewhere = false;
};

// At most 64 letters and digits, and at least one.
bool IsSessionId(absl::string_view id);

// Everything but usage. `node` is "nodes/NODE". `before`, if not null, is what the session was: its
// history of states is continued, and times that a Host works out anew each time, and never quite
// the same, stay. `now` is the wall clock.
fleet::Session FromHost(const control::Session& told, absl::string_view node, const Owner& owner,
                        const fleet::Session* before, absl::Time now);

// Sets the state since `since`, and adds it to the history unless it is the one already.
void SetState(fleet::Session::State state, absl::Time since, fleet::Session* session);

// The same for sessions that are the same but for measurements (model/fields.h).
std::string EtagOf(const fleet::Session& session);

// What TakeSnapshot's replies say together.
control::Snapshot JoinSnapshot(const std::vector<control::Reply>& replies);
// As much of it as `format` has.
fleet::Screen ScreenFromHost(const control::Snapshot& snapshot, fleet::ScreenFormat format,
                             absl::string_view session_name, absl::Time now);

google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time FromTimestamp(const google::protobuf::Timestamp& time);

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_CONVERT_H_
