// The vectors of docs/spec/conformance.md, in both dialects, whole and one byte at a time.
//
// A case that we answer differently on purpose is listed in kDeviations with its reason. The list
// is a ratchet: a listed case that passes fails the test just as an unlisted one that does not.
#include <array>
#include <fstream>
#include <map>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "term/input_translator.h"
#include "term/sgr.h"
#include "term/terminal.h"

namespace mosh::term {
namespace {

using nlohmann::json;

enum Dialects { kBoth, kProgramOnly, kFrameDiffOnly };
struct Deviation {
  const char* id;
  Dialects dialects;
  const char* reason;  // C1.n, C2: the row of docs/spec/conformance.md, part C.
};

#include "term/testdata/deviations.inc"

json LoadVectors() {
  std::ifstream file("term/testdata/terminal.json");
  return json::parse(file);
}

std::string Bytes(const json& step, const char* key) {
  return absl::HexStringToBytes(step.at(key).get<std::string>());
}

json Describe(const Terminal& terminal) {
  const Screen& screen = terminal.screen();
  json lines = json::array(), attributes = json::array(), wide = json::array(),
       wrapped = json::array(), fallback = json::array();
  for (int row = 0; row < screen.rows(); ++row) {
    lines.push_back(screen.RowText(row));
    if (screen.row(row).wrapped()) wrapped.push_back({row, screen.columns() - 1});
    int first = 0;
    for (int column = 0; column < screen.columns(); ++column) {
      if (screen.cell(row, column).wide()) wide.push_back({row, column});
      const std::string text = screen.CellText(row, column);
      if (screen.cell(row, column).is_cluster() && text.rfind("\xC2\xA0", 0) == 0) {
        fallback.push_back({row, column});
      }
      const std::string sgr = SgrParameters(screen.rendition(screen.cell(row, column)));
      const bool last = column + 1 == screen.columns() ||
                        SgrParameters(screen.rendition(screen.cell(row, column + 1))) != sgr;
      if (!last) continue;
      if (sgr != "0") attributes.push_back({row, first, column, sgr});
      first = column + 1;
    }
  }
  const Terminal::Details details = terminal.details();
  const ScreenModes& modes = screen.modes();
  return {{"cols", screen.columns()},
          {"rows", screen.rows()},
          {"cursor", {screen.cursor().row, screen.cursor().column}},
          {"pending_wrap", details.pending_wrap},
          {"lines", lines},
          {"attrs", attributes},
          {"wide", wide},
          {"wrap", wrapped},
          {"fallback", fallback},
          {"sgr", SgrParameters(screen.current_rendition())},
          {"region", {details.region_top, details.region_bottom}},
          {"origin", details.origin},
          {"autowrap", details.autowrap},
          {"insert", details.insert},
          {"cursor_visible", screen.cursor().visible},
          {"reverse_video", modes.reverse_video},
          {"bracketed_paste", modes.bracketed_paste},
          {"mouse_report", static_cast<int>(modes.mouse_mode)},
          {"mouse_enc", static_cast<int>(modes.mouse_encoding)},
          {"focus", modes.focus_events},
          {"alt_scroll", modes.alternate_scroll},
          {"app_cursor", terminal.application_cursor_keys()},
          {"bell", screen.bell_count()},
          {"title", screen.title()},
          {"icon", screen.icon_name()},
          {"title_set", screen.title_set()},
          {"clipboard", screen.clipboard()}};
}

void Feed(Terminal& terminal, const std::string& bytes, bool bytewise) {
  if (!bytewise) return terminal.Feed(bytes);
  for (const char& byte : bytes) terminal.Feed(absl::string_view(&byte, 1));
}

// What differs from the expectation; empty if nothing.
std::string Differences(const json& test, Dialect dialect, bool bytewise) {
  Terminal terminal(Size{test.at("cols"), test.at("rows")}, dialect);
  InputTranslator input;
  std::string typed;
  for (const json& step : test.at("steps")) {
    if (step.contains("host_hex")) Feed(terminal, Bytes(step, "host_hex"), bytewise);
    if (step.contains("user_hex")) {
      typed += input.Translate(Bytes(step, "user_hex"), terminal.application_cursor_keys());
    }
    if (step.contains("resize")) terminal.Resize({step.at("resize")[0], step.at("resize")[1]});
  }
  const json& expected = test.at("expect");
  const json actual = Describe(terminal);
  std::string differences;
  for (const auto& [key, value] : actual.items()) {
    if (expected.at(key) != value) {
      absl::StrAppend(&differences, key, ": ", value.dump(), ", expected ", expected.at(key).dump(),
                      "\n");
    }
  }
  const std::string replies = typed + terminal.TakeReplies();
  const std::string expected_replies =
      dialect == Dialect::kProgram || !typed.empty() ? Bytes(expected, "reply_hex") : "";
  if (replies != expected_replies) {
    absl::StrAppend(&differences, "reply: ", absl::CHexEscape(replies), ", expected ",
                    absl::CHexEscape(expected_replies), "\n");
  }
  return differences;
}

std::map<std::string, std::string> DeviationsOf(Dialect dialect) {
  const Dialects other = dialect == Dialect::kProgram ? kFrameDiffOnly : kProgramOnly;
  std::map<std::string, std::string> reasons;
  for (const Deviation& deviation : kDeviations) {
    if (deviation.dialects == other) continue;
    EXPECT_TRUE(reasons.emplace(deviation.id, deviation.reason).second) << deviation.id;
  }
  return reasons;
}

void RunCases(Dialect dialect) {
  const json vectors = LoadVectors();
  std::map<std::string, std::string> deviations = DeviationsOf(dialect);
  int count = 0;
  for (const json& test : vectors.at("cases")) {
    ++count;
    const std::string id = test.at("id");
    const std::string whole = Differences(test, dialect, false);
    const std::string bytewise = Differences(test, dialect, true);
    EXPECT_EQ(whole, bytewise) << id << ": depends on how the bytes are cut";
    const bool deviates = deviations.erase(id) != 0;
    if (deviates) {
      EXPECT_NE(whole, "") << id << " is listed as a deviation but passes: remove it";
    } else {
      EXPECT_EQ(whole, "") << id << " " << test.at("title");
    }
  }
  EXPECT_EQ(count, 317);
  for (const auto& [id, reason] : deviations) ADD_FAILURE() << "no such case: " << id;
}

TEST(Conformance, ProgramOutput) { RunCases(Dialect::kProgram); }
TEST(Conformance, FrameDiffs) { RunCases(Dialect::kFrameDiff); }

// Applies diffs recorded from a stock server to the screen that they start from.
TEST(Conformance, AppliesStockDiffs) {
  const json vectors = LoadVectors();
  EXPECT_EQ(vectors.at("diffs").size(), 36);
  for (const json& test : vectors.at("diffs")) {
    const std::string id = test.at("id");
    const json& lines = test.at("expect_lines");
    const std::string before = Bytes(test, "before_hex");
    const std::string diff = Bytes(test, "stock_diff_hex");
    Terminal sender(Size{test.at("cols"), test.at("rows")}, Dialect::kProgram);
    sender.Feed(before);
    for (const bool bytewise : {false, true}) {
      Terminal receiver(sender.Snapshot(), Dialect::kFrameDiff);
      Feed(receiver, diff, bytewise);
      const json actual = Describe(receiver);
      EXPECT_EQ(actual.at("lines"), lines) << id;
      // Also where stock does not arrive: the BS defect.
      EXPECT_EQ(actual.at("cursor"), test.at("expect_cursor")) << id;
      EXPECT_EQ(receiver.TakeReplies(), "") << id;
    }
  }
}

// Each case again, as a stock server would send its result to a client with a blank screen.
TEST(Conformance, AppliesStockDiffsFromBlank) {
  const json vectors = LoadVectors();
  int count = 0;
  for (const json& test : vectors.at("cases")) {
    if (!test.at("stock_diff_reproduces_state").get<bool>()) continue;
    ++count;
    const json& expected = test.at("expect");
    Terminal receiver(Size{test.at("cols"), test.at("rows")}, Dialect::kFrameDiff);
    receiver.Resize({expected.at("cols"), expected.at("rows")});
    receiver.Feed(Bytes(test, "stock_diff_from_blank_hex"));
    const json actual = Describe(receiver);
    for (const char* key :
         {"lines", "attrs", "wide", "cursor", "cursor_visible", "reverse_video", "bracketed_paste",
          "mouse_report", "mouse_enc", "focus", "clipboard", "sgr"}) {
      EXPECT_EQ(actual.at(key), expected.at(key)) << test.at("id") << " " << key;
    }
    if (expected.at("title_set").get<bool>()) {
      EXPECT_EQ(actual.at("title"), expected.at("title")) << test.at("id");
      EXPECT_EQ(actual.at("icon"), expected.at("icon")) << test.at("id");
    }
  }
  EXPECT_GT(count, 300);
}

}  // namespace
}  // namespace mosh::term
