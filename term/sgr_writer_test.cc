#include "term/sgr_writer.h"

#include <string>

#include "gtest/gtest.h"
#include "term/screen.h"
#include "term/terminal.h"
#include "term/testing/random_program.h"

namespace mosh::term {
namespace {

Rendition RandomRendition(SeededChoices& choices) {
  Rendition rendition;
  for (int i = 0; i < 8; ++i) rendition.set(static_cast<Attribute>(i), choices(3) == 0);
  rendition.set_underline(static_cast<Underline>(choices(6)));
  const auto color = [&] {
    if (choices(3) == 0) return Color();
    if (choices(2) == 0) return Color::Palette(choices(2) == 0 ? choices(16) : choices(256));
    return Color::Rgb(choices(256), choices(256), choices(256));
  };
  rendition.set_foreground(color());
  rendition.set_background(color());
  return rendition;
}

std::string Sgr(const Rendition& from, const Rendition& to, SgrStyle style) {
  std::string out;
  AppendSgr(from, to, style, &out);
  return out;
}

// A pen of rendition `from` that reads `sgr`.
Rendition After(const Rendition& from, const std::string& sgr, Dialect dialect) {
  Screen screen(Size{10, 2});
  screen.SetCurrentRendition(from);
  Terminal terminal(screen, dialect);
  terminal.Feed(sgr);
  return terminal.screen().current_rendition();
}

TEST(SgrWriter, ReachesEveryRenditionFromEveryOther) {
  SeededChoices choices(1);
  for (int i = 0; i < 20000; ++i) {
    const Rendition from = RandomRendition(choices);
    const Rendition to = RandomRendition(choices);
    const std::string sgr = Sgr(from, to, SgrStyle::kModern);
    ASSERT_EQ(After(from, sgr, Dialect::kProgram), to) << sgr;
    EXPECT_EQ(SgrLength(from, to, SgrStyle::kModern), sgr.size());
  }
}

TEST(SgrWriter, StockStyleReachesAllThatAnEmulatorUnderstands) {
  SeededChoices choices(2);
  for (int i = 0; i < 20000; ++i) {
    Rendition from = RandomRendition(choices);
    Rendition to = RandomRendition(choices);
    const std::string sgr = Sgr(from, to, SgrStyle::kStock);
    if (to.underline() > Underline::kDouble) to.set_underline(Underline::kSingle);
    if (from.underline() > Underline::kDouble) from.set_underline(Underline::kSingle);
    ASSERT_EQ(After(from, sgr, Dialect::kFrameDiff), to) << sgr;
  }
}

TEST(SgrWriter, TakesTheShorterWay) {
  const Rendition plain;
  Rendition bold;
  bold.set(Attribute::kBold, true);
  Rendition bold_red = bold;
  bold_red.set_foreground(Color::Palette(1));
  EXPECT_EQ(Sgr(plain, bold, SgrStyle::kStock), "\x1b[1m");
  EXPECT_EQ(Sgr(bold, bold_red, SgrStyle::kStock), "\x1b[31m");
  EXPECT_EQ(Sgr(bold_red, bold, SgrStyle::kStock), "\x1b[39m");
  EXPECT_EQ(Sgr(bold_red, plain, SgrStyle::kStock), "\x1b[m");
  EXPECT_EQ(Sgr(plain, plain, SgrStyle::kStock), "");
}

TEST(SgrWriter, CurlyUnderlineFallsBackToSingle) {
  Rendition curly;
  curly.set_underline(Underline::kCurly);
  EXPECT_EQ(Sgr(Rendition(), curly, SgrStyle::kStock), "\x1b[4m");
  EXPECT_EQ(Sgr(Rendition(), curly, SgrStyle::kModern), "\x1b[4m\x1b[4:3m");
}

}  // namespace
}  // namespace mosh::term
