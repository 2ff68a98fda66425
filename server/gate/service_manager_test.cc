#include "server/gate/service_manager.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace mosh::server::gate {
namespace {

using namespace std::chrono_literals;

Variable Of(std::map<std::string, std::string> variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto it = variables.find(name);
    if (it == variables.end()) return std::nullopt;
    return it->second;
  };
}

// systemd's end of $NOTIFY_SOCKET, under a name of the abstract namespace.
class FakeManager {
 public:
  FakeManager() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    name_ = absl::StrCat("@moshd-test-", getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data() + 1, name_.size() - 1);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address),
                   offsetof(sockaddr_un, sun_path) + name_.size()),
              0);
  }
  const std::string& name() const { return name_; }
  std::string Next() {
    char text[256];
    const ssize_t size = recv(fd_.get(), text, sizeof text, MSG_DONTWAIT);
    return size < 0 ? "" : std::string(text, size);
  }

 private:
  io::OwnedFd fd_;
  std::string name_;
};

TEST(ServiceManager, HearsLines) {
  FakeManager systemd;
  const ServiceManager manager(Of({{"NOTIFY_SOCKET", systemd.name()}}), 1);
  manager.Notify("READY=1\nSTATUS=fine");
  EXPECT_EQ(systemd.Next(), "READY=1\nSTATUS=fine");
  EXPECT_FALSE(manager.watchdog().has_value());
}

TEST(ServiceManager, NobodyIsThere) {
  ServiceManager(Of({}), 1).Notify("READY=1");
  ServiceManager(Of({{"NOTIFY_SOCKET", "@moshd-test-nobody"}}), 1).Notify("READY=1");
  ServiceManager(Of({{"NOTIFY_SOCKET", std::string(200, 'x')}}), 1).Notify("READY=1");
}

TEST(ServiceManager, WatchdogIsForOneProcess) {
  const auto period = [](std::map<std::string, std::string> variables) {
    return ServiceManager(Of(std::move(variables)), 42).watchdog();
  };
  EXPECT_EQ(period({{"WATCHDOG_USEC", "3000000"}}), 3s);
  EXPECT_EQ(period({{"WATCHDOG_USEC", "3000000"}, {"WATCHDOG_PID", "42"}}), 3s);
  EXPECT_EQ(period({{"WATCHDOG_USEC", "3000000"}, {"WATCHDOG_PID", "43"}}), std::nullopt);
  EXPECT_EQ(period({{"WATCHDOG_USEC", "soon"}}), std::nullopt);
  EXPECT_EQ(period({{"WATCHDOG_USEC", "0"}}), std::nullopt);
}

// Sockets at descriptors 200, 201, ... as systemd leaves them at 3, 4, ...
class Activation : public testing::Test {
 protected:
  static constexpr int kFirst = 200;

  void Pass(int fd) {
    ASSERT_EQ(dup2(fd, kFirst + count_), kFirst + count_);
    close(fd);
    ++count_;
  }
  static int Control() {
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    const sockaddr_un autobind{.sun_family = AF_UNIX, .sun_path = {}};
    bind(fd, reinterpret_cast<const sockaddr*>(&autobind), sizeof(sa_family_t));
    listen(fd, 1);
    return fd;
  }
  absl::StatusOr<ActivatedSockets> Take(pid_t addressee = 42) {
    return TakeActivatedSockets(Of({{"LISTEN_PID", absl::StrCat(addressee)},
                                    {"LISTEN_FDS", absl::StrCat(count_)},
                                    {"LISTEN_FDNAMES", "ignored"}}),
                                42, kFirst);
  }
  int count_ = 0;
};

TEST_F(Activation, SocketsAreToldApart) {
  Pass(socket(AF_INET6, SOCK_DGRAM, 0));
  Pass(Control());
  Pass(socket(AF_INET, SOCK_DGRAM, 0));
  const absl::StatusOr<ActivatedSockets> sockets = Take();
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_EQ(sockets->control.get(), kFirst + 1);
  ASSERT_EQ(sockets->port.size(), 2);
  EXPECT_EQ(sockets->port[1].get(), kFirst + 2);
  EXPECT_EQ(fcntl(kFirst, F_GETFD), FD_CLOEXEC);
  EXPECT_NE(fcntl(kFirst + 1, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(Activation, SomebodyElsesAreLeftAlone) {
  Pass(Control());
  const absl::StatusOr<ActivatedSockets> sockets = Take(43);
  ASSERT_TRUE(sockets.ok());
  EXPECT_FALSE(sockets->control.valid());
  EXPECT_EQ(close(kFirst), 0);
}

TEST_F(Activation, WrongSocketIsNamed) {
  Pass(Control());
  Pass(socket(AF_INET, SOCK_STREAM, 0));
  const absl::Status status = Take().status();
  EXPECT_TRUE(absl::StrContains(status.message(), "descriptor 201 ")) << status;
}

TEST_F(Activation, NotListeningIsWrongToo) {
  Pass(socket(AF_UNIX, SOCK_SEQPACKET, 0));
  EXPECT_FALSE(Take().ok());
}

TEST_F(Activation, AbsurdCount) {
  count_ = 100'000;
  EXPECT_FALSE(Take().ok());
}

}  // namespace
}  // namespace mosh::server::gate
