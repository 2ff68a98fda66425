#include "server/session.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_stream.h"
#include "io/sim/sim_world.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;
using ssp::ChangeHint;

class Recorder final : public Session::Listener {
 public:
  void OnScreenChange(ChangeHint hint) override { hints.push_back(hint); }
  void OnInputRoom() override { ++rooms; }
  void OnProgramEnd() override { ++ends; }

  std::vector<ChangeHint> hints;
  int rooms = 0;
  int ends = 0;
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() : host_(world_.AddHost("server", "192.0.2.1")) { Begin({}); }
  ~SessionTest() override { End(); }

  void Begin(const term::HistoryLimits& history) {
    io::sim::SimTtyPair pair = io::sim::MakeSimTty(&world_, {80, 24});
    program_ = pair.peer;
    session_ =
        std::make_unique<Session>(&host_, term::Size{80, 24}, read_buffer_, &recorder_, history);
    world_.RunFor(10ms);
    session_->Start(std::move(pair.tty));
    world_.RunFor(10ms);
  }
  void End() {
    world_.RunToCompletion(session_->Close());
    session_.reset();
  }
  void Restart(const term::HistoryLimits& history) {
    End();
    Begin(history);
  }

  void Apply(absl::string_view typed) {
    sync::UserStream stream;
    stream.PushBytes(typed);
    ApplyStream(stream);
  }
  void ApplyStream(const sync::UserStream& stream) {
    session_->Apply(stream.EventsSince(sync::UserStream()));
    world_.RunFor(0ms);
  }
  void Write(absl::string_view output) {
    program_->Feed(output);
    world_.RunFor(0ms);
  }
  std::string Row(int row) { return session_->terminal().screen().RowText(row); }

  io::sim::SimWorld world_{1};
  io::sim::SimReactor& host_;
  std::vector<uint8_t> read_buffer_ = std::vector<uint8_t>(size_t{64} << 10);
  Recorder recorder_;
  std::shared_ptr<io::sim::SimPeer> program_;
  std::unique_ptr<Session> session_;
};

TEST_F(SessionTest, OutputReachesTheScreen) {
  Write("hello");
  EXPECT_EQ(Row(0), "hello");
}

TEST_F(SessionTest, EchoAfterSilenceIsIsolatedAndTheRestIsBulk) {
  Write("$ ");
  Write("more");
  world_.RunFor(20ms);
  Write(std::string(5000, 'x'));
  world_.RunFor(20ms);
  Write("x");
  EXPECT_EQ(recorder_.hints, (std::vector<ChangeHint>{ChangeHint::kIsolated, ChangeHint::kBulk,
                                                      ChangeHint::kBulk, ChangeHint::kIsolated}));
}

TEST_F(SessionTest, ErasedScreenIsNotAnEcho) {
  Write("$ ");
  world_.RunFor(20ms);
  Write("\x1b[H\x1b[2J");
  world_.RunFor(20ms);
  Write("\x1b[H\x1b[Jpicture");
  EXPECT_EQ(recorder_.hints,
            (std::vector<ChangeHint>{ChangeHint::kIsolated, ChangeHint::kBulk, ChangeHint::kBulk}));
}

TEST_F(SessionTest, TypingReachesTheProgram) {
  Apply("ls\r");
  EXPECT_EQ(program_->TakeOutput(), "ls\r");
}

TEST_F(SessionTest, AnswersFollowTheTypingOfTheirStep) {
  Apply("a");
  Write("\033[5n");
  EXPECT_EQ(program_->TakeOutput(), "a\033[0n");
}

TEST_F(SessionTest, ArrowsFollowTheProgramsMode) {
  Apply("\033OA");
  Write("\033[?1h");
  Apply("\033OA");
  EXPECT_EQ(program_->TakeOutput(), "\033[A\033OA");
}

TEST_F(SessionTest, AltOIsLetGoAfterAWhile) {
  Apply("\033O");
  EXPECT_EQ(program_->TakeOutput(), "\033");
  ASSERT_EQ(session_->NextDeadline(), world_.Now() + term::InputTranslator::kHoldTime);
  world_.RunFor(term::InputTranslator::kHoldTime);
  session_->OnDeadline(world_.Now());
  world_.RunFor(0ms);
  EXPECT_EQ(program_->TakeOutput(), "O");
  EXPECT_EQ(session_->NextDeadline(), Instant::Max());
}

TEST_F(SessionTest, OnlyTheLastResizeOfARunCounts) {
  std::vector<int> widths;
  program_->on_resize = [&](io::WindowSize size) { widths.push_back(size.columns); };
  sync::UserStream stream;
  stream.PushResize({90, 30});
  stream.PushResize({100, 30});
  stream.PushBytes("x");
  stream.PushResize({110, 30});
  ApplyStream(stream);
  EXPECT_EQ(widths, (std::vector<int>{100, 110}));
  EXPECT_EQ(session_->terminal().screen().columns(), 110);
}

TEST_F(SessionTest, AbsurdSizesChangeNothing) {
  for (const term::Size size : {term::Size{0, 24}, {80, -1}, {1 << 30, 1 << 30}, {70000, 24}}) {
    const std::vector<sync::UserEvent> events = {size};
    session_->Apply(events);
    EXPECT_EQ(session_->terminal().screen().size(), (term::Size{80, 24}));
  }
}

TEST_F(SessionTest, ExtremeSizesWork) {
  for (const term::Size size : {term::Size{1, 1}, {1000, 500}, {1, 1}}) {
    sync::UserStream stream;
    stream.PushResize(size);
    ApplyStream(stream);
    Write("w\u4e16\r\nx");
    EXPECT_EQ(session_->terminal().screen().size(), size);
    EXPECT_EQ(program_->window_size().columns, size.columns);
  }
}

TEST_F(SessionTest, PasteIntoASlowReaderArrivesWhole) {
  program_->set_output_capacity(4096);
  std::string paste;
  for (int i = 0; i < 64 * 1024; ++i) paste += static_cast<char>('a' + i % 26);
  Apply(paste);
  std::string got;
  for (int i = 0; i < 1000 && got.size() < paste.size(); ++i) {
    got += program_->TakeOutput();
    program_->OutputTaken();
    world_.RunFor(1ms);
  }
  EXPECT_EQ(got, paste);
}

TEST_F(SessionTest, ProgramThatDoesNotReadStopsTheInput) {
  program_->set_output_capacity(1);
  Apply(std::string(Session::kInputHighWater + 1, 'x'));
  EXPECT_FALSE(session_->WantsInput());
  EXPECT_EQ(recorder_.rooms, 0);
  program_->set_output_capacity(SIZE_MAX);
  program_->OutputTaken();
  world_.RunFor(1ms);
  EXPECT_TRUE(session_->WantsInput());
  EXPECT_EQ(recorder_.rooms, 1);
}

TEST_F(SessionTest, SynchronizedOutputHoldsTheScreen) {
  Write("\033[?2026h");
  recorder_.hints.clear();
  Write("half");
  EXPECT_TRUE(session_->holds_screen());
  EXPECT_TRUE(recorder_.hints.empty());
  Write(" whole\033[?2026l");
  EXPECT_FALSE(session_->holds_screen());
  EXPECT_EQ(recorder_.hints.size(), 1);
}

TEST_F(SessionTest, SynchronizedOutputIsNotHeldForEver) {
  Write("\033[?2026h");
  ASSERT_EQ(session_->NextDeadline(), world_.Now() + Session::kLongestHold);
  recorder_.hints.clear();
  world_.RunFor(Session::kLongestHold);
  session_->OnDeadline(world_.Now());
  EXPECT_FALSE(session_->holds_screen());
  EXPECT_EQ(recorder_.hints.size(), 1);
  Write("still at it");  // a program that died in the middle must not slow down its successors
  EXPECT_FALSE(session_->holds_screen());
  Write("\033[?2026l\033[?2026h");
  Write("\033[?2026l");
  Write("\033[?2026h");
  EXPECT_TRUE(session_->holds_screen());
}

TEST_F(SessionTest, EndShowsEverythingFirst) {
  program_->Feed("last words");
  program_->Hangup();
  world_.RunFor(1ms);
  EXPECT_EQ(Row(0), "last words");
  EXPECT_EQ(recorder_.ends, 1);
  EXPECT_TRUE(session_->ended());
}

TEST_F(SessionTest, InputAfterTheEndGoesNowhere) {
  program_->Hangup();
  world_.RunFor(1ms);
  Apply("x");
  EXPECT_EQ(session_->queued_bytes(), 0);
  EXPECT_EQ(recorder_.ends, 1);
}

TEST_F(SessionTest, HistoryHoldsAsMuchAsIsAllowed) {
  Restart({.lines = 5});
  for (int i = 0; i < 100; ++i) program_->Feed(std::to_string(i) + "\r\n");
  world_.RunFor(1s);
  EXPECT_EQ(session_->terminal().history()->LineCount(), 5);
  EXPECT_EQ(session_->terminal().history()->Text(0), "72");  // 23 rows and the cursor's are below
  Restart({.lines = 0});
  for (int i = 0; i < 100; ++i) program_->Feed(std::to_string(i) + "\r\n");
  world_.RunFor(1s);
  EXPECT_EQ(session_->terminal().history(), nullptr);
  EXPECT_EQ(Row(0), "77");
}

TEST_F(SessionTest, LinesThatScrolledOffArePackedInSilence) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "the quick brown fox " + std::to_string(i) + "\r\n";
  program_->Feed(text);
  world_.RunFor(1s);
  const term::History& history = *session_->terminal().history();
  EXPECT_EQ(history.LineCount(), 1000 - 23);
  const size_t before = history.memory_bytes();
  ASSERT_TRUE(history.compressible());
  world_.RunUntil(session_->NextDeadline());
  session_->OnDeadline(world_.Now());
  EXPECT_FALSE(history.compressible());
  EXPECT_LT(history.memory_bytes(), before / 2);
  EXPECT_EQ(history.Text(0), "the quick brown fox 0");
  EXPECT_EQ(session_->NextDeadline(), Instant::Max());
}

}  // namespace
}  // namespace mosh::server
