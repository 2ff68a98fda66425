#include "term/renderer.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "term/terminal.h"
#include "term/testing/random_program.h"
#include "term/testing/rendered_difference.h"
#include "term/testing/screen_invariants.h"

namespace mosh::term {
namespace {

constexpr RenderTarget kTargets[] = {RenderTarget::kStockEmulator, RenderTarget::kOwnEmulator,
                                     RenderTarget::kRealTerminal};

const char* Name(RenderTarget target) {
  switch (target) {
    case RenderTarget::kStockEmulator:
      return "stock emulator";
    case RenderTarget::kOwnEmulator:
      return "own emulator";
    case RenderTarget::kRealTerminal:
      return "real terminal";
  }
  return "?";
}

Dialect ReaderDialect(RenderTarget target) {
  return target == RenderTarget::kRealTerminal ? Dialect::kProgram : Dialect::kFrameDiff;
}

Screen ScreenAfter(absl::string_view program, Size size) {
  Terminal terminal(size, Dialect::kProgram);
  terminal.Feed(program);
  return terminal.Snapshot();
}

std::string Render(absl::string_view before, absl::string_view then, Size size,
                   RenderOptions options = {}) {
  Terminal terminal(size, Dialect::kProgram);
  terminal.Feed(before);
  const Screen from = terminal.Snapshot();
  terminal.Feed(then);
  return RenderFrame(&from, terminal.screen(), options);
}

// One step of one reader: renders, applies, compares. Returns what went wrong.
std::string Step(const Screen* from, const Screen& to, const RenderOptions& options,
                 Terminal* reader) {
  const std::string frame = RenderFrame(from, to, options);
  reader->Feed(frame);
  std::string wrong = RenderedDifference(to, reader->screen(), options.target);
  if (wrong.empty()) wrong = UnrestOf(*reader);
  if (wrong.empty()) return "";
  return absl::StrCat(wrong, " for ", Name(options.target), "\nfrom\n",
                      from == nullptr ? "nothing\n" : DumpScreen(*from), "to\n", DumpScreen(to),
                      "frame ", Spell(frame), "\nshows\n", DumpScreen(reader->screen()));
}

// Prints the text as it is, unlike EXPECT_EQ.
testing::AssertionResult IsEmpty(const std::string& wrong) {
  return wrong.empty() ? testing::AssertionSuccess() : testing::AssertionFailure() << wrong;
}

Size RandomSize(SeededChoices& choices) {
  if (choices(8) == 0) return {80, 24};
  return {static_cast<int>(choices(choices(3) == 0 ? 60 : 16)) + 1,
          static_cast<int>(choices(12)) + 1};
}

// The property that justifies the renderer: a reader that showed `old` shows `new` after
// Render(old, new).
TEST(Renderer, DiffOfRandomScreensReproducesThem) {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    SeededChoices choices(seed);
    const Choose choose = std::ref(choices);
    const Size size = RandomSize(choices);
    Terminal program(size, Dialect::kProgram);
    program.Feed(RandomProgram(choose, size, 1 + choices(60)));
    const Screen from = program.Snapshot();
    program.Feed(RandomProgram(choose, size, 1 + choices(30)));
    for (const RenderTarget target : kTargets) {
      // Of the peer's own making, as states on the wire are; the marks of bottom rows never travel.
      const Screen blank(size);
      Terminal reader(blank, ReaderDialect(target));
      ASSERT_TRUE(IsEmpty(Step(&blank, from, {.target = target}, &reader))) << "seed " << seed;
      ASSERT_TRUE(IsEmpty(Step(&from, program.screen(), {.target = target}, &reader)))
          << "seed " << seed;
      EXPECT_EQ(RenderFrame(&program.screen(), program.screen(), {.target = target}), "");
    }
  }
}

TEST(Renderer, ChainsOfDiffsStayInStep) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SeededChoices choices(seed + 1'000'000);
    const Choose choose = std::ref(choices);
    const Size size = RandomSize(choices);
    const RenderOptions options = {.target = kTargets[choices(3)],
                                   .ech = choices(2) == 0,
                                   .bce = choices(2) == 0,
                                   .synchronized_output = choices(4) == 0};
    Terminal program(size, Dialect::kProgram);
    Terminal reader(size, ReaderDialect(options.target));
    Screen from = program.Snapshot();
    for (int step = 0; step < 30; ++step) {
      program.Feed(RandomProgram(choose, size, 1 + choices(6)));
      ASSERT_TRUE(IsEmpty(Step(&from, program.screen(), options, &reader)))
          << "seed " << seed << " step " << step;
      from = program.Snapshot();
      // A peer resumes from the state it keeps.
      if (options.target != RenderTarget::kRealTerminal) {
        reader = Terminal(reader.Snapshot(), Dialect::kFrameDiff);
      }
    }
  }
}

TEST(Renderer, ScreensOfDifferentInternersAreComparedByValue) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SeededChoices choices(seed + 2'000'000);
    const Choose choose = std::ref(choices);
    const Size size = RandomSize(choices);
    const Screen from = ScreenAfter(RandomProgram(choose, size, 30), size);
    const Screen to = ScreenAfter(RandomProgram(choose, size, 30), size);
    Terminal reader(from, Dialect::kFrameDiff);
    ASSERT_TRUE(IsEmpty(Step(&from, to, {}, &reader))) << "seed " << seed;
    Screen reinterned = to;
    reinterned.Reintern();
    EXPECT_EQ(RenderFrame(&to, reinterned, {}), "");
  }
}

TEST(Renderer, ResizedReaderIsDrawnAnew) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SeededChoices choices(seed + 3'000'000);
    const Choose choose = std::ref(choices);
    const Size old_size = RandomSize(choices);
    const Size new_size = RandomSize(choices);
    Terminal program(old_size, Dialect::kProgram);
    program.Feed(RandomProgram(choose, old_size, 40));
    const Screen from = program.Snapshot();
    program.Resize(new_size);
    program.Feed(RandomProgram(choose, new_size, choices(20)));
    for (const RenderTarget target : kTargets) {
      const Screen blank(old_size);
      Terminal reader(blank, ReaderDialect(target));
      ASSERT_TRUE(IsEmpty(Step(&blank, from, {.target = target}, &reader))) << "seed " << seed;
      reader.Resize(new_size);
      ASSERT_TRUE(IsEmpty(Step(&from, program.screen(), {.target = target}, &reader)))
          << "seed " << seed;
    }
  }
}

TEST(Renderer, FullRepaintNeedsNoKnowledgeOfTheReader) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SeededChoices choices(seed + 4'000'000);
    const Choose choose = std::ref(choices);
    const Size size = RandomSize(choices);
    Terminal reader(size, Dialect::kProgram);
    reader.Feed(RandomProgram(choose, size, 40));
    // What a renderer cannot know to be left open.
    reader.Feed("\x1b[?1049l\x1b[?69l\x1b(B\x0f\x1b[0 q\x1b[?1007l\x1b]0;\a\x1b]52;c;\a");
    const Screen to = ScreenAfter(RandomProgram(choose, size, 40), size);
    const std::string frame = RenderFrame(nullptr, to, {.target = RenderTarget::kRealTerminal});
    reader.Feed(frame);
    Screen wanted = to;
    wanted.ClearClipboard();  // Not repeated.
    ASSERT_EQ(RenderedDifference(wanted, reader.screen(), RenderTarget::kRealTerminal), "")
        << "seed " << seed << "\n"
        << DumpScreen(to) << DumpScreen(reader.screen()) << Spell(frame);
    ASSERT_EQ(UnrestOf(reader), "");
  }
}

TEST(Renderer, TypingCostsOneByte) {
  EXPECT_EQ(Render("$ l", "s", {80, 24}), "s");
  EXPECT_EQ(Render("$ l", "\b \b", {80, 24}), "\b \b");
}

TEST(Renderer, InsertingInALineShiftsTheRest) {
  EXPECT_EQ(Render("$ echo the quick brown fox\x1b[9G", "\x1b[@x", {80, 24}), "\x1b[@x");
  EXPECT_EQ(Render("$ echo the quick brown fox\x1b[9G", "\x1b[P", {80, 24}), "\x1b[P");
}

TEST(Renderer, ScrollsRatherThanRedraws) {
  std::string lines = "one and then some";
  for (int i = 2; i <= 10; ++i) absl::StrAppend(&lines, "\r\n", i, " and then some");
  const Size size{20, 10};
  EXPECT_EQ(Render(lines, "\r\nnew", size), "\n\rnew");
  EXPECT_EQ(Render(lines, "\x1b[H\x1b[Lnew\x1b[H", size), "\x1b[T\x1b[Hnew\r");
  EXPECT_EQ(Render(absl::StrCat(lines, "\x1b[3;1H"), "\x1b[M", size), "\x1b[M");
  EXPECT_EQ(Render(absl::StrCat(lines, "\x1b[3;1H"), "\x1b[2L", size), "\x1b[2L");
  EXPECT_EQ(Render(lines, "\x1b[3;7r\x1b[S\x1b[r\x1b[2;2H", size),
            "\x1b[3;7r\x1b[S\x1b[r\x1b[2;2H");
}

TEST(Renderer, SeesScrollsThatTheProgramRedrew) {
  std::string before;
  std::string after;
  for (int i = 0; i < 10; ++i) {
    absl::StrAppend(&before, "\x1b[", i + 1, ";1Hline ", i * i, " of the text\x1b[K");
    absl::StrAppend(&after, "\x1b[", i + 1, ";1Hline ", (i + 1) * (i + 1), " of the text\x1b[K");
  }
  EXPECT_EQ(Render(before, after, {30, 10}), "\n\rline 100 of the text");
}

TEST(Renderer, ClearsWithOneSequence) {
  EXPECT_EQ(Render("a\r\nb\r\nc", "\x1b[H\x1b[J", {20, 5}), "\x1b[H\x1b[J");
}

TEST(Renderer, BottomRightCornerEndsWithAnAbsoluteMove) {
  // Stock sends BS here, which lands one column too far left.
  EXPECT_EQ(Render("", "\x1b[3;1Haaaaaaaaaa", {10, 3}), "\n\naaaaaaaaaa\x1b[10G");
}

TEST(Renderer, WrapMarkTravelsAsAWrap) {
  EXPECT_EQ(Render("", "aaaaaaaaaabb", {10, 3}), "aaaaaaaaaabb");
  // The text is there, the mark is not: the corner is printed again.
  EXPECT_EQ(Render("aaaaaaaaaa\r\nbb", "\x1b[Haaaaaaaaaabb", {10, 3}), "\x1b[7C\x1bMab\x1b[C");
}

TEST(Renderer, MovesAfterCharactersOfDoubtfulWidth) {
  EXPECT_EQ(Render("", "😀x", {20, 3}), "😀\x1b[3Gx");
  EXPECT_EQ(Render("", "😀x", {20, 3}, {.target = RenderTarget::kOwnEmulator}), "😀x");
  EXPECT_EQ(Render("", "中x", {20, 3}), "中x");
  // Nor may they leave what was there before.
  EXPECT_EQ(Render("abcd\r", "😀", {20, 3}), "  \r😀\x1b[3G");
}

TEST(Renderer, ExtrasComeAfterTheCanonicalRendition) {
  EXPECT_EQ(Render("", "\x1b[1;2;9;31mx", {20, 3}), "\x1b[1;31m\x1b[2m\x1b[9mx");
  EXPECT_EQ(Render("", "\x1b[1;2;9;31mx", {20, 3}, {.target = RenderTarget::kRealTerminal}),
            "\x1b[1;31;2;9mx");
  EXPECT_EQ(Render("\x1b[1;2mx", "\x1b[22;1mx", {20, 3}), "\x1b[0;1mx");
}

TEST(Renderer, TellsEverythingBesideTheGrid) {
  EXPECT_EQ(Render("", "\a\a", {20, 3}), "\a");
  EXPECT_EQ(Render("", "\x1b]0;t\a", {20, 3}), "\x1b]0;t\a");
  EXPECT_EQ(Render("", "\x1b]2;t\a", {20, 3}), "\x1b]2;t\a");
  EXPECT_EQ(Render("", "\x1b]52;c;eA==\a", {20, 3}), "\x1b]52;c;eA==\a");
  // The same again: the user may have copied something else in between.
  EXPECT_EQ(Render("\x1b]52;c;eA==\a", "\x1b]52;c;eA==\a", {20, 3}), "\x1b]52;c;eA==\a");
  EXPECT_EQ(Render("", "\x1b[?2004h\x1b[?25l\x1b[?1000h", {20, 3}), "\x1b[?25l\x1b[?2004;1000h");
  EXPECT_EQ(Render("\x1b[?1000h", "\x1b[?1002h", {20, 3}), "\x1b[?1002h");
  EXPECT_EQ(Render("\x1b[?1000h", "\x1b[?1002h", {20, 3}, {.target = RenderTarget::kRealTerminal}),
            "\x1b[?1000l\x1b[?1002h");
  EXPECT_EQ(Render("", "\x1b[4 q", {20, 3}), "\x1b[4 q");
}

TEST(Renderer, RealTerminalKeepsItsClipboardWhenAProgramResets) {
  EXPECT_EQ(Render("\x1b]52;c;eA==\a",
                   "\x1b"
                   "c",
                   {20, 3}),
            "\x1b]52;c;\a");
  EXPECT_EQ(Render("\x1b]52;c;eA==\a",
                   "\x1b"
                   "c",
                   {20, 3}, {.target = RenderTarget::kRealTerminal}),
            "");
}

TEST(Renderer, HonoursMissingCapabilities) {
  const RenderOptions poor = {
      .target = RenderTarget::kRealTerminal, .ech = false, .bce = false, .title = false};
  EXPECT_EQ(Render("", "\x1b[44m\x1b[K", {12, 3}, poor), "\x1b[44m            \r");
  EXPECT_EQ(Render("abcdefghijklmnopqr", "\r\x1b[12X", {40, 3}, poor), "\r            \r");
  EXPECT_EQ(Render("", "\x1b]0;t\a", {20, 3}, poor), "");
}

TEST(Renderer, TitleCannotEscapeItsString) {
  Screen to(Size{20, 3});
  to.SetTitle(
      "a\x1b[31m\a\xC2\x9C"
      "b");
  const Screen from(Size{20, 3});
  EXPECT_EQ(RenderFrame(&from, to, {.target = RenderTarget::kRealTerminal}), "\x1b]2;a[31mb\a");
}

TEST(Renderer, SynchronizedFramesAreBracketed) {
  EXPECT_EQ(Render("", "x", {20, 3},
                   {.target = RenderTarget::kRealTerminal, .synchronized_output = true}),
            "\x1b[?2026hx\x1b[?2026l");
  EXPECT_EQ(
      Render("", "", {20, 3}, {.target = RenderTarget::kRealTerminal, .synchronized_output = true}),
      "");
}

}  // namespace
}  // namespace mosh::term
