// moshd whole: users of a machine of the test's own, one port, and every part of it killed.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "e2e/mosh_session.h"
#include "e2e/moshd_process.h"
#include "e2e/private_machine.h"
#include "e2e/terminal_program.h"
#include "e2e/tools.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::e2e {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr int kPort = 61000;
const PrivateMachine::Users kUsers = {{"alice", 61001}, {"bob", 61002}};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A field of /proc/PID/status.
std::string StatusField(pid_t pid, absl::string_view name) {
  return WordBehind(ReadAll(absl::StrCat("/proc/", pid, "/status")), absl::StrCat(name, ":"));
}

bool Runs(pid_t pid) {
  const std::string state = StatusField(pid, "State");
  return !state.empty() && state != "Z";
}

class MoshdTest : public testing::TestWithParam<Pairing> {
 protected:
  static void SetUpTestSuite() {
    why_not_ = PrivateMachine::Enter(
        kUsers, {RequireVariable("E2E_MOSHD"), RequireVariable("E2E_OUR_SERVER"),
                 RequireVariable("E2E_INPUT_DIGEST")});
    BecomeReaper();
  }
  void SetUp() override {
    if (!why_not_.empty()) GTEST_SKIP() << why_not_;
    mark_ = NewMark();
  }
  void TearDown() override {
    terminals_.clear();
    moshd_.reset();
    KillMarkedProcesses(mark_);
  }

  void StartMoshd(absl::string_view config = "") {
    Environment environment = BaseEnvironment(mark_);
    environment["MOSH_IO_BACKEND"] = GetParam().backend;
    moshd_ = std::make_unique<MoshdProcess>(environment, config);
  }
  Output RunAs(const std::string& user, std::vector<std::string> argv) {
    SpawnOptions options;
    options.argv = PrivateMachine::As(user, std::move(argv));
    options.environment = PrivateMachine::EnvironmentOf(user, mark_);
    return RunToEnd(options, Patience());
  }
  Output Server(const std::string& user, std::vector<std::string> words) {
    words.insert(words.begin(), PrivateMachine::Program("mosh-server"));
    return RunAs(user, std::move(words));
  }
  // A client of this session, in a terminal.
  TerminalProgram* Connect(const Output& server) {
    const std::string port = WordBehind(server.out, "MOSH CONNECT ");
    Environment environment = BaseEnvironment(mark_);
    environment["MOSH_KEY"] = WordBehind(server.out, absl::StrCat("MOSH CONNECT ", port));
    environment["MOSH_PREDICTION_DISPLAY"] = "never";
    environment["MOSH_IO_BACKEND"] = GetParam().backend;
    terminals_.push_back(std::make_unique<TerminalProgram>(TerminalProgram::Options{
        .argv = {ClientFolder(GetParam()) + "/mosh-client", "127.0.0.1", port},
        .environment = environment}));
    return terminals_.back().get();
  }
  TerminalProgram* Session(const std::string& user, std::vector<std::string> command = {}) {
    std::vector<std::string> words = {"new", "-v", "-c", "256"};
    if (!command.empty()) words.push_back("--");
    words.insert(words.end(), command.begin(), command.end());
    const Output output = Server(user, words);
    EXPECT_THAT(output.out, HasSubstr(absl::StrCat("MOSH CONNECT ", kPort, " ")))
        << output.err << moshd_->Describe();
    return Connect(output);
  }
  // That the session is alive: a sum that nobody has typed.
  testing::AssertionResult Answers(TerminalProgram* terminal) {
    static int number = 1000;
    ++number;
    terminal->Type(absl::StrCat("echo =$((", number, "*2))\r"));
    if (terminal->WaitForText(absl::StrCat("=", number * 2))) return testing::AssertionSuccess();
    return testing::AssertionFailure() << terminal->Describe() << moshd_->Describe();
  }

  static inline std::string why_not_;
  std::string mark_;
  std::unique_ptr<MoshdProcess> moshd_;
  std::vector<std::unique_ptr<TerminalProgram>> terminals_;
};

INSTANTIATE_TEST_SUITE_P(, MoshdTest, testing::ValuesIn(PairingsUnderTest()),
                         [](const auto& info) { return info.param.Name(); });

TEST_P(MoshdTest, UsersShareThePortAndNothingElse) {
  StartMoshd();
  TerminalProgram* alice = Session("alice");
  TerminalProgram* bob = Session("bob");
  alice->Type("id -un; pwd; umask\r");
  EXPECT_TRUE(alice->WaitForText("alice")) << alice->Describe();
  EXPECT_TRUE(alice->WaitForText("/home-alice")) << alice->Describe();
  EXPECT_TRUE(alice->WaitForText("0022")) << alice->Describe();
  bob->Type("id -un\r");
  EXPECT_TRUE(bob->WaitForText("bob")) << bob->Describe();

  ASSERT_EQ(moshd_->Hosts().size(), 2);
  for (const auto& [user, uid] : kUsers) {
    const pid_t host = moshd_->HostOf(user);
    EXPECT_EQ(StatusField(host, "Uid"), absl::StrCat(uid));
    EXPECT_EQ(StatusField(host, "CapEff"), "0000000000000000");
    // Not even his other processes see into his Host.
    const Output look = RunAs(user, {"ls", absl::StrCat("/proc/", host, "/fd")});
    EXPECT_NE(look.exit_code, 0) << look.out;
  }
  // The gate itself has given up what root can do.
  EXPECT_EQ(StatusField(moshd_->process().pid(), "CapEff"), "0000000000000400");
  // A tagged datagram takes no detour; one of stock's does.
  const int relayed = moshd_->Number("datagrams of stock's");
  EXPECT_EQ(relayed == 0, GetParam().client_is_ours()) << moshd_->Status();
}

TEST_P(MoshdTest, UsersCannotReachEachOthersSessions) {
  StartMoshd();
  Session("alice");
  ASSERT_TRUE(Answers(terminals_[0].get()));
  const Output own = Server("alice", {"list", "--json"});
  const Output others = Server("bob", {"list", "--json"});
  const std::string id =
      WordBehind(absl::StrReplaceAll(own.out, {{"\"", " "}, {":", " "}}), " id ");
  ASSERT_EQ(id.size(), 5) << own.out << own.err;
  EXPECT_THAT(others.out, Not(HasSubstr(id)));
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"attach", id}, {"terminate", id}, {"detach", id}}) {
    const Output output = Server("bob", words);
    EXPECT_NE(output.exit_code, 0) << words[0];
    EXPECT_THAT(output.out, Not(HasSubstr("MOSH CONNECT")));
  }
  EXPECT_TRUE(Answers(terminals_[0].get()));
  // She herself can.
  TerminalProgram* second = Connect(Server("alice", {"attach", id}));
  EXPECT_TRUE(Answers(second));
}

TEST_P(MoshdTest, GateIsKilledAndStartedAgain) {
  StartMoshd();
  TerminalProgram* alice = Session("alice");
  TerminalProgram* bob = Session("bob");
  ASSERT_TRUE(Answers(alice));
  ASSERT_TRUE(Answers(bob));
  const pid_t host = moshd_->HostOf("alice");
  ASSERT_TRUE(moshd_->KillGate());
  // Ours need no gate.
  if (GetParam().client_is_ours()) EXPECT_TRUE(Answers(alice));
  moshd_->Start();
  EXPECT_TRUE(Answers(alice));
  EXPECT_TRUE(Answers(bob));
  EXPECT_TRUE(moshd_->WaitUntil([&] { return moshd_->HostOf("alice") == host; }))
      << moshd_->Describe();
  // A new session joins the others in her Host.
  EXPECT_TRUE(Answers(Session("alice")));
  EXPECT_EQ(moshd_->Hosts().size(), 2) << moshd_->Describe();
}

TEST_P(MoshdTest, NoKeyIsLostOrDoubledByRestarts) {
  StartMoshd();
  std::string text;
  for (int i = 0; i < 600; ++i) text += static_cast<char>('a' + i * 7 % 26);
  uint64_t digest = 0xcbf29ce484222325u;
  for (const char c : text) digest = (digest ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  TerminalProgram* alice =
      Session("alice", {PrivateMachine::Program("input_digest"), absl::StrCat(text.size())});
  ASSERT_TRUE(alice->WaitForText("READY")) << alice->Describe();
  for (size_t i = 0; i < text.size(); ++i) {
    alice->Type(text.substr(i, 1));
    alice->Pump(Deadline::In(std::chrono::milliseconds(2)));
    if (i % 150 != 75) continue;
    ASSERT_TRUE(moshd_->KillGate());
    moshd_->Start();
  }
  EXPECT_TRUE(alice->WaitForText(absl::StrFormat("GOT %d %016x", text.size(), digest)))
      << alice->Describe() << moshd_->Describe();
}

TEST_P(MoshdTest, StoppedForGoodItsHostsServeOn) {
  StartMoshd("linger = 1s\n");
  TerminalProgram* alice = Session("alice");
  ASSERT_TRUE(Answers(alice));
  const pid_t host = moshd_->HostOf("alice");
  moshd_->process().Signal(SIGTERM);
  ASSERT_TRUE(moshd_->process().WaitExit(Patience()));
  EXPECT_EQ(moshd_->process().ExitCode(), 0);
  if (GetParam().client_is_ours()) EXPECT_TRUE(Answers(alice));
  moshd_->Start();
  EXPECT_TRUE(Answers(alice));
  // After the last session the Host leaves, and after the last gate the keeper.
  alice->Type("exit\r");
  EXPECT_TRUE(alice->WaitExit()) << alice->Describe();
  EXPECT_TRUE(moshd_->WaitUntil([&] { return !Runs(host); })) << moshd_->Describe();
  EXPECT_TRUE(moshd_->WaitUntil([&] { return moshd_->Hosts().empty(); }));
  moshd_->process().Signal(SIGTERM);
  EXPECT_TRUE(moshd_->WaitUntil([&] { return moshd_->Find("moshd-keeper").empty(); }));
  EXPECT_TRUE(moshd_->WaitUntil([&] { return moshd_->Find("moshd-spawner").empty(); }));
}

TEST_P(MoshdTest, KeeperIsKilled) {
  StartMoshd();
  TerminalProgram* alice = Session("alice");
  ASSERT_TRUE(Answers(alice));
  const std::vector<pid_t> before = moshd_->Find("moshd-keeper");
  ASSERT_EQ(before.size(), 1);
  kill(before[0], SIGKILL);
  EXPECT_TRUE(moshd_->WaitUntil([&] {
    const std::vector<pid_t> now = moshd_->Find("moshd-keeper");
    return now.size() == 1 && now != before;
  })) << moshd_->Describe();
  EXPECT_TRUE(Answers(alice));
  // The new one keeps as well as the old.
  ASSERT_TRUE(moshd_->KillGate());
  moshd_->Start();
  EXPECT_TRUE(Answers(alice));
  EXPECT_TRUE(Answers(Session("bob")));
}

TEST_P(MoshdTest, HostIsKilled) {
  StartMoshd();
  TerminalProgram* alice = Session("alice");
  TerminalProgram* bob = Session("bob");
  ASSERT_TRUE(Answers(alice));
  ASSERT_TRUE(Answers(bob));
  alice->Type("echo pid=$$.\r");
  ASSERT_TRUE(alice->WaitFor([](const VtermScreen& screen) {
    return absl::StrContains(screen.Text(), "\npid=") || absl::StartsWith(screen.Text(), "pid=");
  }));
  const pid_t host = moshd_->HostOf("alice");
  kill(host, SIGKILL);
  EXPECT_TRUE(moshd_->WaitUntil([&] { return moshd_->HostOf("alice") == 0; }))
      << moshd_->Describe();
  EXPECT_TRUE(Answers(bob));
  // Her number and its socket go to her next Host.
  EXPECT_TRUE(Answers(Session("alice")));
  EXPECT_EQ(moshd_->Number("sockets"), 3);
}

TEST_P(MoshdTest, GateAndKeeperAreKilledAtOnce) {
  StartMoshd();
  TerminalProgram* alice = Session("alice");
  ASSERT_TRUE(Answers(alice));
  // What neither survives is the order of the port: its sessions end, with a goodbye where it is
  // heard, and the port is free.
  const std::vector<pid_t> keeper = moshd_->Find("moshd-keeper");
  kill(moshd_->process().pid(), SIGKILL);
  kill(keeper.at(0), SIGKILL);
  EXPECT_TRUE(moshd_->WaitUntil([&] { return moshd_->Find("moshd-host").empty(); }));
  EXPECT_TRUE(moshd_->process().WaitExit(Patience()));
  moshd_->Start();
  EXPECT_TRUE(Answers(Session("alice")));
}

TEST_P(MoshdTest, SpawnerIsKilled) {
  StartMoshd();
  TerminalProgram* alice = Session("alice");
  ASSERT_TRUE(Answers(alice));
  moshd_->Kill("moshd-spawner");
  EXPECT_TRUE(moshd_->process().WaitExit(Patience()));
  EXPECT_EQ(moshd_->process().ExitCode(), 1);
  EXPECT_THAT(moshd_->log(), HasSubstr("the spawner is gone"));
  moshd_->Start();
  EXPECT_TRUE(Answers(alice));
}

TEST_P(MoshdTest, UpgradedGateStartsNewHosts) {
  StartMoshd();
  TerminalProgram* alice = Session("alice");
  ASSERT_TRUE(Answers(alice));
  const pid_t host = moshd_->HostOf("alice");
  ASSERT_TRUE(moshd_->KillGate());
  // Another file of the same name is another build.
  const std::string program = PrivateMachine::Program("moshd");
  ASSERT_EQ(rename(program.c_str(), (program + ".old").c_str()), 0);
  WriteFile(program, ReadAll(program + ".old"), 0755);
  moshd_->Start();
  TerminalProgram* second = Session("alice");
  EXPECT_TRUE(Answers(second));
  EXPECT_TRUE(Answers(alice));
  EXPECT_EQ(moshd_->Hosts().size(), 2) << moshd_->Describe();
  EXPECT_TRUE(Runs(host));
  // Both Hosts' sessions are hers to see.
  const Output list = Server("alice", {"list"});
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(list.out, '\n', absl::SkipEmpty())).size(), 3)
      << list.out << list.err;
}

TEST_P(MoshdTest, DeniedUserStandsAlone) {
  StartMoshd("deny_users = bob\n");
  const Output output = Server("bob", {"new", "-v", "-p", "60500:60600", "--", "true"});
  // A server that an earlier test has killed may hold a port for a moment longer.
  EXPECT_THAT(output.out, ContainsRegex("MOSH CONNECT 60[56][0-9][0-9] ")) << output.err;
  const Output handed = Server("bob", {"new", "-v", "--", "true"});
  EXPECT_THAT(handed.out, HasSubstr("MOSH CONNECT "));
  EXPECT_THAT(handed.out, Not(HasSubstr(absl::StrCat("MOSH CONNECT ", kPort))));
  EXPECT_THAT(handed.err, HasSubstr("deny_users names bob"));
  EXPECT_THAT(moshd_->log(), HasSubstr("deny_users names bob"));
  EXPECT_TRUE(Answers(Session("alice")));
}

TEST_P(MoshdTest, LimitOfHosts) {
  StartMoshd("max_hosts = 1\n");
  EXPECT_TRUE(Answers(Session("alice")));
  const Output output = Server("bob", {"new", "-v", "--", "true"});
  EXPECT_THAT(output.err, HasSubstr("max_hosts = 1"));
  EXPECT_THAT(output.out, Not(HasSubstr(absl::StrCat("MOSH CONNECT ", kPort))));
  EXPECT_THAT(moshd_->log(), HasSubstr("max_hosts = 1"));
}

TEST_P(MoshdTest, LookingStartsNoHost) {
  StartMoshd();
  const Output list = Server("bob", {"list"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_EQ(list.err, "");
  EXPECT_THAT(list.out, HasSubstr("No sessions"));
  EXPECT_EQ(Server("bob", {"attach"}).exit_code, 2);
  EXPECT_EQ(moshd_->Number("control connections"), 2) << "it was asked";
  EXPECT_THAT(moshd_->Find("moshd-host"), testing::IsEmpty());
  // Whoever has one reaches it, also where its own socket isn't looked for.
  EXPECT_TRUE(Answers(Session("alice")));
  const std::string list_elsewhere =
      absl::StrCat("XDG_RUNTIME_DIR=$HOME ", PrivateMachine::Program("mosh-server"), " list");
  const Output own = RunAs("alice", {"sh", "-c", list_elsewhere});
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(own.out, '\n', absl::SkipEmpty())).size(), 2)
      << own.out << own.err;
}

TEST_P(MoshdTest, ReloadReachesHosts) {
  StartMoshd();
  EXPECT_TRUE(Answers(Session("alice")));
  EXPECT_TRUE(moshd_->Reload("max_sessions = 1\n", "configuration reloaded")) << moshd_->log();
  const auto refused = [this] {
    return Server("alice", {"new", "-v", "--", "true"}).out.find(absl::StrCat(kPort)) ==
           std::string::npos;
  };
  EXPECT_TRUE(refused());
  EXPECT_TRUE(moshd_->Reload("max_sessions = none\n", "stays as it was")) << moshd_->log();
  EXPECT_THAT(moshd_->log(), HasSubstr("moshd.conf:1: max_sessions = none: must be"));
  EXPECT_TRUE(refused());
}

// Datagrams like a stock client's first, from random addresses, until it is killed.
[[noreturn]] void Flood() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(kPort);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  uint8_t bytes[64] = {};
  iovec data{bytes, sizeof bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in_pktinfo))] = {};
  auto* const header = reinterpret_cast<cmsghdr*>(control);
  *header = {
      .cmsg_len = CMSG_LEN(sizeof(in_pktinfo)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof to;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  // All of 127.0.0.0/8 is this machine's.
  for (uint32_t address = 0x7f020000;; address = 0x7f020000 | ((address + 1) & 0xffff)) {
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(address);
    memcpy(CMSG_DATA(header), &info, sizeof info);
    sendmsg(fd, &message, 0);
  }
}

TEST_P(MoshdTest, AFloodIsFilteredUntilItEnds) {
  StartMoshd();
  TerminalProgram* alice = Session("alice");
  EXPECT_TRUE(Answers(alice));
  const pid_t flood = fork();
  if (flood == 0) Flood();
  const auto log_says = [this](absl::string_view words) {
    return [this, words] { return absl::StrContains(moshd_->log(), words); };
  };
  EXPECT_TRUE(moshd_->WaitUntil(log_says("A flood of datagrams from strangers"))) << moshd_->log();
  EXPECT_TRUE(Answers(alice));
  kill(flood, SIGKILL);
  waitpid(flood, nullptr, 0);
  EXPECT_TRUE(moshd_->WaitUntil(log_says("The flood of datagrams from strangers has ended")))
      << moshd_->log();
  EXPECT_TRUE(Answers(alice));
  EXPECT_TRUE(Answers(Session("bob")));
}

TEST_P(MoshdTest, HistoryIsAsConfigured) {
  StartMoshd("history_lines = 5\n");
  const auto scroll = [](TerminalProgram* terminal) {
    terminal->Type("seq 100; echo =$((1000*2))\r");
    EXPECT_TRUE(terminal->WaitForText("=2000")) << terminal->Describe();
  };
  const auto list = [this] { return Server("alice", {"list", "--json"}).out; };
  scroll(Session("alice"));
  EXPECT_THAT(list(), HasSubstr("\"history_lines\":5,"));
  EXPECT_TRUE(moshd_->Reload("history_lines = off\n", "configuration reloaded")) << moshd_->log();
  scroll(Session("alice"));
  EXPECT_THAT(list(), HasSubstr("\"history_lines\":0,"));
  EXPECT_THAT(list(), HasSubstr("\"history_lines\":5,")) << "it has begun before";
}

TEST_P(MoshdTest, OnlyItsOwnProcessesRaiseTheirOpenFiles) {
  Environment environment = BaseEnvironment(mark_);
  environment["MOSH_IO_BACKEND"] = GetParam().backend;
  moshd_ = std::make_unique<MoshdProcess>(environment, "",
                                          std::vector<std::string>{"prlimit", "--nofile=300:900"});
  TerminalProgram* alice = Session("alice");
  alice->Type("echo =$(ulimit -Sn)-$(ulimit -Hn)\r");
  EXPECT_TRUE(alice->WaitForText("=300-900")) << alice->Describe();
  for (const char* name : {"moshd", "moshd-keeper", "moshd-host"}) {
    for (const pid_t pid : moshd_->Find(name)) {
      EXPECT_THAT(ReadAll(absl::StrCat("/proc/", pid, "/limits")),
                  ContainsRegex("Max open files +900 +900 "))
          << name;
    }
  }
}

TEST_P(MoshdTest, PamSessionIsOpenedAndClosed) {
  const std::string log = PrivateMachine::Folder() + "/pam.log";
  unlink(log.c_str());
  const std::string script = PrivateMachine::Folder() + "/pam-script";
  WriteFile(script, absl::StrCat("#!/bin/sh\necho $PAM_TYPE $PAM_USER >>", log, "\n"), 0755);
  PrivateMachine::AddPamService(
      "moshd", absl::StrCat("account required pam_permit.so\nauth required pam_permit.so\n",
                            "session required pam_exec.so ", script, "\n"));
  StartMoshd("pam_service = moshd\nlinger = 1s\n");
  TerminalProgram* alice = Session("alice");
  EXPECT_TRUE(Answers(alice));
  EXPECT_THAT(ReadAll(log), HasSubstr("open_session alice"));
  EXPECT_THAT(ReadAll(log), Not(HasSubstr("close_session")));
  alice->Type("exit\r");
  EXPECT_TRUE(alice->WaitExit()) << alice->Describe();
  EXPECT_TRUE(moshd_->WaitUntil([&] {
    return absl::StrContains(ReadAll(log), "close_session alice");
  })) << ReadAll(log)
      << moshd_->Describe();
}

TEST_P(MoshdTest, PamSaysNo) {
  PrivateMachine::AddPamService("moshd-no", "account required pam_deny.so\n");
  StartMoshd("pam_service = moshd-no\n");
  const Output output = Server("alice", {"new", "-v", "--", "true"});
  EXPECT_THAT(output.err, HasSubstr("pam_acct_mgmt: "));
  EXPECT_THAT(output.out, Not(HasSubstr(absl::StrCat("MOSH CONNECT ", kPort))));
}

TEST_P(MoshdTest, RoamingClientIsFoundAgain) {
  StartMoshd();
  const Output alices = Server("alice", {"new", "-c", "256"});
  TerminalProgram* bob = Session("bob");
  ASSERT_TRUE(Answers(bob));
  RelayProcess relay(kPort, "clean", BaseEnvironment(mark_));
  const std::string connect = absl::StrCat("MOSH CONNECT ", kPort, " ");
  Output through_relay = alices;
  through_relay.out = absl::StrReplaceAll(
      alices.out, {{connect, absl::StrCat("MOSH CONNECT ", relay.port(), " ")}});
  TerminalProgram* alice = Connect(through_relay);
  ASSERT_TRUE(Answers(alice));
  for (int i = 0; i < 3; ++i) {
    relay.Ask("roam");
    EXPECT_TRUE(Answers(alice));
  }
  EXPECT_TRUE(Answers(bob));
}

TEST_P(MoshdTest, AnOrdinaryUsersOwn) {
  Environment environment = PrivateMachine::EnvironmentOf("alice", mark_);
  environment["MOSH_IO_BACKEND"] = GetParam().backend;
  moshd_ = std::make_unique<MoshdProcess>(environment, "", PrivateMachine::As("alice", {}));
  // The last root's moshd has left its socket behind, where nobody listens.
  unlink("/run/moshd/gate.sock");
  TerminalProgram* alice = Session("alice");
  ASSERT_TRUE(Answers(alice));
  EXPECT_EQ(StatusField(moshd_->HostOf("alice"), "Uid"), "61001");
  ASSERT_TRUE(moshd_->KillGate());
  moshd_->Start();
  EXPECT_TRUE(Answers(alice));
  EXPECT_TRUE(Answers(Session("alice")));
  const Output bobs = Server("bob", {"new", "--", "true"});
  EXPECT_THAT(bobs.out, Not(HasSubstr(absl::StrCat("MOSH CONNECT ", kPort))));
}

TEST_P(MoshdTest, SaysWhatIsWrong) {
  StartMoshd();
  const std::string config = PrivateMachine::Folder() + "/bad.conf";
  WriteFile(config, "prot = 61000\nport = x\n");
  SpawnOptions options;
  options.argv = {PrivateMachine::Program("moshd"), "--check", "--config=" + config};
  options.environment = BaseEnvironment(mark_);
  Output output = RunToEnd(options, Patience());
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_THAT(output.err, HasSubstr(config + ":1: unknown key \"prot\""));
  EXPECT_THAT(output.err, HasSubstr(config + ":2: port = x: must be a whole number"));
  options.argv = {PrivateMachine::Program("moshd")};
  output = RunToEnd(options, Patience());
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_THAT(output.err, HasSubstr("another moshd is running"));
}

}  // namespace
}  // namespace mosh::e2e
