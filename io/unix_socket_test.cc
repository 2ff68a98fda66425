#include "io/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "io/scope.h"
#include "io/test_reactor.h"

namespace mosh::io {
namespace {

using namespace std::chrono_literals;

class UnixSocketTest : public ReactorTest {
 protected:
  UnixSocketTest() {
    const char* folder = getenv("TEST_TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/s" + std::to_string(getpid());
    // A socket's path may have 107 bytes at most.
    if (path_.size() > 100) path_ = "/tmp/io_unix_socket_test." + std::to_string(getpid());
  }
  std::string path_;
};
INSTANTIATE_TEST_SUITE_P(Backends, UnixSocketTest, KernelBackends(), BackendName);

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
std::string Text(const UnixMessage& m) { return std::string(m.bytes.begin(), m.bytes.end()); }

Task<void> Server(UnixListener* listener) {
  absl::StatusOr<std::unique_ptr<UnixConnection>> connection = co_await listener->Accept({});
  CO_ASSERT_TRUE(connection.ok());
  EXPECT_EQ((*connection)->peer().pid, getpid());
  EXPECT_EQ((*connection)->peer().uid, getuid());
  for (;;) {
    absl::StatusOr<UnixMessage> message = co_await (*connection)->Receive({});
    CO_ASSERT_TRUE(message.ok());
    if (message->end) co_return;
    for (const OwnedFd& fd : message->fds) {
      EXPECT_EQ(write(fd.get(), "passed", 6), 6);
      EXPECT_EQ(fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
    }
    const absl::Status sent = co_await (*connection)->Send(message->bytes, {}, {});
    EXPECT_TRUE(sent.ok());
  }
}

Task<void> Client(Reactor* reactor, std::string path) {
  absl::StatusOr<std::unique_ptr<UnixConnection>> connection =
      UnixConnection::Connect(reactor, path);
  CO_ASSERT_TRUE(connection.ok());
  std::array<int, 2> ends;
  CO_ASSERT_TRUE(pipe2(ends.data(), O_CLOEXEC) == 0);
  OwnedFd read_end(ends[0]), write_end(ends[1]);
  const int pass = write_end.get();
  EXPECT_TRUE((co_await (*connection)->Send(Bytes("one"), std::span(&pass, 1), {})).ok());
  EXPECT_TRUE((co_await (*connection)->Send(Bytes("two"), {}, {})).ok());
  for (const char* expected : {"one", "two"}) {
    const absl::StatusOr<UnixMessage> echo = co_await (*connection)->Receive({});
    CO_ASSERT_TRUE(echo.ok());
    EXPECT_EQ(Text(*echo), expected);
  }
  std::array<char, 16> text{};
  EXPECT_EQ(read(read_end.get(), text.data(), text.size()), 6);
  const std::string too_long(UnixConnection::kMaxMessageSize + 1, 'x');
  EXPECT_EQ((co_await (*connection)->Send(Bytes(too_long), {}, {})).code(),
            absl::StatusCode::kOutOfRange);
}

Task<void> Both(Reactor* reactor, UnixListener* listener, std::string path) {
  Scope scope;
  scope.Spawn(Server(listener));
  scope.Spawn(Client(reactor, path));
  co_await scope.Join();
}

TEST_P(UnixSocketTest, MessagesDescriptorsAndCredentials) {
  const int before = OpenFds();
  {
    auto listener = UnixListener::Bind(reactor(), path_);
    ASSERT_TRUE(listener.ok()) << listener.status().message();
    struct stat file;
    ASSERT_EQ(stat(path_.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0600);
    Run(Both(reactor(), listener->get(), path_));
  }
  EXPECT_EQ(OpenFds(), before);
  EXPECT_EQ(access(path_.c_str(), F_OK), -1);
}

TEST_P(UnixSocketTest, TheAbstractNamespace) {
  const std::string name = "@io-test-" + std::to_string(getpid());
  auto listener = UnixListener::Bind(reactor(), name);
  ASSERT_TRUE(listener.ok());
  Run(Both(reactor(), listener->get(), name));
}

TEST_P(UnixSocketTest, AListenedPathIsTakenAndALeftOverOneIsNot) {
  {
    auto first = UnixListener::Bind(reactor(), path_);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(UnixListener::Bind(reactor(), path_).status().code(),
              absl::StatusCode::kAlreadyExists);
    // A crash leaves the file behind.
    ASSERT_EQ(rename(path_.c_str(), (path_ + "x").c_str()), 0);
  }
  ASSERT_EQ(rename((path_ + "x").c_str(), path_.c_str()), 0);
  EXPECT_EQ(UnixConnection::Connect(reactor(), path_).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(UnixListener::Bind(reactor(), path_).ok());
  EXPECT_EQ(UnixConnection::Connect(reactor(), path_).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(UnixSocketTest, NeverRemovesAFileThatIsNoSocket) {
  { const OwnedFd file(open(path_.c_str(), O_CREAT | O_WRONLY, 0600)); }
  EXPECT_FALSE(UnixListener::Bind(reactor(), path_).ok());
  EXPECT_EQ(unlink(path_.c_str()), 0);
}

Task<void> StopAccept(UnixListener* listener) {
  StopSource source;
  source.RequestStop();
  const auto none = co_await listener->Accept(source.token());
  EXPECT_EQ(none.status().code(), absl::StatusCode::kCancelled);
}

TEST_P(UnixSocketTest, AcceptStops) {
  auto listener = UnixListener::Bind(reactor(), path_);
  ASSERT_TRUE(listener.ok());
  Run(StopAccept(listener->get()));
}

// A slow reader at the other end: one waits for room while another waits for its messages.
Task<void> SendUntil(UnixConnection* connection, StopToken stop) {
  const std::string packet(1000, 'x');
  for (;;) {
    const absl::Status sent = co_await connection->Send(Bytes(packet), {}, stop);
    if (!sent.ok()) co_return;
  }
}

Task<void> SendWordInAMoment(Reactor* reactor, UnixConnection* connection) {
  const absl::Status slept = co_await reactor->Sleep(reactor->Now() + 1ms, {});
  EXPECT_TRUE(slept.ok());
  const std::string word = "word";
  const absl::Status sent = co_await connection->Send(Bytes(word), {}, {});
  EXPECT_TRUE(sent.ok());
}

Task<void> BothWaysAtOnce(Reactor* reactor) {
  std::array<int, 2> ends;
  CO_ASSERT_TRUE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends.data()) == 0);
  auto near = UnixConnection::Adopt(reactor, OwnedFd(ends[0]));
  auto far = UnixConnection::Adopt(reactor, OwnedFd(ends[1]));
  CO_ASSERT_TRUE(near.ok() && far.ok());
  Scope scope;
  scope.Spawn(SendUntil(near->get(), scope.token()));
  for (int i = 0; i < 3; ++i) {
    scope.Spawn(SendWordInAMoment(reactor, far->get()));
    const absl::StatusOr<UnixMessage> message = co_await (*near)->Receive({});
    CO_ASSERT_TRUE(message.ok());
    EXPECT_EQ(Text(*message), "word");
    const absl::StatusOr<UnixMessage> filling = co_await (*far)->Receive({});
    CO_ASSERT_TRUE(filling.ok());
    EXPECT_EQ(filling->bytes.size(), 1000);
  }
  co_await scope.CancelAndJoin();
}
TEST_P(UnixSocketTest, ReadsWhileItWaitsForRoom) { Run(BothWaysAtOnce(reactor())); }

}  // namespace
}  // namespace mosh::io
