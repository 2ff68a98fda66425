// A terminal that a command takes over for a while, and the signals that concern it.
#ifndef MGMT_CTL_LIVE_TERMINAL_H_
#define MGMT_CTL_LIVE_TERMINAL_H_

#include <signal.h>
#include <termios.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "io/owned_fd.h"
#include "term/size.h"

namespace mosh::mgmt::ctl {

// While it lives, signals that would end the process or tell of a new size are read here instead.
// To be made before any thread is: threads inherit what is blocked.
class LiveSignals {
 public:
  LiveSignals();
  ~LiveSignals();
  LiveSignals(const LiveSignals&) = delete;
  LiveSignals& operator=(const LiveSignals&) = delete;

  int fd() const { return fd_.get(); }
  // The next, if there is one.
  std::optional<int> Take();

 private:
  sigset_t before_;
  io::OwnedFd fd_;
};

// Raw, on the alternate screen, without a cursor. The destructor gives everything back.
class LiveTerminal {
 public:
  // kFailedPrecondition: one of them is no terminal.
  static absl::StatusOr<std::unique_ptr<LiveTerminal>> Open(int in, int out);
  ~LiveTerminal();

  term::Size size() const;
  // What has been typed; waits if nothing has. Empty: the terminal is gone.
  std::string Read();
  // False: the terminal is gone.
  bool Write(absl::string_view bytes);

  // What Wait found.
  struct Ready {
    bool typed = false;
    bool signal = false;
    bool other = false;
  };
  // Until something is typed, a signal comes, `other` (-1: none) is readable, or `limit` is over.
  Ready Wait(const LiveSignals& signals, int other, absl::Duration limit) const;

 private:
  LiveTerminal(int in, int out, const termios& before) : in_(in), out_(out), before_(before) {}

  int in_;
  int out_;
  termios before_;
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_LIVE_TERMINAL_H_
