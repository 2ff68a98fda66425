// Recordings of a real session: what libvterm shows of the file is, cell by cell, what it showed of
// the session's client.
#include <signal.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "e2e/mosh_session.h"
#include "e2e/tools.h"
#include "e2e/vterm_screen.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/recording/asciicast.h"
#include "nlohmann/json.hpp"

namespace mosh::e2e {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

using Strings = std::vector<std::string>;

// Draws, says MARK-n, and waits for Return. Each picture begins with an empty screen, so that none
// shows an older mark with something new.
constexpr char kProgram[] = R"sh(
stty -echo
clear='\033[2J\033[H'
printf 'READY'; read x
i=0
while [ $i -lt 150 ]; do printf "\033[3$((i % 8));4$((i % 5))m line $i \033[1m bold \033[m\n"; i=$((i + 1)); done
printf "${clear}\033[4munder\033[m \033[3mitalic\033[m \033[7mreverse\033[m\n\nMARK-1"; read x
printf "${clear}\033[38;2;10;200;30mrgb\033[m \033[48;5;208m palette \033[m\n漢字 e\314\201 wide\n\033[10;20Hthere\n"
printf "\033[5;12r\033[12;1H\n\n\033[rMARK-2"; read x
printf "${clear}size $(stty size)\033[30;90Hcorner\033[4;7HMARK-3"; read x
printf "\033[?1049h${clear}full screen\033[20;10H\033[9mstruck\033[m\033[15;5HMARK-4\033[?25l"; read x
)sh";
constexpr int kMarks = 4;

std::string FileText(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class RecordingTest : public testing::TestWithParam<Pairing> {
 protected:
  explicit RecordingTest(const Strings& command = {"/bin/sh", "-c", kProgram})
      : folder_(MakeTempFolder("recording")),
        environment_(BaseEnvironment(NewMark())),
        socket_(absl::StrCat(environment_["XDG_RUNTIME_DIR"], "/agent.sock")),
        session_(GetParam(), {.command = command,
                              .extra = {{"XDG_RUNTIME_DIR", environment_["XDG_RUNTIME_DIR"]}}}),
        agent_(Process::Spawn(
            {.argv = {RequireVariable("E2E_AGENT"), "--listen-unix", socket_, "--recordings",
                      folder_ + "/r", "--audit-log", "none", "--node", "n1"},
             .environment = environment_})) {}

  Output Ctl(const Strings& words) {
    Strings argv = {RequireVariable("E2E_MOSHCTL"), "--server", "unix:" + socket_};
    argv.insert(argv.end(), words.begin(), words.end());
    return RunToEnd({.argv = argv, .environment = environment_}, Patience());
  }
  // As the agent tells it; waits until it knows the session.
  void FindSession() {
    const Deadline deadline = Patience();
    while (session_id_.empty() && !deadline.passed()) {
      const Output listed = Ctl({"ls", "-o", "json"});
      const auto json = nlohmann::json::parse(listed.out, nullptr, /*allow_exceptions=*/false);
      if (!json.is_object()) continue;
      for (const auto& session : json["sessions"]) {
        if (session["host_pid"] == session_.server().pid()) session_id_ = session["session_id"];
      }
    }
    ASSERT_NE(session_id_, "") << Ctl({"ls", "-o", "json"}).out << Ctl({"ls"}).err;
  }
  std::string StartRecording(const Strings& options = {}) {
    Strings words = {"record", "start", session_id_, "--title", "a test"};
    words.insert(words.end(), options.begin(), options.end());
    const Output started = Ctl(words);
    EXPECT_EQ(started.exit_code, 0) << started.err;
    const Strings said = absl::StrSplit(absl::StripSuffix(started.out, "\n"), ' ');
    return said.back();
  }
  // What the session's client shows at a mark.
  ScreenImage ImageAt(int mark) {
    EXPECT_TRUE(session_.terminal().WaitForText(absl::StrCat("MARK-", mark)))
        << session_.Describe();
    // The rest of the picture may still be under way.
    EXPECT_TRUE(session_.terminal().WaitQuiet(milliseconds(300)));
    return session_.terminal().Image();
  }

  const std::string folder_;
  Environment environment_;
  const std::string socket_;
  MoshSession session_;
  Process agent_;
  std::string session_id_;
};

INSTANTIATE_TEST_SUITE_P(, RecordingTest, testing::ValuesIn(PairingsUnderTest()),
                         [](const auto& info) { return info.param.Name(); });

// Every picture with a mark, in order.
struct Replayed {
  std::map<int, std::vector<ScreenImage>> at_mark;
  ScreenImage end;
  int resizes = 0;
  std::string last_mark;
};

Replayed Replay(const std::string& text) {
  Replayed replayed;
  Strings lines = absl::StrSplit(text, '\n');
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  const auto header = mgmt::ParseCastHeader(lines[0]);
  EXPECT_TRUE(header.ok()) << lines[0];
  VtermScreen screen({header->columns, header->rows});
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto event = mgmt::ParseCastEvent(lines[i]);
    EXPECT_TRUE(event.ok()) << lines[i];
    if (event->code == 'm') replayed.last_mark = event->data;
    if (event->code == 'r') {
      const auto size = mgmt::ParseCastSize(event->data);
      screen.Resize({size->columns, size->rows});
      ++replayed.resizes;
    }
    if (event->code != 'o') continue;
    screen.Feed(event->data);
    for (int mark = 1; mark <= kMarks; ++mark) {
      if (screen.Contains(absl::StrCat("MARK-", mark))) {
        replayed.at_mark[mark].push_back(screen.Image());
      }
    }
  }
  replayed.end = screen.Image();
  return replayed;
}

TEST_P(RecordingTest, AFileShowsWhatTheSessionShowed) {
  ASSERT_TRUE(session_.terminal().WaitForText("READY")) << session_.Describe();
  ASSERT_NO_FATAL_FAILURE(FindSession());
  const std::string id = StartRecording();
  std::map<int, ScreenImage> shown;
  for (int mark = 1; mark <= kMarks; ++mark) {
    if (mark == 3) session_.terminal().Resize({100, 30});
    session_.terminal().Type("\r");
    shown[mark] = ImageAt(mark);
  }
  const Output stopped = Ctl({"record", "stop", id});
  EXPECT_EQ(stopped.exit_code, 0) << stopped.err;
  const std::string file = folder_ + "/whole.cast";
  const Output got = Ctl({"record", "get", id, "-O", file});
  ASSERT_EQ(got.exit_code, 0) << got.err;

  const std::string text = FileText(file);
  Replayed replayed = Replay(text);
  EXPECT_EQ(replayed.resizes, 1);
  EXPECT_THAT(replayed.last_mark, HasSubstr("stopped by local:"));
  for (int mark = 1; mark <= kMarks; ++mark) {
    const std::vector<ScreenImage>& images = replayed.at_mark[mark];
    ASSERT_FALSE(images.empty()) << "MARK-" << mark << " is not in\n" << text;
    EXPECT_THAT(images, testing::Contains(shown[mark]))
        << "at mark " << mark << ": " << Difference(shown[mark], images.back());
  }
  EXPECT_EQ(Difference(shown[kMarks], replayed.end), "");
  EXPECT_EQ(replayed.end, shown[kMarks]);

  // One that was cut off goes on, and is the same.
  const std::string part = folder_ + "/part.cast";
  WriteFile(part + ".part", absl::string_view(text).substr(0, text.size() / 2));
  const Output rest = Ctl({"record", "get", id, "-O", part});
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_EQ(FileText(part), text);

  // It plays here too, by its file and by its name.
  for (const std::string& what : {file, id}) {
    TerminalProgram player({.argv = {RequireVariable("E2E_MOSHCTL"), "--server", "unix:" + socket_,
                                     "replay", what, "--max-pause", "0.001"},
                            .environment = environment_,
                            .size = {100, 31}});
    EXPECT_TRUE(player.WaitForText("the end")) << player.Describe();
    EXPECT_TRUE(player.screen().Contains("MARK-4")) << player.Describe();
    player.Type("q");
    EXPECT_TRUE(player.WaitExit());
    EXPECT_EQ(player.process().ExitCode(), 0);
  }
}

// A shell with a line editor, and what asks for passwords in lines and in single keys.
class InputTest : public RecordingTest {
 protected:
  InputTest() : RecordingTest({"/bin/bash", "--norc", "--noprofile", "-i"}) {}
};

INSTANTIATE_TEST_SUITE_P(, InputTest, testing::ValuesIn(PairingsUnderTest()),
                         [](const auto& info) { return info.param.Name(); });

TEST_P(InputTest, WhatIsTypedIsRecordedButNoPassword) {
  TerminalProgram& terminal = session_.terminal();
  ASSERT_TRUE(terminal.WaitForText("$")) << session_.Describe();
  ASSERT_NO_FATAL_FAILURE(FindSession());
  const std::string id = StartRecording({"--input"});
  const auto enter = [&](const std::string& typed, const std::string& answer) {
    terminal.Type(typed + "\r");
    ASSERT_TRUE(terminal.WaitForText(answer)) << session_.Describe();
  };
  // Prompts are put together, so that a command line alone doesn't show them.
  enter("read -s -p 'first'\\? line; echo line'-'${#line}", "first?");
  enter("hunter2", "line-7");
  enter("read -s -n 5 -p 'second'\\? keys; echo keys'-'${#keys}", "second?");
  terminal.Type("xyzzy");
  ASSERT_TRUE(terminal.WaitForText("keys-5")) << session_.Describe();
  enter("echo 'ready'?; cat; echo 'the'-end", "ready?");
  enter("to a program", "to a program");
  terminal.Type("\x04");
  ASSERT_TRUE(terminal.WaitForText("the-end")) << session_.Describe();
  ASSERT_EQ(Ctl({"record", "stop", id}).exit_code, 0);
  const std::string file = folder_ + "/input.cast";
  ASSERT_EQ(Ctl({"record", "get", id, "-O", file}).exit_code, 0);
  const std::string text = FileText(file);
  std::string typed;
  size_t first_prompt = 0, first_answer = 0;
  Strings lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto event = mgmt::ParseCastEvent(lines[i]);
    ASSERT_TRUE(event.ok()) << lines[i];
    if (event->code == 'i') typed += event->data;
    if (event->code == 'm') absl::StrAppend(&typed, "(", event->data, ")");
    if (event->code == 'o' && first_prompt == 0 && absl::StrContains(event->data, "first?")) {
      first_prompt = i;
    }
    if (event->code == 'm' && first_answer == 0) first_answer = i;
  }
  constexpr char kHidden[] = "(input is hidden: the terminal does not echo)";
  EXPECT_THAT(typed, testing::StartsWith(absl::StrCat(
                         "read -s -p 'first'\\? line; echo line'-'${#line}\r", kHidden,
                         "read -s -n 5 -p 'second'\\? keys; echo keys'-'${#keys}\r", kHidden,
                         "echo 'ready'?; cat; echo 'the'-end\rto a program\r\x04(stopped by local:")));
  EXPECT_LT(first_prompt, first_answer) << text;
  EXPECT_GT(first_prompt, 0u) << text;
  for (const char* secret : {"hunter2", "xyzzy"}) {
    EXPECT_THAT(text, testing::Not(HasSubstr(secret)));
  }
  const auto facts = nlohmann::json::parse(Ctl({"record", "ls", "-o", "json"}).out);
  EXPECT_EQ(facts["recordings"][0]["has_input"], true);
}

TEST_P(RecordingTest, ItEndsWithTheSession) {
  ASSERT_TRUE(session_.terminal().WaitForText("READY")) << session_.Describe();
  ASSERT_NO_FATAL_FAILURE(FindSession());
  const std::string id = StartRecording();
  for (int mark = 1; mark <= kMarks; ++mark) {
    session_.terminal().Type("\r");
    ASSERT_TRUE(session_.terminal().WaitForText(absl::StrCat("MARK-", mark)));
  }
  session_.terminal().Type("\r");
  EXPECT_TRUE(session_.terminal().WaitExit()) << session_.Describe();
  const Deadline deadline = Patience();
  std::string listed;
  while (!absl::StrContains(listed, "finished") && !deadline.passed()) {
    listed = Ctl({"record", "ls", "-o", "wide"}).out;
  }
  // Its server goes with it: which of the two is noticed first is chance.
  EXPECT_THAT(listed, testing::AnyOf(HasSubstr("the session has ended"),
                                     HasSubstr("the session's server is gone")));
  EXPECT_THAT(listed, HasSubstr(id));
  EXPECT_EQ(Ctl({"record", "rm", id}).exit_code, 0);
  EXPECT_EQ(Ctl({"record", "ls"}).out, "No recordings.\n");
}

TEST_P(RecordingTest, WhatAKilledAgentLeavesIsPlayable) {
  ASSERT_TRUE(session_.terminal().WaitForText("READY")) << session_.Describe();
  ASSERT_NO_FATAL_FAILURE(FindSession());
  const std::string id = StartRecording();
  session_.terminal().Type("\r");
  const ScreenImage shown = ImageAt(1);
  const std::string cast = absl::StrCat(folder_, "/r/", id, ".cast");
  const Deadline deadline = Patience();
  while (!absl::StrContains(FileText(cast), "MARK-1") && !deadline.passed()) {
  }
  agent_.Signal(SIGKILL);
  ASSERT_TRUE(agent_.WaitExit(Patience()));
  agent_ = Process::Spawn(
      {.argv = {RequireVariable("E2E_AGENT"), "--listen-unix", socket_, "--recordings",
                folder_ + "/r", "--audit-log", "none", "--node", "n1"},
       .environment = environment_});
  std::string listed;
  while (!absl::StrContains(listed, "failed") && !deadline.passed()) {
    listed = Ctl({"record", "ls", "-o", "wide"}).out;
  }
  EXPECT_THAT(listed, HasSubstr("the agent ended while it was being made"));
  const std::string file = folder_ + "/rest.cast";
  EXPECT_EQ(Ctl({"record", "get", id, "-O", file}).exit_code, 0);
  const Replayed replayed = Replay(FileText(file));
  EXPECT_EQ(Difference(shown, replayed.end), "");
}

}  // namespace
}  // namespace mosh::e2e
