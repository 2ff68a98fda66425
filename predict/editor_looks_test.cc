#include "predict/editor_looks.h"

#include <gtest/gtest.h>

#include <optional>

#include "absl/strings/string_view.h"
#include "term/terminal.h"

namespace mosh::predict {
namespace {

std::optional<EditorLooks> LooksOf(absl::string_view written) {
  term::Terminal terminal({40, 8}, term::Dialect::kProgram);
  terminal.Feed(written);
  return EditorByLooks(terminal.screen());
}

TEST(EditorLooks, ViSaysThatItInserts) {
  const auto looks = LooksOf("one\r\n~\x1b[8;1H-- INSERT --\x1b[1;2H");
  ASSERT_TRUE(looks);
  EXPECT_EQ(looks->kind, EditorLooks::Kind::kVi);
  EXPECT_EQ(looks->text_top, 0);
  EXPECT_EQ(looks->text_bottom, 6);
  EXPECT_TRUE(looks->insert);
}

TEST(EditorLooks, ViMayHaveAStatusLine) {
  const auto looks =
      LooksOf("one\x1b[7;1H\x1b[7mnotes.txt        1,1   All\x1b[m\x1b[8;1H-- INSERT --\x1b[1;2H");
  ASSERT_TRUE(looks);
  EXPECT_EQ(looks->text_bottom, 5);
}

// What is there where letters are commands is not known then.
TEST(EditorLooks, ViMaySayMoreThanThatItInserts) {
  const auto looks = LooksOf("one\x1b[8;1H-- INSERT --            1,1   All\x1b[1;2H");
  ASSERT_TRUE(looks);
  EXPECT_FALSE(looks->insert);
}

TEST(EditorLooks, NanoNamesKeysInTwoRows) {
  const auto looks = LooksOf(
      "  GNU nano 7.2     notes.txt\r\none\x1b[7;1H^G Help   ^O Write Out ^W Where Is\r\n"
      "^X Exit   ^R Read File ^\\ Replace\x1b[2;2H");
  ASSERT_TRUE(looks);
  EXPECT_EQ(looks->kind, EditorLooks::Kind::kNano);
  EXPECT_EQ(looks->text_top, 1);
  EXPECT_EQ(looks->text_bottom, 4);
}

TEST(EditorLooks, CursorMustBeInTheText) {
  EXPECT_FALSE(LooksOf("one\x1b[8;1H-- INSERT --"));
  EXPECT_FALSE(
      LooksOf("one\x1b[7;1H^G Help   ^O Write Out ^W Where Is\r\n"
              "^X Exit   ^R Read File ^\\ Replace\x1b[6;2H"));
}

TEST(EditorLooks, OthersAreNotKnown) {
  EXPECT_FALSE(LooksOf("$ "));
  EXPECT_FALSE(LooksOf("one\x1b[8;1H-- VISUAL --\x1b[1;2H"));
  EXPECT_FALSE(LooksOf("one\x1b[8;1H^X Exit ^R Read ^W Where\x1b[1;2H"));
  EXPECT_FALSE(LooksOf("one\x1b[7;1HF1 Help\r\nF10 Quit\x1b[1;2H"));
}

}  // namespace
}  // namespace mosh::predict
