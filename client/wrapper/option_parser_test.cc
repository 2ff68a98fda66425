#include "client/wrapper/option_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mosh::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

enum { kServer = 1, kSsh, kSshPty, kOverwrite, kPredict, kAlways, kHidden };

ParsedCommandLine Parse(std::vector<std::string> arguments) {
  using Kind = OptionSpec::Kind;
  const std::vector<OptionSpec> specs = {
      {kServer, Kind::kString, {"server"}},
      {kSsh, Kind::kString, {"ssh"}},
      {kSshPty, Kind::kNegatable, {"ssh-pty"}},
      {kOverwrite, Kind::kNegatable, {"predict-overwrite", "o"}},
      {kPredict, Kind::kString, {"predict"}},
      {kAlways, Kind::kFlag, {"a"}},
      {kHidden, Kind::kString, {"hidden"}, true},
  };
  return ParseCommandLine(arguments, specs);
}

int OnlyId(const ParsedCommandLine& line) {
  EXPECT_THAT(line.complaints, IsEmpty());
  EXPECT_EQ(line.options.size(), 1);
  return line.options.empty() ? 0 : line.options[0].id;
}

TEST(OptionParser, TakesValuesAfterEqualsOrAsNextWord) {
  EXPECT_EQ(Parse({"--server=x y"}).options[0].value, "x y");
  EXPECT_EQ(Parse({"--server", "x"}).options[0].value, "x");
  EXPECT_EQ(Parse({"--server", "--"}).options[0].value, "--");
  EXPECT_EQ(Parse({"--predict=a=b"}).options[0].value, "a=b");
}

TEST(OptionParser, AcceptsOneDashAnyCaseAndUniquePrefixes) {
  EXPECT_EQ(OnlyId(Parse({"-server=x"})), kServer);
  EXPECT_EQ(OnlyId(Parse({"--SERVER=x"})), kServer);
  EXPECT_EQ(OnlyId(Parse({"--se=x"})), kServer);
  EXPECT_EQ(OnlyId(Parse({"--predict=x"})), kPredict);
  EXPECT_EQ(OnlyId(Parse({"--predict-o"})), kOverwrite);
}

TEST(OptionParser, NegatesWithAndWithoutDash) {
  for (const char* word : {"--no-ssh-pty", "--nossh-pty", "--no-s", "-NO-SSH"}) {
    const ParsedCommandLine line = Parse({word});
    EXPECT_EQ(OnlyId(line), kSshPty) << word;
    EXPECT_TRUE(line.options[0].negated) << word;
  }
  EXPECT_FALSE(Parse({"--ssh-pty"}).options[0].negated);
}

TEST(OptionParser, LeavesOtherWordsInOrderAndStopsAtTwoDashes) {
  const ParsedCommandLine line = Parse({"host", "-a", "-", "ls", "--", "-a", "--", "x"});
  EXPECT_THAT(line.words, ElementsAre("host", "-", "ls", "-a", "--", "x"));
  EXPECT_EQ(OnlyId(line), kAlways);
}

TEST(OptionParser, Complains) {
  EXPECT_THAT(Parse({"--bogus=3", "-44"}).complaints,
              ElementsAre("Unknown option: bogus", "Unknown option: 44"));
  EXPECT_THAT(Parse({"---a"}).complaints, ElementsAre("Unknown option: -a"));
  EXPECT_THAT(Parse({"--=3"}).complaints, ElementsAre("Unknown option: =3"));
  EXPECT_THAT(Parse({"--s", "x"}).complaints,
              ElementsAre("Option s is ambiguous (server, ssh, ssh-pty)"));
  EXPECT_THAT(Parse({"--server"}).complaints, ElementsAre("Option server requires an argument"));
  EXPECT_THAT(Parse({"--server="}).complaints, ElementsAre("Option server requires an argument"));
  EXPECT_THAT(Parse({"--a=1"}).complaints, ElementsAre("Option a does not take an argument"));
}

TEST(OptionParser, NeverAbbreviatesHiddenOptions) {
  EXPECT_THAT(Parse({"--hidde=1"}).complaints, ElementsAre("Unknown option: hidde"));
  EXPECT_EQ(OnlyId(Parse({"--hidden=1"})), kHidden);
}

}  // namespace
}  // namespace mosh::client
