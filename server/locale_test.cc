#include "server/locale.h"

#include <map>
#include <vector>

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using Strings = std::vector<std::string>;

// A machine with these locales installed.
CharsetProbe Machine(std::map<std::string, std::string> installed) {
  installed["C"] = "ANSI_X3.4-1968";
  return [installed](const std::string& name) -> std::optional<std::string> {
    const auto found = installed.find(name);
    if (found == installed.end()) return std::nullopt;
    return found->second;
  };
}

const CharsetProbe kDebian = Machine({{"C.UTF-8", "UTF-8"}, {"de_DE", "ISO-8859-1"}});

struct Outcome {
  Strings environment;
  std::string message;
};

Outcome Adopt(Strings environment, Strings client, const CharsetProbe& probe = kDebian) {
  Environment changed(std::move(environment));
  std::string message = AdoptUtf8Locale(client, probe, &changed);
  return {changed.assignments(), message};
}

TEST(Locale, Utf8EnvironmentStaysAsItIs) {
  const Outcome outcome = Adopt({"A=b", "LANG=C.UTF-8"}, {"LANG=de_DE"});
  EXPECT_EQ(outcome.environment, (Strings{"A=b", "LANG=C.UTF-8"}));
  EXPECT_EQ(outcome.message, "");
}

TEST(Locale, LcAllDecidesBeforeCtypeBeforeLang) {
  EXPECT_EQ(Adopt({"LANG=de_DE", "LC_CTYPE=de_DE", "LC_ALL=C.UTF-8"}, {}).message, "");
  EXPECT_EQ(Adopt({"LANG=de_DE", "LC_CTYPE=C.UTF-8", "LC_ALL="}, {}).message, "");
}

TEST(Locale, ClientsWishesReplaceEverythingSilently) {
  const Outcome outcome = Adopt({"LC_TIME=de_DE", "A=b"}, {"LANG=C.UTF-8", "LC_PAPER=C"});
  EXPECT_EQ(outcome.environment, (Strings{"A=b", "LANG=C.UTF-8", "LC_PAPER=C"}));
  EXPECT_EQ(outcome.message, "");
}

TEST(Locale, NothingSetAnywhere) {
  const Outcome outcome = Adopt({"A=b"}, {});
  EXPECT_EQ(outcome.environment, (Strings{"A=b", "LC_CTYPE=C.UTF-8"}));
  EXPECT_EQ(outcome.message,
            "No UTF-8 locale here ([no charset variables] has the character set US-ASCII): "
            "the session uses LC_CTYPE=C.UTF-8.\n");
}

TEST(Locale, ClientsLocaleNotInstalledKeepsOurOwnCategories) {
  const Outcome outcome = Adopt({"LANG=de_DE", "LC_TIME=C"}, {"LANG=ja_JP.UTF-8"});
  EXPECT_EQ(outcome.environment, (Strings{"LANG=de_DE", "LC_TIME=C", "LC_CTYPE=C.UTF-8"}));
  EXPECT_EQ(outcome.message,
            "No UTF-8 locale here (LANG=de_DE has the character set ISO-8859-1): "
            "the session uses LC_CTYPE=C.UTF-8.\n");
}

TEST(Locale, LcAllMakesRoom) {
  const Outcome outcome = Adopt({"LC_TIME=C", "LANGUAGE=de", "LC_ALL=de_DE"}, {});
  EXPECT_EQ(outcome.environment, (Strings{"LANGUAGE=de", "LANG=de_DE", "LC_CTYPE=C.UTF-8"}));
}

TEST(Locale, SaysWhatIsNotInstalled) {
  const Outcome outcome = Adopt({"LANG=xx_YY.UTF-8"}, {"LANG=C.UTF-8"});
  EXPECT_EQ(outcome.environment, (Strings{"LANG=C.UTF-8"}));
  EXPECT_EQ(outcome.message,
            "The locale requested by LANG=xx_YY.UTF-8 isn't available here.\n"
            "Running `locale-gen xx_YY.UTF-8' may be necessary.\n");
}

TEST(Locale, TakesAnotherUtf8LocaleWhereItsNameDiffers) {
  const CharsetProbe machine = Machine({{"en_US.UTF-8", "UTF-8"}});
  EXPECT_EQ(Adopt({}, {}, machine).environment, (Strings{"LC_CTYPE=en_US.UTF-8"}));
}

TEST(Locale, NeverRefusesEvenWithNoUtf8LocaleAtAll) {
  EXPECT_EQ(Adopt({}, {"LANG=C.UTF-8"}, Machine({})).environment, (Strings{"LC_CTYPE=C.UTF-8"}));
}

TEST(Locale, ProbesTheCLibrary) {
  EXPECT_EQ(ProbeCharset("C"), "ANSI_X3.4-1968");
  EXPECT_EQ(ProbeCharset("no_SUCH.locale"), std::nullopt);
}

}  // namespace
}  // namespace mosh::server
