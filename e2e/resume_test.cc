// A client that is killed leaves what `mosh --resume` needs to go on without ssh, and nothing is
// left of a session that ended in an orderly way.
#include <dirent.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "e2e/mosh_session.h"
#include "e2e/tools.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::e2e {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ResumeTest : public testing::TestWithParam<Pairing> {
 protected:
  void Start(std::vector<std::string> command = {"/bin/sh"}, Environment extra = {}) {
    extra["XDG_STATE_HOME"] = state_home_;
    session_ = std::make_unique<MoshSession>(
        GetParam(), MoshSession::Options{.command = std::move(command), .extra = extra});
  }
  void StartAtPrompt() {
    Start();
    ASSERT_TRUE(session_->terminal().WaitForText("$")) << session_->Describe();
  }
  void Kill(TerminalProgram& client) {
    client.process().Signal(SIGKILL);
    ASSERT_TRUE(client.process().WaitExit(Patience()));
  }
  // Until the client has written what another process needs, a moment after its first screen.
  bool WaitKept() {
    const Deadline deadline = Patience();
    while (Files().empty() && !deadline.passed()) {
      session_->terminal().Pump(Deadline::In(std::chrono::milliseconds(10)));
    }
    return !Files().empty();
  }
  // The session has lived for longer than that takes.
  void LiveOn() {
    ASSERT_TRUE(session_->terminal().WaitForText("$")) << session_->Describe();
    session_->terminal().Type("sleep 1; echo here\r");
    ASSERT_TRUE(session_->terminal().WaitForText("\nhere")) << session_->Describe();
  }
  // Another process of the client, in a fresh terminal.
  std::unique_ptr<TerminalProgram> Mosh(const std::string& option) {
    Environment environment = BaseEnvironment(session_->mark());
    environment["XDG_STATE_HOME"] = state_home_;
    environment["MOSH_IO_BACKEND"] = GetParam().backend;
    environment["MOSH_PREDICTION_DISPLAY"] = "never";
    return std::make_unique<TerminalProgram>(
        TerminalProgram::Options{.argv = {folder_ + "/mosh", option}, .environment = environment});
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    DIR* const folder = opendir((state_home_ + "/mosh").c_str());
    if (folder == nullptr) return names;
    while (const dirent* entry = readdir(folder)) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    closedir(folder);
    return names;
  }
  std::string Id() const {
    const std::vector<std::string> files = Files();
    return files.empty() ? "" : std::string(absl::StripSuffix(files.front(), ".session"));
  }

  const std::string state_home_ = MakeTempFolder("state");
  const std::string folder_ = ClientFolder({.client = "ours", .server = "", .backend = ""});
  std::unique_ptr<MoshSession> session_;
};

class ResumeOursTest : public ResumeTest {};
class ResumeStockTest : public ResumeTest {};

std::vector<Pairing> WithServer(bool ours) {
  std::vector<Pairing> pairings;
  for (const Pairing& pairing : PairingsUnderTest()) {
    if (pairing.server_is_ours() == ours) pairings.push_back(pairing);
  }
  return pairings;
}
INSTANTIATE_TEST_SUITE_P(, ResumeOursTest, testing::ValuesIn(WithServer(true)),
                         [](const auto& info) { return info.param.Name(); });
INSTANTIATE_TEST_SUITE_P(, ResumeStockTest, testing::ValuesIn(WithServer(false)),
                         [](const auto& info) { return info.param.Name(); });

TEST_P(ResumeOursTest, ScreenIsBackAndTypingWorksAfterAKill) {
  StartAtPrompt();
  session_->terminal().Type("echo one\r");
  ASSERT_TRUE(session_->terminal().WaitForText("\none\n$")) << session_->Describe();
  session_->terminal().Type("echo tw");
  ASSERT_TRUE(session_->terminal().WaitForText("$ echo tw")) << session_->Describe();
  ASSERT_TRUE(WaitKept()) << session_->Describe();
  Kill(session_->terminal());
  ASSERT_THAT(Files(), SizeIs(1));
  const auto second = Mosh("--resume");
  EXPECT_TRUE(second->WaitForText("\none\n$ echo tw")) << second->Describe();
  Kill(*second);
  const auto client = Mosh("--resume=" + Id());
  ASSERT_TRUE(client->WaitForText("$ echo tw")) << client->Describe();
  client->Type("o\r");
  EXPECT_TRUE(client->WaitForText("\ntwo")) << client->Describe();
  client->Type("\x1e.");
  EXPECT_TRUE(client->WaitExit()) << client->Describe();
  EXPECT_EQ(client->process().ExitCode(), 0);
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_TRUE(session_->server().WaitExit(Patience()));
}

TEST_P(ResumeOursTest, NothingTypedIsDoubledOrReorderedWhenClientsAreKilledWhileTyping) {
  const std::string read = state_home_ + "/read";
  Start({"/bin/sh", "-c", absl::StrCat("stty raw -echo; echo ready; exec tee ", read)});
  ASSERT_TRUE(session_->terminal().WaitForText("ready")) << session_->Describe();
  ASSERT_TRUE(WaitKept()) << session_->Describe();
  std::vector<std::string> typed;
  std::unique_ptr<TerminalProgram> resumed;
  for (char life = 'a'; life <= 'e'; ++life) {
    TerminalProgram& client = resumed ? *resumed : session_->terminal();
    ASSERT_TRUE(client.WaitForText("ready")) << client.Describe();
    typed.emplace_back();
    for (int i = 0; i < 40; ++i) {
      const std::string key = absl::StrFormat("%c%02d ", life, i);
      typed.back() += key;
      client.Type(key);
      client.Pump(Deadline::In(std::chrono::milliseconds(3)));
    }
    if (life == 'e') break;
    Kill(client);
    resumed = Mosh("--resume");
  }
  // The program shows what it has written.
  EXPECT_TRUE(resumed->WaitForText("e39")) << resumed->Describe();
  std::ifstream file(read);
  std::stringstream content;
  content << file.rdbuf();
  const std::string text = content.str();
  EXPECT_TRUE(absl::EndsWith(text, "e39 "));
  absl::string_view rest = text;
  for (const std::string& life : typed) {
    size_t prefix = 0;
    while (prefix < life.size() && prefix < rest.size() && life[prefix] == rest[prefix]) ++prefix;
    rest.remove_prefix(prefix);
  }
  EXPECT_EQ(rest, "") << text;
}

TEST_P(ResumeOursTest, ASessionInUseIsLeftAlone) {
  StartAtPrompt();
  ASSERT_TRUE(WaitKept()) << session_->Describe();
  const auto latest = Mosh("--resume");
  EXPECT_TRUE(latest->WaitExit());
  EXPECT_THAT(latest->output(), HasSubstr("There is no session to resume; mosh --resume=list"));
  EXPECT_EQ(latest->process().ExitCode(), 255);
  const auto chosen = Mosh("--resume=" + Id());
  EXPECT_TRUE(chosen->WaitExit());
  EXPECT_THAT(chosen->output(), HasSubstr("is in use"));
  const auto list = Mosh("--resume=list");
  EXPECT_TRUE(list->WaitExit());
  EXPECT_THAT(list->output(), HasSubstr("(in use)"));
  EXPECT_TRUE(session_->Quit()) << session_->Describe();
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_P(ResumeOursTest, NothingIsLeftWhenTheProgramEndsOrTheClientIsTerminated) {
  StartAtPrompt();
  ASSERT_TRUE(WaitKept()) << session_->Describe();
  session_->terminal().Type("exit\r");
  EXPECT_TRUE(session_->terminal().WaitExit()) << session_->Describe();
  EXPECT_THAT(Files(), IsEmpty());
  StartAtPrompt();
  ASSERT_TRUE(WaitKept()) << session_->Describe();
  session_->terminal().process().Signal(SIGTERM);
  EXPECT_TRUE(session_->terminal().WaitExit()) << session_->Describe();
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_P(ResumeOursTest, WhatIsNotFoundIsKeptUntilItIsThrownAway) {
  StartAtPrompt();
  ASSERT_TRUE(WaitKept()) << session_->Describe();
  Kill(session_->terminal());
  session_->server().Signal(SIGKILL);
  ASSERT_TRUE(session_->server().WaitExit(Patience()));
  const std::string id = Id();
  const auto client = Mosh("--resume");
  EXPECT_TRUE(client->WaitExit()) << client->Describe();
  EXPECT_THAT(client->output(), HasSubstr("Nothing was heard from 127.0.0.1"));
  EXPECT_EQ(client->process().ExitCode(), 1);
  EXPECT_THAT(Files(), SizeIs(1));
  const auto forget = Mosh("--forget=" + id);
  EXPECT_TRUE(forget->WaitExit());
  EXPECT_EQ(forget->process().ExitCode(), 0);
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_P(ResumeOursTest, ADamagedFileIsNamed) {
  StartAtPrompt();
  ASSERT_TRUE(WaitKept()) << session_->Describe();
  Kill(session_->terminal());
  ASSERT_THAT(Files(), SizeIs(1));
  const std::string id = Id();
  WriteFile(absl::StrCat(state_home_, "/mosh/", id, ".session"), "mosh-resume 1\nkey\n", 0600);
  const auto client = Mosh("--resume=" + id);
  EXPECT_TRUE(client->WaitExit());
  EXPECT_THAT(client->output(), HasSubstr("the file is damaged"));
  EXPECT_EQ(client->process().ExitCode(), 255);
}

TEST_P(ResumeOursTest, CanBeSwitchedOff) {
  Start({"/bin/sh"}, {{"MOSH_NO_RESUME", "1"}});
  LiveOn();
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_P(ResumeStockTest, NothingIsKeptOfASessionThatCannotBeResumed) {
  Start();
  LiveOn();
  EXPECT_THAT(Files(), IsEmpty());
  Kill(session_->terminal());
  EXPECT_THAT(Files(), IsEmpty());
}

}  // namespace
}  // namespace mosh::e2e
