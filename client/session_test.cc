// The client whole, against a server's end made of the same cores, on a simulated network and
// terminal.
#include "client/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/testing/test_server.h"
#include "crypto/route_tag.h"
#include "crypto/testing/seeded_random.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_stream.h"
#include "io/sim/sim_world.h"
#include "predict/engine.h"
#include "term/terminal.h"

namespace mosh::client {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Kind = SessionEnd::Kind;

constexpr char kKey[] = "SF/MlfhoOVaLoagbnZgzHQ";
constexpr char kStart[] = "<start>";
constexpr char kEnd[] = "<end>";

class FakeControl final : public TerminalControl {
 public:
  void EnterRaw() override { calls += "raw "; }
  void LeaveRaw() override { calls += "cooked "; }
  void StopProcessGroup() override { calls += "stop "; }
  std::string calls;
};

// Stopping it ends one client without a goodbye.
struct Life final : io::StopSource {
  using io::StopSource::StopSource;
};

crypto::SessionKey Key() { return *crypto::SessionKey::FromBase64(kKey); }

// Two hosts, 50 ms apart, a session on one and a TestServer on the other.
class SessionTest : public ::testing::Test {
 protected:
  explicit SessionTest(ssp::Capabilities server = ssp::Capability::kResume)
      : server_(there_, *io::SocketAddress::Parse("192.0.2.1", 60001), Key(), &random_, server) {
    Connect();
  }
  ~SessionTest() override { EXPECT_TRUE(world_.StopAll()); }

  void Connect() { world_.network().Connect(*here_, *there_, io::sim::PerfectLink(50ms)); }
  void Disconnect() { here_->set_cable_plugged(false); }
  void Reconnect() { here_->set_cable_plugged(true); }

  void StartServer() { world_.Start(server_.Run(world_.stop())); }
  void StartClient(io::WindowSize size = {80, 24}) {
    auto pair = io::sim::MakeSimTty(&world_, size);
    tty_ = std::move(pair.tty);
    user_ = pair.peer;
    picture_.emplace(
        term::Size{size.columns == 0 ? 80 : size.columns, size.rows == 0 ? 24 : size.rows},
        term::Dialect::kProgram);
    user_->on_output = [this] {
      const std::string output = user_->TakeOutput();
      written_ += output;
      ++writes_;
      picture_->Feed(output);
      user_->OutputTaken();
    };
    client_stop_.emplace(world_.stop());
    world_.Start(RunSession(this));
  }
  void Start(io::WindowSize size = {80, 24}) {
    StartServer();
    StartClient(size);
    world_.RunFor(1s);
  }

  static io::Task<void> RunSession(SessionTest* test) {
    SessionConfig config;
    config.server = *io::SocketAddress::Parse("192.0.2.1", 60001);
    config.start_string = kStart;
    config.end_string = kEnd;
    config.render.target = term::RenderTarget::kRealTerminal;
    config.prediction = test->prediction_;
    config.process = test->process_;
    config.keeper = test->keeper_;
    Session session(test->here_,
                    {test->tty_.get(), test->tty_.get(), test->tty_.get(), &test->control_}, config,
                    Key(), &test->random_);
    test->session_ = &session;
    test->end_ = co_await session.Run(test->client_stop_->token());
    test->session_ = nullptr;
  }

  // As far as the network can tell.
  void CrashClient() {
    client_stop_->RequestStop();
    world_.RunFor(1ms);
    ASSERT_TRUE(end_.has_value());
    end_.reset();
  }

  // A program at a prompt that echoes what it reads.
  void StartEchoing() {
    server_.on_typed = [this](const std::string& bytes) { server_.Print(bytes); };
    server_.Print("$ ");
    world_.RunFor(1s);
  }
  void TypeAndWait(absl::string_view keys) {
    user_->Feed(std::string(keys));
    world_.RunFor(1s);
  }

  std::string Row(int row) const { return picture_->screen().RowText(row); }

  io::sim::SimWorld world_{7};
  io::sim::SimReactor* here_ = &world_.AddHost("client", "198.51.100.7");
  io::sim::SimReactor* there_ = &world_.AddHost("server", "192.0.2.1");
  crypto::SeededRandom random_{1};
  TestServer server_;
  FakeControl control_;
  std::unique_ptr<io::Tty> tty_;
  std::shared_ptr<io::sim::SimPeer> user_;
  std::optional<term::Terminal> picture_;  // what the user's terminal shows
  predict::Settings prediction_;
  std::optional<Life> client_stop_;
  ClientProcess process_;
  ResumeKeeper* keeper_ = nullptr;
  std::string written_;
  int writes_ = 0;
  Session* session_ = nullptr;
  std::optional<SessionEnd> end_;
};

TEST_F(SessionTest, PaintsWhatTheServerShowsAndSendsWhatIsTyped) {
  Start();
  EXPECT_THAT(written_, StartsWith(kStart));
  server_.Print("hello \xe2\x9c\x93");
  user_->Feed("abc\r");
  world_.RunFor(200ms);
  EXPECT_EQ(Row(0), "hello \xe2\x9c\x93");
  EXPECT_EQ(server_.typed(), "abc\r");
  EXPECT_EQ(picture_->screen().cursor().column, 7);
}

TEST_F(SessionTest, DatagramsCarryTheRouteTagOfTheKey) {
  Start();
  const crypto::SequenceNumber next = session_->connection().transport().next_sequence();
  const crypto::RouteTag tag = crypto::RouteTag::Of(Key());
  EXPECT_GT(next, tag.FirstSequence());
  EXPECT_LT(next.value, tag.FirstSequence().value + 10);
}

// Remembers, as a file would.
class FakeKeeper final : public ResumeKeeper {
 public:
  absl::Status Lease(crypto::SequenceNumber last) override {
    leased_to = last;
    return absl::OkStatus();
  }
  absl::Status Forget() override {
    ++forgotten;
    return absl::OkStatus();
  }
  std::optional<crypto::SequenceNumber> leased_to;
  int forgotten = 0;
};

TEST_F(SessionTest, NumbersAreSetAsideBeforeTheyAreUsed) {
  FakeKeeper keeper;
  keeper_ = &keeper;
  Start();
  ASSERT_TRUE(keeper.leased_to.has_value());
  EXPECT_GT(keeper.leased_to->value,
            session_->connection().transport().next_sequence().value + 1000);
  EXPECT_EQ(keeper.forgotten, 0);
}

class StockSessionTest : public SessionTest {
 protected:
  StockSessionTest() : SessionTest(ssp::Capabilities()) {}
};

TEST_F(StockSessionTest, NothingIsKeptOfASessionThatCannotBeResumed) {
  FakeKeeper keeper;
  keeper_ = &keeper;
  Start();
  TypeAndWait("abc");
  EXPECT_FALSE(keeper.leased_to.has_value());
  EXPECT_EQ(keeper.forgotten, 1);
}

TEST_F(SessionTest, AnotherProcessContinuesAfterACrash) {
  FakeKeeper keeper;
  keeper_ = &keeper;
  Start();
  StartEchoing();
  TypeAndWait("one ");
  EXPECT_EQ(Row(0), "$ one");
  world_.RunFor(5s);
  user_->Feed("in flight");
  world_.RunFor(10ms);
  CrashClient();
  process_ = {.incarnation = 1,
              .first = {keeper.leased_to->value + 1},
              .last = {keeper.leased_to->value + 1000}};
  StartClient({100, 30});
  world_.RunFor(1s);
  EXPECT_TRUE(absl::StartsWith(Row(0), "$ one in flight")) << Row(0);
  TypeAndWait(" two");
  EXPECT_EQ(server_.typed(), "one in flight two");
  EXPECT_EQ(Row(0), "$ one in flight two");
  EXPECT_EQ(server_.sizes().back(), (term::Size{100, 30}));
  TypeAndWait("\x1e.");
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kClean);
  EXPECT_TRUE(server_.over());
}

TEST_F(SessionTest, AContinuedSessionThatIsNotFoundIsLeftAlone) {
  FakeKeeper keeper;
  keeper_ = &keeper;
  const uint64_t first = crypto::RouteTag::Of(Key()).FirstSequence().value + 5000;
  process_ = {.incarnation = 1, .first = {first}, .last = {first + 1000}};
  StartServer();
  Disconnect();
  StartClient();
  world_.RunFor(16s);
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kNeverConnected);
  EXPECT_EQ(keeper.forgotten, 0);
  Reconnect();
  world_.RunFor(10s);
  EXPECT_FALSE(server_.client_left());
}

TEST_F(SessionTest, QuittingBeforeASessionIsFoundAgainDoesNotEndIt) {
  const uint64_t first = crypto::RouteTag::Of(Key()).FirstSequence().value + 5000;
  process_ = {.incarnation = 1, .first = {first}, .last = {first + 1000}};
  StartServer();
  Disconnect();
  StartClient();
  TypeAndWait("\x1e.");
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kNeverConnected);
}

TEST_F(SessionTest, AKeyThatIsUsedUpEndsTheSessionAndSaysWhy) {
  const uint64_t last = crypto::RouteTag::Of(Key()).LastSequence().value;
  process_ = {.incarnation = 1, .first = {last - 2}, .last = {last}};
  Start();
  for (int i = 0; i < 5 && !end_.has_value(); ++i) TypeAndWait("x");
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kFatal);
  EXPECT_THAT(end_->error, HasSubstr("as many datagrams as its key is good for"));
}

TEST_F(SessionTest, KeyLeavesAndScreenShowsWithoutWaiting) {
  Start();
  world_.RunFor(5s);
  user_->Feed("x");
  world_.RunFor(50ms);  // one way
  EXPECT_EQ(server_.typed(), "x");
  server_.Print("y");
  EXPECT_TRUE(world_.RunUntilTrue([&] { return Row(0) == "y"; }, world_.Now() + 60ms));
}

TEST_F(SessionTest, TellsTheWindowSize) {
  Start({132, 50});
  EXPECT_EQ(server_.sizes().back(), (term::Size{132, 50}));
  user_->set_window_size({100, 30});
  picture_->Resize({100, 30});
  here_->RaiseSignal(SIGWINCH);
  server_.Print("\x1b[30;100Hz");
  world_.RunFor(1s);
  EXPECT_EQ(server_.sizes().back(), (term::Size{100, 30}));
  server_.Print("\x1b[30;100Hz");
  world_.RunFor(1s);
  EXPECT_EQ(picture_->screen().CellText(29, 99), "z");
}

TEST_F(SessionTest, NoSizeIsTheUsualSize) {
  Start({0, 0});
  EXPECT_EQ(server_.sizes().back(), (term::Size{80, 24}));
}

TEST_F(SessionTest, ExtremeSizes) {
  Start({1, 1});
  server_.Print("ab");
  world_.RunFor(1s);
  EXPECT_EQ(Row(0), "b");
  user_->set_window_size({1000, 500});
  picture_->Resize({1000, 500});
  here_->RaiseSignal(SIGWINCH);
  world_.RunFor(1s);
  server_.Print("\x1b[500;1000Hz");
  world_.RunFor(1s);
  EXPECT_EQ(picture_->screen().CellText(499, 999), "z");
}

TEST_F(SessionTest, ShrunkWindowIsNeverPaintedBeyond) {
  Start();
  for (int row = 1; row <= 24; ++row) server_.Print(absl::StrCat("\x1b[", row, ";1Hrow ", row));
  world_.RunFor(1s);
  Disconnect();
  user_->set_window_size({20, 5});
  picture_->Resize({20, 5});
  here_->RaiseSignal(SIGWINCH);
  world_.RunFor(1s);
  EXPECT_EQ(Row(1), "row 2");
  EXPECT_EQ(Row(4), "row 5");
}

TEST_F(SessionTest, EscapeQuits) {
  Start();
  user_->Feed("a\x1e");
  world_.RunFor(100ms);
  EXPECT_EQ(Row(0), "mosh: Commands: Ctrl-Z suspends, \".\" quits, \"^\" gives literal Ctrl-^");
  user_->Feed(".b");
  world_.RunFor(1s);
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kClean);
  EXPECT_EQ(server_.typed(), "a");
  EXPECT_TRUE(server_.client_left());
  EXPECT_THAT(written_, ::testing::EndsWith(kEnd));
  // The last frame has no bar.
  EXPECT_THAT(Row(0), Not(HasSubstr("mosh:")));
}

TEST_F(SessionTest, EscapeHelpGoesAwayWithTheNextKey) {
  Start();
  user_->Feed("\x1e");
  world_.RunFor(10ms);
  user_->Feed("^");
  world_.RunFor(100ms);
  EXPECT_EQ(Row(0), "");
  EXPECT_EQ(server_.typed(), "\x1e");
}

TEST_F(SessionTest, TerminalsEndAndSignalsSayGoodbye) {
  Start();
  user_->Hangup();
  here_->RaiseSignal(SIGHUP);
  world_.RunFor(1s);
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kClean);
  EXPECT_TRUE(server_.client_left());
}

TEST_F(SessionTest, TerminationSignal) {
  Start();
  here_->RaiseSignal(SIGTERM);
  world_.RunFor(10ms);
  EXPECT_EQ(Row(0), "mosh: Signal received, shutting down... [To quit: Ctrl-^ .]");
  world_.RunFor(1s);
  EXPECT_EQ(end_->kind, Kind::kClean);
}

TEST_F(SessionTest, ServersEndIsAnswered) {
  Start();
  server_.Print("bye");
  server_.StartShutdown();
  world_.RunFor(1s);
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kClean);
  EXPECT_EQ(Row(0), "bye<end>");
  EXPECT_TRUE(server_.over());
}

TEST_F(SessionTest, NoServerIsSaidSoonAndGivenUpAfterFifteenSeconds) {
  StartClient();
  world_.RunFor(249ms);
  EXPECT_EQ(Row(0), "");
  world_.RunFor(2ms);
  EXPECT_EQ(Row(0), "mosh: Nothing received from server on UDP port 60001. [To quit: Ctrl-^ .]");
  world_.RunFor(14s);
  EXPECT_THAT(Row(0),
              StartsWith("mosh: Nothing received from server on UDP port 60001. (14 s without"));
  world_.RunFor(1s);
  EXPECT_THAT(Row(0), StartsWith("mosh: Timed out waiting for server... (15 s without contact.)"));
  world_.RunFor(6s);
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kNeverConnected);
}

TEST_F(SessionTest, LateServerIsStillWelcome) {
  StartClient();
  world_.RunFor(5s);
  StartServer();
  server_.Print("here");
  world_.RunFor(4s);
  EXPECT_EQ(Row(0), "here");
}

TEST_F(SessionTest, NoRouteIsShownAndGotOver) {
  world_.network().Disconnect(*here_, *there_);
  StartServer();
  StartClient();
  world_.RunFor(1s);
  EXPECT_THAT(Row(0), StartsWith("mosh: sendto: Network is unreachable"));
  Connect();
  server_.Print("here");
  world_.RunFor(8s);
  EXPECT_EQ(Row(0), "here");
}

TEST_F(SessionTest, SilenceShowsAndAnHourIsSurvived) {
  Start();
  server_.Print("before");
  world_.RunFor(1s);
  Disconnect();
  world_.RunFor(10s);
  EXPECT_THAT(Row(0), StartsWith("mosh: Last contact "));
  user_->Feed("kept");
  server_.Print(" after");
  world_.RunFor(1h);
  EXPECT_THAT(Row(0), StartsWith("mosh: Last contact 1:00:"));
  ASSERT_FALSE(end_.has_value());
  Reconnect();
  world_.RunFor(8s);
  EXPECT_EQ(Row(0), "before after");
  EXPECT_EQ(server_.typed(), "kept");
  EXPECT_GT(server_.client_addresses(), 1);  // it hopped
}

TEST_F(SessionTest, StrangersAreCountedNotShown) {
  Start();
  const uint64_t before = session_->connection().transport().stats().auth_failures;
  for (int i = 0; i < 20; ++i) server_.SendRaw(std::string(i * 10, 'x'));
  world_.RunFor(1s);
  EXPECT_EQ(Row(0), "");
  EXPECT_GE(session_->connection().transport().stats().auth_failures, before + 17);
}

TEST_F(SessionTest, BlockedTerminalSkipsFramesAndShowsTheLatest) {
  Start();
  user_->on_output = nullptr;
  user_->set_output_capacity(64);
  for (int i = 0; i < 200; ++i) {
    server_.Print(absl::StrCat("\x1b[2J\x1b[H", std::string(70, 'a' + i % 26), " frame ", i));
    world_.RunFor(100ms);
  }
  size_t taken = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string output = user_->TakeOutput();
    taken += output.size();
    picture_->Feed(output);
    user_->OutputTaken();
    world_.RunFor(10ms);
  }
  EXPECT_THAT(Row(0), HasSubstr("frame 199"));
  EXPECT_LT(taken, 2000);  // not two hundred frames
}

TEST_F(SessionTest, BlockedTerminalDoesNotHoldUpTheEnd) {
  Start();
  user_->on_output = nullptr;
  user_->set_output_capacity(0);
  server_.Print("more than fits");
  user_->Feed("\x1e.");
  world_.RunFor(5s);
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kClean);
}

TEST_F(SessionTest, SuspendsAndComesBack) {
  Start();
  server_.Print("content");
  world_.RunFor(1s);
  written_.clear();
  user_->Feed("\x1e\x1a");
  world_.RunFor(100ms);
  EXPECT_EQ(control_.calls, "cooked stop raw ");
  const size_t text = written_.find("\n\x1b[37;44m[mosh is suspended.]\x1b[m\n");
  ASSERT_NE(text, std::string::npos);
  EXPECT_LT(written_.find(kEnd), text);
  EXPECT_GT(written_.find(kStart), text);
  EXPECT_EQ(Row(0), "content");
  user_->Feed("z");
  world_.RunFor(1s);
  EXPECT_EQ(server_.typed(), "z");
}

TEST_F(SessionTest, ContinuedFromOutsideRepaints) {
  Start();
  server_.Print("content");
  world_.RunFor(1s);
  written_.clear();
  here_->RaiseSignal(SIGCONT);
  world_.RunFor(10ms);
  EXPECT_EQ(control_.calls, "raw ");
  EXPECT_THAT(written_, StartsWith(kStart));
  EXPECT_THAT(written_, HasSubstr("content"));
}

TEST_F(SessionTest, FormFeedRepaints) {
  Start();
  server_.Print("content");
  world_.RunFor(1s);
  written_.clear();
  user_->Feed("\x0c");
  world_.RunFor(10ms);
  EXPECT_THAT(written_, HasSubstr("content"));
  world_.RunFor(1s);
  EXPECT_EQ(server_.typed(), "\x0c");
}

TEST_F(SessionTest, AskingTwiceDoesNotWait) {
  Start();
  Disconnect();
  user_->Feed("\x1e.");
  world_.RunFor(100ms);
  EXPECT_FALSE(end_.has_value());
  user_->Feed("\x1e.");
  world_.RunFor(100ms);
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kNotAcknowledged);
}

TEST_F(SessionTest, UnansweredGoodbyeEnds) {
  Start();
  Disconnect();
  here_->RaiseSignal(SIGTERM);
  world_.RunFor(12s);
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->kind, Kind::kNotAcknowledged);
}

TEST_F(SessionTest, LargePasteArrivesWhole) {
  Start();
  std::string paste;
  while (paste.size() < 65536) absl::StrAppend(&paste, "line ", paste.size(), "\r");
  user_->Feed(paste);
  world_.RunFor(5s);
  EXPECT_EQ(server_.typed(), paste);
}

TEST_F(SessionTest, TitleIsPrefixedAndCleanedAtTheEnd) {
  Start();
  server_.Print("\x1b]0;work\x07");
  world_.RunFor(1s);
  EXPECT_EQ(picture_->screen().title(), "[mosh] work");
  user_->Feed("\x1e.");
  world_.RunFor(1s);
  EXPECT_EQ(picture_->screen().title(), "work");
}

TEST_F(SessionTest, TypingShowsBeforeTheAnswerOnceItHasBeenEchoed) {
  Start();
  StartEchoing();
  user_->Feed("a");
  world_.RunFor(90ms);  // the answer takes 100
  EXPECT_EQ(Row(0), "$");
  world_.RunFor(1s);
  user_->Feed("b");
  world_.RunFor(1ms);
  EXPECT_EQ(Row(0), "$ ab");
  EXPECT_EQ(picture_->screen().cursor().column, 4);
  world_.RunFor(1s);
  EXPECT_EQ(Row(0), "$ ab");
  EXPECT_EQ(session_->predictor().pending(), 0);
}

TEST_F(SessionTest, RefutedGuessIsTakenBack) {
  Start();
  StartEchoing();
  TypeAndWait("a");
  server_.on_typed = nullptr;
  user_->Feed("b");
  world_.RunFor(1ms);
  EXPECT_EQ(Row(0), "$ ab");
  world_.RunFor(250ms);
  EXPECT_EQ(Row(0), "$ a");
}

class ReportingSessionTest : public SessionTest {
 protected:
  ReportingSessionTest() : SessionTest(ssp::Capability::kPredictionReports) {}
};

TEST_F(ReportingSessionTest, TellsTheServerWhatBecameOfItsGuesses) {
  prediction_.display = predict::Display::kAlways;
  Start();
  StartEchoing();
  TypeAndWait("a");
  for (const char* key : {"b", "c", "d"}) TypeAndWait(key);
  server_.on_typed = nullptr;
  TypeAndWait("e");
  world_.RunFor(5s);  // until a heartbeat
  const std::optional<ssp::Predictions> told = server_.predictions();
  ASSERT_TRUE(told);
  EXPECT_EQ(*told, (ssp::Predictions{.shown = 4, .correct = 3, .wrong = 1}));
}

TEST_F(SessionTest, PasswordsAreNotShown) {
  prediction_.display = predict::Display::kAlways;
  Start();
  StartEchoing();
  TypeAndWait("su");
  server_.on_typed = nullptr;
  user_->Feed("\r");
  server_.Print("\r\nPassword: ");
  world_.RunFor(1s);
  written_.clear();
  for (const char* key : {"s", "3", "k"}) TypeAndWait(key);
  EXPECT_EQ(Row(1), "Password:");
  EXPECT_THAT(written_, Not(HasSubstr("s")));
}

TEST_F(SessionTest, NeverMeansNever) {
  prediction_.display = predict::Display::kNever;
  Start();
  StartEchoing();
  TypeAndWait("a");
  user_->Feed("b");
  world_.RunFor(90ms);
  EXPECT_EQ(Row(0), "$ a");
}

TEST_F(SessionTest, EscapeCommandsAreNotPredicted) {
  prediction_.display = predict::Display::kAlways;
  Start();
  StartEchoing();
  TypeAndWait("a");
  user_->Feed("\x1e");
  EXPECT_EQ(session_->predictor().pending(), 0);
  TypeAndWait("x");
  EXPECT_EQ(server_.typed(), "a\x1ex");
}

TEST_F(SessionTest, GlitchShowsWhatWasTyped) {
  Start();
  StartEchoing();
  TypeAndWait("a");
  Disconnect();
  user_->Feed("b");
  world_.RunFor(2s);
  EXPECT_EQ(Row(0), "$ ab");
}

TEST_F(SessionTest, KeyIsPaintedInOneWriteOfItself) {
  Start();
  StartEchoing();
  TypeAndWait("a");
  const int writes = writes_;
  written_.clear();
  TypeAndWait("b");
  EXPECT_EQ(writes_, writes + 1);
  EXPECT_EQ(written_, "b");
}

TEST_F(SessionTest, IdleMeansAsleep) {
  Start();
  world_.RunFor(10s);
  const auto before = session_->connection().transport().stats();
  const int writes = writes_;
  world_.RunFor(60s);
  const auto after = session_->connection().transport().stats();
  EXPECT_LE(after.sent.datagrams - before.sent.datagrams, 21);
  EXPECT_EQ(writes_, writes);
}

}  // namespace
}  // namespace mosh::client
