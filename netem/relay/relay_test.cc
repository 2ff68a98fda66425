// The relay over real loopback sockets, but on a clock of the test's own.
#include "netem/relay/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::netem {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

struct Message {
  std::string text;
  sockaddr_in from;
  uint8_t tos;
};

// A UDP socket on loopback.
class Peer {
 public:
  Peer() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(fd_, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
    sockaddr_in any = Loopback(0);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  }
  ~Peer() { close(fd_); }

  static sockaddr_in Loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  uint16_t port() const {
    sockaddr_in local;
    socklen_t length = sizeof local;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&local), &length);
    return ntohs(local.sin_port);
  }
  void SetTos(int tos) { setsockopt(fd_, IPPROTO_IP, IP_TOS, &tos, sizeof tos); }
  void Send(const std::string& text, sockaddr_in to) {
    sendto(fd_, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
  // What has come, waiting up to `patience` for it.
  std::optional<Message> Receive(int patience_ms = 0) {
    pollfd p = {fd_, POLLIN, 0};
    if (poll(&p, 1, patience_ms) <= 0) return std::nullopt;
    char text[2048];
    alignas(cmsghdr) char control[64];
    Message m{};
    iovec iov = {text, sizeof text};
    msghdr h{};
    h.msg_name = &m.from;
    h.msg_namelen = sizeof m.from;
    h.msg_iov = &iov;
    h.msg_iovlen = 1;
    h.msg_control = control;
    h.msg_controllen = sizeof control;
    const ssize_t n = recvmsg(fd_, &h, 0);
    if (n < 0) return std::nullopt;
    m.text.assign(text, static_cast<size_t>(n));
    for (cmsghdr* c = CMSG_FIRSTHDR(&h); c != nullptr; c = CMSG_NXTHDR(&h, c)) {
      if (c->cmsg_type == IP_TOS) m.tos = *CMSG_DATA(c);
    }
    return m;
  }

 private:
  int fd_;
};

class RelayTest : public testing::Test {
 protected:
  void Start(const PathConditions& conditions) {
    RelayOptions options;
    options.server_host = "127.0.0.1";
    options.server_port = server_.port();
    options.conditions = conditions;
    absl::StatusOr<std::unique_ptr<Relay>> relay = Relay::Create(options);
    ASSERT_TRUE(relay.ok()) << relay.status().ToString();
    relay_ = std::move(*relay);
  }
  // Loopback hands a datagram over within sendto: by the time of Turn it is there.
  void ToRelay(Peer& client, const std::string& text, int64_t at_ms) {
    client.Send(text, Peer::Loopback(relay_->port()));
    relay_->Turn(Instant::FromMillis(at_ms));
  }
  void FromServer(const Message& to, const std::string& text, int64_t at_ms) {
    server_.Send(text, to.from);
    relay_->Turn(Instant::FromMillis(at_ms));
  }

  Peer server_, client_;
  std::unique_ptr<Relay> relay_;
};

TEST_F(RelayTest, CarriesBothWays) {
  Start({});
  ToRelay(client_, "up", 0);
  const Message up = *server_.Receive();
  EXPECT_EQ(up.text, "up");
  FromServer(up, "down", 0);
  EXPECT_EQ(client_.Receive()->text, "down");
}

TEST_F(RelayTest, EachClientAddressHasItsOwnWayBack) {
  Start({});
  Peer other;
  ToRelay(client_, "a", 0);
  const Message a = *server_.Receive();
  ToRelay(other, "b", 0);
  const Message b = *server_.Receive();
  EXPECT_NE(a.from.sin_port, b.from.sin_port);
  FromServer(a, "to a", 0);
  FromServer(b, "to b", 0);
  EXPECT_EQ(client_.Receive()->text, "to a");
  EXPECT_EQ(other.Receive()->text, "to b");
}

TEST_F(RelayTest, DelaysByTheClockItIsGiven) {
  Start({.up = {.delay = milliseconds(100)}});
  ToRelay(client_, "late", 5);
  EXPECT_EQ(relay_->NextDeadline(), Instant::FromMillis(105));
  relay_->Turn(Instant::FromMillis(104));
  EXPECT_FALSE(server_.Receive());
  relay_->Turn(Instant::FromMillis(105));
  EXPECT_TRUE(server_.Receive());
}

TEST_F(RelayTest, RoamChangesTheSourceAndLosesWhatGoesToTheOldOne) {
  Start({});
  ToRelay(client_, "before", 0);
  const Message before = *server_.Receive();
  relay_->Roam();
  FromServer(before, "to the old address", 0);
  EXPECT_FALSE(client_.Receive());
  EXPECT_EQ(relay_->stats().to_old_address, 1u);

  ToRelay(client_, "after", 0);
  const Message after = *server_.Receive();
  EXPECT_NE(before.from.sin_addr.s_addr, after.from.sin_addr.s_addr);
  FromServer(after, "to the new address", 0);
  EXPECT_EQ(client_.Receive()->text, "to the new address");
}

TEST_F(RelayTest, DatagramUnderWayKeepsItsOldSource) {
  Start({.up = {.delay = milliseconds(10)}});
  ToRelay(client_, "a", 0);
  relay_->Turn(Instant::FromMillis(10));
  const Message first = *server_.Receive();
  ToRelay(client_, "b", 20);
  relay_->Roam();
  relay_->Turn(Instant::FromMillis(30));
  EXPECT_EQ(server_.Receive()->from.sin_addr.s_addr, first.from.sin_addr.s_addr);
}

TEST_F(RelayTest, PassesEcnAndMarksOnlyCapableDatagrams) {
  Start({.up = {.mark = 1}});
  client_.SetTos(0);
  ToRelay(client_, "plain", 0);
  EXPECT_EQ(server_.Receive()->tos & 3, 0);
  client_.SetTos(2);
  ToRelay(client_, "capable", 0);
  EXPECT_EQ(server_.Receive()->tos & 3, 3);
  relay_->SetConditions({});
  ToRelay(client_, "unmarked", 0);
  EXPECT_EQ(server_.Receive()->tos & 3, 2);
}

TEST_F(RelayTest, ManyRoamsKeepFewSockets) {
  Start({});
  ToRelay(client_, "x", 0);
  for (int i = 0; i < 100; ++i) relay_->Roam();
  std::vector<pollfd> fds;
  relay_->AppendPollFds(&fds);
  EXPECT_LE(fds.size(), 20u);
  EXPECT_TRUE(server_.Receive());
  ToRelay(client_, "y", 0);
  EXPECT_TRUE(server_.Receive());
}

TEST_F(RelayTest, RefusesNamesAndUnusableAddresses) {
  EXPECT_THAT(std::string(Relay::Create({.server_host = "localhost"}).status().message()),
              HasSubstr("'localhost' is not a numeric IP address"));
  EXPECT_THAT(std::string(Relay::Create({.listen_host = "192.0.2.1", .server_host = "127.0.0.1"})
                              .status()
                              .message()),
              HasSubstr("bind to 192.0.2.1"));
}

// The loop itself, in a process of its own as the programs use it.
class RunRelayTest : public RelayTest {
 protected:
  void Run(const PathConditions& conditions) {
    Start(conditions);
    int pair[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid_ = fork();
    if (pid_ == 0) {
      close(pair[0]);
      _exit(RunRelay(*relay_, pair[1], pair[1]));
    }
    close(pair[1]);
    control_ = pair[0];
  }
  std::string Ask(const std::string& line) {
    EXPECT_GT(write(control_, line.data(), line.size()), 0);
    std::string answer;
    for (char c; read(control_, &c, 1) == 1 && c != '\n';) answer += c;
    return answer;
  }
  int Finish() {
    close(control_);
    int status = -1;
    waitpid(pid_, &status, 0);
    return status;
  }
  // Generous: the machine may be busy.
  static constexpr int kPatienceMs = 20'000;
  pid_t pid_ = -1;
  int control_ = -1;
};

TEST_F(RunRelayTest, CarriesObeysAndEndsWithItsControl) {
  Run({});
  client_.Send("hello", Peer::Loopback(relay_->port()));
  EXPECT_EQ(server_.Receive(kPatienceMs)->text, "hello");
  EXPECT_THAT(Ask("stats\n"), StartsWith("ok up_pushed=1 up_pushed_bytes=5 up_delivered=1"));
  EXPECT_EQ(Ask("net loss=1\n"), "ok");
  client_.Send("lost", Peer::Loopback(relay_->port()));
  EXPECT_EQ(Ask("roam\n"), "ok");
  EXPECT_THAT(Ask("net lozz\n"), HasSubstr("error: network profile: 'lozz'"));
  EXPECT_THAT(Ask("blackout soon\n"), HasSubstr("error: blackout"));
  EXPECT_THAT(Ask("dance\n"), HasSubstr("unknown command 'dance'"));
  EXPECT_EQ(Ask("net clean\n"), "ok");
  EXPECT_EQ(Ask("blackout 3600000\n"), "ok");
  client_.Send("dark", Peer::Loopback(relay_->port()));
  Ask("stats\n");  // control comes first in a turn: this one lets the datagram in
  EXPECT_EQ(Ask("net clean\n"), "ok");
  client_.Send("again", Peer::Loopback(relay_->port()));
  EXPECT_EQ(server_.Receive(kPatienceMs)->text, "again");
  EXPECT_EQ(Finish(), 0);
}

TEST_F(RunRelayTest, WaitsAsLongAsTheDelay) {
  Run({.up = {.delay = milliseconds(50)}});
  timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  client_.Send("x", Peer::Loopback(relay_->port()));
  ASSERT_TRUE(server_.Receive(kPatienceMs));
  clock_gettime(CLOCK_MONOTONIC, &end);
  EXPECT_GE((end.tv_sec - start.tv_sec) * 1000.0 + (end.tv_nsec - start.tv_nsec) / 1e6, 50);
  EXPECT_EQ(Finish(), 0);
}

}  // namespace
}  // namespace mosh::netem
