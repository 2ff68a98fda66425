// The real program: started as a wrapper starts it, over real sockets, ptys and processes.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "gtest/gtest.h"
#include "io/create_reactor.h"
#include "server/testing/test_client.h"
#include "server/version.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

// Generous: only a failure takes this long.
constexpr auto kPatience = 20s;

std::string ProgramPath() {
  return absl::StrCat(getenv("TEST_SRCDIR"), "/", getenv("TEST_WORKSPACE"), "/server/mosh-server");
}

// Where the servers have their control sockets. Short: a socket's path may have 107 bytes at most.
class RuntimeFolder {
 public:
  static const std::string& Path() {
    static const RuntimeFolder folder;
    return folder.path_;
  }

 private:
  RuntimeFolder() { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
  ~RuntimeFolder() { std::filesystem::remove_all(path_); }
  std::string path_ = "/tmp/server_test.XXXXXX";
};

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

// Runs the program until it has exited and its output is closed on all sides.
Outcome RunServer(Strings words, const Strings& environment = {"LANG=C.UTF-8"}) {
  int out[2];
  int err[2];
  EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(err, O_CLOEXEC), 0);
  const std::string path = ProgramPath();
  Strings settings = environment;
  settings.insert(settings.end(), {"HOME=/", "PATH=/usr/bin:/bin", "SHELL=/bin/sh", "MOSHD_SOCKET=",
                                   absl::StrCat("XDG_RUNTIME_DIR=", RuntimeFolder::Path())});
  if (const char* backend = getenv("MOSH_IO_BACKEND")) {
    settings.push_back(absl::StrCat("MOSH_IO_BACKEND=", backend));
  }
  std::vector<char*> argv = {const_cast<char*>("mosh-server")};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (std::string& setting : settings) envp.push_back(setting.data());
  envp.push_back(nullptr);

  const pid_t pid = fork();
  if (pid == 0) {
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    execve(path.c_str(), argv.data(), envp.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  Outcome outcome;
  pollfd sources[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  std::string* sinks[2] = {&outcome.out, &outcome.err};
  for (int open_sources = 2; open_sources > 0 && poll(sources, 2, 20000) > 0;) {
    for (int i = 0; i < 2; ++i) {
      if (sources[i].fd < 0 || sources[i].revents == 0) continue;
      char block[4096];
      const ssize_t size = read(sources[i].fd, block, sizeof block);
      if (size > 0) {
        sinks[i]->append(block, size);
      } else {
        close(std::exchange(sources[i].fd, -1));
        --open_sources;
      }
    }
  }
  int status;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return outcome;
}

// A detached server and a client for it, on one reactor.
class ServerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Detached servers become this process's children, so that their ends can be seen.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  ~ServerTest() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  void Start(const Strings& command, Strings options = {},
             const Strings& environment = {"LANG=C.UTF-8"}, const char* address = "127.0.0.1") {
    Strings words = {"new", "-i", address, "-p", "0"};
    words.insert(words.end(), options.begin(), options.end());
    if (!command.empty()) words.push_back("--");
    words.insert(words.end(), command.begin(), command.end());
    outcome_ = RunServer(words, environment);
    const Strings lines = absl::StrSplit(outcome_.out, '\n');
    const Strings connect = absl::StrSplit(lines[0], ' ');
    ASSERT_EQ(connect.size(), 4) << outcome_.out << outcome_.err;
    int port;
    ASSERT_TRUE(absl::SimpleAtoi(connect[2], &port));
    key_ = connect[3];
    const size_t at = outcome_.err.find("pid = ");
    ASSERT_NE(at, std::string::npos) << outcome_.err;
    pid_ = atoi(outcome_.err.c_str() + at + 6);

    reactor_ = *io::CreateReactor();
    client_ = std::make_unique<TestClient>(
        reactor_.get(), *io::SocketAddress::Parse(address, static_cast<uint16_t>(port)),
        *crypto::SessionKey::FromBase64(key_), &random_, term::Size{80, 24});
  }
  // Runs the client beside `story`, which must be a coroutine of this object.
  void Play(io::Task<void> story) { reactor_->Run(PlayBeside(std::move(story))); }
  io::Task<void> PlayBeside(io::Task<void> story) {
    io::Scope scope;
    scope.Spawn(client_->Run());
    co_await std::move(story);
    client_->Stop();
    co_await scope.Join();
  }
  // g++ 12 destroys temporaries of a co_await expression twice, hence only trivial arguments to
  // these.
  io::Task<bool> Sees(const char* text) {
    std::function<bool()> done = [this, text] { return client_->Shows(text); };
    io::Task<bool> waiting = client_->WaitUntil(std::move(done), reactor_->Now() + kPatience);
    co_return co_await std::move(waiting);
  }
  io::Task<bool> ServerLeaves() {
    std::function<bool()> done = [this] { return client_->server_left(); };
    io::Task<bool> waiting = client_->WaitUntil(std::move(done), reactor_->Now() + kPatience);
    co_return co_await std::move(waiting);
  }
  io::Task<bool> GoodbyeIsAnswered() {
    std::function<bool()> done = [this] { return client_->shutdown_acknowledged(); };
    io::Task<bool> waiting = client_->WaitUntil(std::move(done), reactor_->Now() + kPatience);
    co_return co_await std::move(waiting);
  }
  io::Task<bool> HasSize(term::Size size) {
    std::function<bool()> done = [this, size] { return client_->screen().size() == size; };
    io::Task<bool> waiting = client_->WaitUntil(std::move(done), reactor_->Now() + kPatience);
    co_return co_await std::move(waiting);
  }
  // Waits for the end of the detached server; its exit status, or -signal, or -1000.
  int ServerStatus() {
    for (int i = 0; i < 2000; ++i) {
      int status;
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
      }
      poll(nullptr, 0, 10);
    }
    return -1000;
  }

  crypto::SystemRandom random_;
  Outcome outcome_;
  std::string key_;
  pid_t pid_ = -1;
  std::unique_ptr<io::Reactor> reactor_;
  std::unique_ptr<TestClient> client_;
};

TEST(ServerProgram, HelpVersionAndMistakes) {
  EXPECT_EQ(RunServer({"--version"}).out, kVersionBanner);
  EXPECT_TRUE(absl::StartsWith(RunServer({"new", "--help"}).out, "Usage: mosh-server new [-s]"));
  const Outcome bad = RunServer({"new", "-p", "x"});
  EXPECT_EQ(bad.status, 1);
  EXPECT_EQ(bad.out, "");
  EXPECT_TRUE(absl::StartsWith(
      bad.err, "Invalid (low) port number (x)\nmosh-server: Bad UDP port range (x)\nUsage: "));
}

TEST(ServerProgram, NoInterfaceLeft) {
  const Outcome outcome = RunServer({"new", "-i", "127.0.0.1", "-p", "1:1"});
  if (const size_t at = outcome.err.find("pid = "); outcome.status == 0) {
    ASSERT_NE(at, std::string::npos) << outcome.err;
    kill(atoi(outcome.err.c_str() + at + 6), SIGKILL);
    GTEST_SKIP() << "may bind to port 1";
  }
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(absl::StrContains(outcome.err, "Error binding to any interface: bind: "));
  EXPECT_TRUE(absl::StrContains(outcome.err, "Network exception: bind: "));
}

class Talk : public ServerTest {
 protected:
  io::Task<void> EchoHi() {
    client_->Type("echo hi ''there\r");
    bool ok = co_await Sees("hi there");
    EXPECT_TRUE(ok) << client_->Text();
    client_->Type("exit\r");
    ok = co_await ServerLeaves();
    EXPECT_TRUE(ok);
  }
  io::Task<void> SeesOnly(std::string text) {
    bool ok = co_await Sees(text.c_str());
    EXPECT_TRUE(ok) << client_->Text();
    ok = co_await ServerLeaves();
    EXPECT_TRUE(ok);
  }
  io::Task<void> ConfirmsAndIsLeft(std::string text) {
    bool ok = co_await Sees(text.c_str());
    EXPECT_TRUE(ok) << client_->Text();
    client_->Type("\r");
    ok = co_await ServerLeaves();
    EXPECT_TRUE(ok);
  }
  io::Task<void> JustConnect(std::string text) {
    bool ok = co_await Sees(text.c_str());
    EXPECT_TRUE(ok) << client_->Text();
  }
  io::Task<void> Resizes() {
    for (const term::Size size : {term::Size{1000, 500}, {1, 1}, {100, 10}}) {
      client_->Resize(size);
      const bool ok = co_await HasSize(size);
      EXPECT_TRUE(ok);
    }
    client_->Type("stty size\r");
    bool ok = co_await Sees("10 100");
    EXPECT_TRUE(ok) << client_->Text();
  }
  io::Task<void> Pastes() {
    bool ok = co_await Sees("ready");
    EXPECT_TRUE(ok) << client_->Text();
    std::string paste;
    for (int i = 0; i < 64 * 1024; ++i) paste += i % 64 == 63 ? '\n' : 'x';
    client_->Type(paste);
    ok = co_await Sees("got 65536");
    EXPECT_TRUE(ok) << client_->Text();
  }
  io::Task<void> InterruptsFlood() {
    bool ok = co_await Sees("yes-yes");
    EXPECT_TRUE(ok) << client_->Text();
    const Instant before = reactor_->Now();
    client_->Type("\003");
    ok = co_await Sees("stopped");
    EXPECT_TRUE(ok) << client_->Text();
    interrupt_took_ = reactor_->Now() - before;
  }
  io::Task<void> Quits(std::string text) {
    bool ok = co_await Sees(text.c_str());
    EXPECT_TRUE(ok) << client_->Text();
    client_->StartShutdown();
    ok = co_await GoodbyeIsAnswered();
    EXPECT_TRUE(ok);
  }
  std::chrono::nanoseconds interrupt_took_{0};
};

TEST_F(Talk, WhatTheWrapperReads) {
  Start({"true"});
  EXPECT_TRUE(absl::StartsWith(outcome_.out, "MOSH CONNECT ")) << outcome_.out;
  EXPECT_EQ(outcome_.err,
            absl::StrCat("\n", kVersionBanner, "\n[mosh-server detached, pid = ", pid_, "]\n"));
  EXPECT_EQ(outcome_.status, 0);
}

TEST_F(Talk, TypingAndSeeing) {
  Start({"sh"});
  Play(EchoHi());
  EXPECT_EQ(ServerStatus(), 0);
}

TEST_F(Talk, FirstRowIsNotBlank) {
  Start({"echo", "first"});
  Play(SeesOnly("first"));
  EXPECT_EQ(client_->screen().RowText(0), "first");
  EXPECT_EQ(ServerStatus(), 0);
}

TEST_F(Talk, OverIpv6) {
  Start({"echo", "six"}, {}, {"LANG=C.UTF-8"}, "::1");
  Play(SeesOnly("six"));
}

TEST_F(Talk, LoginShell) {
  Start({});
  Play(EchoHi());
  EXPECT_EQ(ServerStatus(), 0);
}

TEST_F(Talk, KeyIsNowhereInTheProcess) {
  Start({"sh", "-c",
         "tr '\\0' ' ' </proc/$PPID/cmdline; tr '\\0' '\\n' </proc/$PPID/environ; echo done; sleep "
         "9"});
  Play(Quits("done"));
  EXPECT_FALSE(client_->Shows(key_));
}

TEST_F(Talk, LocaleIsNeverRefused) {
  Start({"sh", "-c", "locale charmap; echo $LC_CTYPE"}, {}, {"LANG=POSIX"});
  EXPECT_TRUE(absl::StrContains(outcome_.err, "the session uses LC_CTYPE=C.UTF-8.\n"))
      << outcome_.err;
  Play(SeesOnly("UTF-8\nC.UTF-8"));
}

TEST_F(Talk, ExtremeSizes) {
  Start({"sh"});
  Play(Resizes());
}

TEST_F(Talk, LargePasteArrivesWhole) {
  Start({"sh", "-c",
         "stty -echo -icanon; echo ready; sleep 0.3; head -c 65536 | wc -c | sed 's/^/got /'"});
  Play(Pastes());
}

TEST_F(Talk, InterruptInAFlood) {
  Start({"sh", "-c", "trap 'echo; echo stopped; sleep 1' INT; yes yes-yes"});
  Play(InterruptsFlood());
  EXPECT_LT(interrupt_took_, 2s);
}

TEST_F(Talk, QuittingClientEndsEverything) {
  Start({"sh", "-c", "echo up; sleep 100"});
  Play(Quits("up"));
  EXPECT_EQ(ServerStatus(), 0);
}

TEST_F(Talk, TerminatedServerSaysGoodbye) {
  // Not before the client has been heard: without one it would leave without a word.
  Start({"sh", "-c", "echo up; read -r line; kill -TERM $PPID; sleep 100"});
  Play(ConfirmsAndIsLeft("up"));
  EXPECT_EQ(ServerStatus(), 0);
}

TEST_F(Talk, KilledServerTakesItsProgramAlong) {
  Start({"sh", "-c", "echo pid $$ up; sleep 100"});
  Play(JustConnect("up"));
  const int program = atoi(client_->Text().c_str() + 4);
  ASSERT_GT(program, 1);
  kill(pid_, SIGKILL);
  EXPECT_EQ(ServerStatus(), -SIGKILL);
  int waited = 0;
  while (waitpid(program, nullptr, WNOHANG) != program && ++waited < 1000) poll(nullptr, 0, 10);
  EXPECT_LT(waited, 1000);
}

TEST_F(Talk, HangupOfTheTerminalIsSurvived) {
  Start({"sh", "-c", "kill -HUP $PPID; kill -PIPE $PPID; echo still here; sleep 100"});
  Play(Quits("still here"));
}

TEST_F(Talk, IsFoundAndSteeredThroughItsControlSocket) {
  EXPECT_EQ(RunServer({"list"}).out, "No sessions.\n");
  Start({"sh", "-c", "echo id $MOSH_SESSION_ID; cat"});
  Play(JustConnect("id "));
  const std::string id = client_->Text().substr(3, 5);
  const std::string list = RunServer({"list"}).out;
  EXPECT_TRUE(absl::StrContains(list, absl::StrCat("\n", id, " "))) << list;
  EXPECT_EQ(RunServer({"terminate", "--now", id.substr(0, 3)}).status, 0);
  EXPECT_EQ(ServerStatus(), 0);
  EXPECT_EQ(RunServer({"list"}).out, "No sessions.\n");
  EXPECT_EQ(RunServer({"terminate", id}).status, 2);
}

TEST_F(Talk, AKilledServersSocketIsCleanedUp) {
  Start({"sh", "-c", "echo up; cat"});
  const std::string socket = absl::StrCat(RuntimeFolder::Path(), "/mosh/", pid_, ".sock");
  Play(JustConnect("up"));
  EXPECT_EQ(access(socket.c_str(), F_OK), 0);
  kill(pid_, SIGKILL);
  EXPECT_EQ(ServerStatus(), -SIGKILL);
  EXPECT_EQ(access(socket.c_str(), F_OK), 0);
  // The kernel may still be busy taking the dead process's ring apart, which keeps the socket open.
  for (int i = 0; i < 1000 && access(socket.c_str(), F_OK) == 0; ++i) {
    EXPECT_EQ(RunServer({"list"}).out, "No sessions.\n");
  }
  EXPECT_NE(access(socket.c_str(), F_OK), 0);
}

TEST_F(Talk, VerboseKeepsTalking) {
  // With -v the output stays open: reading it to its end is waiting for the end of the server,
  // which SIGTERM brings.
  const std::string path = ProgramPath();
  FILE* pipe =
      popen(absl::StrCat("LANG=C.UTF-8 MOSHD_SOCKET= XDG_RUNTIME_DIR=", RuntimeFolder::Path(), " ",
                         path, " new -v -i 127.0.0.1 -p 0 -- true 2>&1")
                .c_str(),
            "r");
  ASSERT_NE(pipe, nullptr);
  std::string text;
  char line[512];
  while (fgets(line, sizeof line, pipe) != nullptr) {
    text += line;
    const size_t at = text.find("pid = ");
    if (at != std::string::npos && text.back() == '\n') kill(atoi(text.c_str() + at + 6), SIGTERM);
  }
  pclose(pipe);
  EXPECT_TRUE(absl::EndsWith(text, "\n[mosh-server is exiting.]\n")) << text;
}

}  // namespace
}  // namespace mosh::server
