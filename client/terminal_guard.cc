#include "client/terminal_guard.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace mosh::client {
namespace {

// Everything that ends a process by default and that the session itself doesn't watch.
constexpr int kFatalSignals[] = {SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,    SIGFPE,
                                 SIGSEGV, SIGSYS,  SIGALRM, SIGUSR1, SIGUSR2,   SIGXCPU,
                                 SIGXFSZ, SIGPROF, SIGPOLL, SIGPWR,  SIGSTKFLT, SIGVTALRM};

// What the handler needs, in place before a signal can come. Plain data: it runs anywhere.
struct CrashState {
  int fd = -1;
  termios saved = {};
  termios raw = {};
  volatile sig_atomic_t is_raw = 0;
  std::array<char, 512> end_string = {};
  volatile size_t end_length = 0;
};
CrashState crash_state;

// A stack overflow leaves no stack to handle it on.
alignas(16) std::array<char, 16384> handler_stack;

// Async-signal-safe: tcsetattr, write, sigaction and raise are.
void OnFatalSignal(int signal_number) {
  if (crash_state.is_raw) {
    crash_state.is_raw = 0;
    // CAN ends a half-written sequence; margins go, the cursor stays.
    constexpr char kAbandon[] = "\x18\x1b\x37\x1b[r\x1b\x38";
    if (write(crash_state.fd, kAbandon, sizeof(kAbandon) - 1) < 0) errno = 0;
    if (write(crash_state.fd, crash_state.end_string.data(), crash_state.end_length) < 0) errno = 0;
    tcsetattr(crash_state.fd, TCSANOW, &crash_state.saved);
  }
  // SA_RESETHAND has put the default action back.
  raise(signal_number);
}

void CatchFatalSignals() {
  stack_t stack = {};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  sigaltstack(&stack, nullptr);
  for (const int number : kFatalSignals) {
    struct sigaction current = {};
    // A signal that somebody ignores or handles already is theirs (a sanitizer's, for instance,
    // after its report).
    if (sigaction(number, nullptr, &current) != 0 || current.sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = OnFatalSignal;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK);
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<TerminalGuard>> TerminalGuard::Create(int fd) {
  if (tcgetattr(fd, &crash_state.saved) != 0) {
    return absl::FailedPreconditionError(absl::StrCat("tcgetattr: ", strerror(errno)));
  }
  crash_state.raw = crash_state.saved;
  crash_state.raw.c_iflag |= IUTF8;
  cfmakeraw(&crash_state.raw);
  crash_state.fd = fd;
  CatchFatalSignals();
  return std::unique_ptr<TerminalGuard>(new TerminalGuard(fd));
}

TerminalGuard::~TerminalGuard() {
  LeaveRaw();
  crash_state.end_length = 0;
}

void TerminalGuard::SetEndString(absl::string_view text) {
  crash_state.end_length = 0;
  const size_t length = std::min(text.size(), crash_state.end_string.size());
  std::copy_n(text.data(), length, crash_state.end_string.data());
  crash_state.end_length = length;
}

void TerminalGuard::EnterRaw() {
  // Marked first: a signal in between restores settings that are still in place, which is harmless.
  crash_state.is_raw = 1;
  tcsetattr(fd_, TCSANOW, &crash_state.raw);
}

void TerminalGuard::LeaveRaw() {
  if (!crash_state.is_raw) return;
  tcsetattr(fd_, TCSANOW, &crash_state.saved);
  crash_state.is_raw = 0;
}

void TerminalGuard::StopProcessGroup() { kill(0, SIGSTOP); }

}  // namespace mosh::client
