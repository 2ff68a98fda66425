#include "client/wrapper/shell_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mosh::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(ShellWords, Splits) {
  EXPECT_THAT(SplitShellWords("ssh -p 2222"), Optional(ElementsAre("ssh", "-p", "2222")));
  EXPECT_THAT(SplitShellWords("  a\t b\n"), Optional(ElementsAre("a", "b")));
  EXPECT_THAT(SplitShellWords(""), Optional(IsEmpty()));
  EXPECT_THAT(SplitShellWords("a 'b c'd \"e 'f' \\\"g\" h\\ i ''"),
              Optional(ElementsAre("a", "b cd", "e 'f' \"g", "h i", "")));
  EXPECT_THAT(SplitShellWords("\"a\\b\" '\\'"), Optional(ElementsAre("a\\b", "\\")));
}

TEST(ShellWords, RefusesOpenQuotes) {
  EXPECT_EQ(SplitShellWords("ssh 'x"), std::nullopt);
  EXPECT_EQ(SplitShellWords("ssh \"x"), std::nullopt);
}

TEST(ShellWords, QuotedWordsComeBack) {
  const std::vector<std::string> words = {"it's", "", "a b", "$HOME", "\\", "\"", "'''"};
  EXPECT_THAT(SplitShellWords(ShellQuoteAll(words)), Optional(words));
  EXPECT_EQ(ShellQuote("it's"), "'it'\\''s'");
}

}  // namespace
}  // namespace mosh::client
