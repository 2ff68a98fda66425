// A Host of many sessions on the simulated reactor: sessions asked for, attached to, taken over,
// watched, limited, and ended.
#include "server/testing/shared_host.h"

#include <signal.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "crypto/nonce.h"
#include "crypto/route_tag.h"
#include "crypto/session_cipher.h"
#include "gtest/gtest.h"
#include "ssp/transport.h"
#include "sync/host_state.h"
#include "sync/user_stream.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

TEST_F(SharedHostTest, ProgramStartsWhenItsClientHasSpokenAndWithItsWindow) {
  StartHost();
  const control::Grant grant = Open();
  world_.RunFor(1s);
  EXPECT_TRUE(programs_.empty());
  EXPECT_EQ(grant.port(), kPort);
  EXPECT_EQ(grant.session_id().size(), 5);
  TestClient* const client = Connect(grant, {100, 30});
  ASSERT_EQ(programs_.size(), 1);
  EXPECT_EQ(programs_[0]->window_size().columns, 100);
  programs_[0]->Feed("$ ");
  world_.RunFor(100ms);
  EXPECT_TRUE(client->Shows("$"));
}

TEST_F(SharedHostTest, ProgramLearnsItsSessionsName) {
  StartHost();
  control::NewSession request;
  request.add_environment("A=b");
  request.add_environment("MOSH_SESSION_ID=another");
  const control::Grant grant = *host_->NewSession(request);
  Connect(grant);
  EXPECT_EQ(environment_, (Strings{"A=b", absl::StrCat("MOSH_SESSION_ID=", grant.session_id())}));
}

TEST_F(SharedHostTest, GrantNobodyUsesExpires) {
  StartHost();
  const control::Grant grant = Open();
  world_.RunFor(61s);
  EXPECT_FALSE(Exists(grant.session_id()));
  EXPECT_EQ(gone_, (Strings{grant.session_id()}));
  EXPECT_FALSE(host_over_);
}

TEST_F(SharedHostTest, SecondGrantNobodyUsesLeavesTheSessionAlone) {
  StartHost();
  const control::Grant grant = Open();
  Connect(grant);
  Attach(grant.session_id());
  EXPECT_EQ(host_->router().size(), 2);
  world_.RunFor(61s);
  EXPECT_EQ(host_->router().size(), 1);
  EXPECT_TRUE(Exists(grant.session_id()));
}

TEST_F(SharedHostTest, ManySessionsAreKeptApart) {
  constexpr int kSessions = 100;
  StartHost();
  for (int i = 0; i < kSessions; ++i) {
    Connect(Open(), {80, 24}, i % 2 == 0 ? TestClient::Start::kAtTag : TestClient::Start::kAtZero);
    Echo(i);
  }
  for (int i = 0; i < kSessions; ++i) clients_[i]->Type(absl::StrCat("I am ", i, "."));
  world_.RunFor(500ms);
  for (int i = 0; i < kSessions; ++i) EXPECT_EQ(clients_[i]->Text(), absl::StrCat("I am ", i, "."));
}

TEST_F(SharedHostTest, StockClientAmongManyRoams) {
  StartHost();
  for (int i = 0; i < 50; ++i) {
    Connect(Open(), {80, 24}, TestClient::Start::kAtZero);
    Echo(i);
  }
  clients_[23]->Hop();
  clients_[23]->Type("still me");
  world_.RunFor(100ms);
  EXPECT_TRUE(clients_[23]->Shows("still me"));
  const control::Client client = Facts(host_->SessionIds()[23]).client(0);
  EXPECT_EQ(client.roam_count(), 1);
  EXPECT_EQ(client.earlier_address_size(), 1);
}

TEST_F(SharedHostTest, RelayedDatagramsCountAsReceived) {
  StartHost();
  const control::Grant grant = Open();
  crypto::SessionCipher cipher(*crypto::SessionKey::FromBase64(grant.key()),
                               crypto::Direction::kToServer);
  std::vector<uint8_t> forged(80), authentic(80);
  ASSERT_TRUE(cipher.Seal(authentic).ok());
  const auto from = *io::SocketAddress::Parse("198.51.100.9", 4000);
  const auto to = *io::SocketAddress::Parse("192.0.2.1", kPort);
  EXPECT_FALSE(host_->OnRelayedDatagram(forged, from, to, io::EcnMark::kNotEct));
  EXPECT_TRUE(host_->OnRelayedDatagram(authentic, from, to, io::EcnMark::kNotEct));
}

TEST_F(SharedHostTest, TwoClientsShareAScreenAndBothType) {
  StartHost();
  const control::Grant grant = Open();
  TestClient* const first = Connect(grant);
  TestClient* const second = Connect(Attach(grant.session_id()));
  Echo(0);
  first->Type("from one ");
  world_.RunFor(100ms);
  second->Type("from two");
  world_.RunFor(100ms);
  EXPECT_EQ(first->Text(), "from one from two");
  EXPECT_EQ(second->Text(), "from one from two");
  EXPECT_EQ(Facts(grant.session_id()).client_size(), 2);
}

TEST_F(SharedHostTest, ScreenTakesTheWindowOfWhoTypedLast) {
  StartHost();
  const control::Grant grant = Open();
  TestClient* const wide = Connect(grant, {100, 30});
  TestClient* const narrow = Connect(Attach(grant.session_id()), {60, 20});
  EXPECT_EQ(programs_[0]->window_size().columns, 60);
  EXPECT_EQ(wide->screen().size(), (term::Size{100, 30}));  // its own window, padded
  wide->Type("x");
  world_.RunFor(100ms);
  EXPECT_EQ(programs_[0]->window_size().columns, 100);
  EXPECT_EQ(narrow->screen().size(), (term::Size{60, 20}));
  programs_[0]->Feed("\033[30;1Hdown here");
  world_.RunFor(100ms);
  EXPECT_TRUE(narrow->Shows("down here"));  // it follows the cursor
}

TEST_F(SharedHostTest, OrTheSmallestOfAllWindows) {
  options_.size_rule = SizeRule::kSmallest;
  StartHost();
  const control::Grant grant = Open();
  TestClient* const first = Connect(grant, {100, 20});
  Connect(Attach(grant.session_id()), {60, 30});
  Connect(Attach(grant.session_id(), /*view_only=*/true), {10, 10});
  EXPECT_EQ(programs_[0]->window_size().columns, 60);
  EXPECT_EQ(programs_[0]->window_size().rows, 20);
  first->Type("x");
  world_.RunFor(100ms);
  EXPECT_EQ(programs_[0]->window_size().columns, 60);
  EXPECT_TRUE(Detach(grant.session_id(), "2").ok());
  world_.RunFor(100ms);
  EXPECT_EQ(programs_[0]->window_size().columns, 100);
}

TEST_F(SharedHostTest, ViewerSeesAndDoesNothing) {
  StartHost();
  const control::Grant grant = Open();
  Connect(grant);
  TestClient* const viewer = Connect(Attach(grant.session_id(), /*view_only=*/true), {40, 10});
  EXPECT_EQ(programs_[0]->window_size().columns, 80);
  viewer->Type("rm -rf");
  viewer->Resize({50, 12});
  programs_[0]->Feed("secret");
  world_.RunFor(200ms);
  EXPECT_EQ(programs_[0]->output(), "");
  EXPECT_EQ(programs_[0]->window_size().columns, 80);
  EXPECT_TRUE(viewer->Shows("secret"));
  EXPECT_EQ(viewer->screen().size(), (term::Size{50, 12}));
  viewer->StartShutdown();
  world_.RunFor(3s);
  EXPECT_TRUE(viewer->shutdown_acknowledged());
  EXPECT_TRUE(Exists(grant.session_id()));
  EXPECT_EQ(Facts(grant.session_id()).client_size(), 1);
}

TEST_F(SharedHostTest, StealingSendsTheOthersAwayOnceItIsThere) {
  StartHost();
  const control::Grant grant = Open();
  TestClient* const first = Connect(grant);
  const control::Grant stolen = Attach(grant.session_id(), false, /*steal=*/true);
  world_.RunFor(1s);
  EXPECT_FALSE(first->server_left());
  TestClient* const thief = Connect(stolen);
  EXPECT_TRUE(first->server_left());
  Echo(0);
  thief->Type("mine");
  world_.RunFor(200ms);
  EXPECT_TRUE(thief->Shows("mine"));
  EXPECT_EQ(Facts(grant.session_id()).client_size(), 1);
}

TEST_F(SharedHostTest, DetachedSessionGoesOnAndIsPickedUpAgain) {
  StartHost();
  const control::Grant grant = Open();
  TestClient* const first = Connect(grant);
  EXPECT_EQ(Facts(grant.session_id()).detached_since(), 0);
  EXPECT_TRUE(Detach(grant.session_id()).ok());
  world_.RunFor(100ms);
  EXPECT_TRUE(first->server_left());
  EXPECT_NE(Facts(grant.session_id()).detached_since(), 0);
  programs_[0]->Feed("while you were out");
  world_.RunFor(1h);
  TestClient* const again = Connect(Attach(""));
  EXPECT_TRUE(again->Shows("while you were out"));
  EXPECT_EQ(Facts(grant.session_id()).detached_since(), 0);
  EXPECT_TRUE(signals_.empty());
}

TEST_F(SharedHostTest, NewestDetachedIsWhatAttachMeansWithoutAName) {
  StartHost();
  Strings ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(Open().session_id());
    Connect(Attach(ids.back()));
  }
  EXPECT_EQ(host_->Attach({}).status().code(), absl::StatusCode::kNotFound);
  for (int i : {1, 0}) {
    EXPECT_TRUE(Detach(ids[i]).ok());
    world_.RunFor(1s);
  }
  Open();  // its client is on the way
  EXPECT_EQ(Attach("").session_id(), ids[0]);
}

TEST_F(SharedHostTest, SilentClientCountsAsDetachedAfterHalfAMinute) {
  StartHost();
  const control::Grant grant = Open();
  Connect(grant);
  laptop_.set_cable_plugged(false);
  world_.RunFor(34s);
  EXPECT_NE(Facts(grant.session_id()).detached_since(), 0);
  laptop_.set_cable_plugged(true);
  world_.RunFor(10s);
  EXPECT_EQ(Facts(grant.session_id()).detached_since(), 0);
}

TEST_F(SharedHostTest, GoodbyeOfTheLastThatMayTypeEndsTheSession) {
  StartHost();
  const control::Grant grant = Open();
  TestClient* const first = Connect(grant);
  TestClient* const second = Connect(Attach(grant.session_id()));
  TestClient* const viewer = Connect(Attach(grant.session_id(), /*view_only=*/true));
  first->StartShutdown();
  world_.RunFor(3s);
  EXPECT_TRUE(first->shutdown_acknowledged());
  EXPECT_TRUE(Exists(grant.session_id()));
  second->StartShutdown();
  world_.RunFor(100ms);
  EXPECT_TRUE(viewer->server_left());
  EXPECT_EQ(signals_, (std::vector<int>{SIGHUP}));
  world_.RunFor(3s);
  EXPECT_FALSE(Exists(grant.session_id()));
  EXPECT_FALSE(host_over_);
}

TEST_F(SharedHostTest, ProgramsEndIsToldToAll) {
  StartHost();
  const control::Grant grant = Open();
  TestClient* const first = Connect(grant);
  TestClient* const viewer = Connect(Attach(grant.session_id(), /*view_only=*/true));
  programs_[0]->Feed("bye");
  programs_[0]->Exit({});
  world_.RunFor(3s);
  EXPECT_TRUE(first->server_left());
  EXPECT_TRUE(viewer->server_left());
  EXPECT_TRUE(viewer->Shows("bye"));
  EXPECT_FALSE(Exists(grant.session_id()));
}

TEST_F(SharedHostTest, WhyNothingStartedIsOnTheScreen) {
  start_error_ = absl::ResourceExhaustedError("no more ptys");
  StartHost();
  const control::Grant grant = Open();
  TestClient* const client = Connect(grant);
  world_.RunFor(1s);
  EXPECT_TRUE(client->Shows("mosh-server: no more ptys"));
  EXPECT_TRUE(client->server_left());
  EXPECT_FALSE(Exists(grant.session_id()));
}

TEST_F(SharedHostTest, NoticeIsSeenByAllButNotByTheProgram) {
  StartHost();
  const control::Grant grant = Open();
  TestClient* const first = Connect(grant);
  TestClient* const small = Connect(Attach(grant.session_id(), /*view_only=*/true), {12, 5});
  programs_[0]->Feed("top row\r\nsecond row");
  control::Notify request;
  request.set_session_id(grant.session_id());
  request.set_text("going\033[2J\ndown at noon");
  request.set_seconds(5);
  EXPECT_TRUE(host_->Notify(request).ok());
  world_.RunFor(100ms);
  EXPECT_EQ(first->screen().RowText(0), "going[2Jdown at noon");
  EXPECT_EQ(first->screen().RowText(1), "second row");
  EXPECT_EQ(small->screen().RowText(0), "going[2Jdown");
  EXPECT_EQ(host_->Find(grant.session_id())->session().terminal().screen().RowText(0), "top row");
  world_.RunFor(5s);
  EXPECT_EQ(first->screen().RowText(0), "top row");
}

TEST_F(SharedHostTest, NoMoreSessionsThanAllowed) {
  options_.limits.sessions = 2;
  StartHost();
  Open();
  Open();
  EXPECT_EQ(host_->NewSession({}).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(SharedHostTest, IdleLimitWarnsAndEnds) {
  options_.limits.idle = 10min;
  StartHost();
  const control::Grant grant = Open();
  TestClient* const client = Connect(grant);
  world_.RunFor(9min + 1s);
  EXPECT_TRUE(client->Shows("This session ends in 1m: nobody has typed for 10m."));
  client->Type("x");
  world_.RunFor(1s);
  EXPECT_EQ(client->Text(), "");
  world_.RunFor(10min + 1s);
  EXPECT_TRUE(client->server_left());
  EXPECT_FALSE(Exists(grant.session_id()));
}

TEST_F(SharedHostTest, DetachedLimitEndsWhatNobodyPicksUp) {
  options_.limits.detached = 1h;
  StartHost();
  const control::Grant grant = Open();
  Connect(grant);
  world_.RunFor(2h);
  EXPECT_TRUE(Exists(grant.session_id()));
  EXPECT_TRUE(Detach(grant.session_id()).ok());
  world_.RunFor(59min);
  EXPECT_TRUE(Exists(grant.session_id()));
  world_.RunFor(2min);
  EXPECT_FALSE(Exists(grant.session_id()));
  EXPECT_EQ(signals_, (std::vector<int>{SIGHUP}));
}

control::SetLimits IdleFor(uint32_t seconds) {
  control::SetLimits request;
  request.mutable_limits()->set_idle_seconds(seconds);
  return request;
}

TEST_F(SharedHostTest, AToldLimitHoldsForSessionsThatThereAreAndThoseToCome) {
  using Teller = HostControl::Teller;
  StartHost();
  const control::Grant before = Open();
  TestClient* const old = Connect(before);
  world_.RunFor(30min);
  host_->SetLimits(IdleFor(600), Teller::kRoot);
  world_.RunFor(1s);
  EXPECT_TRUE(old->Shows("This session ends in 1m: nobody has typed for 10m."));
  EXPECT_EQ(host_->DescribeHost().limits_by_root().idle_seconds(), 600u);
  const control::Grant after = Open();
  TestClient* const young = Connect(after);
  world_.RunFor(61s);
  EXPECT_TRUE(old->server_left());
  EXPECT_FALSE(Exists(before.session_id()));
  world_.RunFor(8min);
  EXPECT_TRUE(young->Shows("This session ends in 1m"));
}

TEST_F(SharedHostTest, TellersHaveNoSayOverEachOthersLimits) {
  using Teller = HostControl::Teller;
  options_.limits.idle = 1h;
  StartHost();
  const control::Grant grant = Open();
  TestClient* const client = Connect(grant);
  host_->SetLimits(IdleFor(600), Teller::kRoot);
  host_->SetLimits(IdleFor(0), Teller::kOwner);
  world_.RunFor(9min + 1s);
  EXPECT_TRUE(client->Shows("This session ends in 1m"));
  host_->SetLimits({}, Teller::kRoot);
  world_.RunFor(1s);
  EXPECT_EQ(client->Text(), "") << "what was said is no longer true";
  world_.RunFor(45min);
  EXPECT_TRUE(Exists(grant.session_id()));
  world_.RunFor(7min);
  EXPECT_FALSE(Exists(grant.session_id())) << "the configuration's holds again";
}

TEST_F(SharedHostTest, NewSessionsAreTakenIfTheyAreAdmitted) {
  absl::Status answer;
  std::vector<size_t> asked;
  options_.admit = [&](size_t sessions) {
    asked.push_back(sessions);
    return answer;
  };
  StartHost();
  const control::Grant grant = Open();
  answer = absl::UnavailableError("no new sessions are taken here");
  EXPECT_EQ(host_->NewSession({}).status(), answer);
  EXPECT_EQ(asked, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(Attach(grant.session_id()).session_id(), grant.session_id()) << "those that are go on";
}

TEST_F(SharedHostTest, TerminateSaysGoodbyeUnlessAtOnce) {
  StartHost();
  const control::Grant polite = Open(), rude = Open();
  TestClient* const first = Connect(polite);
  TestClient* const second = Connect(rude);
  control::Terminate request;
  request.set_session_id(polite.session_id());
  EXPECT_TRUE(host_->Terminate(request).ok());
  request.set_session_id(rude.session_id());
  request.set_at_once(true);
  EXPECT_TRUE(host_->Terminate(request).ok());
  world_.RunFor(1ms);
  EXPECT_FALSE(Exists(rude.session_id()));
  world_.RunFor(1s);
  EXPECT_FALSE(Exists(polite.session_id()));
  EXPECT_TRUE(first->server_left());
  EXPECT_FALSE(second->server_left());
  EXPECT_EQ(signals_, (std::vector<int>{SIGHUP, SIGHUP}));
}

TEST_F(SharedHostTest, WatchersHearOfWhatChanges) {
  StartHost();
  const control::Grant grant = Open();
  const std::string& id = grant.session_id();
  TestClient* const client = Connect(grant);
  const int attached = changes_[id];
  const uint64_t version = Facts(id).version();
  EXPECT_GT(attached, 0);
  programs_[0]->Feed("just output");
  world_.RunFor(10s);
  EXPECT_EQ(changes_[id], attached);
  programs_[0]->Feed("\033]0;a title\007");
  world_.RunFor(1s);
  EXPECT_EQ(changes_[id], attached + 1);
  EXPECT_EQ(Facts(id).title(), "a title");
  EXPECT_EQ(Facts(id).version(), version + 1);
  for (int i = 0; i < 20; ++i) {
    client->Type("x");
    world_.RunFor(100ms);
  }
  EXPECT_EQ(changes_[id], attached + 2);  // typing is told of now and then
  client->Resize({90, 30});
  world_.RunFor(1s);
  EXPECT_EQ(changes_[id], attached + 3);
  programs_[0]->Exit({});
  world_.RunFor(3s);
  EXPECT_EQ(gone_, (Strings{id}));
}

TEST_F(SharedHostTest, FactsAreToldInFull) {
  options_.wall_clock = [this] {
    return absl::FromUnixMicros(1'700'000'000'000'000) + absl::FromChrono(world_.Now() - Instant());
  };
  StartHost();
  control::NewSession request;
  request.add_command("top");
  request.mutable_size()->set_columns(90);
  request.mutable_size()->set_rows(25);
  const control::Grant grant = *host_->NewSession(request);
  control::Session facts = Facts(grant.session_id());
  EXPECT_EQ(facts.size().columns(), 90);
  EXPECT_EQ(facts.pid(), 0);
  EXPECT_EQ(facts.created_at(), 1'700'000'000'001'000);
  EXPECT_EQ(facts.client_size(), 0);
  TestClient* const client = Connect(grant, {100, 30});
  client->Type("q");
  world_.RunFor(10s);
  facts = Facts(grant.session_id());
  EXPECT_EQ(facts.user(), "alice");
  EXPECT_EQ(facts.command(0), "top");
  EXPECT_GT(facts.pid(), 0);
  EXPECT_EQ(facts.port(), kPort);
  EXPECT_EQ(facts.size().columns(), 100);
  EXPECT_GT(facts.last_input_at(), facts.created_at());
  ASSERT_EQ(facts.client_size(), 1);
  EXPECT_EQ(facts.client(0).id(), "1");
  EXPECT_EQ(facts.client(0).address().substr(0, 13), "198.51.100.7:");
  EXPECT_EQ(facts.client(0).size().rows(), 30);
  EXPECT_NEAR(static_cast<double>(facts.client(0).srtt_us()), 20'000, 2'000);
  EXPECT_GT(facts.client(0).last_heard_at(), facts.client(0).attached_at());
  EXPECT_GT(facts.client(0).datagrams_received(), 3);
  EXPECT_GT(facts.client(0).bytes_sent(), 100);
  EXPECT_NE(facts.client(0).capabilities(), 0);  // a client of ours
}

TEST_F(SharedHostTest, SnapshotIsTheScreen) {
  StartHost();
  const control::Grant grant = Open();
  Connect(grant);
  programs_[0]->Feed("one\r\ntwo");
  world_.RunFor(1ms);
  control::TakeSnapshot request;
  request.set_session_id(grant.session_id());
  control::Snapshot snapshot = *host_->TakeSnapshot(request);
  EXPECT_EQ(snapshot.line_size(), 24);
  EXPECT_EQ(snapshot.line(1), "two");
  EXPECT_EQ(snapshot.cursor_row(), 1);
  EXPECT_EQ(snapshot.cursor_column(), 3);
  request.set_ansi(true);
  term::Terminal terminal({80, 24}, term::Dialect::kProgram);
  terminal.Feed(host_->TakeSnapshot(request)->ansi());
  EXPECT_EQ(terminal.screen().RowText(1), "two");
}

TEST_F(SharedHostTest, SnapshotBeginsWithTheWantedHistory) {
  StartHost();
  const control::Grant grant = Open();
  Connect(grant);
  for (int i = 1; i <= 30; ++i) programs_[0]->Feed(absl::StrCat("line ", i, "\r\n"));
  world_.RunFor(1ms);
  EXPECT_EQ(host_->Describe(grant.session_id())->history_lines(), 7);  // 31 lines, 24 rows
  control::TakeSnapshot request;
  request.set_session_id(grant.session_id());
  request.set_history_lines(2);
  const control::Snapshot snapshot = *host_->TakeSnapshot(request);
  EXPECT_EQ(snapshot.history(), 2);
  ASSERT_EQ(snapshot.line_size(), 26);
  EXPECT_EQ(snapshot.line(0), "line 6");
  EXPECT_EQ(snapshot.line(2), "line 8");
  request.set_history_lines(100);
  EXPECT_EQ(host_->TakeSnapshot(request)->history(), 7);
}

TEST_F(SharedHostTest, HistoryIsLimitedForNewSessions) {
  options_.history.lines = 3;
  StartHost();
  const auto history_lines = [this](const control::Grant& grant) {
    Connect(grant);
    for (int i = 1; i <= 30; ++i) programs_.back()->Feed(absl::StrCat("line ", i, "\r\n"));
    world_.RunFor(1ms);
    return host_->Describe(grant.session_id())->history_lines();
  };
  const control::Grant first = Open();
  EXPECT_EQ(history_lines(first), 3);
  host_->SetHistory({.lines = 0});
  const control::Grant second = Open();
  EXPECT_EQ(history_lines(second), 0);
  control::TakeSnapshot request;
  request.set_session_id(second.session_id());
  request.set_history_lines(10);
  EXPECT_EQ(host_->TakeSnapshot(request)->line_size(), 24);
  EXPECT_EQ(host_->Describe(first.session_id())->history_lines(), 3);
}

TEST_F(SharedHostTest, WhatIsNotThereIsSaidSo) {
  StartHost();
  EXPECT_TRUE(absl::IsNotFound(Detach("nonex")));
  EXPECT_TRUE(absl::IsNotFound(host_->Describe("nonex").status()));
  EXPECT_TRUE(absl::IsNotFound(Detach(Open().session_id(), "7")));
}

TEST_F(SharedHostTest, EndsWhenEmptyForLongOrTold) {
  options_.linger = 30min;
  StartHost();
  world_.RunFor(29min);
  const control::Grant grant = Open();
  Connect(grant);
  world_.RunFor(31min);
  EXPECT_FALSE(host_over_);
  TestClient* const client = clients_[0].get();
  host_->StartShutdown();
  EXPECT_FALSE(host_->NewSession({}).ok());
  world_.RunFor(1s);
  EXPECT_TRUE(client->server_left());
  EXPECT_TRUE(host_over_);
}

TEST_F(SharedHostTest, EndsAfterHavingBeenEmptyForLong) {
  options_.linger = 30min;
  StartHost();
  world_.RunFor(29min);
  EXPECT_FALSE(host_over_);
  world_.RunFor(2min);
  EXPECT_TRUE(host_over_);
}

TEST_F(SharedHostTest, IdleSessionsWakeTheLoopTogether) {
  constexpr int kSessions = 200;
  StartHost();
  for (int i = 0; i < kSessions; ++i) Connect(Open());
  // Clients that are gone: soon only the server's heartbeats are left, and then nothing.
  laptop_.set_cable_plugged(false);
  world_.RunFor(15s);
  uint64_t turns = host_->turns();
  world_.RunFor(9s);
  // 600 heartbeats within 9 s, on a grid of 20 ms.
  EXPECT_LE(host_->turns() - turns, 451);
  world_.RunFor(60s);
  turns = host_->turns();
  world_.RunFor(1h);
  EXPECT_EQ(host_->turns(), turns);
}

constexpr uint16_t kClientPort = 999;

io::Task<void> CollectDatagrams(std::unique_ptr<io::UdpSocket> socket, io::StopToken stop,
                                std::vector<std::vector<uint8_t>>* collected) {
  while (true) {
    const absl::StatusOr<io::Datagram> datagram = co_await socket->Receive(stop);
    if (!datagram.ok()) break;
    collected->emplace_back(datagram->bytes().begin(), datagram->bytes().end());
  }
  co_await socket->Close();
}

// A client whose datagrams are carried by hand, so that many arrive at once.
struct CarriedClient final : ssp::DatagramSink {
  ssp::Transport<sync::UserStream, sync::HostState> transport;
  sync::UserStream input;
  std::vector<uint8_t> datagram;

  CarriedClient(const control::Grant& grant, crypto::RandomSource* random, Instant now)
      : transport(
            ssp::TransportConfig::Client(),
            crypto::SessionCipher(
                *crypto::SessionKey::FromBase64(grant.key()), crypto::Direction::kToServer,
                crypto::RouteTag::Of(*crypto::SessionKey::FromBase64(grant.key())).FirstSequence()),
            random, sync::UserStream(), sync::HostState({80, 24}), now) {}
  void Send(std::span<const uint8_t> bytes) override {
    datagram.assign(bytes.begin(), bytes.end());
  }
  // What it has to say now arrives.
  void Carry(Host* host, Instant now) {
    datagram.clear();
    CHECK(transport.OnDeadline(now, input, *this).ok());
    if (datagram.empty()) return;
    EXPECT_TRUE(host->OnRelayedDatagram(
        datagram, *io::SocketAddress::Parse("198.51.100.7", kClientPort), io::SocketAddress(), {}));
  }
};

TEST_F(SharedHostTest, AKeyIsAnsweredBeforeManyHeartbeats) {
  constexpr size_t kSessions = 64;
  StartHost();
  std::vector<std::unique_ptr<CarriedClient>> carried;
  for (size_t i = 0; i < kSessions; ++i) {
    carried.push_back(std::make_unique<CarriedClient>(Open(), &random_, world_.Now()));
    carried.back()->Carry(host_.get(), world_.Now());
  }
  // Since they hear nothing they soon send heartbeats only. Ours are due in less than a second.
  world_.RunFor(12500ms);
  std::vector<std::vector<uint8_t>> answers;
  world_.Start(
      CollectDatagrams(*laptop_.BindUdp(io::SocketAddress::AnyV4(kClientPort), io::UdpOptions()),
                       world_.stop(), &answers));
  for (const auto& client : carried) {
    if (client == carried.back()) {
      // The first that it says is acknowledged at once.
      client->input.PushBytes("x");
      client->transport.OnLocalChange(world_.Now(), ssp::ChangeHint::kIsolated);
    }
    client->Carry(host_.get(), world_.Now());
  }
  world_.RunFor(100ms);
  EXPECT_EQ(answers.size(), kSessions);
  ASSERT_FALSE(answers.empty());
  EXPECT_TRUE(carried.back()->transport.Authenticates(answers[0]));
}

TEST_F(SharedHostTest, CrashedClientsCostNothingInTheEnd) {
  StartHost();
  const control::Grant grant = Open();
  Connect(grant);
  for (int i = 0; i < 20; ++i) {
    io::sim::SimReactor& machine =
        world_.AddHost(absl::StrCat("machine", i), absl::StrCat("203.0.113.", i + 1));
    world_.network().Connect(machine, server_, io::sim::PerfectLink(10ms));
    Connect(Attach(grant.session_id()), {80, 24}, TestClient::Start::kAtZero, &machine);
    machine.set_cable_plugged(false);
  }
  world_.RunFor(2min);
  // All but the first are silent: one that steals sends them away for good.
  TestClient* const last = Connect(Attach(grant.session_id(), false, /*steal=*/true));
  world_.RunFor(30s);
  EXPECT_EQ(host_->router().size(), 1);
  EXPECT_FALSE(last->server_left());
}

}  // namespace
}  // namespace mosh::server
