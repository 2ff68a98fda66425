// Properties of Terminal over random programs.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "term/terminal.h"
#include "term/testing/screen_invariants.h"

namespace mosh::term {
namespace {

constexpr int kPrograms = 300;

// A plausible program: text, controls and sequences, now and then garbage.
class ProgramGenerator {
 public:
  explicit ProgramGenerator(uint64_t seed) : random_(seed) {}

  int Below(int bound) { return static_cast<int>(random_() % bound); }

  std::string Next() {
    static constexpr const char* kPieces[] = {"hello",
                                              "a",
                                              "中",
                                              "文字",
                                              "e\xCC\x81",
                                              "\xCC\x88",
                                              "\r\n",
                                              "\n",
                                              "\r",
                                              "\b",
                                              "\t",
                                              "\x1bM",
                                              "\x1b"
                                              "7",
                                              "\x1b"
                                              "8",
                                              "\x1b[K",
                                              "\x1b[1K",
                                              "\x1b[J",
                                              "\x1b[4h",
                                              "\x1b[4l",
                                              "\x1b[?7l",
                                              "\x1b[?7h",
                                              "\x1b[?6h",
                                              "\x1b[?6l",
                                              "\x1b[?1049h",
                                              "\x1b[?1049l",
                                              "\x1b(0",
                                              "\x1b(B",
                                              "\x1b[!p",
                                              "\x1b[?69h",
                                              "\x1b[?69l",
                                              "\xF0\x9F\x98\x80",
                                              "\xE4\xB8"};
    static constexpr char kFinals[] = "ABCDEFGHIJKLMPSTXZ@`abdefrsm";
    switch (Below(4)) {
      case 0:
      case 1:
        return kPieces[Below(std::size(kPieces))];
      case 2:
        return absl::StrCat("\x1b[", Below(12),
                            std::string(1, kFinals[Below(sizeof(kFinals) - 1)]));
      default:
        return absl::StrCat("\x1b[", Below(12), ";", Below(12), std::string(1, "Hrsm"[Below(4)]));
    }
  }

  std::string Program(int pieces) {
    std::string out;
    for (int i = 0; i < pieces; ++i) out += Next();
    return out;
  }

 private:
  std::mt19937_64 random_;
};

TEST(TerminalProperty, CuttingTheBytesDifferentlyChangesNothing) {
  for (int seed = 0; seed < kPrograms; ++seed) {
    ProgramGenerator generator(seed);
    const std::string program = generator.Program(120);
    for (const Dialect dialect : {Dialect::kProgram, Dialect::kFrameDiff}) {
      Terminal whole(Size{17, 7}, dialect);
      whole.Feed(program);
      Terminal cut(Size{17, 7}, dialect);
      for (size_t at = 0; at < program.size();) {
        const size_t length = 1 + generator.Below(9);
        cut.Feed(absl::string_view(program).substr(at, length));
        at += length;
      }
      ASSERT_EQ(whole.screen(), cut.screen()) << "seed " << seed;
      ASSERT_EQ(BrokenInvariant(whole.screen()), "") << "seed " << seed;
    }
  }
}

TEST(TerminalProperty, SnapshotsNeverChange) {
  for (int seed = 0; seed < kPrograms; ++seed) {
    ProgramGenerator generator(seed);
    Terminal terminal(Size{17, 7}, Dialect::kProgram);
    std::vector<Screen> snapshots;
    std::vector<std::string> texts;
    for (int i = 0; i < 10; ++i) {
      terminal.Feed(generator.Program(20));
      if (i == 5) terminal.Resize({5 + generator.Below(20), 2 + generator.Below(9)});
      snapshots.push_back(terminal.Snapshot());
      texts.push_back(DumpScreen(snapshots.back()));
    }
    for (size_t i = 0; i < snapshots.size(); ++i) ASSERT_EQ(DumpScreen(snapshots[i]), texts[i]);
  }
}

// Equality is about the picture: after different histories the same repaint gives equal screens.
TEST(TerminalProperty, EqualPicturesAreEqual) {
  for (int seed = 0; seed < kPrograms; ++seed) {
    Terminal a(Size{17, 7}, Dialect::kProgram);
    Terminal b(Size{17, 7}, Dialect::kProgram);
    a.Feed(ProgramGenerator(seed).Program(50));
    b.Feed(ProgramGenerator(seed + 1000000).Program(50));
    const std::string same =
        "\x1b"
        "c" +
        ProgramGenerator(seed + 2000000).Program(50);
    a.Feed(same);
    b.Feed(same);
    ASSERT_TRUE(a.screen().ShowsSameAs(b.screen()))
        << seed << "\n"
        << DumpScreen(a.screen()) << DumpScreen(b.screen());
  }
}

// A model of one behaviour: lines scroll.
TEST(TerminalProperty, ShowsTheLastLines) {
  std::vector<std::string> lines(6);
  Terminal terminal(Size{40, 6}, Dialect::kProgram);
  for (int i = 0; i < 200; ++i) {
    const std::string line = absl::StrCat("line ", i * 7919);
    terminal.Feed(absl::StrCat("\r\n", line));
    lines.erase(lines.begin());
    lines.push_back(line);
    for (int row = 0; i > 6 && row < 6; ++row)
      ASSERT_EQ(terminal.screen().RowText(row), lines[row]);
  }
}

TEST(TerminalProperty, AnySizeWorks) {
  ProgramGenerator generator(1);
  const std::string program = generator.Program(400);
  for (const Size size : {Size{1, 1}, Size{1, 50}, Size{50, 1}, Size{2, 2}, Size{1000, 500}}) {
    for (const Dialect dialect : {Dialect::kProgram, Dialect::kFrameDiff}) {
      Terminal terminal(size, dialect);
      terminal.Feed(program);
      ASSERT_EQ(BrokenInvariant(terminal.screen()), "");
      terminal.Resize({3, 3});
      terminal.Feed(program);
      ASSERT_EQ(BrokenInvariant(terminal.screen()), "");
    }
  }
}

}  // namespace
}  // namespace mosh::term
