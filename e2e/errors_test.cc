// What goes wrong before or instead of a session, and what the user is told.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "e2e/mosh_session.h"
#include "e2e/tools.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::e2e {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr char kSomeKey[] = "SF/MlfhoOVaLoagbnZgzHQ";

class ErrorsTest : public testing::TestWithParam<Pairing> {
 protected:
  ErrorsTest() : mark_(NewMark()) { BecomeReaper(); }
  ~ErrorsTest() override { KillMarkedProcesses(mark_); }

  Environment MakeEnvironment() const {
    Environment environment = BaseEnvironment(mark_);
    if (!GetParam().backend.empty()) environment["MOSH_IO_BACKEND"] = GetParam().backend;
    return environment;
  }
  // Runs the client to its end in a terminal, and expects failure and a restored terminal.
  std::string FailClient(const std::vector<std::string>& arguments, const Environment& extra) {
    Environment environment = MakeEnvironment();
    for (const auto& [name, value] : extra) environment[name] = value;
    std::vector<std::string> argv = {ClientFolder(GetParam()) + "/mosh-client"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    TerminalProgram client({.argv = argv, .environment = environment});
    EXPECT_TRUE(client.WaitExit()) << client.Describe();
    EXPECT_EQ(client.process().ExitCode(), 1) << client.Describe();
    EXPECT_EQ(ModesDifference(client.initial_modes(), client.modes()), "");
    EXPECT_FALSE(client.screen().alternate_screen());
    return client.output();
  }

  std::string mark_;
};

INSTANTIATE_TEST_SUITE_P(, ErrorsTest, testing::ValuesIn(PairingsUnderTest()),
                         [](const auto& info) { return info.param.Name(); });

TEST_P(ErrorsTest, ClientWithoutKey) {
  EXPECT_THAT(FailClient({"127.0.0.1", "60001"}, {}),
              HasSubstr("MOSH_KEY environment variable not found."));
}

TEST_P(ErrorsTest, ClientWithBadKeys) {
  EXPECT_THAT(FailClient({"127.0.0.1", "60001"}, {{"MOSH_KEY", "short"}}),
              HasSubstr("Key must be 22 letters long."));
  EXPECT_THAT(FailClient({"127.0.0.1", "60001"}, {{"MOSH_KEY", "!F/MlfhoOVaLoagbnZgzHQ"}}),
              HasSubstr("Key must be well-formed base64."));
}

TEST_P(ErrorsTest, ClientWithBadAddressOrPort) {
  EXPECT_THAT(FailClient({"no.such.address", "60001"}, {{"MOSH_KEY", kSomeKey}}),
              HasSubstr("Bad IP address"));
  EXPECT_THAT(FailClient({"127.0.0.1", "6000x"}, {{"MOSH_KEY", kSomeKey}}),
              HasSubstr("Bad UDP port"));
}

TEST_P(ErrorsTest, ClientWithoutTerminal) {
  Environment environment = MakeEnvironment();
  environment["MOSH_KEY"] = kSomeKey;
  const Output output =
      RunToEnd({.argv = {ClientFolder(GetParam()) + "/mosh-client", "127.0.0.1", "60001"},
                .environment = environment},
               Patience());
  EXPECT_TRUE(output.ended);
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_NE(output.out + output.err, "");
}

// A UDP port of 127.0.0.1 that is taken as long as this lives.
class TakenPort {
 public:
  TakenPort() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
  }
  ~TakenPort() { close(fd_); }
  int port() const { return port_; }

 private:
  int fd_;
  int port_;
};

TEST_P(ErrorsTest, ServerPortInUse) {
  const TakenPort taken;
  const StartedServer server =
      StartServer(ServerPath(GetParam()), {"-i", "127.0.0.1", "-p", absl::StrCat(taken.port())},
                  MakeEnvironment());
  EXPECT_EQ(server.port, 0);
  EXPECT_THAT(server.output, HasSubstr(absl::StrCat(taken.port())));
  EXPECT_THAT(server.output, HasSubstr("in use"));
}

TEST_P(ErrorsTest, ServerTakesTheNextPortOfItsRange) {
  const TakenPort taken;
  const int last = std::min(taken.port() + 30, 65535);
  const StartedServer server = StartServer(
      ServerPath(GetParam()), {"-i", "127.0.0.1", "-p", absl::StrCat(taken.port(), ":", last)},
      MakeEnvironment());
  EXPECT_GT(server.port, taken.port()) << server.output;
  EXPECT_LE(server.port, last);
}

TEST_P(ErrorsTest, ServerWithBadPorts) {
  for (const char* port : {"70000", "abc", "60010:60001", "0:60000"}) {
    SCOPED_TRACE(port);
    const StartedServer server =
        StartServer(ServerPath(GetParam()), {"-p", port}, MakeEnvironment());
    EXPECT_EQ(server.port, 0);
    EXPECT_THAT(server.output, HasSubstr("Bad UDP port range"));
  }
}

// Stock refuses; ours says so once and goes on, in UTF-8.
TEST_P(ErrorsTest, NoUtf8Locale) {
  const Pairing& pairing = GetParam();
  const Environment plain = {{"LANG", "C"}, {"LC_ALL", "C"}};
  if (!pairing.server_is_ours()) {
    Environment environment = MakeEnvironment();
    for (const auto& [name, value] : plain) environment[name] = value;
    const StartedServer server = StartServer(ServerPath(pairing), {"-i", "127.0.0.1"}, environment);
    EXPECT_EQ(server.port, 0);
    EXPECT_THAT(server.output, HasSubstr("needs a UTF-8 native locale"));
    return;
  }
  if (!pairing.client_is_ours()) return;
  MoshSession session(pairing, {.extra = plain});
  ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
  session.terminal().Type("echo \u00e4\u8a9e''end\r");
  EXPECT_TRUE(
      session.terminal().WaitForText("\n\u00e4\u8a9e"
                                     "end"))
      << session.Describe();
}

TEST_P(ErrorsTest, TerminalOfNoSize) {
  if (!GetParam().client_is_ours()) GTEST_SKIP() << "stock's client aborts here";
  MoshSession session(GetParam(), {});
  ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
  session.terminal().ResizeLineOnly({0, 0});
  session.terminal().Type("clear; stty size\r");
  EXPECT_TRUE(session.terminal().WaitForText("24 80")) << session.Describe();
}

// No datagram ever arrives: what is shown at once, when it gives up, what it says then.
TEST(UdpBlockedTest, SaysSoAndGivesUp) {
  std::vector<std::thread> threads;
  for (const Pairing& pairing : PairingsUnderTest()) {
    threads.emplace_back([pairing] {
      SCOPED_TRACE(pairing.Name());
      MoshSession session(pairing, {.net = "loss=1"});
      const std::string port = absl::StrCat(session.relay().port());
      EXPECT_TRUE(session.terminal().WaitForText(
          absl::StrCat("Nothing received from server on UDP port ", port),
          Deadline::In(seconds(10))))
          << session.Describe();
      EXPECT_TRUE(session.terminal().WaitExit(Deadline::In(seconds(60)))) << session.Describe();
      EXPECT_EQ(session.terminal().process().ExitCode(), 1);
      EXPECT_THAT(session.terminal().output(),
                  HasSubstr("did not make a successful connection to 127.0.0.1"));
      EXPECT_THAT(session.terminal().output(), HasSubstr("firewalled"));
      EXPECT_EQ(ModesDifference(session.terminal().initial_modes(), session.terminal().modes()),
                "");
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace mosh::e2e
