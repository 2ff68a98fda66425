#include "server/control/host_sockets.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HostSocketsTest : public testing::Test {
 protected:
  HostSocketsTest() {
    // Short: a socket's path may have 107 bytes at most.
    folder_ = "/tmp/host_sockets_test.XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~HostSocketsTest() override {
    for (const std::string& path : HostSockets(folder_)) unlink(path.c_str());
    unlink((folder_ + "/moshd.sock").c_str());
    unlink((folder_ + "/moshd.sock.running").c_str());
    rmdir(folder_.c_str());
  }
  // A socket file; the descriptor listens on it if wanted.
  static int Bind(const std::string& path, bool listening) {
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    strcpy(address.sun_path, path.c_str());
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    if (listening) {
      EXPECT_EQ(listen(fd, 1), 0);
    }
    return fd;
  }
  // A number that no process has, and none will get while this runs.
  static pid_t DeadPid() {
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
    return pid;
  }

  std::string folder_;
};

TEST_F(HostSocketsTest, OnlyNumbersAreHosts) {
  for (const pid_t pid : {30, 4, 200}) close(Bind(HostSocketPath(folder_, pid), false));
  close(Bind(folder_ + "/moshd.sock", false));
  close(Bind(folder_ + "/moshd.sock.running", false));
  EXPECT_THAT(HostSockets(folder_),
              ElementsAre(folder_ + "/4.sock", folder_ + "/30.sock", folder_ + "/200.sock"));
  EXPECT_THAT(HostSockets("/nowhere"), IsEmpty());
}

TEST_F(HostSocketsTest, RemovesOnlyWhatIsDead) {
  const pid_t dead = DeadPid();
  close(Bind(HostSocketPath(folder_, dead), false));
  const std::string own = HostSocketPath(folder_, getpid());
  close(Bind(own, false));
  RemoveDeadHostSockets(folder_);
  EXPECT_THAT(HostSockets(folder_), ElementsAre(own));
}

TEST_F(HostSocketsTest, AListenerInAnotherContainerIsNotDead) {
  const std::string path = HostSocketPath(folder_, DeadPid());
  const int fd = Bind(path, true);
  RemoveDeadHostSockets(folder_);
  EXPECT_THAT(HostSockets(folder_), ElementsAre(path));
  close(fd);
}

TEST_F(HostSocketsTest, TheGatesSocket) {
  EXPECT_EQ(GateSocket("/some/where", folder_), "/some/where");
  EXPECT_EQ(GateSocket("", folder_), "") << "not wanted";
  EXPECT_EQ(RunningHostsSocket("/some/where"), "/some/where.running");
  if (access("/run/moshd/gate.sock", F_OK) == 0) GTEST_SKIP() << "this machine has a moshd";
  EXPECT_EQ(GateSocket(std::nullopt, folder_), "");
  close(Bind(folder_ + "/moshd.sock", false));
  EXPECT_EQ(GateSocket(std::nullopt, folder_), folder_ + "/moshd.sock");
}

}  // namespace
}  // namespace mosh::server
