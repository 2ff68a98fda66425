// The client's texts around a session: exit texts and the note about the locale.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "client/exit_texts.h"
#include "client/locale_note.h"

namespace mosh::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Kind = SessionEnd::Kind;

TEST(ExitTexts, CleanEndSaysNothing) {
  EXPECT_EQ(ExitText({.kind = Kind::kClean}, "h", "1"), "");
  EXPECT_EQ(ExitStatus({.kind = Kind::kClean}), 0);
}

TEST(ExitTexts, NeverConnected) {
  const SessionEnd end = {.kind = Kind::kNeverConnected,
                          .foreign_datagrams = 3,
                          .last_network_error = "sendto: Network is unreachable"};
  EXPECT_THAT(
      ExitText(end, "192.0.2.1", "60001"),
      AllOf(StartsWith("\nmosh did not make a successful connection to 192.0.2.1:60001.\n"
                       "Please verify that UDP port 60001 is not firewalled and can reach the "
                       "server.\n\n(By default, mosh uses a UDP port between 60000 and 61000. "
                       "The -p option\nselects a specific UDP port number.)\n"),
            HasSubstr("3 datagrams"), HasSubstr("Network is unreachable"),
            HasSubstr("What to try")));
  EXPECT_EQ(ExitStatus(end), 1);
}

TEST(ExitTexts, UncleanAndFatal) {
  EXPECT_THAT(ExitText({.kind = Kind::kNotAcknowledged}, "h", "1"),
              HasSubstr("mosh did not shut down cleanly. Please note that the\n"
                        "mosh-server process may still be running on the server.\n"));
  EXPECT_EQ(
      ExitText({.kind = Kind::kFatal, .error = "Crypto exception: Counter wrapped"}, "h", "1"),
      "Crypto exception: Counter wrapped\n");
}

TEST(LocaleNote, NamesTheVariableAndGoesOn) {
  const auto environment = [](std::map<std::string, std::string> variables) -> Environment {
    return [variables](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
  };
  EXPECT_EQ(LocaleNote("UTF-8", environment({})), "");
  EXPECT_EQ(LocaleNote("utf-8", environment({})), "");
  EXPECT_THAT(LocaleNote("ANSI_X3.4-1968", environment({{"LANG", "C"}, {"LC_ALL", ""}})),
              AllOf(HasSubstr("(LANG=C)"), HasSubstr("\"US-ASCII\""), HasSubstr("goes on")));
  EXPECT_THAT(LocaleNote("ISO-8859-1", environment({{"LC_ALL", "de_DE"}, {"LANG", "C"}})),
              HasSubstr("(LC_ALL=de_DE) specifies the character set \"ISO-8859-1\""));
  EXPECT_THAT(LocaleNote("ISO-8859-1", environment({})), HasSubstr("[no charset variables]"));
}

TEST(ExitTexts, SaysHowToGoOnWithWhatRemains) {
  SessionEnd end;
  end.kind = SessionEnd::Kind::kNotAcknowledged;
  EXPECT_THAT(ExitText(end, "192.0.2.1", "60001", {.id = "a1b2c3"}),
              HasSubstr("To go on with it: mosh --resume=a1b2c3\n"));
  EXPECT_THAT(ExitText(end, "192.0.2.1", "60001"), Not(HasSubstr("--resume")));
  end.kind = SessionEnd::Kind::kNeverConnected;
  const std::string text = ExitText(end, "192.0.2.1", "60001", {.id = "a1b2c3", .resumed = true});
  EXPECT_THAT(text, HasSubstr("Nothing was heard from 192.0.2.1:60001"));
  EXPECT_THAT(text, HasSubstr("mosh --resume=a1b2c3"));
  EXPECT_THAT(text, HasSubstr("mosh --forget=a1b2c3"));
  EXPECT_EQ(ExitText(SessionEnd(), "192.0.2.1", "60001", {.id = "a1b2c3"}), "");
}

}  // namespace
}  // namespace mosh::client
