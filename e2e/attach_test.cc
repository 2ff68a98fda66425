// Sessions that are found again: listed, attached to, watched, taken over, left and ended, by our
// client and by stock's, from the command line and through ssh. With E2E_MOSHD they are a moshd's,
// else their servers stand alone.
#include <signal.h>
#include <stdlib.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "e2e/mosh_session.h"
#include "e2e/moshd_process.h"
#include "e2e/private_machine.h"
#include "e2e/sshd.h"
#include "e2e/tools.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/control/control_client.h"

namespace mosh::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Strings = std::vector<std::string>;

class AttachTest : public testing::TestWithParam<Pairing> {
 protected:
  AttachTest() : mark_(NewMark()), environment_(BaseEnvironment(mark_)) {
    BecomeReaper();
    if (!GetParam().backend.empty()) environment_["MOSH_IO_BACKEND"] = GetParam().backend;
    client_ = ClientFolder(GetParam()) + "/mosh-client";
  }
  ~AttachTest() override { KillMarkedProcesses(mark_); }

  static bool UnderMoshd() { return getenv("E2E_MOSHD") != nullptr; }
  static void SetUpTestSuite() {
    if (UnderMoshd()) why_not_ = PrivateMachine::Enter({}, {RequireVariable("E2E_MOSHD")});
  }
  void SetUp() override {
    if (!UnderMoshd()) return;
    if (!why_not_.empty()) GTEST_SKIP() << why_not_;
    // It isn't among the processes that a session leaves.
    Environment environment = BaseEnvironment(NewMark());
    environment["MOSH_IO_BACKEND"] = GetParam().backend;
    environment_.erase("MOSHD_SOCKET");
    moshd_ = std::make_unique<MoshdProcess>(environment, "");
  }

  // mosh-server with these words, to its end.
  Output Ask(const Strings& words) {
    Strings argv = {ServerPath(GetParam())};
    argv.insert(argv.end(), words.begin(), words.end());
    return RunToEnd({.argv = argv, .environment = environment_}, Patience());
  }

  // A client in a terminal, by a connect line.
  std::unique_ptr<TerminalProgram> Connect(const std::string& port, const std::string& key) {
    Environment environment = environment_;
    environment["MOSH_KEY"] = key;
    environment["MOSH_PREDICTION_DISPLAY"] = predict_;
    return std::make_unique<TerminalProgram>(
        TerminalProgram::Options{.argv = {client_, "127.0.0.1", port}, .environment = environment});
  }
  // The same by what `mosh-server attach` and a wrapper's words give; null if it gave nothing.
  std::unique_ptr<TerminalProgram> Attach(const Strings& words) {
    Strings all = {"attach"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"new", "-c", "256", "-s", "-l", "LANG=C.UTF-8"});
    const Output output = Ask(all);
    const Strings line = absl::StrSplit(absl::StripSuffix(output.out, "\n"), ' ');
    EXPECT_EQ(output.exit_code, 0) << output.err;
    if (line.size() != 4) return nullptr;
    EXPECT_EQ(absl::StrCat(line[0], " ", line[1]), "MOSH CONNECT");
    return Connect(line[2], line[3]);
  }

  // A session with its first client, which shows `ready`.
  void Start(const Strings& command = {"/bin/sh"}, const char* ready = "$") {
    if (UnderMoshd()) {
      Strings words = {"new", "-v", "-c", "256", "--"};
      words.insert(words.end(), command.begin(), command.end());
      const Output output = Ask(words);
      const std::string port = WordBehind(output.out, "MOSH CONNECT ");
      ASSERT_EQ(port, "61000") << output.out << output.err << moshd_->Describe();
      first_ = Connect(port, WordBehind(output.out, absl::StrCat("MOSH CONNECT ", port)));
    } else {
      Strings arguments = {"-i", "127.0.0.1", "-p", "0", "-c", "256", "--"};
      arguments.insert(arguments.end(), command.begin(), command.end());
      server_ = StartServer(ServerPath(GetParam()), arguments, environment_);
      ASSERT_NE(server_.port, 0) << server_.output;
      first_ = Connect(absl::StrCat(server_.port), server_.key);
    }
    ASSERT_TRUE(first_->WaitForText(ready)) << first_->Describe();
    const std::string list = Ask({"list"}).out;
    const Strings lines = absl::StrSplit(list, '\n');
    ASSERT_EQ(lines.size(), 3) << list;
    id_ = lines[1].substr(0, lines[1].find(' '));
  }
  // Until the list says this of the session.
  bool WaitForList(absl::string_view text, const Strings& words = {"list"}) {
    const Deadline deadline = Patience();
    std::string list;
    while (!absl::StrContains(list, text) && !deadline.passed()) list = Ask(words).out;
    EXPECT_THAT(list, HasSubstr(std::string(text)));
    return absl::StrContains(list, text);
  }
  static bool Left(TerminalProgram& client) {
    return client.WaitExit() && client.process().ExitCode() == 0;
  }
  void ExpectNothingLeft() {
    if (!UnderMoshd()) {
      EXPECT_TRUE(server_.process.WaitExit(Patience()));
    }
    EXPECT_THAT(WaitNoMarkedProcesses(mark_, Deadline::In(std::chrono::seconds(15))), IsEmpty());
    // The Host of a standalone server has gone with its session; a moshd's follows it.
    EXPECT_TRUE(WaitForList("No sessions."));
  }

  static inline std::string why_not_;
  std::string mark_;
  Environment environment_;
  std::unique_ptr<MoshdProcess> moshd_;
  std::string client_;
  std::string predict_ = "never";
  StartedServer server_;
  std::string id_;
  std::unique_ptr<TerminalProgram> first_;
};

INSTANTIATE_TEST_SUITE_P(, AttachTest, testing::ValuesIn(PairingsUnderTest()),
                         [](const auto& info) { return info.param.Name(); });

TEST_P(AttachTest, TwoClientsShareASession) {
  Start();
  EXPECT_TRUE(WaitForList("attached  127.0.0.1"));
  first_->Type("echo from-$((1))\r");
  ASSERT_TRUE(first_->WaitForText("\nfrom-1")) << first_->Describe();
  const auto second = Attach({id_.substr(0, 4)});
  ASSERT_NE(second, nullptr);
  ASSERT_TRUE(second->WaitForText("\nfrom-1")) << second->Describe();
  second->Type("echo from-$((2))\r");
  EXPECT_TRUE(second->WaitForText("\nfrom-2")) << second->Describe();
  EXPECT_TRUE(first_->WaitForText("\nfrom-2")) << first_->Describe();
  EXPECT_TRUE(WaitForList(" +1 "));
  // One of them goes; the session and the other stay.
  first_->Type("\x1e.");
  EXPECT_TRUE(Left(*first_)) << first_->Describe();
  second->Type("echo from-$((3))\r");
  EXPECT_TRUE(second->WaitForText("\nfrom-3")) << second->Describe();
  second->Type("exit\r");
  EXPECT_TRUE(Left(*second)) << second->Describe();
  ExpectNothingLeft();
}

TEST_P(AttachTest, DetachedAndPickedUpAgain) {
  Start();
  first_->Type("echo kept-$((1))\r");
  ASSERT_TRUE(first_->WaitForText("\nkept-1")) << first_->Describe();
  EXPECT_EQ(Ask({"detach", id_}).exit_code, 0);
  EXPECT_TRUE(Left(*first_)) << first_->Describe();
  EXPECT_TRUE(WaitForList("detached "));
  const auto second = Attach({});
  ASSERT_NE(second, nullptr);
  ASSERT_TRUE(second->WaitForText("\nkept-1")) << second->Describe();
  second->Type("exit\r");
  EXPECT_TRUE(Left(*second)) << second->Describe();
  ExpectNothingLeft();
}

TEST_P(AttachTest, DetachesItselfFromInside) {
  Start();
  first_->Type(absl::StrCat("echo is-$MOSH_SESSION_ID; ", ServerPath(GetParam()), " detach\r"));
  EXPECT_TRUE(Left(*first_)) << first_->Describe();
  const auto second = Attach({id_});
  ASSERT_NE(second, nullptr);
  EXPECT_TRUE(second->WaitForText(absl::StrCat("is-", id_))) << second->Describe();
}

TEST_P(AttachTest, PickedUpAfterTheClientDied) {
  Start();
  first_->Type("echo kept-$((1))\r");
  ASSERT_TRUE(first_->WaitForText("\nkept-1")) << first_->Describe();
  first_->process().Signal(SIGKILL);
  ASSERT_TRUE(first_->process().WaitExit(Patience()));
  const auto second = Attach({id_});
  ASSERT_NE(second, nullptr);
  ASSERT_TRUE(second->WaitForText("\nkept-1")) << second->Describe();
  second->Type("echo after-$((1))\r");
  EXPECT_TRUE(second->WaitForText("\nafter-1")) << second->Describe();
}

TEST_P(AttachTest, AWatcherCanOnlyWatch) {
  Start();
  const auto watcher = Attach({id_, "--view"});
  ASSERT_NE(watcher, nullptr);
  ASSERT_TRUE(watcher->WaitForText("$")) << watcher->Describe();
  watcher->Type("echo watcher-$((1))\r");
  watcher->Resize({.columns = 60, .rows = 20});
  // A message of the server's own shows that it has heard of both.
  ASSERT_EQ(Ask({"notify", id_, "--seconds=1", "heard"}).exit_code, 0);
  ASSERT_TRUE(watcher->WaitForText("heard")) << watcher->Describe();
  first_->Type("stty size; echo first-$((1))\r");
  ASSERT_TRUE(first_->WaitForText("24 80\nfirst-1")) << first_->Describe();
  // What it typed was sent before this came, and nothing came of it.
  EXPECT_TRUE(watcher->WaitForText("\nfirst-1")) << watcher->Describe();
  EXPECT_FALSE(first_->screen().Contains("watcher")) << first_->Describe();
  // Nor does it end the session by leaving.
  watcher->Type("\x1e.");
  EXPECT_TRUE(Left(*watcher)) << watcher->Describe();
  first_->Type("echo first-$((2))\r");
  EXPECT_TRUE(first_->WaitForText("\nfirst-2")) << first_->Describe();
}

TEST_P(AttachTest, TakenOver) {
  Start();
  const auto second = Attach({id_, "--steal"});
  ASSERT_NE(second, nullptr);
  ASSERT_TRUE(second->WaitForText("$")) << second->Describe();
  EXPECT_TRUE(Left(*first_)) << first_->Describe();
  second->Type("echo mine-$((1))\r");
  EXPECT_TRUE(second->WaitForText("\nmine-1")) << second->Describe();
}

TEST_P(AttachTest, HeldAndReleased) {
  Start();
  EXPECT_EQ(Ask({"hold", id_, "back", "at", "six"}).exit_code, 0);
  ASSERT_TRUE(first_->WaitForText("Input is held: back at six")) << first_->Describe();
  EXPECT_TRUE(WaitForList("attached, held "));
  ASSERT_THAT(Ask({"list", "--json"}).out, HasSubstr("\"last_input_at\":0,"));
  first_->Type("z");
  // It has come.
  const Deadline deadline = Patience();
  while (absl::StrContains(Ask({"list", "--json"}).out, "\"last_input_at\":0,")) {
    ASSERT_FALSE(deadline.passed());
    first_->Pump(Deadline::In(std::chrono::milliseconds(10)));
  }
  EXPECT_EQ(Ask({"release", id_}).exit_code, 0);
  ASSERT_TRUE(first_->WaitFor([](const VtermScreen& screen) {
    return !screen.Contains("Input is held");
  })) << first_->Describe();
  first_->Type("echo kept-$((1))\r");
  EXPECT_TRUE(first_->WaitForText("$ echo kept-$((1))\nkept-1")) << first_->Describe();
}

TEST_P(AttachTest, WatchedAndToldSo) {
  Start();
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const std::string socket =
      UnderMoshd()
          ? "/run/moshd/gate.sock"
          : absl::StrCat(environment_["XDG_RUNTIME_DIR"], "/mosh/", server_.process.pid(), ".sock");
  {
    auto watcher = server::ControlClient::Connect(socket, patience);
    ASSERT_TRUE(watcher.ok()) << watcher.status();
    server::control::Request request;
    request.mutable_set_watched()->set_session_id(id_);
    request.mutable_set_watched()->add_watcher("bob");
    ASSERT_TRUE(watcher->Ask(request, patience).ok());
    EXPECT_TRUE(first_->WaitForText("Watched by bob")) << first_->Describe();
    EXPECT_THAT(Ask({"list", "--json"}).out, HasSubstr("\"watcher\":[\"bob\"]"));
    request.mutable_subscribe_screen()->set_session_id(id_);
    ASSERT_TRUE(watcher->Send(&request, patience).ok());
    first_->Type("echo seen-$((1))\r");
    ASSERT_TRUE(first_->WaitForText("\nseen-1")) << first_->Describe();
    std::string seen;
    while (!absl::StrContains(seen, "seen-1")) {
      const auto reply = watcher->Receive(patience);
      ASSERT_TRUE(reply.ok()) << reply.status();
      absl::StrAppend(&seen, reply->frame().ansi());
    }
  }
  EXPECT_TRUE(first_->WaitForText("No longer watched")) << first_->Describe();
  EXPECT_TRUE(WaitForList("\"watcher\":[]", {"list", "--json"}));
}

TEST_P(AttachTest, PredictionsAreReported) {
  predict_ = "always";
  Start();
  std::string line = "$ ";
  for (const char* key : {"a", "b", "c"}) {
    first_->Type(key);
    line += key;
    ASSERT_TRUE(first_->WaitForText(line)) << first_->Describe();
  }
  if (GetParam().client_is_ours()) {
    EXPECT_TRUE(WaitForList("\"predictions\":{\"shown\":", {"list", "--json"}));
  } else {
    EXPECT_TRUE(WaitForList("\"frames_received\":", {"list", "--json"}));
    EXPECT_THAT(Ask({"list", "--json"}).out, Not(HasSubstr("predictions\":")));
  }
}

TEST_P(AttachTest, NotifiedPicturedAndTerminated) {
  Start();
  EXPECT_EQ(Ask({"notify", id_, "--seconds=60", "back", "at", "six"}).exit_code, 0);
  EXPECT_TRUE(first_->WaitForText("back at six")) << first_->Describe();
  first_->Type("echo pic-$((1))\r");
  ASSERT_TRUE(first_->WaitForText("\npic-1")) << first_->Describe();
  EXPECT_THAT(Ask({"snapshot", id_}).out, AllOf(HasSubstr("pic-1\n"), Not(HasSubstr("six"))));
  EXPECT_EQ(Ask({"terminate", id_}).exit_code, 0);
  EXPECT_TRUE(Left(*first_)) << first_->Describe();
  ExpectNothingLeft();
}

TEST_P(AttachTest, AskingForWhatIsNotThere) {
  const Output nothing = Ask({"attach", "new", "-c", "256", "-s"});
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_EQ(nothing.out, "");
  EXPECT_THAT(nothing.err, HasSubstr("there is no session"));
  Start();
  EXPECT_EQ(Ask({"attach", "zzzzz"}).exit_code, 2);
  EXPECT_EQ(Ask({"attach"}).exit_code, 2) << "nothing is detached";
  EXPECT_EQ(Ask({"terminate"}).exit_code, 1);
}

TEST_P(AttachTest, TheNextLoginNamesTheCommand) {
  Start();
  EXPECT_EQ(Ask({"detach", id_}).exit_code, 0);
  EXPECT_TRUE(Left(*first_)) << first_->Describe();
  const StartedServer other =
      StartServer(ServerPath(GetParam()), {"-i", "127.0.0.1", "-p", "0"}, environment_);
  ASSERT_NE(other.port, 0) << other.output;
  const auto login = Connect(absl::StrCat(other.port), other.key);
  EXPECT_TRUE(login->WaitForText("You have a detached Mosh session")) << login->Describe();
  EXPECT_TRUE(login->WaitForText(absl::StrCat("mosh --attach=", id_, " "))) << login->Describe();
}

// mosh user@host in its other forms, through a real ssh.
class AttachThroughSshTest : public AttachTest {
 protected:
  AttachThroughSshTest() : sshd_(mark_, FarSide()) {}
  Environment FarSide() const {
    Environment far = {{"XDG_RUNTIME_DIR", environment_.at("XDG_RUNTIME_DIR")}};
    if (!GetParam().backend.empty()) far["MOSH_IO_BACKEND"] = GetParam().backend;
    return far;
  }
  TerminalProgram& Mosh(const Strings& words) {
    const std::string folder = ClientFolder(GetParam());
    Environment environment = environment_;
    environment["PATH"] = absl::StrCat(folder, ":", environment["PATH"]);
    Strings argv = {folder + "/mosh", absl::StrCat("--ssh=", sshd_.SshCommand())};
    argv.insert(argv.end(), words.begin(), words.end());
    mosh_ = std::make_unique<TerminalProgram>(
        TerminalProgram::Options{.argv = argv, .environment = environment});
    return *mosh_;
  }
  std::string Server(absl::string_view more = "") const {
    return absl::StrCat("--server=", ServerPath(GetParam()), more);
  }
  std::string Describe() { return absl::StrCat(mosh_->Describe(), "sshd:\n", sshd_.Log()); }

  Sshd sshd_;
  std::unique_ptr<TerminalProgram> mosh_;
};

INSTANTIATE_TEST_SUITE_P(, AttachThroughSshTest, testing::ValuesIn(PairingsUnderTest()),
                         [](const auto& info) { return info.param.Name(); });

TEST_P(AttachThroughSshTest, ListsAndAttaches) {
  Start();
  first_->Type("echo kept-$((1))\r");
  ASSERT_TRUE(first_->WaitForText("\nkept-1")) << first_->Describe();
  Ask({"detach", id_});
  EXPECT_TRUE(Left(*first_)) << first_->Describe();
  if (GetParam().client_is_ours()) {
    EXPECT_TRUE(Mosh({Server(), "--list", "testhost"}).WaitExit()) << Describe();
    EXPECT_EQ(mosh_->process().ExitCode(), 0);
    EXPECT_THAT(mosh_->output(), HasSubstr(id_));
    Mosh({Server(), "--attach", "testhost"});
  } else {
    Mosh({Server(absl::StrCat(" attach ", id_)), "testhost"});
  }
  ASSERT_TRUE(mosh_->WaitForText("\nkept-1")) << Describe();
  mosh_->Type("exit\r");
  EXPECT_TRUE(Left(*mosh_)) << Describe();
  ExpectNothingLeft();
}

TEST_P(AttachThroughSshTest, AWrongIdSaysWhatToDo) {
  if (!GetParam().client_is_ours()) GTEST_SKIP() << "stock's wrapper has its own words";
  EXPECT_TRUE(Mosh({Server(), "--attach=zzzzz", "testhost"}).WaitExit()) << Describe();
  EXPECT_NE(mosh_->process().ExitCode(), 0);
  EXPECT_THAT(mosh_->output(), AllOf(HasSubstr("no session zzzzz"), HasSubstr("--list testhost")));
}

TEST_P(AttachThroughSshTest, AnOldServerIsCalledOne) {
  if (!GetParam().client_is_ours()) GTEST_SKIP() << "about our wrapper";
  const std::string stock = absl::StrCat("--server=", RequireTool("mosh-server"));
  for (const char* what : {"--list", "--attach"}) {
    SCOPED_TRACE(what);
    EXPECT_TRUE(Mosh({stock, what, "testhost"}).WaitExit()) << Describe();
    EXPECT_NE(mosh_->process().ExitCode(), 0);
    EXPECT_THAT(mosh_->output(), HasSubstr("is stock's or an old one"));
  }
  EXPECT_THAT(WaitNoMarkedProcesses(mark_, Deadline::In(std::chrono::seconds(15))), IsEmpty());
}

}  // namespace
}  // namespace mosh::e2e
