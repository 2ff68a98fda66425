#include "mgmt/ctl/command_line.h"

#include "gtest/gtest.h"

namespace mosh::mgmt::ctl {
namespace {

using Words = std::vector<std::string>;

Options Parsed(const Words& words) {
  const CommandLine line = ParseCommandLine(words);
  EXPECT_TRUE(line.options.has_value()) << line.err;
  return line.options.value_or(Options());
}

// Empty if it was none.
std::string Mistake(const Words& words) {
  const CommandLine line = ParseCommandLine(words);
  EXPECT_EQ(line.exit_code, line.options ? 0 : 1);
  return line.err;
}

TEST(CommandLine, CommandsWithTheirOptions) {
  const Options kill = Parsed({"kill", "ab", "cd", "--force", "--reason", "stuck", "--dry-run"});
  EXPECT_EQ(kill.command, "kill");
  EXPECT_EQ(kill.sessions, (Words{"ab", "cd"}));
  EXPECT_TRUE(kill.force);
  EXPECT_TRUE(kill.dry_run);
  EXPECT_EQ(kill.reason, "stuck");

  const Options ls =
      Parsed({"list", "--filter", "user = \"a b\"", "--order-by", "create_time desc"});
  EXPECT_EQ(ls.command, "ls");
  EXPECT_EQ(ls.filter, "user = \"a b\"");
  EXPECT_EQ(ls.order_by, "create_time desc");

  const Options notify = Parsed({"notify", "--all", "-m", "reboot at 6", "--seconds", "60"});
  EXPECT_EQ(notify.message, "reboot at 6");
  EXPECT_EQ(notify.seconds, 60);
  EXPECT_TRUE(notify.all);

  const Options words = Parsed({"notify", "ab", "reboot", "at 6", "--seconds", "60"});
  EXPECT_EQ(words.sessions, Words{"ab"});
  EXPECT_EQ(words.message, "reboot at 6");
  EXPECT_EQ(words.seconds, 60);
  EXPECT_EQ(Parsed({"notify", "--all", "reboot", "at", "6"}).message, "reboot at 6");
  const Options several = Parsed({"notify", "ab", "cd", "-m", "reboot at 6"});
  EXPECT_EQ(several.sessions, (Words{"ab", "cd"}));
  EXPECT_EQ(several.message, "reboot at 6");

  EXPECT_EQ(Parsed({"config", "use-context", "prod"}).command, "config use-context");
  EXPECT_EQ(Parsed({"config", "use-context", "prod"}).name, "prod");
  EXPECT_EQ(Parsed({"audit", "--from", "7", "-f"}).from, 7);
}

TEST(CommandLine, OptionsOfAllCommandsMayStandAnywhere) {
  for (const Words& words : {Words{"--server", "unix:/x", "-o", "json", "--timeout", "2.5", "ls"},
                             Words{"ls", "--server=unix:/x", "-ojson", "--timeout=2.5"}}) {
    const Options options = Parsed(words);
    EXPECT_EQ(options.server.server, "unix:/x");
    EXPECT_EQ(options.format, OutputFormat::kJson);
    EXPECT_EQ(options.timeout(), absl::Milliseconds(2500));
  }
  EXPECT_EQ(Parsed({"ls"}).timeout(), absl::Seconds(10));
  EXPECT_EQ(Parsed({"ls"}).format, OutputFormat::kTable);
}

TEST(CommandLine, MistakesAreExplained) {
  EXPECT_EQ(
      Mistake({"lsx"}),
      "moshctl: The following argument was not expected: lsx\n  --help shows what there is.\n");
  EXPECT_EQ(Mistake({}), "moshctl: which command?\n  --help shows what there is.\n");
  EXPECT_NE(Mistake({"kill"}), "");
  EXPECT_NE(Mistake({"ls", "-o", "xml"}).find("xml is none of table"), std::string::npos);
  EXPECT_NE(Mistake({"ls", "--timeout", "0"}), "");
  EXPECT_NE(Mistake({"screen", "a", "b"}), "");
  EXPECT_NE(Mistake({"screen", "a", "--follow", "--ansi"}), "");
  EXPECT_NE(Mistake({"notify", "-m", "x"}).find("notify wants one of"), std::string::npos);
  EXPECT_NE(Mistake({"notify", "ab", "--all", "-m", "x"}).find("notify wants one of"),
            std::string::npos);
  EXPECT_NE(Mistake({"notify"}).find("notify wants one of"), std::string::npos);
  for (const Words& words :
       {Words{"notify", "--all"}, Words{"notify", "ab"}, Words{"notify", "ab", "cd", "-m", ""}}) {
    EXPECT_NE(Mistake(words).find("notify SESSION TEXT, or -m TEXT"), std::string::npos);
  }
  EXPECT_NE(Mistake({"detach", "a", "b", "--client", "1"}), "");
  EXPECT_NE(Mistake({"kill", "a", "-o", "wide"}), "");
  EXPECT_NE(Mistake({"top", "-o", "json"}), "");
}

TEST(CommandLine, HelpIsNoMistake) {
  const CommandLine help = ParseCommandLine({"--help"});
  EXPECT_FALSE(help.options.has_value());
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.out.find("attach-ticket"), std::string::npos);
  EXPECT_NE(ParseCommandLine({"kill", "--help"}).out.find("--force"), std::string::npos);
}

}  // namespace
}  // namespace mosh::mgmt::ctl
