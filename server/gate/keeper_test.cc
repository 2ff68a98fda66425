#include "server/gate/keeper.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/gate/packet_socket.h"

namespace mosh::server::gate {
namespace {

// Generous: only a failure takes this long.
constexpr int kPatienceMs = 20'000;

class KeeperTest : public testing::Test {
 protected:
  KeeperTest() {
    std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/kXXXXXX");
    // Bazel's folder may be too long for a socket's name.
    if (folder.size() > 80) folder = "/tmp/keeperXXXXXX";
    folder_ = mkdtemp(folder.data());
    path_ = folder_ + "/keeper.sock";
  }
  ~KeeperTest() override {
    if (pid_ > 0) kill(pid_, SIGKILL);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }

  // In a process of its own, as it is meant.
  KeeperConnection Start() {
    absl::StatusOr<io::OwnedFd> listener = ListenAt(path_, 0600);
    EXPECT_TRUE(listener.ok()) << listener.status();
    auto pair = *MakePacketPair();
    pid_ = fork();
    if (pid_ == 0) {
      pair.first.Reset();
      RunKeeper(*std::move(listener), std::move(pair.second));
      _exit(7);
    }
    return KeeperConnection(std::move(pair.first));
  }
  Kept Reconnect(KeeperConnection* gate) {
    Kept kept;
    absl::StatusOr<KeeperConnection> next = KeeperConnection::Connect(path_, &kept);
    EXPECT_TRUE(next.ok()) << next.status();
    if (next.ok()) *gate = *std::move(next);
    return kept;
  }
  // 7: it left by itself.
  int WaitForItsEnd() {
    int status = -1;
    if (waitpid(pid_, &status, 0) == pid_) pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static io::OwnedFd NewSocket() { return io::OwnedFd(socket(AF_INET, SOCK_DGRAM, 0)); }
  static bool SameFile(const io::OwnedFd& a, const io::OwnedFd& b) {
    struct stat x, y;
    return fstat(a.get(), &x) == 0 && fstat(b.get(), &y) == 0 && x.st_ino == y.st_ino;
  }
  static void WaitForEnd(int fd) {
    pollfd event{fd, 0, 0};
    ASSERT_EQ(poll(&event, 1, kPatienceMs), 1);
  }

  std::string folder_;
  std::string path_;
  pid_t pid_ = -1;
};

TEST_F(KeeperTest, NextGateGetsEverything) {
  KeeperConnection gate = Start();
  const io::OwnedFd sockets[4] = {NewSocket(), NewSocket(), NewSocket(), NewSocket()};
  const std::array<int, 2> first = {sockets[0].get(), sockets[1].get()};
  const std::array<int, 2> second = {sockets[2].get(), sockets[3].get()};
  ASSERT_TRUE(gate.HoldSockets(first).ok());
  ASSERT_TRUE(gate.HoldSockets(second).ok());
  auto link = *MakePacketPair();
  ASSERT_TRUE(gate.HoldHost(1, 1234, 77, link.first.get()).ok());
  link.first.Reset();

  const Kept kept = Reconnect(&gate);
  ASSERT_EQ(kept.sockets.size(), 2);
  ASSERT_EQ(kept.sockets[1].size(), 2);
  EXPECT_TRUE(SameFile(kept.sockets[0][0], sockets[0]));
  EXPECT_TRUE(SameFile(kept.sockets[1][1], sockets[3]));
  ASSERT_EQ(kept.hosts.size(), 1);
  EXPECT_EQ(kept.hosts[0].number, 1);
  EXPECT_EQ(kept.hosts[0].uid, 1234);
  EXPECT_EQ(kept.hosts[0].build, 77);
  // The link works on, both ways.
  const std::vector<uint8_t> word = {1, 2, 3};
  ASSERT_TRUE(SendPacket(kept.hosts[0].link.get(), word).ok());
  std::array<uint8_t, 16> buffer;
  EXPECT_EQ(ReceivePacket(link.second.get(), buffer, true).bytes.size(), 3);
}

TEST_F(KeeperTest, HostDoesNotNoticeTheGatesEnd) {
  KeeperConnection gate = Start();
  auto link = *MakePacketPair();
  ASSERT_TRUE(gate.HoldHost(1, 1234, 77, link.first.get()).ok());
  Reconnect(&gate);  // it has read that by now
  link.first.Reset();
  gate = KeeperConnection(io::OwnedFd());
  Reconnect(&gate);
  pollfd event{link.second.get(), 0, 0};
  EXPECT_EQ(poll(&event, 1, 0), 0);
}

TEST_F(KeeperTest, EndedHostsNumberIsFree) {
  KeeperConnection gate = Start();
  auto one = *MakePacketPair();
  auto two = *MakePacketPair();
  ASSERT_TRUE(gate.HoldHost(1, 1001, 77, one.first.get()).ok());
  ASSERT_TRUE(gate.HoldHost(2, 1002, 77, two.first.get()).ok());
  Reconnect(&gate);
  // What a Host has said stays for the gate to read, and is no sign of its end.
  ASSERT_TRUE(SendPacket(two.second.get(), std::vector<uint8_t>{1}).ok());
  one.second.Reset();
  // The keeper has one turn for both, so the answer to this comes after it has seen the end.
  WaitForEnd(one.first.get());
  const Kept kept = Reconnect(&gate);
  ASSERT_EQ(kept.hosts.size(), 1);
  EXPECT_EQ(kept.hosts[0].uid, 1002);
}

TEST_F(KeeperTest, LeavesAfterTheLast) {
  KeeperConnection gate = Start();
  auto link = *MakePacketPair();
  ASSERT_TRUE(gate.HoldHost(1, 1001, 77, link.first.get()).ok());
  Reconnect(&gate);
  link.first.Reset();
  gate = KeeperConnection(io::OwnedFd());
  link.second.Reset();
  EXPECT_EQ(WaitForItsEnd(), 7);
}

TEST_F(KeeperTest, LeavesWithTheGateIfThereIsNoHost) {
  KeeperConnection gate = Start();
  gate = KeeperConnection(io::OwnedFd());
  EXPECT_EQ(WaitForItsEnd(), 7);
}

TEST_F(KeeperTest, DismissedItLetsGoOfThePort) {
  KeeperConnection gate = Start();
  io::OwnedFd bound = NewSocket();
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(bound.get(), raw, length), 0);
  ASSERT_EQ(getsockname(bound.get(), raw, &length), 0);
  const int fd = bound.get();
  ASSERT_TRUE(gate.HoldSockets({&fd, 1}).ok());
  bound.Reset();
  gate.Dismiss();
  EXPECT_EQ(bind(NewSocket().get(), raw, length), 0);
  EXPECT_EQ(WaitForItsEnd(), 7);
}

TEST_F(KeeperTest, NonsenseEndsTheConnectionOnly) {
  KeeperConnection gate = Start();
  auto link = *MakePacketPair();
  ASSERT_TRUE(gate.HoldHost(1, 1001, 77, link.first.get()).ok());
  ASSERT_TRUE(SendPacket(gate.fd(), std::vector<uint8_t>{99, 1, 2}).ok());
  WaitForEnd(gate.fd());
  EXPECT_EQ(Reconnect(&gate).hosts.size(), 1);
}

TEST_F(KeeperTest, NobodyListens) {
  Kept kept;
  EXPECT_EQ(KeeperConnection::Connect(path_, &kept).status().code(), absl::StatusCode::kNotFound);
}

TEST(PacketSocket, SendingNeverWaits) {
  auto pair = *MakePacketPair();
  const std::vector<uint8_t> packet(1500, 1);
  int sent = 0;
  while (TrySendPacket(pair.first.get(), packet)) ASSERT_LT(++sent, 1'000'000);
  EXPECT_GT(sent, 16);
  pair.second.Reset();
  EXPECT_FALSE(TrySendPacket(pair.first.get(), packet));
}

}  // namespace
}  // namespace mosh::server::gate
