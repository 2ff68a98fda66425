// Children, ptys and signals on the real backends.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/test_reactor.h"
#include "io/timer.h"

namespace mosh::io {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class ChildTest : public ReactorTest {};
INSTANTIATE_TEST_SUITE_P(Backends, ChildTest, KernelBackends(), BackendName);

ChildSpec Shell(const std::string& script) {
  return {.file = "/bin/sh",
          .argv = {"sh", "-c", script},
          .environment = {"PATH=/usr/bin:/bin", "WORD=from the environment"},
          .directory = "/",
          .before_exec = nullptr};
}

// One child's life: what it wrote, and how it ended.
struct Life {
  std::string output;
  ExitStatus status;
};

Task<void> ReadAll(Stream* stream, std::string* out) {
  std::array<uint8_t, 4096> buffer;
  for (;;) {
    const absl::StatusOr<size_t> n = co_await stream->Read(buffer, {});
    if (!n.ok() || *n == 0) co_return;
    out->append(reinterpret_cast<const char*>(buffer.data()), *n);
  }
}

Task<void> Witness(Stream* output, Child* child, Life* life) {
  co_await ReadAll(output, &life->output);
  const absl::StatusOr<ExitStatus> status = co_await child->Wait({});
  CO_ASSERT_TRUE(status.ok());
  life->status = *status;
  // The answer stays.
  const absl::StatusOr<ExitStatus> again = co_await child->Wait({});
  CO_ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *status);
  EXPECT_EQ(child->Kill(SIGTERM).code(), absl::StatusCode::kNotFound);
}

Life InPty(Reactor* reactor, const std::string& script, WindowSize size = {}) {
  absl::StatusOr<PtyProcess> pty = reactor->SpawnPty({.child = Shell(script), .size = size});
  EXPECT_TRUE(pty.ok()) << pty.status().message();
  Life life;
  if (pty.ok()) reactor->Run(Witness(pty->master.get(), pty->child.get(), &life));
  return life;
}

TEST_P(ChildTest, APtyIsTheControllingTerminalWithItsSize) {
  const Life life = InPty(
      reactor(),
      "tty; stty size; ps -o tpgid= -p $$ | tr -d ' ' >/dev/null; exec 3>/dev/tty && echo ctty >&3",
      {.columns = 97, .rows = 31});
  EXPECT_TRUE(absl::StrContains(life.output, "/dev/pts/")) << life.output;
  EXPECT_TRUE(absl::StrContains(life.output, "31 97")) << life.output;
  EXPECT_TRUE(absl::StrContains(life.output, "ctty")) << life.output;
  EXPECT_EQ(life.status, (ExitStatus{false, 0}));
}

TEST_P(ChildTest, APtyErasesWholeCharacters) {
  EXPECT_TRUE(absl::StrContains(InPty(reactor(), "stty -a").output, " iutf8"));
}

TEST_P(ChildTest, ExitCodesAndSignalsAreToldApart) {
  EXPECT_EQ(InPty(reactor(), "exit 7").status, (ExitStatus{false, 7}));
  EXPECT_EQ(InPty(reactor(), "kill -TERM $$").status, (ExitStatus{true, SIGTERM}));
}

TEST_P(ChildTest, AChildHasItsEnvironmentItsFolderAndNothingElse) {
  const OwnedFd leak(open("/dev/null", O_RDONLY));  // no O_CLOEXEC
  const Life life = InPty(reactor(),
                          "echo \"$WORD\"; pwd; for fd in 0 1 2 3 4 5 6 7 8 9; do [ -e "
                          "/proc/$$/fd/$fd ] && echo $fd; done");
  EXPECT_TRUE(absl::StrContains(life.output, "from the environment\r\n/\r\n")) << life.output;
  EXPECT_TRUE(absl::StrContains(life.output, "/\r\n0\r\n1\r\n2\r\n")) << life.output;
  EXPECT_FALSE(absl::StrContains(life.output, "\n3\r")) << life.output;
}

TEST_P(ChildTest, SignalsOfTheParentDoNotReachIntoTheChild) {
  signal(SIGUSR1, SIG_IGN);
  auto watched = reactor()->WatchSignals({SIGTERM, SIGUSR2});
  ASSERT_TRUE(watched.ok());
  const Life life = InPty(reactor(), "grep -E 'Sig(Blk|Ign)' /proc/self/status");
  EXPECT_TRUE(absl::StrContains(life.output, "SigBlk:\t0000000000000000")) << life.output;
  // The low 31, of which the C library keeps none for itself.
  EXPECT_TRUE(std::regex_search(life.output, std::regex("SigIgn:\t[0-9a-f]{8}[08]0000000")))
      << life.output;
  signal(SIGUSR1, SIG_DFL);
}

TEST_P(ChildTest, ErrorsOfExecComeBack) {
  ChildSpec spec = Shell("true");
  spec.file = "/no/such/program";
  EXPECT_EQ(reactor()->SpawnPty({.child = spec}).status().code(), absl::StatusCode::kNotFound);
  spec.file = "no-such-program-in-path";
  EXPECT_EQ(reactor()->Spawn({.child = spec}).status().code(), absl::StatusCode::kNotFound);
  spec = Shell("true");
  spec.directory = "/no/such/folder";
  EXPECT_EQ(reactor()->SpawnPty({.child = spec}).status().message(),
            "/no/such/folder: No such file or directory");
  spec = Shell("true");
  spec.before_exec = [] { return EACCES; };
  EXPECT_EQ(reactor()->SpawnPty({.child = spec}).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a zombie is left";
}

Task<void> Converse(Process* process, Life* life, std::string* errors) {
  EXPECT_TRUE((co_await process->stdin_stream->WriteAll(
                   {reinterpret_cast<const uint8_t*>("question\n"), 9}, {}))
                  .ok());
  co_await process->stdin_stream->Close();
  Scope scope;
  scope.Spawn(ReadAll(process->stderr_stream.get(), errors));
  co_await Witness(process->stdout_stream.get(), process->child.get(), life);
  co_await scope.Join();
}

TEST_P(ChildTest, AProcessTalksThroughPipes) {
  absl::StatusOr<Process> process =
      reactor()->Spawn({.child = Shell("cat; echo answer; echo oops >&2"),
                        .stdin_mode = StdioMode::kPipe,
                        .stdout_mode = StdioMode::kPipe,
                        .stderr_mode = StdioMode::kPipe});
  ASSERT_TRUE(process.ok()) << process.status().message();
  Life life;
  std::string errors;
  Run(Converse(&*process, &life, &errors));
  EXPECT_EQ(life.output, "question\nanswer\n");
  EXPECT_EQ(errors, "oops\n");
}

Task<void> KillScenario(Reactor* reactor, Child* child, ExitStatus* end) {
  {
    Deadline limit(reactor, reactor->Now() + 2ms, {});
    const absl::StatusOr<ExitStatus> none = co_await child->Wait(limit.token());
    EXPECT_EQ(none.status().code(), absl::StatusCode::kCancelled);
  }
  EXPECT_TRUE(child->Kill(SIGKILL).ok());
  const absl::StatusOr<ExitStatus> status = co_await child->Wait({});
  CO_ASSERT_TRUE(status.ok());
  *end = *status;
}

TEST_P(ChildTest, AWaitCanBeGivenUpAndTheChildKilled) {
  absl::StatusOr<Process> process = reactor()->Spawn({.child = {.file = "",
                                                                .argv = {"sleep", "1000"},
                                                                .environment = {},
                                                                .directory = "",
                                                                .before_exec = nullptr}});
  ASSERT_TRUE(process.ok());
  ExitStatus end;
  Run(KillScenario(reactor(), process->child.get(), &end));
  EXPECT_EQ(end, (ExitStatus{true, SIGKILL}));
}

Task<void> TypeIntoCat(PtyProcess* pty, std::string* seen) {
  EXPECT_TRUE(
      (co_await pty->master->WriteAll({reinterpret_cast<const uint8_t*>("hello\n"), 6}, {})).ok());
  std::array<uint8_t, 4096> buffer;
  while (!absl::StrContains(*seen, "hello\r\nhello\r\n")) {
    const absl::StatusOr<size_t> n = co_await pty->master->Read(buffer, {});
    CO_ASSERT_TRUE(n.ok());
    CO_ASSERT_TRUE(*n != 0);
    seen->append(reinterpret_cast<const char*>(buffer.data()), *n);
  }
  // Closing the master hangs the terminal up.
  pty->master.reset();
  const absl::StatusOr<ExitStatus> status = co_await pty->child->Wait({});
  CO_ASSERT_TRUE(status.ok());
  EXPECT_EQ(*status, (ExitStatus{true, SIGHUP}));
}

TEST_P(ChildTest, ClosingTheMasterHangsUp) {
  const int before = OpenFds();
  {
    absl::StatusOr<PtyProcess> pty = reactor()->SpawnPty({.child = Shell("exec cat")});
    ASSERT_TRUE(pty.ok());
    std::string seen;
    Run(TypeIntoCat(&*pty, &seen));
  }
  EXPECT_EQ(OpenFds(), before);
}

Task<void> ResizeScenario(PtyProcess* pty, std::string* seen) {
  std::array<uint8_t, 4096> buffer;
  bool resized = false;
  while (!absl::StrContains(*seen, "50 132")) {
    const absl::StatusOr<size_t> n = co_await pty->master->Read(buffer, {});
    CO_ASSERT_TRUE(n.ok());
    CO_ASSERT_TRUE(*n != 0);
    seen->append(reinterpret_cast<const char*>(buffer.data()), *n);
    if (!resized && absl::StrContains(*seen, "ready")) {
      resized = true;
      EXPECT_TRUE(pty->master->SetWindowSize({.columns = 132, .rows = 50}).ok());
    }
  }
  EXPECT_TRUE(pty->child->Kill(SIGKILL).ok());
  (co_await pty->child->Wait({})).status().IgnoreError();
}

TEST_P(ChildTest, AResizeIsASignalInside) {
  absl::StatusOr<PtyProcess> pty = reactor()->SpawnPty(
      {.child = Shell("trap 'stty size' WINCH; echo ready; while :; do sleep 0.01; done")});
  ASSERT_TRUE(pty.ok());
  std::string seen;
  Run(ResizeScenario(&*pty, &seen));
}

// --- Signals ---

Task<void> NextSignals(SignalSource* source, int count, std::vector<int>* got) {
  for (int i = 0; i < count; ++i) {
    const absl::StatusOr<int> next = co_await source->Next({});
    CO_ASSERT_TRUE(next.ok());
    got->push_back(*next);
  }
}

Task<void> RaiseLater(Reactor* reactor, int signal) {
  (co_await reactor->Sleep(reactor->Now() + 1ms, {})).IgnoreError();
  kill(getpid(), signal);
}

Task<void> SignalScenario(Reactor* reactor, SignalSource* source, std::vector<int>* got) {
  kill(getpid(), SIGWINCH);
  co_await NextSignals(source, 1, got);
  Scope scope;
  scope.Spawn(RaiseLater(reactor, SIGTERM));
  co_await NextSignals(source, 1, got);
  co_await scope.Join();
  Deadline limit(reactor, reactor->Now() + 1ms, {});
  const absl::StatusOr<int> none = co_await source->Next(limit.token());
  EXPECT_EQ(none.status().code(), absl::StatusCode::kCancelled);
}

TEST_P(ChildTest, SignalsComeAsValues) {
  auto source = reactor()->WatchSignals({SIGWINCH, SIGTERM});
  ASSERT_TRUE(source.ok());
  std::vector<int> got;
  Run(SignalScenario(reactor(), source->get(), &got));
  EXPECT_EQ(got, (std::vector<int>{SIGWINCH, SIGTERM}));
}

TEST_P(ChildTest, ASignalSourceUnblocksOnlyWhatItBlocked) {
  sigset_t usr1, now;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &usr1, nullptr);
  {
    auto source = reactor()->WatchSignals({SIGUSR1, SIGUSR2});
  }
  pthread_sigmask(SIG_UNBLOCK, &usr1, &now);
  EXPECT_EQ(sigismember(&now, SIGUSR1), 1);
  EXPECT_EQ(sigismember(&now, SIGUSR2), 0);
}

}  // namespace
}  // namespace mosh::io
