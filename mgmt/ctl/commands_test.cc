// Commands whole, against a fake agent at a Unix socket.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/ctl/testing/moshctl_runner.h"
#include "mgmt/ctl/testing/sample_sessions.h"
#include "nlohmann/json.hpp"
#include "yaml-cpp/yaml.h"

namespace mosh::mgmt::ctl {
namespace {

namespace fleet = ::mosh::fleet::v1;

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    moshctl_.surroundings.now = [] { return kSampleTime; };
    moshctl_.StartAgent();
  }
  Outcome Run(const std::vector<std::string>& arguments) { return moshctl_.Run(arguments); }
  std::string LastAsked() { return moshctl_.fleet.Asked().back(); }

  MoshctlRunner moshctl_;
};

TEST_F(CommandsTest, LsShowsAllPages) {
  const Outcome ls = Run({"ls"});
  EXPECT_EQ(ls.code, 0);
  EXPECT_EQ(ls.err, "");
  EXPECT_THAT(ls.out, HasSubstr("ID    USER   STATE"));
  EXPECT_THAT(ls.out, HasSubstr("\nab12  alice  attached"));
  EXPECT_THAT(ls.out, HasSubstr("\ncd56  carol  unheard, held"));
  EXPECT_EQ(moshctl_.fleet.Asked().size(), 2);
}

TEST_F(CommandsTest, LsPassesFilterAndOrderOn) {
  Run({"ls", "--filter", "user = \"bob\"", "--order-by", "user desc"});
  EXPECT_THAT(moshctl_.fleet.Asked()[0],
              HasSubstr("filter: \"user = \\\"bob\\\"\" order_by: \"user desc\""));
  EXPECT_EQ(Run({"ls", "--filter", "none"}).out, "No sessions that the filter lets through.\n");
}

TEST_F(CommandsTest, LsForPrograms) {
  const auto json = nlohmann::json::parse(Run({"ls", "-o", "json"}).out);
  EXPECT_EQ(json["sessions"].size(), 3);
  EXPECT_EQ(json["sessions"][0]["session_id"], "ab12");
  EXPECT_EQ(json["total_size"], 3);
  const YAML::Node yaml = YAML::Load(Run({"ls", "-o", "yaml"}).out);
  EXPECT_EQ(yaml["sessions"].size(), 3);
  EXPECT_EQ(yaml["sessions"][2]["clients"][0]["srtt"].as<std::string>(), "0.040s");
}

TEST_F(CommandsTest, LsWarnsOfWhatIsMissing) {
  EXPECT_EQ(Run({"ls", "--filter", "partly"}).err,
            "moshctl: nodes/n2 doesn't answer: its sessions may be missing here\n");
}

TEST_F(CommandsTest, WrongFiltersAreMistakesOfTheUser) {
  const Outcome ls = Run({"ls", "--filter", "bad"});
  EXPECT_EQ(ls.code, 1);
  EXPECT_EQ(ls.err,
            "moshctl: no field 'bad'\n"
            "  A filter looks like: user = \"alice\" AND state = DETACHED\n");
}

TEST_F(CommandsTest, DescribeTakesTheBeginningOfAnId) {
  const Outcome one = Run({"describe", "c"});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("Session cd56\n"));
  EXPECT_EQ(Run({"describe", "ab"}).code, 2);
  EXPECT_EQ(Run({"describe", "x"}).code, 2);
  EXPECT_EQ(Run({"describe", "nodes/n1/sessions/gone"}).code, 2);
  EXPECT_EQ(nlohmann::json::parse(Run({"describe", "c", "-ojson"}).out)["user"], "carol");
  EXPECT_EQ(nlohmann::json::parse(Run({"describe", "c", "ab12", "-ojson"}).out)["sessions"].size(),
            2);
}

TEST_F(CommandsTest, KillEndsWhatItMayAndSaysWhatNot) {
  const Outcome kill = Run({"kill", "cd", "ab3", "--force", "--reason", "stuck"});
  EXPECT_EQ(kill.code, 3);
  EXPECT_EQ(kill.out, "ab34 ended\n");
  EXPECT_THAT(kill.err, HasSubstr("cd56: carol's sessions are hers\n"));
  EXPECT_EQ(LastAsked(),
            "TerminateSession name: \"nodes/n1/sessions/ab34\" force: true reason: \"stuck\"");
}

TEST_F(CommandsTest, KillDoesNothingWhileOneIsNotClear) {
  EXPECT_EQ(Run({"kill", "ab12", "nothing"}).code, 2);
  EXPECT_THAT(moshctl_.fleet.Asked(), Not(Contains(HasSubstr("TerminateSession"))));
}

TEST_F(CommandsTest, DryRunsAreOnlyChecked) {
  EXPECT_EQ(Run({"kill", "ab12", "--dry-run"}).out, "ab12 could be ended\n");
  EXPECT_THAT(LastAsked(), HasSubstr("validate_only: true"));
  EXPECT_EQ(Run({"notify", "--all", "-m", "x", "--dry-run"}).out, "would tell 3 sessions\n");
  EXPECT_THAT(LastAsked(), HasSubstr("filter: \"*\""));
  EXPECT_THAT(LastAsked(), HasSubstr("validate_only: true"));
}

TEST_F(CommandsTest, NotifySaysWhichNodesWereNotReached) {
  moshctl_.fleet.unreachable = {"nodes/n2"};
  const Outcome counted = Run({"notify", "--all", "-m", "x", "--dry-run"});
  EXPECT_EQ(counted.code, 0);
  EXPECT_EQ(counted.out, "would tell 3 sessions\n");
  EXPECT_EQ(counted.err, "moshctl: nodes/n2 doesn't answer: its sessions are not counted\n");
  const Outcome told = Run({"notify", "--all", "-m", "x", "--node", "n2"});
  EXPECT_EQ(told.code, 4);
  EXPECT_THAT(told.err, HasSubstr("its sessions may not be told\nmoshctl: not everybody"));
  EXPECT_THAT(LastAsked(), HasSubstr("parent: \"nodes/n2\""));
}

TEST_F(CommandsTest, OfOneNodeIsAskedAlone) {
  Run({"ls", "--node", "n2"});
  EXPECT_THAT(moshctl_.fleet.Asked()[0], HasSubstr("parent: \"nodes/n2\""));
  EXPECT_EQ(Run({"notify", "ab12", "--node", "n2", "-m", "x"}).code, 1);
}

TEST_F(CommandsTest, NotifyTellsSessions) {
  EXPECT_EQ(Run({"notify", "ab12", "reboot at 6", "--seconds", "60"}).out, "told 1 session\n");
  EXPECT_EQ(
      LastAsked(),
      "NotifySessions parent: \"nodes/-\" names: \"nodes/n1/sessions/ab12\" text: \"reboot at 6\" "
      "display_duration { seconds: 60 }");
  const Outcome part = Run({"notify", "ab12", "ab34", "-m", "x"});
  EXPECT_EQ(part.code, 5);
  EXPECT_EQ(part.out, "told 1 session\n");
  EXPECT_EQ(part.err, "moshctl: could not be told: ab34\n");
}

TEST_F(CommandsTest, HoldAndRelease) {
  EXPECT_EQ(Run({"hold", "ab12", "--reason", "look at this"}).out, "ab12 held\n");
  EXPECT_THAT(LastAsked(), HasSubstr("hold: true reason: \"look at this\""));
  EXPECT_EQ(Run({"release", "ab12"}).out, "ab12 released\n");
  EXPECT_THAT(LastAsked(), Not(HasSubstr("hold:")));
  EXPECT_TRUE(nlohmann::json::parse(Run({"hold", "ab12", "-ojson"}).out)["held"].get<bool>());
}

TEST_F(CommandsTest, DetachAllClientsOrOne) {
  EXPECT_EQ(Run({"detach", "ab12", "--client", "2"}).out, "ab12 detached\n");
  EXPECT_THAT(LastAsked(), HasSubstr("client_id: \"2\""));
}

TEST_F(CommandsTest, AttachTicketIsAConnectLine) {
  EXPECT_EQ(Run({"attach-ticket", "ab12", "--view", "--steal"}).out,
            "MOSH CONNECT 60001 AAAAAAAAAAAAAAAAAAAAAA\n");
  EXPECT_THAT(LastAsked(), HasSubstr("view_only: true steal: true"));
}

TEST_F(CommandsTest, ScreenIsTextWithoutControlCharacters) {
  EXPECT_EQ(Run({"screen", "ab12"}).out, "first\nsec?ond\n\n");
  EXPECT_EQ(Run({"screen", "ab12", "--history", "5", "--reason", "help"}).out,
            "before\nfirst\nsec?ond\n\n");
  EXPECT_THAT(LastAsked(), HasSubstr("history_lines: 5 reason: \"help\""));
}

TEST_F(CommandsTest, ScreenAsSequencesHasColoursAndNoTitle) {
  const std::string ansi = Run({"screen", "ab12", "--ansi"}).out;
  EXPECT_THAT(ansi, HasSubstr("red"));
  EXPECT_THAT(ansi, HasSubstr("31m"));
  EXPECT_THAT(ansi, HasSubstr("second"));
  EXPECT_THAT(ansi, Not(HasSubstr("evil")));
  EXPECT_THAT(ansi, Not(HasSubstr("?1000h")));
}

TEST_F(CommandsTest, NodesAndTheirProblems) {
  const Outcome nodes = Run({"nodes"});
  EXPECT_THAT(nodes.out, HasSubstr("nodes/n1  web-1"));
  EXPECT_THAT(nodes.out, HasSubstr("400  alice"));
  EXPECT_EQ(nodes.err, "moshctl: can't read /tmp/mosh-7?[2J\n");
}

TEST_F(CommandsTest, AuditPrintsEntries) {
  const Outcome audit = Run({"audit", "-n", "2"});
  EXPECT_EQ(audit.code, 0) << audit.err;
  EXPECT_THAT(audit.out, HasSubstr("local:root(0)  GetScreen  nodes/n1/sessions/ab12  done\n"));
  EXPECT_EQ(LastAsked(), "TailAudit parent: \"nodes/n1\" count: 2");
  Run({"audit", "--from", "7", "-ojson"});
  EXPECT_EQ(LastAsked(), "TailAudit parent: \"nodes/n1\" start_sequence: 7");
}

TEST_F(CommandsTest, WatchPrintsChangesUntilItCant) {
  FakeFleet::Watch watch;
  const fleet::ListSessionsResponse list = SampleSessions();
  fleet::WatchSessionsResponse& response = watch.responses.emplace_back();
  for (const auto type : {fleet::SessionEvent::ADDED, fleet::SessionEvent::SYNCED,
                          fleet::SessionEvent::MODIFIED, fleet::SessionEvent::DELETED}) {
    fleet::SessionEvent* event = response.add_events();
    event->set_type(type);
    if (type != fleet::SessionEvent::SYNCED) *event->mutable_session() = list.sessions(0);
  }
  watch.end = grpc::Status(grpc::StatusCode::INTERNAL, "broken");
  moshctl_.fleet.AddWatch(watch);
  const Outcome text = Run({"watch", "--filter", "user = \"alice\""});
  EXPECT_EQ(text.code, 5);
  EXPECT_EQ(text.err, "moshctl: broken\n");
  EXPECT_THAT(text.out, HasSubstr(" + ab12  alice  attached"));
  EXPECT_THAT(text.out, HasSubstr(" ~ ab12  alice  attached"));
  EXPECT_THAT(text.out, HasSubstr(" - ab12\n"));
  EXPECT_THAT(LastAsked(), HasSubstr("filter: \"user = \\\"alice\\\"\""));

  moshctl_.fleet.AddWatch(watch);
  const Outcome json = Run({"watch", "-ojson"});
  EXPECT_EQ(std::count(json.out.begin(), json.out.end(), '\n'), 4);
  EXPECT_EQ(nlohmann::json::parse(json.out.substr(0, json.out.find('\n')))["type"], "ADDED");
}

TEST_F(CommandsTest, NothingIsWaitedForLongerThanAllowed) {
  moshctl_.fleet.silent = true;
  const Outcome nodes = Run({"nodes", "--timeout", "0.05"});
  EXPECT_EQ(nodes.code, 4);
  EXPECT_THAT(nodes.err, HasSubstr("no answer from unix:"));
  EXPECT_THAT(nodes.err, HasSubstr("--timeout allows for more"));
}

TEST_F(CommandsTest, ColoursOnlyWhereTheyAreWanted) {
  EXPECT_THAT(Run({"ls"}).out, Not(HasSubstr("\033")));
  moshctl_.surroundings.colors = true;
  EXPECT_THAT(Run({"ls"}).out, HasSubstr("\033[32mattached\033[m"));
  EXPECT_THAT(Run({"ls", "-o", "json"}).out, Not(HasSubstr("\033")));
}

TEST_F(CommandsTest, LinesAreCutToTheTerminal) {
  moshctl_.surroundings.columns = 20;
  EXPECT_THAT(Run({"ls"}).out, HasSubstr("\nab34  bob    detache\n"));
  EXPECT_THAT(Run({"ls", "-o", "wide"}).out, HasSubstr("vi notes"));
}

TEST_F(CommandsTest, CompletionAsksForIds) {
  EXPECT_EQ(Run({"__complete", "kill", "ab"}).out, "ab12\nab34\n");
  moshctl_.StopAgent();
  EXPECT_EQ(Run({"__complete", "kill", "ab"}).out, "");
}

TEST_F(CommandsTest, WhatNeedsATerminalSaysSo) {
  moshctl_.surroundings.terminal_in = moshctl_.surroundings.terminal_out = -1;
  const Outcome top = Run({"top"});
  EXPECT_EQ(top.code, 5);
  EXPECT_THAT(top.err, HasSubstr("this needs a terminal"));
}

TEST_F(CommandsTest, TheOnesOfItsOwn) {
  EXPECT_THAT(Run({"version"}).out, HasSubstr("moshctl (mosh-fleet "));
  EXPECT_THAT(Run({"completion", "bash"}).out, HasSubstr("complete -o default"));
  EXPECT_EQ(Run({"lsx"}).code, 1);
  EXPECT_EQ(Run({"--help"}).code, 0);
}

}  // namespace
}  // namespace mosh::mgmt::ctl
