#include "server/command_line.h"

#include <initializer_list>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/version.h"

namespace mosh::server {
namespace {

using Bind = CommandLine::Bind;
using Strings = std::vector<std::string>;

constexpr char kUsage[] =
    "Usage: mosh-server new [-s] [-v] [-i LOCALADDR] [-p PORT[:PORT2]] [-c COLORS] "
    "[-l NAME=VALUE] [-- COMMAND...]\n";

ParsedCommandLine Parse(std::initializer_list<const char*> words) {
  std::vector<const char*> args = {"mosh-server"};
  args.insert(args.end(), words);
  return ParseCommandLine(args);
}

TEST(CommandLine, HelpAndVersionGoToStdoutFromAnywhereBeforeTheDashes) {
  EXPECT_EQ(Parse({"--help"}).out, absl::StrCat(kUsage, kSubcommandHelp));
  EXPECT_EQ(Parse({"new", "-s", "-h"}).out, Parse({"--help"}).out);
  EXPECT_EQ(Parse({"attach", "x", "--help"}).out, Parse({"--help"}).out);
  EXPECT_EQ(Parse({"new", "--version"}).out, kVersionBanner);
  EXPECT_EQ(Parse({"--help"}).status, 0);
  EXPECT_FALSE(Parse({"--help"}).run);
  EXPECT_TRUE(Parse({"new", "--", "ls", "--help"}).run);
}

TEST(CommandLine, BannerStaysParseable) {
  EXPECT_TRUE(absl::StartsWith(kVersionBanner,
                               absl::StrCat(kProgramName, " (mosh-fleet ", kVersion, ")\n")));
}

TEST(CommandLine, UsualWrapperCall) {
  const ParsedCommandLine parsed =
      Parse({"new", "-c", "256", "-s", "-p", "61000:61010", "-l", "LANG=C.UTF-8", "-l",
             "LC_TIME=de_DE.UTF-8", "--", "sh", "-c", "ls -l"});
  ASSERT_TRUE(parsed.run);
  EXPECT_EQ(parsed.err, "");
  EXPECT_EQ(parsed.run->bind, Bind::kSshConnection);
  EXPECT_EQ(parsed.run->colors, 256);
  EXPECT_EQ(parsed.run->ports, (PortRange{61000, 61010}));
  EXPECT_EQ(parsed.run->locale, (Strings{"LANG=C.UTF-8", "LC_TIME=de_DE.UTF-8"}));
  EXPECT_EQ(parsed.run->command, (Strings{"sh", "-c", "ls -l"}));
}

TEST(CommandLine, OptionsMayBeBundledAndValuesAttached) {
  const ParsedCommandLine parsed = Parse({"new", "-vvsp4000", "-c8"});
  ASSERT_TRUE(parsed.run);
  EXPECT_EQ(parsed.run->verbosity, 2);
  EXPECT_EQ(parsed.run->bind, Bind::kSshConnection);
  EXPECT_EQ(parsed.run->ports, (PortRange{4000, 4000}));
  EXPECT_EQ(parsed.run->colors, 8);
}

TEST(CommandLine, LastOfTheBindOptionsWins) {
  EXPECT_EQ(Parse({"new", "-s", "-i", "::1"}).run->address, "::1");
  EXPECT_EQ(Parse({"new", "-s", "-i", "::1"}).run->bind, Bind::kAddress);
  EXPECT_EQ(Parse({"new", "-i", "::1", "-s"}).run->bind, Bind::kSshConnection);
}

TEST(CommandLine, OldForms) {
  EXPECT_EQ(Parse({}).run->bind, Bind::kAny);
  EXPECT_EQ(Parse({}).run->ports, PortRange());
  EXPECT_EQ(Parse({"10.0.0.1"}).run->address, "10.0.0.1");
  EXPECT_EQ(Parse({"10.0.0.1", "6000"}).run->ports, (PortRange{6000, 6000}));
  EXPECT_EQ(Parse({"--", "top"}).run->command, (Strings{"top"}));
  const ParsedCommandLine three = Parse({"10.0.0.1", "6000", "x"});
  EXPECT_FALSE(three.run);
  EXPECT_EQ(three.err, kUsage);
  EXPECT_EQ(three.status, 1);
  EXPECT_EQ(
      Parse({"10.0.0.1", "x"}).err,
      absl::StrCat("Invalid (low) port number (x)\nmosh-server: Bad UDP port range (x)\n", kUsage));
}

TEST(CommandLine, OptionsWithoutNewAreRefused) {
  EXPECT_EQ(Parse({"-s"}).err, kUsage);
  EXPECT_EQ(Parse({"-p", "6000"}).status, 1);
}

TEST(CommandLine, BareDashesMeanTheLoginShell) {
  EXPECT_TRUE(Parse({"new", "--"}).run->command.empty());
}

TEST(CommandLine, BadPortSaysWhyThenUsage) {
  const ParsedCommandLine parsed = Parse({"new", "-p", "9:5"});
  EXPECT_FALSE(parsed.run);
  EXPECT_EQ(parsed.status, 1);
  EXPECT_EQ(parsed.out, "");
  EXPECT_EQ(parsed.err, absl::StrCat("Low port 9 greater than high port 5\n"
                                     "mosh-server: Bad UDP port range (9:5)\n",
                                     kUsage));
}

TEST(CommandLine, BadColors) {
  for (const char* bad : {"many", "", "-", "256x", "99999999999"}) {
    const ParsedCommandLine parsed = Parse({"new", "-c", bad});
    EXPECT_FALSE(parsed.run);
    EXPECT_EQ(parsed.status, 1);
    EXPECT_EQ(parsed.err, absl::StrCat("mosh-server: Bad number of colors (", bad, ")\n", kUsage));
  }
  EXPECT_EQ(Parse({"new", "-c", "-1"}).run->colors, -1);
}

TEST(CommandLine, UnknownOptionShowsUsageAndCarriesOn) {
  const ParsedCommandLine parsed = Parse({"new", "-x", "-c", "256"});
  ASSERT_TRUE(parsed.run);
  EXPECT_EQ(parsed.err, absl::StrCat("mosh-server: invalid option -- 'x'\n", kUsage));
  EXPECT_EQ(parsed.run->colors, 256);
}

TEST(CommandLine, MissingValueShowsUsageAndCarriesOn) {
  const ParsedCommandLine parsed = Parse({"new", "-p"});
  ASSERT_TRUE(parsed.run);
  EXPECT_EQ(parsed.err, absl::StrCat("mosh-server: option requires an argument -- 'p'\n", kUsage));
  EXPECT_EQ(parsed.run->ports, PortRange());
}

TEST(CommandLine, HiddenOptionSwallowsItsWord) {
  EXPECT_EQ(Parse({"new", "-@", "-s"}).run->bind, Bind::kAny);
}

TEST(CommandLine, LocaleWithoutANameIsIgnoredAloud) {
  const ParsedCommandLine parsed = Parse({"new", "-l", "UTF-8"});
  ASSERT_TRUE(parsed.run);
  EXPECT_TRUE(parsed.run->locale.empty());
  EXPECT_EQ(parsed.err, "mosh-server: Ignoring -l UTF-8: expected NAME=VALUE\n");
}

TEST(CommandLine, AttachAsStocksWrapperSaysIt) {
  const ParsedCommandLine parsed = Parse({"attach", "k3x", "--view", "new", "-vc", "256", "-s",
                                          "-p", "60001", "-l", "LANG=C.UTF-8", "--", "sh", "-c"});
  ASSERT_TRUE(parsed.subcommand);
  EXPECT_FALSE(parsed.run);
  EXPECT_EQ(parsed.err, "");
  EXPECT_EQ(parsed.subcommand->session, "k3x");
  EXPECT_TRUE(parsed.subcommand->view_only);
  EXPECT_EQ(parsed.subcommand->verbosity, 1);
}

TEST(CommandLine, AttachWithoutAnId) {
  EXPECT_EQ(Parse({"attach"}).subcommand->session, "");
  EXPECT_EQ(Parse({"attach", "new", "-s"}).subcommand->session, "");
  EXPECT_EQ(Parse({"attach", "-c", "256"}).subcommand->session, "");
  EXPECT_EQ(Parse({"attach", "--steal", "k3x"}).subcommand->session, "k3x");
}

TEST(CommandLine, AttachRefusesWhatNewWouldRefuse) {
  const ParsedCommandLine parsed = Parse({"attach", "k3x", "new", "-p", "x"});
  EXPECT_FALSE(parsed.subcommand);
  EXPECT_EQ(parsed.status, 1);
}

TEST(CommandLine, MistakesOfSubcommandsPointToTheHelp) {
  const ParsedCommandLine parsed = Parse({"terminate"});
  EXPECT_FALSE(parsed.subcommand);
  EXPECT_EQ(parsed.status, 1);
  EXPECT_EQ(parsed.err, "mosh-server: which session? Give its ID (see mosh-server --help)\n");
}

TEST(CommandLine, ACommandNamedLikeASubcommandIsACommand) {
  EXPECT_EQ(Parse({"new", "--", "list"}).run->command, (Strings{"list"}));
}

TEST(CommandLine, KnowsWhetherAPortWasAskedFor) {
  EXPECT_FALSE(Parse({"new", "-s"}).run->ports_given);
  EXPECT_TRUE(Parse({"new", "-p", "60001:60999"}).run->ports_given);
}

TEST(CommandLine, EmptyArgumentVectorIsTheOldForm) { EXPECT_TRUE(ParseCommandLine({}).run); }

}  // namespace
}  // namespace mosh::server
