// The user's terminal settings: saved, made raw, and given back on every way out of the process,
// crashes included.
#ifndef CLIENT_TERMINAL_GUARD_H_
#define CLIENT_TERMINAL_GUARD_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosh::client {

// What a session does to its terminal beside reading and writing. Real ones below; simulations
// count the calls.
class TerminalControl {
 public:
  virtual ~TerminalControl() = default;
  virtual void EnterRaw() = 0;
  virtual void LeaveRaw() = 0;
  // Stops this process and those of its group until somebody continues them.
  virtual void StopProcessGroup() = 0;
};

// One at a time. The destructor gives the saved settings back.
class TerminalGuard final : public TerminalControl {
 public:
  // Saves the settings of the terminal `fd` and catches the signals that would otherwise end the
  // process with a raw terminal: their handler restores the settings, writes the end string and
  // lets the signal do its work. Error: "tcgetattr: reason".
  static absl::StatusOr<std::unique_ptr<TerminalGuard>> Create(int fd);
  ~TerminalGuard() override;

  // For crashes: written to `fd` while the session is drawn there.
  void SetEndString(absl::string_view text);

  void EnterRaw() override;
  void LeaveRaw() override;
  void StopProcessGroup() override;

 private:
  explicit TerminalGuard(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace mosh::client

#endif  // CLIENT_TERMINAL_GUARD_H_
