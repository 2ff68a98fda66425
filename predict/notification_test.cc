#include "predict/notification.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "term/terminal.h"

namespace mosh::predict {
namespace {

using namespace std::chrono_literals;
using Hint = NotificationBar::Hint;

// Plays one case of testdata/notification.json.
class Player {
 public:
  void Step(const nlohmann::json& step) {
    const std::string op = step["op"];
    if (op == "new")
      terminal_ = term::Terminal({step["cols"], step["rows"]}, term::Dialect::kProgram);
    else if (op == "quit_hint")
      bar_.SetQuitKey(step["key"].get<std::string>());
    else if (op == "title_prefix")
      prefix_ = step["value"];
    else if (op == "host")
      terminal_.Feed(Unhex(step["hex"]));
    else if (op == "server_heard_now")
      bar_.OnServerHeard(now_);
    else if (op == "server_acked_now")
      bar_.OnReply(now_);
    else if (op == "advance_ms")
      now_ += std::chrono::milliseconds(step["value"].get<int64_t>());
    else if (op == "message")
      bar_.ShowBriefly(step["value"].get<std::string>(), now_);
    else if (op == "network_error")
      bar_.ShowNetworkError(step["value"].get<std::string>(), now_);
    else if (op == "clear_network_error")
      bar_.OnNetworkWorks(now_);
    else if (op == "permanent_message_no_hint")
      bar_.ShowPermanently(step["value"].get<std::string>(), Hint::kNone);
    else if (op == "show")
      Show(step["expect"]);
    else
      FAIL() << "unknown step " << op;
  }

 private:
  static std::string Unhex(const std::string& hex) {
    std::string bytes;
    for (size_t i = 0; i < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
  }
  void Show(const nlohmann::json& expect) {
    term::Screen screen = terminal_.Snapshot();
    bar_.Expire(now_);
    bar_.Draw(now_, screen);
    PrefixTitle(prefix_, screen);
    for (int row = 0; row < screen.rows(); ++row) {
      EXPECT_EQ(screen.RowText(row), expect["rows"][row][0].get<std::string>());
    }
    EXPECT_EQ(screen.cursor().visible, expect["cursor_visible"].get<bool>());
    EXPECT_EQ(screen.title(), expect["title"].get<std::string>());
    EXPECT_GT(bar_.NextDeadline(now_), now_);
  }

  Instant now_ = Instant::FromMillis(1'000'000);
  term::Terminal terminal_{term::Size{80, 24}, term::Dialect::kProgram};
  NotificationBar bar_{now_};
  std::string prefix_;
};

TEST(NotificationBar, AgreesWithVectors) {
  std::ifstream file("predict/testdata/notification.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  ASSERT_EQ(vectors["cases"].size(), 2);
  for (const nlohmann::json& one : vectors["cases"]) {
    SCOPED_TRACE(one["title"].get<std::string>());
    Player player;
    for (const nlohmann::json& step : one["steps"]) player.Step(step);
  }
}

TEST(NotificationBar, WakesWhenTheAgeChangesAndLessOftenLater) {
  const Instant start = Instant::FromMillis(0);
  NotificationBar bar(start);
  EXPECT_EQ(bar.Text(start + 6500ms), "");
  EXPECT_EQ(bar.NextDeadline(start + 1s), start + 6500ms + 1ns);
  EXPECT_EQ(bar.Text(start + 6500ms + 1ns), "mosh: Last contact 6 seconds ago.");
  EXPECT_EQ(bar.NextDeadline(start + 6501ms), start + 7s);
  EXPECT_EQ(bar.NextDeadline(start + 59s), start + 60s);
  EXPECT_EQ(bar.NextDeadline(start + 61s), start + 63s);
  EXPECT_EQ(bar.NextDeadline(start + 3600s), start + 3603s);
}

TEST(NotificationBar, HintFollowsKeyAndMessage) {
  NotificationBar bar(Instant::FromMillis(0));
  bar.SetQuitKey("\"~\"");
  bar.ShowPermanently("Exiting...", Hint::kQuit);
  EXPECT_EQ(bar.Text(Instant::FromMillis(1)), "mosh: Exiting... [To quit: \"~\" .]");
  bar.ShowPermanently("Commands: x", Hint::kNone);
  EXPECT_EQ(bar.Text(Instant::FromMillis(1)), "mosh: Commands: x");
  bar.SetQuitKey("");
  bar.ShowBriefly("hello", Instant::FromMillis(1));
  EXPECT_EQ(bar.Text(Instant::FromMillis(1)), "mosh: hello");
}

TEST(NotificationBar, FillsTheRowAndCutsTheText) {
  term::Screen screen(term::Size{10, 2});
  NotificationBar bar(Instant::FromMillis(0));
  bar.ShowBriefly("0123456789", Instant::FromMillis(0));
  bar.Draw(Instant::FromMillis(0), screen);
  EXPECT_EQ(screen.RowText(0), "mosh: 0123");
  EXPECT_FALSE(screen.cursor().visible);
  bar.ShowBriefly("a", Instant::FromMillis(0));
  term::Screen other(term::Size{10, 2});
  other.SetCursorPosition(1, 0);
  bar.Draw(Instant::FromMillis(0), other);
  EXPECT_TRUE(other.cursor().visible);
  EXPECT_EQ(other.rendition(other.cell(0, 9)).background(), term::Color::Palette(4));
  EXPECT_TRUE(other.rendition(other.cell(0, 0)).has(term::Attribute::kBold));
  EXPECT_FALSE(other.rendition(other.cell(0, 9)).has(term::Attribute::kBold));
}

TEST(NotificationBar, WideAndBrokenTextStaysInItsCells) {
  for (int columns = 1; columns < 20; ++columns) {
    term::Screen screen(term::Size{columns, 1});
    NotificationBar bar(Instant::FromMillis(0));
    bar.ShowBriefly("漢字e\xcc\x81\xff\x01漢", Instant::FromMillis(0));
    bar.Draw(Instant::FromMillis(0), screen);
  }
  NotificationBar bar(Instant::FromMillis(0));
  bar.ShowBriefly(std::string(150, 'x') + "漢", Instant::FromMillis(0));
  EXPECT_EQ(bar.Text(Instant::FromMillis(0)).size(), 127);
}

TEST(NotificationBar, TitleIsPrefixedOnlyIfSet) {
  term::Screen screen(term::Size{10, 1});
  PrefixTitle("[mosh] ", screen);
  EXPECT_EQ(screen.title(), "");
  term::Terminal terminal(term::Size{10, 1}, term::Dialect::kProgram);
  terminal.Feed("\x1b]0;both\x07");
  screen = terminal.Snapshot();
  PrefixTitle("[mosh] ", screen);
  EXPECT_EQ(screen.title(), "[mosh] both");
  EXPECT_EQ(screen.icon_name(), "[mosh] both");
  terminal.Feed("\x1b]2;window\x07");
  screen = terminal.Snapshot();
  PrefixTitle("[mosh] ", screen);
  EXPECT_EQ(screen.title(), "[mosh] window");
  EXPECT_EQ(screen.icon_name(), "both");
}

}  // namespace
}  // namespace mosh::predict
