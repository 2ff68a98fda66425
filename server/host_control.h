// What can be asked of a Host from outside: its sessions seen and steered. The control socket is
// the caller, a Host the one asked, and a fake in tests. Runs in the Host's loop, answers at once,
// blocks never. Messages are those of server/control/control.proto.
#ifndef SERVER_HOST_CONTROL_H_
#define SERVER_HOST_CONTROL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/control/control.pb.h"
#include "term/screen.h"

namespace mosh::server {

// Told of changes as they happen, inside the Host's loop; must not call the Host back.
class SessionWatcher {
 public:
  virtual ~SessionWatcher() = default;
  // It is new, or something about it is.
  virtual void OnSessionChanged(absl::string_view session_id) = 0;
  virtual void OnSessionGone(absl::string_view session_id) = 0;
};

// The same for the screen of one session.
class ScreenWatcher {
 public:
  virtual ~ScreenWatcher() = default;
  // There may be something else to see.
  virtual void OnScreenChanged() = 0;
  // Something is typed; the program doesn't have it yet. nullopt: it is not to be told what, since
  // the terminal doesn't echo (server/secret_prompt.h). `before` is what the screen shows, null
  // while the program keeps it back. Not called before WantsInput() says so.
  virtual void OnInput(std::optional<absl::string_view> typed, const term::Screen* before) = 0;
  virtual bool WantsInput() const = 0;
  // The session is over. Nothing is told afterwards.
  virtual void OnScreenGone() = 0;
};

class HostControl {
 public:
  virtual ~HostControl() = default;

  // kResourceExhausted: a limit of the configuration or of the machine, said in the message.
  virtual absl::StatusOr<control::Grant> NewSession(const control::NewSession& request) = 0;
  // kNotFound: no such session, or none is detached.
  virtual absl::StatusOr<control::Grant> Attach(const control::Attach& request) = 0;
  virtual absl::Status Detach(const control::Detach& request) = 0;
  virtual absl::Status Terminate(const control::Terminate& request) = 0;
  virtual absl::Status Notify(const control::Notify& request) = 0;
  virtual absl::StatusOr<control::Snapshot> TakeSnapshot(const control::TakeSnapshot& request) = 0;

  virtual absl::Status Hold(const control::Hold& request) = 0;
  // Replaces what `by`, a connection, said before of this session.
  virtual absl::Status SetWatched(const control::SetWatched& request, const void* by) = 0;
  // Takes back all that it said.
  virtual void EndWatched(const void* by) = 0;

  // Who may tell limits: they have no say over each other's.
  enum class Teller : uint8_t { kRoot, kOwner };
  // Replaces what the same teller said before. Holds at once for all sessions; one that it would
  // end has its warnings first. The strictest of all tellers' and of the configuration holds.
  virtual void SetLimits(const control::SetLimits& request, Teller teller) = 0;

  virtual control::Host DescribeHost() const = 0;
  // In order of creation.
  virtual std::vector<std::string> SessionIds() const = 0;
  // kNotFound.
  virtual absl::StatusOr<control::Session> Describe(absl::string_view session_id) const = 0;

  // A watcher must remove itself before it dies.
  virtual void AddWatcher(SessionWatcher* watcher) = 0;
  virtual void RemoveWatcher(SessionWatcher* watcher) = 0;

  // kNotFound.
  virtual absl::Status AddScreenWatcher(absl::string_view session_id, ScreenWatcher* watcher) = 0;
  // Harmless if it isn't one, or the session has ended.
  virtual void RemoveScreenWatcher(absl::string_view session_id, ScreenWatcher* watcher) = 0;
  struct ScreenNow {
    const term::Screen* screen;  // until anything else is asked or happens
    int64_t at_micros;           // of the wall clock since 1970
  };
  // Nothing while the program keeps back what it draws, or if there is no such session. Watchers
  // are told when it comes out.
  virtual std::optional<ScreenNow> LookAt(absl::string_view session_id) const = 0;
};

}  // namespace mosh::server

#endif  // SERVER_HOST_CONTROL_H_
