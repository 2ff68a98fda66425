// Streams on the real backends: pipes, back-pressure, cancellation races, terminals.

#include <fcntl.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

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
using std::chrono_literals::operator""us;

class StreamTest : public ReactorTest {};
INSTANTIATE_TEST_SUITE_P(Backends, StreamTest, KernelBackends(), BackendName);

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct Pipe {
  std::unique_ptr<Stream> reader;
  std::unique_ptr<Stream> writer;
  explicit Pipe(Reactor* reactor) {
    std::array<int, 2> ends;
    if (pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    reader = *reactor->OpenStream(OwnedFd(ends[0]));
    writer = *reactor->OpenStream(OwnedFd(ends[1]));
  }
};

Task<void> ReadToEnd(Stream* stream, StopToken stop, std::string* out, absl::Status* status) {
  std::array<uint8_t, 1000> buffer;
  for (;;) {
    const absl::StatusOr<size_t> n = co_await stream->Read(buffer, stop);
    *status = n.status();
    if (!n.ok() || *n == 0) co_return;
    out->append(reinterpret_cast<const char*>(buffer.data()), *n);
  }
}

Task<void> WriteAndClose(Stream* stream, std::string text) {
  const absl::Status status = co_await stream->WriteAll(Bytes(text), {});
  EXPECT_TRUE(status.ok()) << status.message();
  co_await stream->Close();
}

Task<void> CopyScenario(Pipe* pipe, std::string text, std::string* out) {
  Scope scope;
  absl::Status status;
  scope.Spawn(WriteAndClose(pipe->writer.get(), text));
  scope.Spawn(ReadToEnd(pipe->reader.get(), {}, out, &status));
  co_await scope.Join();
  EXPECT_TRUE(status.ok());
}

TEST_P(StreamTest, APipeCarriesMoreThanItHolds) {
  Pipe pipe(reactor());
  std::string text(3'000'000, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 >> 3);
  std::string out;
  Run(CopyScenario(&pipe, text, &out));
  EXPECT_TRUE(out == text);
}

Task<void> WriteToNobody(Pipe* pipe, absl::Status* status) {
  co_await pipe->reader->Close();
  *status = co_await pipe->writer->WriteAll(Bytes("x"), {});
}

TEST_P(StreamTest, WritingToNobodyIsUnavailableAndNoSignal) {
  Pipe pipe(reactor());
  absl::Status status;
  Run(WriteToNobody(&pipe, &status));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
}

Task<void> StopAfter(Reactor* reactor, std::chrono::nanoseconds time, StopSource* source) {
  (co_await reactor->Sleep(reactor->Now() + time, {})).IgnoreError();
  source->RequestStop();
}

Task<void> StopBlockedScenario(Reactor* reactor, Pipe* pipe, absl::Status* read,
                               absl::Status* write) {
  StopSource source;
  Scope scope;
  const std::string much(1 << 20, 'x');
  Pipe idle(reactor);
  std::string out;
  scope.Spawn(ReadToEnd(idle.reader.get(), source.token(), &out, read));
  scope.Spawn(StopAfter(reactor, 2ms, &source));
  *write = co_await pipe->writer->WriteAll(Bytes(much), source.token());
  co_await scope.Join();
}

TEST_P(StreamTest, StopEndsABlockedReadAndABlockedWrite) {
  Pipe pipe(reactor());
  absl::Status read, write;
  Run(StopBlockedScenario(reactor(), &pipe, &read, &write));
  EXPECT_EQ(read.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(write.code(), absl::StatusCode::kCancelled);
}

// Every order of "byte arrives", "stop" and "the loop looks": a read is answered exactly once, and
// no byte is lost.
Task<void> CancelRaceScenario(Reactor* reactor, Pipe* pipe, int* lost) {
  std::string all;
  for (int round = 0; round < 200; ++round) {
    Scope scope;
    absl::Status status;
    scope.Spawn(ReadToEnd(pipe->reader.get(), scope.token(), &all, &status));
    for (int i = 0; i < round % 4; ++i) co_await Yield();
    if (round % 5 == 0) (co_await reactor->Sleep(reactor->Now() + 50us, {})).IgnoreError();
    if (write(pipe->writer->fd(), "x", 1) != 1) std::abort();
    for (int i = 0; i < round % 3; ++i) co_await Yield();
    co_await scope.CancelAndJoin();
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  }
  co_await pipe->writer->Close();
  absl::Status status;
  co_await ReadToEnd(pipe->reader.get(), {}, &all, &status);
  *lost = 200 - static_cast<int>(all.size());
}

TEST_P(StreamTest, CancellingRacesLoseNoByte) {
  Pipe pipe(reactor());
  int lost = -1;
  Run(CancelRaceScenario(reactor(), &pipe, &lost));
  EXPECT_EQ(lost, 0);
}

Task<void> ReopenScenario(Reactor* reactor) {
  // Descriptor numbers come back as other files within one turn of the loop.
  for (int round = 0; round < 100; ++round) {
    Pipe pipe(reactor);
    Scope scope;
    std::string out;
    absl::Status status;
    scope.Spawn(ReadToEnd(pipe.reader.get(), scope.token(), &out, &status));
    co_await Yield();
    if (round % 2 == 0) {
      EXPECT_TRUE((co_await pipe.writer->WriteAll(Bytes("hello"), {})).ok());
      while (out.size() < 5) co_await Yield();
    }
    co_await scope.CancelAndJoin();
    EXPECT_EQ(out, round % 2 == 0 ? "hello" : "");
  }
}

TEST_P(StreamTest, ReusedDescriptorNumbersAreNotMixedUp) {
  const int before = OpenFds();
  Run(ReopenScenario(reactor()));
  EXPECT_EQ(OpenFds(), before);
}

Task<void> ReadOnce(Stream* stream, size_t* taken) {
  std::array<uint8_t, 16> buffer;
  const absl::StatusOr<size_t> n = co_await stream->Read(buffer, {});
  CO_ASSERT_TRUE(n.ok());
  *taken = *n;
}

TEST_P(StreamTest, RegularFilesAndTheNullDeviceAreAlwaysReady) {
  size_t taken = 99;
  auto null = reactor()->OpenStream(OwnedFd(open("/dev/null", O_RDWR | O_CLOEXEC)));
  ASSERT_TRUE(null.ok());
  Run(ReadOnce(null->get(), &taken));
  EXPECT_EQ(taken, 0);
  auto file = reactor()->OpenStream(OwnedFd(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)));
  ASSERT_TRUE(file.ok());
  Run(ReadOnce(file->get(), &taken));
  EXPECT_EQ(taken, 16);
}

// --- Fairness and sleep ---

Task<void> Flood(Stream* writer, StopToken stop) {
  const std::string chunk(65536, 'x');
  while ((co_await writer->WriteAll(Bytes(chunk), stop)).ok()) {
  }
}

Task<void> Drain(Stream* reader, StopToken stop, uint64_t* bytes) {
  std::vector<uint8_t> buffer(65536);
  for (;;) {
    const absl::StatusOr<size_t> n = co_await reader->Read(buffer, stop);
    if (!n.ok()) co_return;
    *bytes += *n;
  }
}

Task<void> FairnessScenario(Reactor* reactor, Pipe* pipe, std::chrono::nanoseconds* worst) {
  Scope scope;
  uint64_t bytes = 0;
  scope.Spawn(Flood(pipe->writer.get(), scope.token()));
  scope.Spawn(Drain(pipe->reader.get(), scope.token(), &bytes));
  for (int i = 0; i < 20; ++i) {
    const Instant due = reactor->Now() + 1ms;
    (co_await reactor->Sleep(due, {})).IgnoreError();
    *worst = std::max(*worst, reactor->Now() - due);
  }
  co_await scope.CancelAndJoin();
  EXPECT_GT(bytes, 0);
}

TEST_P(StreamTest, AFloodDoesNotStarveTimers) {
  Pipe pipe(reactor());
  std::chrono::nanoseconds worst{0};
  Run(FairnessScenario(reactor(), &pipe, &worst));
  // Generous for a loaded machine; a starving loop would never get here.
  EXPECT_LT(worst, 5s);
}

int64_t VoluntarySwitches() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nvcsw;
}

Task<void> IdleScenario(Reactor* reactor, Pipe* pipe, int64_t* switches) {
  Scope scope;
  std::string out;
  absl::Status status;
  scope.Spawn(ReadToEnd(pipe->reader.get(), scope.token(), &out, &status));
  Event wake;
  Timer timer(reactor, &wake);
  const Instant start = reactor->Now();
  const int64_t before = VoluntarySwitches();
  // What a protocol does between two wake-ups: move its deadline, many times.
  for (int i = 0; i < 10'000; ++i) timer.Arm(start + 1ms + i * 1us);
  timer.Arm(start + 150ms);
  (co_await wake.Wait()).IgnoreError();
  *switches = VoluntarySwitches() - before;
  co_await scope.CancelAndJoin();
}

TEST_P(StreamTest, IdleMeansAsleep) {
  Pipe pipe(reactor());
  int64_t switches = -1;
  Run(IdleScenario(reactor(), &pipe, &switches));
  EXPECT_LE(switches, 3);
}

Task<void> AfterTheFloodScenario(Reactor* reactor, Pipe* pipe, int64_t* switches,
                                 std::string* out) {
  Scope scope;
  absl::Status status;
  scope.Spawn(ReadToEnd(pipe->reader.get(), scope.token(), out, &status));
  EXPECT_TRUE((co_await pipe->writer->WriteAll(Bytes(std::string(10'000, 'x')), {})).ok());
  while (out->size() < 10'000) co_await Yield();
  // The reader looks for more, for a moment. A loop that went on looking would never sleep.
  const int64_t before = VoluntarySwitches();
  (co_await reactor->Sleep(reactor->Now() + 50ms, {})).IgnoreError();
  *switches = VoluntarySwitches() - before;
  EXPECT_TRUE((co_await pipe->writer->WriteAll(Bytes("later"), {})).ok());
  while (out->size() < 10'005) co_await Yield();
  co_await scope.CancelAndJoin();
}

TEST_P(StreamTest, AfterAFloodComesSleep) {
  Pipe pipe(reactor());
  int64_t switches = 0;
  std::string out;
  Run(AfterTheFloodScenario(reactor(), &pipe, &switches, &out));
  EXPECT_GE(switches, 1);
  EXPECT_EQ(out, std::string(10'000, 'x') + "later");
}

// --- Terminals ---

struct RawPty {
  int master = -1;
  int slave = -1;
  RawPty() {
    if (openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) std::abort();
    termios modes;
    tcgetattr(slave, &modes);
    cfmakeraw(&modes);
    tcsetattr(slave, TCSANOW, &modes);
  }
  ~RawPty() {
    close(master);
    close(slave);
  }
};

Task<void> SharedTtyScenario(Tty* tty, int master) {
  EXPECT_EQ(write(master, "key", 3), 3);
  std::array<uint8_t, 100> buffer;
  const absl::StatusOr<size_t> n = co_await tty->Read(buffer, {});
  CO_ASSERT_TRUE(n.ok());
  EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer.data()), *n), "key");
  EXPECT_TRUE((co_await tty->WriteAll(Bytes("drawn"), {})).ok());
  std::array<char, 100> seen;
  EXPECT_EQ(read(master, seen.data(), seen.size()), 5);
}

// Reads one piece of a terminal's input; changes the terminal's settings while that read waits.
Task<void> ChangeSettingsDuringRead(Reactor* reactor, Stream* terminal, int slave, int master,
                                    std::string* out) {
  Scope scope;
  absl::Status status;
  scope.Spawn(ReadToEnd(terminal, scope.token(), out, &status));
  for (int i = 0; i < 3; ++i) {
    (void)co_await reactor->Sleep(reactor->Now() + 5ms, {});
    termios settings;
    EXPECT_EQ(tcgetattr(slave, &settings), 0);
    settings.c_lflag ^= ECHO;
    EXPECT_EQ(tcsetattr(slave, TCSADRAIN, &settings), 0);
    (void)co_await reactor->Sleep(reactor->Now() + 5ms, {});
    EXPECT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(write(master, "x\n", 2), 2);
    while (out->size() < 2 * static_cast<size_t>(i + 1) && status.ok()) {
      (void)co_await reactor->Sleep(reactor->Now() + 1ms, {});
    }
  }
  co_await scope.CancelAndJoin();
}

TEST_P(StreamTest, AReadOutlivesAChangeOfTheTerminalsSettings) {
  int master, slave;
  ASSERT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  absl::StatusOr<std::unique_ptr<Tty>> tty = reactor()->OpenTty(slave);
  ASSERT_TRUE(tty.ok()) << tty.status().message();
  std::string out;
  Run(ChangeSettingsDuringRead(reactor(), tty->get(), slave, master, &out));
  EXPECT_EQ(out, "x\nx\nx\n");
  tty->reset();
  close(master);
  close(slave);
}

TEST_P(StreamTest, ATerminalSharedWithOthersKeepsItsFlags) {
  const int before = OpenFds();
  {
    RawPty pty;
    const int flags = fcntl(pty.slave, F_GETFL);
    auto tty = reactor()->OpenTty(pty.slave);
    ASSERT_TRUE(tty.ok());
    EXPECT_TRUE((*tty)->SetWindowSize({.columns = 132, .rows = 43}).ok());
    EXPECT_EQ(*(*tty)->GetWindowSize(), (WindowSize{.columns = 132, .rows = 43}));
    Run(SharedTtyScenario(tty->get(), pty.master));
    EXPECT_EQ(fcntl(pty.slave, F_GETFL), flags);
  }
  EXPECT_EQ(OpenFds(), before);
}

TEST_P(StreamTest, WhatIsNoTerminalIsRefused) {
  Pipe pipe(reactor());
  EXPECT_FALSE(reactor()->OpenTty(pipe.reader->fd()).ok());
  EXPECT_FALSE(reactor()->OpenTty(9999).ok());
  EXPECT_FALSE(reactor()->OpenStream(OwnedFd(-1)).ok());
}

}  // namespace
}  // namespace mosh::io
