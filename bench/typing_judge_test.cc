#include "bench/typing_judge.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace mosh::bench {
namespace {

constexpr int kColumns = 8;
constexpr double kSureAfter = 1000;

// Row 0 is `top`, row 1 is `text`; the cursor is behind the text unless given.
Picture Screen(absl::string_view text, int cursor = -1, absl::string_view top = "") {
  Picture picture{.columns = kColumns, .cells = std::vector<char32_t>(3 * kColumns, U' ')};
  for (size_t i = 0; i < top.size(); ++i) picture.cells[i] = static_cast<char32_t>(top[i]);
  for (size_t i = 0; i < text.size(); ++i)
    picture.cells[kColumns + i] = static_cast<char32_t>(text[i]);
  picture.cursor = kColumns + (cursor >= 0 ? cursor : static_cast<int>(text.size()));
  return picture;
}

TypingReference Typed(const std::vector<Picture>& states) {
  TypingReference reference(states[0]);
  for (size_t i = 1; i < states.size(); ++i) reference.Add(states[i], {}, {});
  return reference;
}

TEST(TypingJudge, KeyIsShownWhenItsCellsLookAsAfterIt) {
  const TypingReference reference = Typed({Screen(""), Screen("a"), Screen("ab")});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(10);
  EXPECT_FALSE(judge.Shown(1));
  judge.Look(Screen("a"), 35);
  judge.Typed(50);
  judge.Look(Screen("ab"), 90);
  EXPECT_EQ(judge.verdict(1).shown, 35);
  EXPECT_EQ(judge.verdict(2).shown, 90);
  EXPECT_TRUE(judge.Settled());
}

TEST(TypingJudge, LaterKeysEffectCountsOnlyOnceItIsTyped) {
  const TypingReference reference = Typed({Screen(""), Screen("x"), Screen("y")});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(0);
  judge.Look(Screen("y"), 5);
  EXPECT_FALSE(judge.Shown(1));
  judge.Typed(20);
  EXPECT_EQ(judge.verdict(1).shown, 20);
}

TEST(TypingJudge, CursorDecidesWhereNothingElseMoves) {
  const TypingReference reference = Typed({Screen("ab", 2), Screen("ab", 1), Screen("ab", 1)});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(0);
  judge.Look(Screen("ab", 2), 1);
  EXPECT_FALSE(judge.Shown(1));
  judge.Look(Screen("ab", 1), 7);
  EXPECT_EQ(judge.verdict(1).shown, 7);
  judge.Typed(8);
  EXPECT_FALSE(judge.verdict(2).visible);
}

TEST(TypingJudge, KeyTakenBackIsShownWithTheNextOne) {
  const TypingReference reference =
      Typed({Screen("a"), Screen("ax"), Screen("a"), Screen("ab"), Screen("abc")});
  TypingJudge judge(&reference, kSureAfter);
  judge.Look(Screen("a"), 0);
  judge.Typed(10);
  judge.Typed(20);
  judge.Typed(30);
  EXPECT_FALSE(judge.Shown(1));
  EXPECT_FALSE(judge.Shown(2));
  judge.Look(Screen("ab"), 120);
  EXPECT_EQ(judge.verdict(1).shown, 120);
  EXPECT_EQ(judge.verdict(2).shown, 120);
  EXPECT_EQ(judge.verdict(3).shown, 120);
}

TEST(TypingJudge, CursorThatReturnsIsShownAtTheEnd) {
  const TypingReference reference =
      Typed({Screen("a"), Screen("ab"), Screen("abc"), Screen("abc", 2)});
  TypingJudge judge(&reference, kSureAfter);
  judge.Look(Screen("a"), 0);
  for (const double now : {10, 20, 30}) judge.Typed(now);
  judge.Look(Screen("abc", 2), 130);
  judge.Finish(200);
  EXPECT_EQ(judge.verdict(3).shown, 130);
}

TEST(TypingJudge, KeyTakenBackAtTheEndDoesNotCount) {
  const TypingReference reference = Typed({Screen("a"), Screen("ax"), Screen("a")});
  TypingJudge judge(&reference, kSureAfter);
  judge.Look(Screen("a"), 0);
  judge.Typed(10);
  judge.Typed(20);
  judge.Finish(200);
  EXPECT_FALSE(judge.verdict(1).visible);
  EXPECT_FALSE(judge.verdict(2).visible);
}

TEST(TypingJudge, WrongCellIsChargedToTheNewestKeyUntilRepaired) {
  const TypingReference reference = Typed({Screen("_ _ _"), Screen("a _ _", 1)});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(100);
  judge.Look(Screen("a_ _ _", 1), 101);
  judge.Look(Screen("a _ _", 1), 151);
  const KeyVerdict& verdict = judge.verdict(1);
  ASSERT_EQ(verdict.wrong.size(), 5u);
  EXPECT_EQ(verdict.wrong[0].cell, kColumns + 1);
  EXPECT_EQ(verdict.wrong[0].shown, U'_');
  EXPECT_EQ(verdict.wrong[0].expected, U' ');
  EXPECT_EQ(verdict.wrong[0].lasted, 50);
  EXPECT_EQ(verdict.repair, 50);
  EXPECT_FALSE(verdict.leak);
}

TEST(TypingJudge, OlderStateOfTheScreenIsNotWrong) {
  const TypingReference reference = Typed({Screen("a"), Screen("ab"), Screen("xb")});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(0);
  judge.Typed(10);
  judge.Look(Screen("xb"), 20);
  judge.Look(Screen("a"), 30);
  judge.Finish(500);
  EXPECT_TRUE(judge.verdict(2).wrong.empty());
}

TEST(TypingJudge, StateThatTheServerHasSurelyLeftIsWrong) {
  const TypingReference reference = Typed({Screen("a"), Screen("b"), Screen("c")});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(0);
  judge.Look(Screen("b"), 50);
  judge.Typed(800);
  judge.Look(Screen("a"), 900);
  judge.Look(Screen("b"), 1500);
  EXPECT_TRUE(judge.verdict(2).wrong.empty());
  judge.Look(Screen("a"), 1600);
  judge.Finish(1700);
  ASSERT_EQ(judge.verdict(2).wrong.size(), 1u);
  EXPECT_EQ(judge.verdict(2).wrong[0].lasted, 100);
}

TEST(TypingJudge, TextThatOnlyTheProgramKnowsProvesThatTheServerHasCome) {
  TypingReference reference(Screen("a"));
  reference.Add(Screen("output"), {}, {.from_program = true});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(0);
  judge.Look(Screen("output"), 50);
  judge.Look(Screen("a"), 60);
  judge.Finish(70);
  EXPECT_EQ(judge.verdict(1).wrong.size(), 6u);
}

TEST(TypingJudge, StateThatLooksLikeAnOlderOneProvesNothing) {
  TypingReference reference(Screen("one"));
  reference.Add(Screen("two"), {}, {.from_program = true});
  reference.Add(Screen("one"), {}, {.from_program = true});
  TypingJudge judge(&reference, kSureAfter);
  judge.Look(Screen("one"), 0);
  judge.Typed(10);
  judge.Typed(20);
  judge.Look(Screen("two"), 110);
  judge.Look(Screen("one"), 120);
  judge.Finish(200);
  EXPECT_TRUE(judge.verdict(2).wrong.empty());
  EXPECT_EQ(judge.verdict(1).shown, 110);
}

TEST(TypingJudge, WhatTheProgramShowsInPassingIsNotWrong) {
  TypingReference reference(Screen("ab"));
  reference.Add(Screen("xy"), {Screen("  ")}, {});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(0);
  judge.Look(Screen("  "), 50);
  judge.Look(Screen("xy"), 90);
  EXPECT_TRUE(judge.verdict(1).wrong.empty());
}

TEST(TypingJudge, NotificationBarDoesNotCount) {
  const TypingReference reference = Typed({Screen("", 0, "title"), Screen("a", 1, "titles")});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(0);
  judge.Look(Screen("a", 1, "mosh: L"), 50);
  judge.Finish(100);
  EXPECT_EQ(judge.verdict(1).shown, 50);
  EXPECT_TRUE(judge.verdict(1).wrong.empty());
}

TEST(TypingJudge, GlimpseOfAnUnfinishedFrameIsNotWrong) {
  const TypingReference reference = Typed({Screen("ab"), Screen("abc")});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(0);
  judge.Look(Screen("?b"), 50);
  judge.Look(Screen("abc"), 51);
  EXPECT_TRUE(judge.verdict(1).wrong.empty());
}

TEST(TypingJudge, CharacterOfAPasswordIsALeak) {
  TypingReference reference(Screen("key:"));
  for (const char32_t secret : {U'Q', U'7'}) reference.Add(Screen("key:"), {}, {.secret = secret});
  TypingJudge judge(&reference, kSureAfter);
  judge.Typed(0);
  judge.Look(Screen("key:"), 5);
  judge.Typed(10);
  judge.Look(Screen("key:Q"), 20);
  judge.Look(Screen("key:"), 40);
  EXPECT_FALSE(judge.verdict(1).leak);
  EXPECT_TRUE(judge.verdict(2).leak);
  EXPECT_FALSE(judge.verdict(2).visible);
}

}  // namespace
}  // namespace mosh::bench
