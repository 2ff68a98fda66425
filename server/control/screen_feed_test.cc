#include "server/control/screen_feed.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "server/control/reply_parts.h"
#include "server/control/testing/fake_host_control.h"
#include "term/terminal.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart = Instant::FromNanos(1'000'000'000);

// A program's terminal, the feed, and a reader with a terminal of his own.
class ScreenFeedTest : public testing::Test {
 protected:
  ScreenFeedTest() {
    host_.Put("s1");
    EXPECT_TRUE(host_.AddScreenWatcher("s1", &feed_).ok());
    Write("");
  }
  void Write(absl::string_view bytes) {
    program_.Feed(bytes);
    host_.Draw("s1", program_.screen());
  }
  void Resize(term::Size size) {
    program_.Resize(size);
    Write("");
  }
  // Reads one packet. nullopt: there is none.
  std::optional<control::Reply> Read(Instant now, size_t max_size = kMaxReplySize) {
    control::Reply reply;
    if (!feed_.Fill(host_, max_size, now, &reply)) return std::nullopt;
    EXPECT_LE(reply.ByteSizeLong(), max_size + 64);
    const control::Frame& frame = reply.frame();
    if (frame.restart()) {
      const term::Size size = {static_cast<int>(frame.size().columns()),
                               static_cast<int>(frame.size().rows())};
      reader_ = term::Terminal(size, term::Dialect::kProgram);
    }
    reader_.Feed(frame.ansi());
    return reply;
  }
  bool ReaderIsUpToDate() { return reader_.screen().ShowsSameAs(program_.screen()); }

  FakeHostControl host_;
  int news_ = 0;
  ScreenFeed feed_{"s1", 100ms, ScreenFeed::Wants::kScreenAndInput, [this] { ++news_; }};
  term::Terminal program_{{20, 4}, term::Dialect::kProgram};
  term::Terminal reader_{{1, 1}, term::Dialect::kProgram};
};

TEST_F(ScreenFeedTest, BeginsWithTheWholeScreen) {
  Write("one\r\n\x1b[31mtwo");
  const std::optional<control::Reply> reply = Read(kStart);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->frame().restart());
  EXPECT_EQ(reply->frame().size().columns(), 20);
  EXPECT_EQ(reply->frame().size().rows(), 4);
  EXPECT_GT(reply->frame().at(), 1'000'000);
  EXPECT_FALSE(reply->frame().continues());
  EXPECT_TRUE(ReaderIsUpToDate());
  EXPECT_FALSE(Read(kStart + 1h)) << "nothing has changed";
}

TEST_F(ScreenFeedTest, ThenTellsWhatChangedAndNoMore) {
  Write("a long first line");
  Read(kStart);
  Write("\r\nx");
  const std::optional<control::Reply> reply = Read(kStart + 100ms);
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->frame().restart());
  EXPECT_LT(reply->frame().ansi().size(), 12);
  EXPECT_TRUE(ReaderIsUpToDate());
}

TEST_F(ScreenFeedTest, ChangesWithinTheIntervalAreOne) {
  Read(kStart);
  EXPECT_EQ(feed_.NextDeadline(), Instant::Max());
  for (const char* text : {"a", "b", "c"}) Write(text);
  EXPECT_FALSE(Read(kStart + 99ms));
  EXPECT_EQ(feed_.NextDeadline(), kStart + 100ms);
  EXPECT_TRUE(Read(kStart + 100ms));
  EXPECT_TRUE(ReaderIsUpToDate());
  EXPECT_FALSE(Read(kStart + 1s));
}

TEST_F(ScreenFeedTest, WakesItsReaderOnceForAllChanges) {
  Read(kStart);
  const int before = news_;
  for (int i = 0; i < 10; ++i) Write("x");
  EXPECT_EQ(news_, before + 1);
}

TEST_F(ScreenFeedTest, LooksOnlyWhenThereIsRoom) {
  Read(kStart);
  const int before = host_.looks;
  for (int i = 0; i < 1000; ++i) Write("x\r\n");
  EXPECT_EQ(host_.looks, before);
  Read(kStart + 1s);
  EXPECT_EQ(host_.looks, before + 1);
  EXPECT_TRUE(ReaderIsUpToDate());
}

TEST_F(ScreenFeedTest, AChangeThatShowsNothingIsNoFrame) {
  Write("x");
  Read(kStart);
  Write("\bx");
  EXPECT_FALSE(Read(kStart + 1s));
}

TEST_F(ScreenFeedTest, AnotherSizeBeginsAnew) {
  Write("text");
  Read(kStart);
  Resize({30, 5});
  const std::optional<control::Reply> reply = Read(kStart + 1s);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->frame().restart());
  EXPECT_EQ(reply->frame().size().columns(), 30);
  EXPECT_TRUE(ReaderIsUpToDate());
}

TEST_F(ScreenFeedTest, ALargeFrameComesInParts) {
  Resize({200, 50});
  for (int row = 0; row < 50; ++row) {
    for (int i = 0; i < 66; ++i) Write("\u20ac\u00e9x");
    Write("\r\n");
  }
  std::string ansi;
  int parts = 0;
  bool more = true;
  while (more) {
    const std::optional<control::Reply> reply = Read(kStart, 1000);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->frame().restart(), parts == 0);
    EXPECT_EQ(reply->frame().has_size(), parts == 0);
    more = reply->frame().continues();
    ++parts;
    // In the midst of it everything changes: that is the next frame.
    if (parts == 2) Write("\x1b[2J\x1b[Hother");
  }
  EXPECT_GT(parts, 10);
  EXPECT_FALSE(ReaderIsUpToDate());
  EXPECT_TRUE(Read(kStart + 1s));
  EXPECT_TRUE(ReaderIsUpToDate());
}

TEST_F(ScreenFeedTest, WaitsForTheEndOfAPicture) {
  Read(kStart);
  host_.Draw("s1", std::nullopt);
  EXPECT_FALSE(Read(kStart + 1s));
  EXPECT_EQ(feed_.NextDeadline(), Instant::Max());
  Write("done");
  EXPECT_TRUE(Read(kStart + 1s));
  EXPECT_TRUE(ReaderIsUpToDate());
}

TEST_F(ScreenFeedTest, TheReadersMouseKeyboardAndClipboardAreLeftAlone) {
  Write("\x1b[?1003h\x1b[?1006h\x1b[?2004h\x1b[?1004h\x1b]52;c;aGk=\a");
  Read(kStart);
  Write("x\x1b]52;c;YWE=\a\x1b[?1000h");
  Read(kStart + 1s);
  EXPECT_EQ(reader_.screen().modes(), term::ScreenModes());
  EXPECT_EQ(reader_.screen().clipboard_count(), 0);
}

// "typed", "(hidden)", "(lost)"
std::string InputOf(const control::Frame& frame) {
  std::string text;
  for (const control::Input& input : frame.input()) {
    text += input.has_typed()                       ? input.typed()
            : input.gap() == control::Input::HIDDEN ? "(hidden)"
                                                    : "(lost)";
  }
  return text;
}

TEST_F(ScreenFeedTest, InputComesBeforeWhatBecomesOfItAndAfterWhatWasThere) {
  Read(kStart);
  Write("$ ");
  host_.Type("s1", "l");
  Write("l");
  host_.Type("s1", "s");
  Write("s");
  // However short the time since the last frame.
  std::optional<control::Reply> reply = Read(kStart + 1ms);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reader_.screen().RowText(0), "$");
  EXPECT_EQ(reply->frame().input_size(), 0);
  reply = Read(kStart + 1ms);
  ASSERT_TRUE(reply);
  EXPECT_EQ(InputOf(reply->frame()), "ls");
  EXPECT_FALSE(reply->frame().has_ansi());
  EXPECT_FALSE(Read(kStart + 1ms));
  EXPECT_TRUE(Read(kStart + 101ms));
  EXPECT_EQ(reader_.screen().RowText(0), "$ ls");
}

TEST_F(ScreenFeedTest, InputBeforeTheFirstFrameComesAfterIt) {
  host_.Type("s1", "x");
  EXPECT_TRUE(Read(kStart)->frame().restart());
  EXPECT_EQ(InputOf(Read(kStart)->frame()), "x");
  EXPECT_FALSE(Read(kStart));
}

TEST_F(ScreenFeedTest, InputOfAHeldBackScreenDoesNotWait) {
  Read(kStart);
  host_.Draw("s1", std::nullopt);
  host_.Type("s1", "x");
  EXPECT_EQ(InputOf(Read(kStart)->frame()), "x");
}

TEST_F(ScreenFeedTest, InputComesBeforeTheEnd) {
  Read(kStart);
  host_.Type("s1", "exit\r");
  host_.Remove("s1");
  EXPECT_EQ(InputOf(Read(kStart)->frame()), "exit\r");
  EXPECT_EQ(Read(kStart)->error().code(), 5);
  EXPECT_TRUE(feed_.over());
}

TEST_F(ScreenFeedTest, AFrameThatHasBegunComesWholeBeforeInput) {
  Write("more than a packet of this size holds, for sure");
  ASSERT_TRUE(Read(kStart, 80)->frame().continues());
  host_.Type("s1", "x");
  bool more = true;
  while (more) {
    const std::optional<control::Reply> reply = Read(kStart, 80);
    EXPECT_EQ(reply->frame().input_size(), 0);
    more = reply->frame().continues();
  }
  EXPECT_EQ(InputOf(Read(kStart, 80)->frame()), "x");
}

TEST_F(ScreenFeedTest, WhoWantsNoInputGetsNone) {
  ScreenFeed other("s1", 100ms, ScreenFeed::Wants::kScreen, [] {});
  EXPECT_FALSE(other.WantsInput());
  other.OnInput("x", nullptr);
  control::Reply reply;
  EXPECT_TRUE(other.Fill(host_, kMaxReplySize, kStart, &reply));
  EXPECT_FALSE(other.Fill(host_, kMaxReplySize, kStart + 1s, &reply));
}

TEST_F(ScreenFeedTest, TheEndOfTheSessionIsTold) {
  Read(kStart);
  host_.Remove("s1");
  EXPECT_FALSE(feed_.over());
  const std::optional<control::Reply> reply = Read(kStart);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code(), 5);
  EXPECT_TRUE(feed_.over());
}

TEST_F(ScreenFeedTest, AFrameThatHasBegunComesWholeBeforeTheEnd) {
  Write("more than a packet of this size holds, for sure");
  ASSERT_TRUE(Read(kStart, 80)->frame().continues());
  feed_.End(absl::CancelledError("enough"));
  feed_.End(absl::NotFoundError("too late"));
  bool more = true;
  while (more) {
    const std::optional<control::Reply> reply = Read(kStart, 80);
    ASSERT_TRUE(reply && reply->has_frame());
    more = reply->frame().continues();
  }
  EXPECT_TRUE(ReaderIsUpToDate());
  EXPECT_EQ(Read(kStart)->error().message(), "enough");
  EXPECT_TRUE(feed_.over());
}

}  // namespace
}  // namespace mosh::server
