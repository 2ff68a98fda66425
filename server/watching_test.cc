// What others do with sessions while their clients use them, through the control protocol's own
// objects: hold their input, watch their screens and be told of, learn of them.
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/control/dialogue.h"
#include "server/testing/shared_host.h"
#include "term/terminal.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class WatchingTest : public SharedHostTest {
 protected:
  // A session with one client.
  void Start(term::Size window = {40, 4}) {
    StartHost();
    const control::Grant grant = Open();
    id_ = grant.session_id();
    client_ = Connect(grant, window);
    while (programs_.empty()) world_.RunFor(100ms);
    programs_[0]->Feed("top row\r\nsecond row");
    world_.RunFor(100ms);
  }
  void Hold(bool held, absl::string_view text = "") {
    control::Hold request;
    request.set_session_id(id_);
    request.set_held(held);
    request.set_text(std::string(text));
    EXPECT_TRUE(host_->Hold(request).ok());
    world_.RunFor(100ms);
  }
  void SetWatched(const void* by, const Strings& names) {
    control::SetWatched request;
    request.set_session_id(id_);
    for (const std::string& name : names) request.add_watcher(name);
    EXPECT_TRUE(host_->SetWatched(request, by).ok());
    world_.RunFor(100ms);
  }
  Strings Watchers() {
    const control::Session facts = Facts(id_);
    return {facts.watcher().begin(), facts.watcher().end()};
  }
  std::string TopRow() { return client_->screen().RowText(0); }
  std::string Typed() { return programs_[0]->TakeOutput(); }

  std::string id_;
  TestClient* client_ = nullptr;
  int bob_ = 0, carol_ = 0;  // connections
};

TEST_F(WatchingTest, WhatIsTypedIntoAHeldSessionIsLost) {
  Start();
  Hold(true, "upgrade");
  EXPECT_EQ(TopRow(), "Input is held: upgrade");
  EXPECT_TRUE(Facts(id_).held());
  client_->Type("rm");
  world_.RunFor(1s);
  EXPECT_EQ(Typed(), "");
  Hold(false);
  EXPECT_EQ(TopRow(), "top row");
  EXPECT_FALSE(Facts(id_).held());
  client_->Type("ls");
  world_.RunFor(1s);
  EXPECT_EQ(Typed(), "ls");
}

TEST_F(WatchingTest, AHoldLastsAndItsReasonCanChange) {
  Start();
  Hold(true);
  world_.RunFor(1h);
  EXPECT_EQ(TopRow(), "Input is held");
  Hold(true, "soon");
  EXPECT_EQ(TopRow(), "Input is held: soon");
}

TEST_F(WatchingTest, HeldInputDoesNotWaitForTheRelease) {
  Start();
  // The program doesn't read: what is typed piles up until no more is taken.
  programs_[0]->set_output_capacity(0);
  for (int i = 0; i < 100; ++i) {
    client_->Type(std::string(10'000, 'x'));
    world_.RunFor(100ms);
  }
  Hold(true);
  world_.RunFor(10s);
  client_->Type("lost");
  world_.RunFor(10s);
  Hold(false);
  programs_[0]->set_output_capacity(SIZE_MAX);
  programs_[0]->OutputTaken();
  world_.RunFor(10s);
  client_->Type("kept");
  world_.RunFor(10s);
  const std::string typed = Typed();
  EXPECT_EQ(typed.find("lost"), std::string::npos);
  EXPECT_EQ(typed.substr(typed.size() - 4), "kept");
}

TEST_F(WatchingTest, AHeldSessionTakesSizesAndGoodbyes) {
  Start();
  Hold(true);
  client_->Resize({50, 6});
  world_.RunFor(1s);
  EXPECT_EQ(programs_[0]->window_size().columns, 50);
  client_->StartShutdown();
  world_.RunFor(1s);
  EXPECT_TRUE(client_->over());
  EXPECT_FALSE(Exists(id_));
}

TEST_F(WatchingTest, WhoComesLaterIsToldOfTheHold) {
  Start();
  Hold(true, "upgrade");
  TestClient* const late = Connect(Attach(id_), {40, 4});
  EXPECT_EQ(late->screen().RowText(0), "Input is held: upgrade");
  late->Type("x");
  world_.RunFor(1s);
  EXPECT_EQ(Typed(), "");
}

TEST_F(WatchingTest, TypingIntoAHeldSessionIsNoIdling) {
  options_.limits.idle = 10min;
  Start();
  Hold(true);
  for (int i = 0; i < 30; ++i) {
    client_->Type("x");
    world_.RunFor(1min);
  }
  EXPECT_TRUE(Exists(id_));
}

TEST_F(WatchingTest, BeingWatchedShowsAtItsBeginningAndItsEnd) {
  Start();
  SetWatched(&bob_, {"bob"});
  EXPECT_EQ(TopRow(), "Watched by bob");
  EXPECT_THAT(Watchers(), ElementsAre("bob"));
  world_.RunFor(11s);
  EXPECT_EQ(TopRow(), "top row");
  EXPECT_THAT(Watchers(), ElementsAre("bob"));
  host_->EndWatched(&bob_);
  world_.RunFor(100ms);
  EXPECT_EQ(TopRow(), "No longer watched");
  EXPECT_THAT(Watchers(), IsEmpty());
  world_.RunFor(11s);
  EXPECT_EQ(TopRow(), "top row");
}

TEST_F(WatchingTest, WatchersOfSeveralConnectionsAddUp) {
  Start();
  SetWatched(&bob_, {"bob"});
  SetWatched(&carol_, {"carol", "bob"});
  EXPECT_EQ(TopRow(), "Watched by bob, carol");
  EXPECT_THAT(Watchers(), ElementsAre("bob", "carol"));
  world_.RunFor(11s);
  host_->EndWatched(&bob_);
  world_.RunFor(100ms);
  EXPECT_THAT(Watchers(), ElementsAre("carol", "bob")) << "the other connection's";
  EXPECT_EQ(TopRow(), "top row") << "nobody new, and still watched";
  SetWatched(&carol_, {});
  EXPECT_EQ(TopRow(), "No longer watched");
}

TEST_F(WatchingTest, TheSameAgainIsNoNews) {
  Start();
  SetWatched(&bob_, {"bob"});
  world_.RunFor(11s);
  const uint64_t version = Facts(id_).version();
  SetWatched(&bob_, {"bob"});
  SetWatched(&carol_, {});
  host_->EndWatched(&carol_);
  world_.RunFor(100ms);
  EXPECT_EQ(TopRow(), "top row");
  EXPECT_EQ(Facts(id_).version(), version);
}

TEST_F(WatchingTest, WhoComesLaterIsToldWhoWatches) {
  Start();
  SetWatched(&bob_, {"bob"});
  world_.RunFor(11s);
  TestClient* const late = Connect(Attach(id_), {40, 4});
  EXPECT_EQ(late->screen().RowText(0), "Watched by bob");
}

TEST_F(WatchingTest, ChangesOfTheseAreTold) {
  Start();
  const int before = changes_[id_];
  Hold(true);
  Hold(false);
  SetWatched(&bob_, {"bob"});
  EXPECT_EQ(changes_[id_], before + 3);
}

// A reader of a session's screen with a dialogue of his own.
class Reader {
 public:
  Reader(Host* host, const std::string& id, bool with_input = false)
      : dialogue_(host, [this] { ++outputs; }) {
    control::Request request;
    request.set_id(1);
    (with_input ? request.mutable_subscribe_screen_and_input() : request.mutable_subscribe_screen())
        ->set_session_id(id);
    const std::string packet = request.SerializeAsString();
    dialogue_.OnPacket({reinterpret_cast<const uint8_t*>(packet.data()), packet.size()});
  }
  // All that there is; how many packets.
  int Read(Instant now) {
    int packets = 0;
    for (std::string packet; !(packet = dialogue_.NextPacket(now)).empty(); ++packets) {
      EXPECT_TRUE(reply.ParseFromString(packet));
      if (reply.frame().restart()) {
        terminal = term::Terminal({static_cast<int>(reply.frame().size().columns()),
                                   static_cast<int>(reply.frame().size().rows())},
                                  term::Dialect::kProgram);
      }
      terminal.Feed(reply.frame().ansi());
      for (const control::Input& input : reply.frame().input()) {
        typed += input.has_typed() ? input.typed() : "(gap)";
      }
    }
    return packets;
  }
  std::string Row(int row) { return terminal.screen().RowText(row); }

  int outputs = 0;
  control::Reply reply;  // the last one
  std::string typed;     // all that was told
  term::Terminal terminal{{1, 1}, term::Dialect::kProgram};

 private:
  Dialogue dialogue_;
};

TEST_F(WatchingTest, AScreenIsFollowed) {
  Start();
  Reader reader(host_.get(), id_);
  EXPECT_EQ(reader.Read(world_.Now()), 1);
  EXPECT_EQ(reader.Row(1), "second row");
  for (int i = 0; i < 100; ++i) {
    programs_[0]->Feed(absl::StrCat("\r\nline ", i));
    world_.RunFor(1ms);
  }
  world_.RunFor(100ms);
  EXPECT_EQ(reader.Read(world_.Now()), 1) << "however much has happened";
  EXPECT_EQ(reader.Row(3), "line 99");
}

// A real terminal whose modes are those of the session's.
class ModesTest : public WatchingTest {
 protected:
  ModesTest() { EXPECT_EQ(openpty(&master_, &slave_, nullptr, nullptr, nullptr), 0); }
  ~ModesTest() override {
    close(master_);
    close(slave_);
  }
  void Start() {
    WatchingTest::Start();
    programs_[0]->set_modes_fd(master_);
  }
  // As "stty echo" and "stty -echo" do.
  void SetEcho(bool on) {
    termios settings;
    ASSERT_EQ(tcgetattr(slave_, &settings), 0);
    settings.c_lflag = on ? settings.c_lflag | ECHO : settings.c_lflag & ~tcflag_t{ECHO};
    ASSERT_EQ(tcsetattr(slave_, TCSANOW, &settings), 0);
  }
  void Type(TestClient* client, absl::string_view text) {
    client->Type(text);
    world_.RunFor(1s);
  }
  int master_ = -1, slave_ = -1;
};

TEST_F(ModesTest, WhatIsTypedIsToldToWhoWantsItButNoPassword) {
  Start();
  Reader reader(host_.get(), id_, /*with_input=*/true), other(host_.get(), id_);
  reader.Read(world_.Now());
  Type(client_, "su\r");
  SetEcho(false);
  Type(client_, "pass");
  reader.Read(world_.Now());
  Type(client_, "word\r");
  SetEcho(true);
  Type(client_, "id\r");
  reader.Read(world_.Now());
  other.Read(world_.Now());
  EXPECT_EQ(reader.typed, "su\r(gap)id\r");
  EXPECT_EQ(other.typed, "");
  EXPECT_EQ(Typed(), "su\rpassword\rid\r");
}

TEST_F(ModesTest, OnlyWhatReachesTheProgramIsTold) {
  Start();
  Reader reader(host_.get(), id_, /*with_input=*/true);
  Type(Connect(Attach(id_, /*view_only=*/true)), "a");
  Hold(true);
  Type(client_, "b");
  Hold(false);
  Type(client_, "c");
  Type(Connect(Attach(id_)), "d");
  reader.Read(world_.Now());
  EXPECT_EQ(reader.typed, "cd");
}

TEST_F(WatchingTest, WhatIsTypedIntoATerminalOfUnknownModesIsNotTold) {
  Start();
  Reader reader(host_.get(), id_, /*with_input=*/true);
  client_->Type("x");
  world_.RunFor(1s);
  reader.Read(world_.Now());
  EXPECT_EQ(reader.typed, "(gap)");
}

TEST_F(WatchingTest, AFollowedScreenShowsWhatTheProgramDrewAndNoBanner) {
  Start();
  Reader reader(host_.get(), id_);
  reader.Read(world_.Now());
  const int outputs = reader.outputs;
  Hold(true);
  SetWatched(&bob_, {"bob"});
  EXPECT_EQ(reader.outputs, outputs);
  EXPECT_EQ(reader.Row(0), "top row");
}

TEST_F(WatchingTest, AFollowedScreenChangesItsSizeAndEnds) {
  Start();
  Reader reader(host_.get(), id_);
  reader.Read(world_.Now());
  client_->Resize({50, 6});
  world_.RunFor(100ms);
  EXPECT_EQ(reader.Read(world_.Now()), 1);
  EXPECT_EQ(reader.terminal.screen().columns(), 50);
  EXPECT_EQ(reader.Row(1), "second row");
  control::Terminate request;
  request.set_session_id(id_);
  request.set_at_once(true);
  EXPECT_TRUE(host_->Terminate(request).ok());
  world_.RunFor(100ms);
  EXPECT_EQ(reader.Read(world_.Now()), 1);
  EXPECT_EQ(reader.reply.error().code(), static_cast<int>(absl::StatusCode::kNotFound));
  EXPECT_FALSE(reader.reply.more());
}

TEST_F(WatchingTest, HalfAPictureIsNotShown) {
  Start();
  Reader reader(host_.get(), id_);
  reader.Read(world_.Now());
  programs_[0]->Feed("\x1b[?2026h\x1b[2J\x1b[Hhalf");
  world_.RunFor(100ms);
  EXPECT_EQ(reader.Read(world_.Now()), 0);
  programs_[0]->Feed(" and half\x1b[?2026l");
  world_.RunFor(100ms);
  EXPECT_EQ(reader.Read(world_.Now()), 1);
  EXPECT_EQ(reader.Row(0), "half and half");
}

TEST_F(WatchingTest, AScreenOfNoSession) {
  StartHost();
  Reader reader(host_.get(), "nonex");
  EXPECT_EQ(reader.Read(world_.Now()), 1);
  EXPECT_EQ(reader.reply.error().code(), static_cast<int>(absl::StatusCode::kNotFound));
}

TEST_F(WatchingTest, SnapshotsHaveCellsIfWanted) {
  Start();
  programs_[0]->Feed("\x1b]2;a title\a\x1b[?25l\x1b[1mbold");
  world_.RunFor(1ms);
  control::TakeSnapshot request;
  request.set_session_id(id_);
  EXPECT_EQ(host_->TakeSnapshot(request)->row_size(), 0);
  request.set_cells(true);
  const control::Snapshot snapshot = *host_->TakeSnapshot(request);
  EXPECT_EQ(snapshot.title(), "a title");
  EXPECT_TRUE(snapshot.cursor_hidden());
  EXPECT_EQ(snapshot.line(1), "second rowbold");
  ASSERT_EQ(snapshot.row_size(), 4);
  ASSERT_EQ(snapshot.row(1).run_size(), 2);
  EXPECT_EQ(snapshot.row(1).run(1).text(), "bold");
  EXPECT_EQ(snapshot.row(1).run(1).attributes(), 1u << control::BOLD);
}

TEST_F(WatchingTest, TheHostTellsOfItself) {
  options_.host_number = 3;
  options_.wall_clock = [this] {
    return absl::FromUnixMicros(1'700'000'000'000'000) + absl::FromChrono(world_.Now() - Instant());
  };
  Start();
  const control::Host host = host_->DescribeHost();
  EXPECT_GT(host.pid(), 0);
  EXPECT_EQ(host.user(), "alice");
  EXPECT_EQ(host.port(), kPort);
  EXPECT_NE(host.version(), "");
  EXPECT_EQ(host.started_at(), 1'700'000'000'000'000);
  EXPECT_EQ(host.sessions(), 1);
  EXPECT_EQ(host.number(), 3);
}

TEST_F(WatchingTest, FactsOfAClient) {
  Start();
  Echo(0);
  client_->Type("a");
  world_.RunFor(1s);
  control::Client facts = Facts(id_).client(0);
  EXPECT_THAT(facts.capability(), ElementsAre("long_ack_delay", "loss_reports"));
  const uint64_t frames = facts.frames_sent();
  EXPECT_EQ(facts.frames_received(), 2) << "its size and a key";
  EXPECT_GT(frames, 1);
  EXPECT_EQ(facts.loss_to_server_percent(), 0);
  EXPECT_TRUE(facts.has_loss_to_client_percent());
  EXPECT_EQ(facts.loss_to_client_percent(), 0);
  EXPECT_FALSE(facts.has_predictions());
  world_.RunFor(1min);
  EXPECT_EQ(Facts(id_).client(0).frames_sent(), frames) << "heartbeats show nothing new";
}

TEST_F(WatchingTest, ALossyPathIsTold) {
  world_.network().Connect(laptop_, server_, io::sim::LossyLink({.delay = 10ms, .loss = 0.3}));
  Start();
  Echo(0);
  for (int i = 0; i < 200; ++i) {
    client_->Type("x");
    world_.RunFor(200ms);
  }
  const control::Client facts = Facts(id_).client(0);
  EXPECT_GT(facts.loss_to_server_percent(), 10);
  EXPECT_LT(facts.loss_to_server_percent(), 50);
  EXPECT_GT(facts.loss_to_client_percent(), 10);
  EXPECT_LT(facts.loss_to_client_percent(), 50);
  EXPECT_EQ(facts.frames_received(), 201) << "each once, however often it was sent";
}

TEST_F(WatchingTest, AClientTellsOfItsPredictions) {
  Start();
  client_->SetPredictions({.shown = 5, .correct = 3, .wrong = 1});
  world_.RunFor(10s);
  const control::Client facts = Facts(id_).client(0);
  EXPECT_EQ(facts.predictions().shown(), 5);
  EXPECT_EQ(facts.predictions().correct(), 3);
  EXPECT_EQ(facts.predictions().wrong(), 1);
}

}  // namespace
}  // namespace mosh::server
