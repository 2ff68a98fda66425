#include "client/wrapper/proxy_helper.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace mosh::client {
namespace {

// A TCP listener on a loopback port of the kernel's choice.
struct Listener {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int port = 0;
  Listener() {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(fd, 1), 0);
    EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port = ntohs(address.sin_port);
  }
  ~Listener() { close(fd); }
};

std::string ReadAll(int fd) {
  std::string all;
  char buffer[4096];
  ssize_t count;
  while ((count = read(fd, buffer, sizeof(buffer))) > 0)
    all.append(buffer, static_cast<size_t>(count));
  return all;
}

TEST(ProxyHelper, TellsTheAddressAndRelaysBothWays) {
  Listener listener;
  int input[2], output[2], report[2];
  ASSERT_EQ(pipe(input), 0);
  ASSERT_EQ(pipe(output), 0);
  ASSERT_EQ(pipe(report), 0);
  const pid_t helper = fork();
  if (helper == 0) {
    close(input[1]);
    const absl::Status status =
        RunProxyHelper("127.0.0.1", absl::StrCat(listener.port), "prefer-inet", SystemLookup(),
                       {input[0], output[1], report[1]});
    _exit(status.ok() ? 0 : 1);
  }
  close(input[0]);
  close(output[1]);
  close(report[1]);
  const std::string up(300000, 'u');  // more than any buffer on the way
  const std::string down(300000, 'd');
  const int peer = accept(listener.fd, nullptr, nullptr);
  ASSERT_GE(peer, 0);
  const pid_t writer = fork();
  if (writer == 0) {
    _exit(write(input[1], up.data(), up.size()) == static_cast<ssize_t>(up.size()) ? 0 : 1);
  }
  close(input[1]);
  EXPECT_EQ(ReadAll(peer), up);  // ends: the half-close came through
  const pid_t answerer = fork();
  if (answerer == 0) {
    _exit(write(peer, down.data(), down.size()) == static_cast<ssize_t>(down.size()) ? 0 : 1);
  }
  close(peer);
  EXPECT_EQ(ReadAll(output[0]), down);
  EXPECT_EQ(ReadAll(report[0]), "MOSH IP 127.0.0.1\n");
  for (const pid_t child : {writer, answerer, helper}) {
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

TEST(ProxyHelper, SaysWhatItCouldNotReach) {
  int port;
  {
    Listener gone;
    port = gone.port;
  }
  const absl::Status status =
      RunProxyHelper("127.0.0.1", absl::StrCat(port), "inet", SystemLookup(), {0, 1, 2});
  EXPECT_EQ(status.message(),
            "Could not connect to 127.0.0.1, last tried 127.0.0.1: Connection refused");
}

}  // namespace
}  // namespace mosh::client
