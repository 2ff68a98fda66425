// Frames toward a stock peer: of the agreed vocabulary, and no longer than stock's own.
#include <fstream>
#include <map>
#include <regex>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "term/renderer.h"
#include "term/terminal.h"
#include "term/testing/random_program.h"
#include "term/testing/rendered_difference.h"

namespace mosh::term {
namespace {

nlohmann::json Vectors() {
  std::ifstream file("term/testdata/terminal.json");
  return nlohmann::json::parse(file);
}

std::string Bytes(const nlohmann::json& hex) {
  return absl::HexStringToBytes(hex.get<std::string>());
}

// Cases in which our frame is longer than stock's, and why that is right.
const std::map<std::string, std::string>& LongerForAReason() {
  static const std::string& width = *new std::string(
      "a character of doubtful width is followed by an explicit motion, docs/spec/terminal.md §14 "
      "rule 4");
  static const auto& reasons = *new std::map<std::string, std::string>{
      {"diff-012", "stock never conveys ?1007; our client sets it on the user's terminal"},
      {"utf8-017", width},   // Soft hyphen.
      {"width-014", width},  // Zero-width space.
      {"width-015", width},  // Variation selector.
      {"width-016", width},  // Zero-width joiner.
      {"width-017", width},  // Regional indicators.
      {"width-018", width},  // Conjoining jamo.
  };
  return reasons;
}

// Renders `from` to `to` for a stock peer; checks the result and its length against stock's.
void CheckAgainstStock(const std::string& id, const Screen& from, const Screen& to,
                       const std::string& stock) {
  const std::string ours = RenderFrame(&from, to, {});
  Terminal reader(from, Dialect::kFrameDiff);
  reader.Resize(to.size());
  reader.Feed(ours);
  EXPECT_EQ(RenderedDifference(to, reader.screen(), RenderTarget::kStockEmulator), "")
      << id << ": " << Spell(ours);
  const bool excused = LongerForAReason().contains(id);
  if (ours.size() > stock.size()) {
    EXPECT_TRUE(excused) << id << ": " << Spell(ours) << " is longer than stock's " << Spell(stock);
  } else {
    EXPECT_FALSE(excused) << id << " is no longer than stock's: strike it from the list";
  }
}

TEST(RendererAgainstStock, FrameDiffsAreNoLonger) {
  const nlohmann::json vectors = Vectors();
  ASSERT_EQ(vectors["diffs"].size(), 36u);
  for (const nlohmann::json& diff : vectors["diffs"]) {
    Terminal program(Size{diff["cols"], diff["rows"]}, Dialect::kProgram);
    program.Feed(Bytes(diff["before_hex"]));
    const Screen from = program.Snapshot();
    program.Feed(Bytes(diff["then_hex"]));
    CheckAgainstStock(diff["id"], from, program.screen(), Bytes(diff["stock_diff_hex"]));
  }
}

// From a blank screen to the picture that stock's diff draws: so that differences between the
// emulators do not count.
TEST(RendererAgainstStock, ScreensDrawnFromBlankAreNoLonger) {
  const nlohmann::json vectors = Vectors();
  ASSERT_EQ(vectors["cases"].size(), 317u);
  size_t ours = 0;
  size_t stocks = 0;
  for (const nlohmann::json& example : vectors["cases"]) {
    if (!example.contains("stock_diff_from_blank_hex")) continue;
    const nlohmann::json& expected = example["expect"];
    const std::string stock = Bytes(example["stock_diff_from_blank_hex"]);
    const Screen from(Size{example["cols"], example["rows"]});
    Terminal drawn(from, Dialect::kFrameDiff);
    drawn.Resize(Size{expected["cols"], expected["rows"]});
    drawn.Feed(stock);
    CheckAgainstStock(example["id"], from, drawn.screen(), stock);
    ours += RenderFrame(&from, drawn.screen(), {}).size();
    stocks += stock.size();
  }
  RecordProperty("bytes_ours", static_cast<int>(ours));
  RecordProperty("bytes_stock", static_cast<int>(stocks));
  EXPECT_LT(ours * 10, stocks * 9);
}

// docs/spec/terminal.md §14, "What a replacement server may send to a stock client".
const std::regex& Vocabulary() {
  static const auto& vocabulary = *new std::regex(absl::StrJoin(
      {
          R"([\x20-\x7E])",
          R"([\xC2-\xF4][\x80-\xBF]+)",
          R"([\x07\x08\x09\x0A\x0D])",
          R"(\x1B\[(\d+)?[ABCDGHXKJdMLPST@])",
          R"(\x1B\[\d+;\d+H)",
          R"(\x1B\[(\d+;\d+)?r)",
          R"(\x1BM)",
          R"(\x1B\[(0|1|3|4|5|7|8|22|23|24|25|27|28|39|49|[34][0-7]|9[0-7]|10[0-7]|[34]8;5;\d+|[34]8;2;\d+;\d+;\d+|;)*m)",
          R"(\x1B\[(2|9|21|29|53|55)m)",
          R"(\x1B\[\?(5|9|25|2004|1004|1007|100[0-3]|1005|1006|1015|;)+[hl])",
          R"(\x1B\[[0-6] q)",
          R"(\x1B\](0|1|2);[^\x00-\x1F\x7F]*\x07)",
          R"(\x1B\]52;c;[A-Za-z0-9+/=]*\x07)",
      },
      "|"));
  return vocabulary;
}

// "" or the rest that begins with something else.
std::string OutsideVocabulary(const std::string& frame) {
  auto at = frame.cbegin();
  std::smatch match;
  while (at != frame.cend()) {
    if (!std::regex_search(at, frame.cend(), match, Vocabulary(),
                           std::regex_constants::match_continuous)) {
      return std::string(at, frame.cend());
    }
    at = match[0].second;
  }
  return "";
}

TEST(RendererAgainstStock, SpeaksOnlyTheVocabulary) {
  EXPECT_EQ(OutsideVocabulary("a\x1b[38:5:1m"), "\x1b[38:5:1m");
  EXPECT_EQ(OutsideVocabulary("\x1b[6n"), "\x1b[6n");
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SeededChoices choices(seed);
    const Choose choose = std::ref(choices);
    const Size size{static_cast<int>(choices(40)) + 2, static_cast<int>(choices(12)) + 1};
    Terminal program(size, Dialect::kProgram);
    program.Feed(RandomProgram(choose, size, 20));
    const Screen from = program.Snapshot();
    program.Feed(RandomProgram(choose, size, 20));
    if (choices(10) == 0) program.Resize({size.columns + 1, size.rows});
    const std::string frame = RenderFrame(&from, program.screen(), {});
    ASSERT_EQ(Spell(OutsideVocabulary(frame)), "") << "seed " << seed;
    Terminal reader(from, Dialect::kProgram);
    reader.Feed(frame);
    ASSERT_EQ(reader.TakeReplies(), "");
  }
}

}  // namespace
}  // namespace mosh::term
