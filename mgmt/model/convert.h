// From what a Host tells of a session to what the API says. A Host is a program of its user's, and
// what it tells is believed only as far as it is about its own sessions: whose they are comes from
// the kernel, and strings become valid UTF-8, without which protobuf would give up the whole
// message.
#ifndef MGMT_MODEL_CONVERT_H_
#define MGMT_MODEL_CONVERT_H_

#include <sys/types.h>

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mosh/fleet/v1/screen.pb.h"
#include "mosh/fleet/v1/session.pb.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;
namespace control = ::mosh::server::control;

// After so long without a word from any client a session is UNHEARD.
constexpr absl::Duration kUnheardAfter = absl::Seconds(15);
constexpr int kMaxStateHistory = 16;

// Whose a Host is, by the kernel.
struct Owner {
  uid_t uid = 0;
  std::string user;
};

// At most 64 letters and digits, and at least one.
bool IsSessionId(absl::string_view id);

// Each byte that doesn't belong to a character becomes U+FFFD.
std::string ValidUtf8(absl::string_view text);

// Everything but usage. `node` is "nodes/NODE". `before`, if not null, is what the session was
// before: its history of states is continued. `now` is the wall clock.
fleet::Session FromHost(const control::Session& told, absl::string_view node, const Owner& owner,
                        const fleet::Session* before, absl::Time now);

// Sets the state and adds it to the history unless it is the one already.
void SetState(fleet::Session::State state, absl::Time now, fleet::Session* session);

// The parts of a snapshot, joined. `lines` holds history first; `format` says what of it the API
// returns.
fleet::Screen ScreenFromHost(const control::Snapshot& snapshot, fleet::ScreenFormat format,
                             absl::string_view session_name, absl::Time now);

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_CONVERT_H_
