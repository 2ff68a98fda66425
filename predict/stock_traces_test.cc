// Every trace of docs/spec/prediction.md's vectors, executed on stock, played on our engine. Where
// ours shows something else on purpose, the table below says what and why; an entry that no longer
// differs fails.
//
// Compared: text, underlines, cursor, triggers. Epoch numbers and the count of cursor predictions
// are stock's bookkeeping.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "predict/engine.h"
#include "predict/notification.h"
#include "term/terminal.h"

namespace mosh::predict {
namespace {

struct Deviation {
  const char* first;  // what we show where stock first shows something else
  const char* why;
};

const std::map<std::string, Deviation>& Deviations() {
  static const auto* const table = new std::map<std::string, Deviation>{
      {"predict-006",
       {"$ abcd\n\n\n\ncursor 0,3 slow 1 glitch 0 flag 1 title ",
        "where typing replaces, what a backspace leaves there is the program's to say"}},
      {"predict-008",
       {"$|.._\n\n\n\ncursor 0,2 slow 1 glitch 0 flag 1 title ",
        "08 is a backspace where 7F is one"}},
      {"predict-012",
       {"abc\n\ncursor 0,3 slow 1 glitch 0 flag 1 title ",
        "the cursor does not go right of where the text ends"}},
      {"predict-013",
       {"abcd\n\n\n\ncursor 0,4 slow 1 glitch 0 flag 1 title ",
        "Ctrl-Left moves by a word, and is not shown before that was seen to work here"}},
      {"predict-024",
       {"abcd\xE4\xB8\xAD|...._\n\n\n\ncursor 0,6 slow 1 glitch 0 flag 1 title ",
        "wide characters are predicted"}},
      {"predict-029",
       {"ab\nd|_\n\n\ncursor 2,0 slow 1 glitch 0 flag 0 title ",
        "the cursor moved without a key: echo may be off, so nothing is shown"}},
  };
  return *table;
}

std::string Unhex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

// Plays one case; afterwards difference() is the first screen that is not stock's.
class Player {
 public:
  void Play(const nlohmann::json& steps) {
    for (const nlohmann::json& step : steps) Step(step);
  }
  const std::string& difference() const { return difference_; }
  const std::string& expected() const { return expected_; }

 private:
  void Step(const nlohmann::json& step);
  void Show(const nlohmann::json& expect);
  void Configure(const nlohmann::json& step);
  bool TellBar(const nlohmann::json& step);
  std::string Describe(const term::Screen& screen) const;
  static std::string DescribeExpected(const nlohmann::json& expect);

  Instant now_ = Instant::FromMillis(1'000'000);
  term::Terminal terminal_{term::Size{80, 24}, term::Dialect::kProgram};
  Settings settings_;
  std::optional<Engine> engine_;
  NotificationBar bar_{now_};
  std::string prefix_;
  bool uses_bar_ = false;
  uint64_t late_ack_ = 0;
  std::string difference_;
  std::string expected_;
};

void Player::Configure(const nlohmann::json& step) {
  if (step["op"] == "overwrite") {
    settings_.overwrite = true;
  } else {
    const std::string value = step["value"];
    settings_.display = value == "always"         ? Display::kAlways
                        : value == "never"        ? Display::kNever
                        : value == "experimental" ? Display::kExperimental
                                                  : Display::kAdaptive;
  }
  engine_.emplace(settings_);
}

void Player::Step(const nlohmann::json& step) {
  const std::string op = step["op"];
  if (op == "new") {
    terminal_ = term::Terminal({step["cols"], step["rows"]}, term::Dialect::kProgram);
    engine_.emplace(settings_);
  } else if (op == "preference" || op == "overwrite") {
    Configure(step);
  } else if (op == "host") {
    terminal_.Feed(Unhex(step["hex"]));
  } else if (op == "server_resize") {
    terminal_.Resize({step["cols"], step["rows"]});
  } else if (op == "user") {
    engine_->OnTyped(Unhex(step["hex"]), now_);
  } else if (op == "frame_sent") {
    engine_->SetLastSentState(step["value"]);
  } else if (op == "late_ack") {
    late_ack_ = step["value"];
  } else if (op == "send_interval") {
    engine_->SetSendInterval(std::chrono::milliseconds(step["value"].get<int>()));
  } else if (op == "advance_ms") {
    now_ += std::chrono::milliseconds(step["value"].get<int64_t>());
  } else if (op == "reset_predictions") {
    engine_->Reset();
  } else if (op == "show") {
    Show(step["expect"]);
  } else if (!TellBar(step)) {
    FAIL() << "unknown step " << op;
  }
}

bool Player::TellBar(const nlohmann::json& step) {
  const std::string op = step["op"];
  const std::string value = step.value("value", "");
  if (op == "quit_hint") {
    bar_.SetQuitKey(step["key"].get<std::string>());
  } else if (op == "title_prefix") {
    prefix_ = value;
  } else if (op == "server_heard_now") {
    bar_.OnServerHeard(now_);
  } else if (op == "server_acked_now") {
    bar_.OnReply(now_);
  } else if (op == "message") {
    bar_.ShowBriefly(value, now_);
  } else if (op == "network_error") {
    bar_.ShowNetworkError(value, now_);
  } else if (op == "clear_network_error") {
    bar_.OnNetworkWorks(now_);
  } else if (op == "permanent_message_no_hint") {
    bar_.ShowPermanently(value, NotificationBar::Hint::kNone);
  } else {
    return false;
  }
  uses_bar_ = true;
  return true;
}

std::string Player::Describe(const term::Screen& screen) const {
  std::string all;
  for (int row = 0; row < screen.rows(); ++row) {
    std::string map;
    for (int column = 0; column < screen.columns(); ++column) {
      const bool underlined =
          screen.rendition(screen.cell(row, column)).underline() != term::Underline::kNone;
      map += underlined ? '_' : '.';
    }
    map.erase(map.find_last_not_of('.') + 1);
    absl::StrAppend(&all, screen.RowText(row), map.empty() ? "" : "|", map, "\n");
  }
  const Triggers& triggers = engine_->triggers();
  absl::StrAppend(&all, "cursor ", screen.cursor().row, ",", screen.cursor().column,
                  screen.cursor().visible ? "" : " hidden", " slow ", triggers.slow(), " glitch ",
                  triggers.glitches(), " flag ", triggers.flagging(), " title ", screen.title());
  return all;
}

std::string Player::DescribeExpected(const nlohmann::json& expect) {
  std::string all;
  for (const nlohmann::json& row : expect["rows"]) {
    const std::string map = row[1];
    absl::StrAppend(&all, row[0].get<std::string>(), map.empty() ? "" : "|", map, "\n");
  }
  absl::StrAppend(
      &all, "cursor ", expect["cursor"][0].get<int>(), ",", expect["cursor"][1].get<int>(),
      expect["cursor_visible"].get<bool>() ? "" : " hidden", " slow ",
      expect["srtt_trigger"].get<bool>(), " glitch ", expect["glitch_trigger"].get<int>(), " flag ",
      expect["flagging"].get<bool>(), " title ", expect["title"].get<std::string>());
  return all;
}

void Player::Show(const nlohmann::json& expect) {
  term::Screen frame = terminal_.Snapshot();
  engine_->OnServerScreen(frame, late_ack_, now_);
  engine_->Apply(frame);
  bar_.Expire(now_);
  // The bar counts silence from what it was told; most traces tell it nothing.
  if (uses_bar_) bar_.Draw(now_, frame);
  PrefixTitle(prefix_, frame);
  const std::string shown = Describe(frame);
  if (!difference_.empty() || shown == DescribeExpected(expect)) return;
  difference_ = shown;
  expected_ = DescribeExpected(expect);
}

TEST(StockTraces, AreFollowedExceptWhereTheTableSays) {
  std::ifstream file("predict/testdata/prediction.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  size_t played = 0;
  size_t deviating = 0;
  for (const nlohmann::json& one : vectors["cases"]) {
    const std::string id = one["id"];
    SCOPED_TRACE(absl::StrCat(id, ": ", one["title"].get<std::string>()));
    Player player;
    player.Play(one["steps"]);
    ++played;
    const auto deviation = Deviations().find(id);
    if (deviation == Deviations().end()) {
      EXPECT_EQ(player.difference(), player.expected());
      continue;
    }
    ++deviating;
    EXPECT_NE(player.difference(), "") << "stale entry: this is stock's behaviour now";
    EXPECT_EQ(player.difference(), deviation->second.first) << deviation->second.why;
  }
  EXPECT_EQ(played, 35u);
  EXPECT_EQ(deviating, Deviations().size());
}

}  // namespace
}  // namespace mosh::predict
