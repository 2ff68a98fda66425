// Full-screen programs look the same through a session as they do without it: each is driven by a
// script, first directly in the independent terminal, then through each pairing, and after each
// step every cell, its attributes and the cursor must become those of the direct run.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "e2e/mosh_session.h"
#include "e2e/tools.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::e2e {
namespace {

using std::chrono::milliseconds;

// Keys, and a text that is on the screen once the program has obeyed ("": any state that stays).
struct Step {
  std::string keys;
  std::string then;
};

struct Script {
  // Fills the home folder, which is a fresh one of the same name for each run: programs remember
  // things.
  std::function<void()> prepare;
  std::vector<std::string> argv;
  Environment extra;
  std::vector<Step> steps;  // the first one's keys are typed once the program is up
  std::string quit;         // keys that end the program
};

class FullScreenTest : public testing::Test {
 protected:
  FullScreenTest() : home_(MakeTempFolder("fullscreen")) {}

  std::string Home(absl::string_view file) const { return absl::StrCat(home_, "/", file); }

  void Put(absl::string_view file, absl::string_view content) { WriteFile(Home(file), content); }
  // Dates show in listings.
  void SetOldDate(absl::string_view file) {
    const timespec old[2] = {{1577880000, 0}, {1577880000, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, Home(file).c_str(), old, 0), 0);
  }
  void MakeFolder(absl::string_view file) { ASSERT_EQ(mkdir(Home(file).c_str(), 0755), 0); }

  // What mosh-server gives its programs.
  Environment ProgramEnvironment(const Script& script) const {
    Environment environment = BaseEnvironment("direct");
    environment["NCURSES_NO_UTF8_ACS"] = "1";
    Adapt(script, environment);
    return environment;
  }

  void Compare(const Script& script) {
    Prepare(script);
    const std::vector<ScreenImage> expected = RunDirectly(script);
    ASSERT_EQ(expected.size(), script.steps.size());
    for (const Pairing& pairing : PairingsUnderTest()) {
      SCOPED_TRACE(pairing.Name());
      Prepare(script);
      RunThroughMosh(pairing, script, expected);
    }
  }

 private:
  void Prepare(const Script& script) {
    std::filesystem::remove_all(home_);
    std::filesystem::create_directory(home_);
    script.prepare();
  }

  void Adapt(const Script& script, Environment& environment) const {
    environment["HOME"] = home_;
    for (const auto& [name, value] : script.extra) environment[name] = value;
  }

  std::vector<ScreenImage> RunDirectly(const Script& script) {
    TerminalProgram program(
        {.argv = script.argv, .environment = ProgramEnvironment(script), .directory = home_});
    std::vector<ScreenImage> images;
    for (const Step& step : script.steps) {
      program.Type(step.keys);
      EXPECT_TRUE(program.WaitForText(step.then)) << "waiting for " << step.then << "\n"
                                                  << program.Describe();
      // A reference must be a state that stays.
      EXPECT_TRUE(program.WaitQuiet(milliseconds(400))) << program.Describe();
      images.push_back(program.Image());
    }
    program.Type(script.quit);
    EXPECT_TRUE(program.WaitExit()) << program.Describe();
    return images;
  }

  void RunThroughMosh(const Pairing& pairing, const Script& script,
                      const std::vector<ScreenImage>& expected) {
    Environment extra = script.extra;
    extra["HOME"] = home_;
    MoshSession session(pairing, {.command = script.argv, .extra = extra});
    for (size_t i = 0; i < script.steps.size(); ++i) {
      session.terminal().Type(script.steps[i].keys);
      const bool same = session.terminal().WaitFor(
          [&](const VtermScreen& screen) { return screen.Image() == expected[i]; },
          Deadline::In(std::chrono::seconds(15)));
      EXPECT_TRUE(same) << "after step " << i << ":\n"
                        << Difference(expected[i], session.terminal().Image()) << "expected:\n"
                        << expected[i].Text() << session.Describe();
      if (!same) return;
    }
    session.terminal().Type(script.quit);
    EXPECT_TRUE(session.terminal().WaitExit()) << session.Describe();
  }

  std::string home_;
};

// C source with long lines, tabs, wide and combining characters.
std::string SampleText() {
  std::string text =
      "/* A sample. \u8a9e\u6f22 e\u0301 \u2502 \U0001f600 */\n#include <stdio.h>\n\n";
  for (int i = 0; i < 60; ++i) {
    absl::StrAppend(&text, "static int function_", i, "(const char *name) {\n\treturn printf(\"%s ",
                    i, " \u00e4\u00f6\u00fc \u65e5\u672c\\n\", name);\n}\n");
    if (i % 7 == 3)
      absl::StrAppend(&text, "/* ", std::string(110, static_cast<char>('a' + i % 26)), " */\n");
  }
  return text;
}

TEST_F(FullScreenTest, Vim) {
  Compare({.prepare = [this] { Put("sample.c", SampleText()); },
           .argv = {RequireTool("vim"), "-N", "-u", "NONE", "-i", "NONE", "-n", "-X", "--cmd",
                    "set t_RV= t_u7= ttimeoutlen=50 encoding=utf-8 ruler showcmd", "-c",
                    "syntax on | set number hlsearch cursorline background=dark laststatus=2",
                    Home("sample.c")},
           .steps = {{"", "stdio.h"},
                     {"\x06\x06", "function_1"},
                     {"gg/name\r", "/name"},
                     {"5GVjj", "VISUAL LINE"},
                     {"\x1b:split\rG", "Bot"},
                     {"ggOtyped \u8a9e e\u0301 text\x1b", "typed"},
                     {"10\x19\x05", ""},
                     {":set list wrap\r:vsplit\r", ""},
                     {"dd3Jp", ""},
                     {"u\x12\x0c", ""}},
           .quit = "\x1b:qa!\r"});
}

TEST_F(FullScreenTest, Less) {
  std::string text;
  for (int i = 1; i <= 300; ++i) {
    absl::StrAppend(&text, "\033[1;3", i % 8, "mline ", i,
                    "\033[0m plain \033[4munderlined\033[0m \u8a9e ", std::string(i % 90, '.'),
                    "\n");
  }
  Compare({.prepare = [&] { Put("text", text); },
           .argv = {RequireTool("less"), "-R", "-M", "-N", Home("text")},
           .extra = {{"LESSHISTFILE", "-"}},
           .steps = {{"", "line 2"},
                     {" ", "line 30"},
                     {"G", "(END)"},
                     {"gg/line 12\r", "line 12"},
                     {"n", ""},
                     {"-S\r", ""},
                     {"150g", "line 160"},
                     {"yyyyy", ""},
                     {"\x1b(", ""}},
           .quit = "q"});
}

TEST_F(FullScreenTest, Nano) {
  Compare({.prepare = [this] { Put("sample.c", SampleText()); },
           .argv = {RequireTool("nano"), "--ignorercfiles", "--linenumbers", "--constantshow",
                    Home("sample.c")},
           .steps = {{"", "stdio.h"},
                     {"\x16\x16", "function_1"},
                     {"typed \u8a9e e\u0301 text\r", "typed"},
                     {"\x17", "Search"},
                     {"printf\r", ""},
                     {"\x0b\x0b\x15", ""},
                     {"\x07", "help"},
                     {"\x18", "Modified"}},
           .quit = "\x18n"});
}

TEST_F(FullScreenTest, Tmux) {
  // Short: a Unix socket's path has little room.
  std::string sockets = "/tmp/e2e-tmux-XXXXXX";
  ASSERT_NE(mkdtemp(sockets.data()), nullptr);
  const auto prepare = [this] {
    Put("conf",
        "set -g status-right ''\nset -g status-left '[#S] '\n"
        "set -g default-command 'exec /bin/sh'\nset -g default-terminal tmux-256color\n"
        "set -g automatic-rename off\nset -g allow-rename off\n"
        "set -s escape-time 0\nset -g assume-paste-time 0\n");
  };
  Compare(
      {.prepare = prepare,
       .argv = {RequireTool("tmux"), "-f", Home("conf"), "new-session", "-s", "work", "-n", "main"},
       .extra = {{"TMUX_TMPDIR", sockets}},
       .steps = {{"", "[work]"},
                 {"echo left''-pane \u8a9e e\u0301\r", "left-pane"},
                 {"\x02%", ""},
                 {"seq 1 100; echo right''-pane\r", "right-pane"},
                 {"\x02\"", ""},
                 {"printf '\\033[1;32mgreen''-bold\\033[0m\\n'\r", "green-bold"},
                 {"\x02"
                  "c",
                  "1:sh*"},
                 {"echo second''-window\r", "second-window"},
                 {"\x02p", "right-pane"},
                 {"\x02w", "(0)"},
                 {"q", "right-pane"},
                 {"\x02:", ""}},
       .quit = "kill-server\r"});
  std::filesystem::remove_all(sockets);
}

TEST_F(FullScreenTest, MidnightCommander) {
  const auto prepare = [this] {
    for (const char* folder : {".config", ".config/mc", "data", "data/inside", "data/inside/sub"}) {
      MakeFolder(folder);
    }
    Put(".config/mc/ini",
        "[Midnight-Commander]\nskin=default\nconfirm_exit=false\n"
        "[Layout]\nmessage_visible=false\nfree_space=false\nxterm_title=false\n");
    Put("data/inside/readme.txt", SampleText());
    Put("data/inside/empty", "");
    Put("data/inside/name with \u8a9e", "wide");
    for (const char* file :
         {"data/inside/readme.txt", "data/inside/empty", "data/inside/name with \u8a9e",
          "data/inside/sub", "data/inside", "data"}) {
      SetOldDate(file);
    }
  };
  Compare({.prepare = prepare,
           .argv = {RequireTool("mc"), "-u", "-d", Home("data/inside"), Home("data/inside")},
           .steps = {{"", "readme.txt"},
                     {"\x1bOB\x1bOB", ""},
                     {"\x1b[20~", "Left"},
                     {"\x1b[21~", ""},
                     {"\t\x1bOB\x1b[2~", ""},
                     {"\x13readme", "readme"},
                     {"\x1bOR", "stdio.h"},
                     {"\x1b[6~", "function_1"},
                     {"\x1b[21~", "Modify time"}},
           .quit = "\x1b[21~"});
}

TEST_F(FullScreenTest, Htop) {
  const auto prepare = [this] {
    for (const char* folder : {".config", ".config/htop"}) MakeFolder(folder);
    // Nothing that changes by itself: no meter but the host's name, no times, no load.
    Put(".config/htop/htoprc",
        "htop_version=3.2.2\nconfig_reader_min_version=3\nfields=0 48 17 18 1\n"
        "hide_kernel_threads=1\nhide_userland_threads=1\nheader_layout=one_100\n"
        "column_meters_0=Hostname\ncolumn_meter_modes_0=2\ndelay=15\nscreen_tabs=0\n"
        "highlight_base_name=1\nshow_program_path=1\nupdate_process_names=0\n"
        "screen:Main=PID USER PRIORITY NICE Command\n.sort_key=PID\n.sort_direction=1\n"
        ".tree_view=0\n");
  };
  const Process one =
      Process::Spawn({.argv = {"sleep", "36001"}, .environment = BaseEnvironment("direct")});
  const Process two =
      Process::Spawn({.argv = {"sleep", "36002"}, .environment = BaseEnvironment("direct")});
  Compare({.prepare = prepare,
           .argv = {RequireTool("htop"), "-p", absl::StrCat(one.pid(), ",", two.pid())},
           .steps = {{"", "sleep 36002"},
                     {"\x1bOB", ""},
                     {" ", ""},
                     {"\x1bOP", "Arrows"},
                     {"x", "sleep 36001"},
                     {"\x1bOR36001", "Search: 36001"},
                     {"\r", ""},
                     {"\x1bOS36002\r", "sleep 36002"}},
           .quit = "\x1b[21~"});
}

}  // namespace
}  // namespace mosh::e2e
