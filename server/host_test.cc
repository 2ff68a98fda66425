// A whole Host on the simulated reactor, with a scripted program and a real client.
#include "server/host.h"

#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "crypto/testing/seeded_random.h"
#include "gtest/gtest.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_stream.h"
#include "io/sim/sim_world.h"
#include "server/testing/test_client.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

constexpr char kKey[] = "SF/MlfhoOVaLoagbnZgzHQ";
constexpr uint16_t kPort = 60001;

class FakeRecord final : public AttachmentRecord {
 public:
  explicit FakeRecord(Strings* history) : history_(history) {}
  ~FakeRecord() override { history_->push_back("removed"); }
  void Attached(absl::string_view address) override { history_->emplace_back(address); }
  void Detached() override { history_->push_back("detached"); }

 private:
  Strings* history_;
};

class HostTest : public testing::Test {
 protected:
  HostTest()
      : server_(world_.AddHost("server", "192.0.2.1")),
        laptop_(world_.AddHost("laptop", "198.51.100.7")) {
    Connect(io::sim::PerfectLink(10ms));
  }
  ~HostTest() override {
    if (client_ != nullptr) client_->Stop();
    EXPECT_TRUE(world_.StopAll());
  }

  void Connect(const io::sim::SimLinkFactory& link) {
    world_.network().Connect(laptop_, server_, link);
  }

  void StartHost(const Timeouts& timeouts = {}) {
    io::sim::SimTtyPair pair = io::sim::MakeSimTty(&world_, {80, 24});
    program_ = pair.peer;
    HostOptions options;
    options.timeouts = timeouts;
    options.log = [this](absl::string_view line) { log_.emplace_back(line); };
    SessionParts session;
    session.size = {80, 24};
    session.start = [this, tty = std::make_shared<std::unique_ptr<io::Tty>>(std::move(pair.tty))](
                        term::Size size) -> absl::StatusOr<RunningProgram> {
      started_at_width_.push_back(size.columns);
      RunningProgram program;
      program.pty = std::move(*tty);
      program.record = std::make_unique<FakeRecord>(&record_);
      return program;
    };
    host_ = std::make_unique<Host>(&server_, std::move(options), &random_);
    host_->AddSocket(*server_.BindUdp(io::SocketAddress::AnyV4(kPort), io::UdpOptions()));
    host_->AddSignals(*server_.WatchSignals({SIGTERM, SIGINT, SIGUSR1}));
    host_->AddSession(std::move(session), *crypto::SessionKey::FromBase64(kKey));
    world_.Start(RunHost());
    world_.RunFor(1ms);
  }
  void StartClient(absl::string_view key = kKey, term::Size size = {100, 30}) {
    client_ = std::make_unique<TestClient>(&laptop_, *io::SocketAddress::Parse("192.0.2.1", kPort),
                                           *crypto::SessionKey::FromBase64(key), &random_, size);
    world_.Start(client_->Run());
    world_.RunFor(100ms);
  }
  const HostedSession& hosted() const { return *host_->Find(host_->SessionIds().at(0)); }
  const Session& session() const { return hosted().session(); }
  const Endpoint& endpoint() const { return hosted().clients().at(0)->endpoint(); }
  // After client_->Stop().
  void StartNextClient(uint64_t incarnation, term::Size size) {
    world_.RunFor(1ms);
    client_ = std::make_unique<TestClient>(&laptop_, *io::SocketAddress::Parse("192.0.2.1", kPort),
                                           *crypto::SessionKey::FromBase64(kKey), &random_, size,
                                           incarnation);
    world_.Start(client_->Run());
    world_.RunFor(1s);
  }
  io::Task<void> RunHost() {
    co_await host_->Run(world_.stop());
    host_over_ = true;
  }
  // Until the client sees it; false after a long while.
  bool ClientSees(absl::string_view text) {
    return world_.RunUntilTrue([&] { return client_->Shows(text); }, world_.Now() + 60s);
  }
  bool Logged(absl::string_view line) const {
    for (const std::string& logged : log_) {
      if (absl::StrContains(logged, line)) return true;
    }
    return false;
  }

  io::sim::SimWorld world_{1};
  io::sim::SimReactor& server_;
  io::sim::SimReactor& laptop_;
  crypto::SeededRandom random_{7};
  std::shared_ptr<io::sim::SimPeer> program_;
  Strings log_;
  Strings record_;
  std::vector<int> started_at_width_;
  std::unique_ptr<Host> host_;
  bool host_over_ = false;
  std::unique_ptr<TestClient> client_;
};

TEST_F(HostTest, ClientSeesTheProgramAndTheProgramTheClient) {
  StartHost();
  StartClient();
  program_->Feed("$ ");
  EXPECT_TRUE(ClientSees("$"));
  client_->Type("ls\r");
  world_.RunFor(100ms);
  EXPECT_EQ(program_->TakeOutput(), "ls\r");
}

TEST_F(HostTest, ProgramStartsOnceAndWithTheClientsWindow) {
  StartHost();
  EXPECT_TRUE(started_at_width_.empty());
  StartClient();
  client_->Type("x");
  world_.RunFor(1s);
  EXPECT_EQ(started_at_width_, (std::vector<int>{100}));
  EXPECT_EQ(client_->screen().size(), (term::Size{100, 30}));
}

TEST_F(HostTest, LeavesWithoutAClient) {
  StartHost();
  world_.RunFor(59s);
  EXPECT_FALSE(host_over_);
  world_.RunFor(2s);
  EXPECT_TRUE(host_over_);
  EXPECT_TRUE(Logged("No connection within 60 seconds."));
  EXPECT_TRUE(started_at_width_.empty());
}

TEST_F(HostTest, StrangersChangeNothing) {
  StartHost();
  StartClient("AAAAAAAAAAAAAAAAAAAAAA");
  world_.RunFor(5s);
  EXPECT_FALSE(endpoint().has_peer());
  EXPECT_TRUE(started_at_width_.empty());
  EXPECT_GT(endpoint().stats().auth_failures, 0);
}

TEST_F(HostTest, EchoIsAcknowledgedAfterFiftyMillisecondsAndFortyForCompany) {
  StartHost();
  StartClient();
  world_.RunFor(1s);
  client_->Type("x");
  world_.RunFor(
      105ms);  // 10 ms there, 50 ms to reflect, 40 ms for something to ride with, 10 ms back
  const uint64_t before = client_->echo_ack();
  world_.RunFor(10ms);
  EXPECT_GT(client_->echo_ack(), before);
}

TEST_F(HostTest, KeyIsOnTheScreenAfterOneRoundTrip) {
  StartHost();
  StartClient();
  program_->on_output = [&] { program_->Feed(program_->TakeOutput()); };
  world_.RunFor(5s);
  client_->Type("x");
  world_.RunFor(21ms);
  EXPECT_TRUE(client_->Shows("x"));
}

TEST_F(HostTest, ProgramsLastWordsArriveBeforeTheEnd) {
  StartHost();
  StartClient();
  program_->Feed("bye");
  program_->Hangup();
  world_.RunFor(2s);
  EXPECT_TRUE(host_over_);
  EXPECT_TRUE(client_->server_left());
  EXPECT_TRUE(client_->Shows("bye"));
}

TEST_F(HostTest, ProgramsEndWithoutAClientWaitsTenSeconds) {
  StartHost();
  StartClient();
  laptop_.set_cable_plugged(false);
  world_.RunFor(50s);
  EXPECT_TRUE(Logged("Server now detached from client."));
  program_->Hangup();
  world_.RunFor(9s);
  EXPECT_FALSE(host_over_);
  world_.RunFor(2s);
  EXPECT_TRUE(host_over_);
}

TEST_F(HostTest, ClientsGoodbyeEndsTheSession) {
  StartHost();
  StartClient();
  client_->StartShutdown();
  world_.RunFor(100ms);
  EXPECT_TRUE(client_->shutdown_acknowledged());
  EXPECT_TRUE(program_->closed());
  world_.RunFor(10s);
  EXPECT_TRUE(host_over_);
  EXPECT_EQ(record_.back(), "removed");
}

TEST_F(HostTest, TerminationSaysGoodbye) {
  StartHost();
  StartClient();
  server_.RaiseSignal(SIGTERM);
  world_.RunFor(100ms);
  EXPECT_TRUE(client_->server_left());
  EXPECT_TRUE(host_over_);
}

TEST_F(HostTest, TerminationWithoutAClientIsImmediate) {
  StartHost();
  server_.RaiseSignal(SIGINT);
  world_.RunFor(1ms);
  EXPECT_TRUE(host_over_);
}

TEST_F(HostTest, SecondTerminationDoesNotWait) {
  StartHost();
  StartClient();
  laptop_.set_cable_plugged(false);
  server_.RaiseSignal(SIGTERM);
  world_.RunFor(10ms);
  EXPECT_FALSE(host_over_);
  server_.RaiseSignal(SIGTERM);
  world_.RunFor(10ms);
  EXPECT_TRUE(host_over_);
}

TEST_F(HostTest, GoodbyeThatNobodyHearsEndsByItself) {
  StartHost();
  StartClient();
  laptop_.set_cable_plugged(false);
  server_.RaiseSignal(SIGTERM);
  world_.RunFor(11s);
  EXPECT_TRUE(host_over_);
}

TEST_F(HostTest, NetworkTimeout) {
  StartHost({.network = 20s});
  StartClient();
  world_.RunFor(60s);
  EXPECT_FALSE(host_over_);  // an idle client is alive
  laptop_.set_cable_plugged(false);
  world_.RunFor(35s);
  EXPECT_TRUE(host_over_);
  EXPECT_TRUE(Logged("Network idle for 20 seconds."));
}

TEST_F(HostTest, Usr1SparesTheLively) {
  StartHost({.signal = 10s});
  StartClient();
  server_.RaiseSignal(SIGUSR1);
  world_.RunFor(1s);
  EXPECT_FALSE(host_over_);
  laptop_.set_cable_plugged(false);
  world_.RunFor(15s);
  server_.RaiseSignal(SIGUSR1);
  world_.RunFor(11s);
  EXPECT_TRUE(host_over_);
  EXPECT_TRUE(Logged("when SIGUSR1 received"));
}

TEST_F(HostTest, RoamingClientIsFollowed) {
  StartHost();
  StartClient();
  world_.RunFor(1s);
  laptop_.Roam("203.0.113.99");
  client_->Hop();
  client_->Type("x");
  world_.RunFor(1s);
  program_->Feed("moved");
  EXPECT_TRUE(ClientSees("moved"));
  EXPECT_EQ(endpoint().peer().host(), "203.0.113.99");
  EXPECT_TRUE(Logged("Server now attached to client at 203.0.113.99:"));
}

TEST_F(HostTest, SilentClientIsForgottenAndComesBack) {
  StartHost();
  StartClient();
  program_->Feed("before");
  EXPECT_TRUE(ClientSees("before"));
  laptop_.set_cable_plugged(false);
  world_.RunFor(60s);
  EXPECT_FALSE(endpoint().has_peer());
  program_->Feed(" after");
  const uint64_t sent = endpoint().stats().sent.datagrams;
  world_.RunFor(3600s);
  EXPECT_EQ(endpoint().stats().sent.datagrams, sent);
  laptop_.set_cable_plugged(true);
  EXPECT_TRUE(ClientSees("before after"));
}

TEST_F(HostTest, RecordFollowsTheClient) {
  StartHost();
  EXPECT_TRUE(record_.empty());
  StartClient();
  world_.RunFor(10s);
  EXPECT_EQ(record_, (Strings{"198.51.100.7"}));
  laptop_.set_cable_plugged(false);
  world_.RunFor(35s);
  EXPECT_EQ(record_, (Strings{"198.51.100.7", "detached"}));
  laptop_.set_cable_plugged(true);
  world_.RunFor(10s);
  EXPECT_EQ(record_.back(), "198.51.100.7");
  server_.RaiseSignal(SIGTERM);
  world_.RunFor(1s);
  EXPECT_EQ(record_, (Strings{"198.51.100.7", "detached", "198.51.100.7", "removed"}));
}

TEST_F(HostTest, SleepsWhenNothingHappens) {
  StartHost();
  StartClient();
  world_.RunFor(10s);
  const uint64_t turns = host_->turns();
  const uint64_t sent = endpoint().stats().sent.datagrams;
  world_.RunFor(60s);
  EXPECT_LE(host_->turns() - turns, 21);  // both sides' heartbeats every three seconds, together
  EXPECT_LE(endpoint().stats().sent.datagrams - sent, 20);
}

TEST_F(HostTest, SleepsForEverWithoutAClient) {
  StartHost();
  StartClient();
  laptop_.set_cable_plugged(false);
  world_.RunFor(60s);
  const uint64_t turns = host_->turns();
  world_.RunFor(24h);
  EXPECT_EQ(host_->turns(), turns);
}

TEST_F(HostTest, PasteWaitsForAProgramThatDoesNotRead) {
  StartHost();
  StartClient();
  program_->set_output_capacity(1024);
  std::string paste;
  for (int i = 0; i < 1 << 20; ++i) paste += static_cast<char>('a' + i % 23);
  for (size_t i = 0; i < paste.size(); i += 1 << 14) {
    client_->Type(absl::string_view(paste).substr(i, 1 << 14));
    world_.RunFor(20ms);
  }
  EXPECT_LE(session().queued_bytes(), Session::kInputHighWater + (1 << 16));
  std::string got;
  for (int i = 0; i < 20000 && got.size() < paste.size(); ++i) {
    got += program_->TakeOutput();
    program_->OutputTaken();
    world_.RunFor(1ms);
  }
  EXPECT_EQ(got.size(), paste.size());
  EXPECT_TRUE(got == paste);
}

TEST_F(HostTest, SynchronizedOutputIsSeenWholeOrNotAtAll) {
  StartHost();
  StartClient();
  program_->Feed("old");
  EXPECT_TRUE(ClientSees("old"));
  program_->Feed("\033[?2026h\033[2J\033[Hne");
  world_.RunFor(100ms);
  EXPECT_EQ(client_->Text(), "old");
  program_->Feed("w\033[?2026l");
  EXPECT_TRUE(ClientSees("new"));
  program_->Feed("\033[?2026h\033[2J\033[Hlate");
  EXPECT_TRUE(world_.RunUntilTrue([&] { return client_->Shows("late"); }, world_.Now() + 250ms));
}

TEST_F(HostTest, EverythingArrivesOnABadLine) {
  Connect(io::sim::LossyLink({.delay = 50ms, .jitter = 30ms, .loss = 0.29, .duplication = 0.05}));
  StartHost();
  StartClient();
  std::string typed;
  std::string got;
  program_->on_output = [&] {
    const std::string bytes = program_->TakeOutput();
    got += bytes;
    program_->Feed(bytes);
  };
  for (int i = 0; i < 200; ++i) {
    const std::string key(1, static_cast<char>('a' + i % 26));
    typed += key;
    client_->Type(key);
    world_.RunFor(37ms);
  }
  EXPECT_TRUE(ClientSees(typed.substr(100)));
  EXPECT_EQ(got, typed);
  program_->Hangup();
  world_.RunFor(12s);
  EXPECT_TRUE(host_over_);
}

TEST_F(HostTest, AnotherProcessOfTheClientGoesOnWithTheSession) {
  StartHost();
  StartClient();
  program_->Feed("$ ");
  ASSERT_TRUE(ClientSees("$"));
  client_->Type("one");
  world_.RunFor(1s);
  program_->Feed(program_->TakeOutput());
  ASSERT_TRUE(ClientSees("$ one"));
  client_->Stop();
  world_.RunFor(100s);  // the first process is forgotten meanwhile
  StartNextClient(1, {90, 20});
  EXPECT_TRUE(ClientSees("$ one"));
  EXPECT_EQ(program_->window_size().columns, 90);
  EXPECT_TRUE(client_->transport().peer_capabilities().Has(ssp::Capability::kResume));
  client_->Type(" two");
  world_.RunFor(1s);
  EXPECT_EQ(program_->TakeOutput(), " two");
  client_->StartShutdown();
  EXPECT_TRUE(world_.RunUntilTrue([&] { return host_over_; }, world_.Now() + 10s));
}

TEST_F(HostTest, WhatADeadClientHadTypedIsReadAsFarAsItWasAcknowledged) {
  StartHost();
  StartClient();
  program_->set_output_capacity(1024);
  std::string typed;
  for (int i = 0; i < 1 << 20; ++i) typed += static_cast<char>('a' + i % 23);
  for (size_t i = 0; i < typed.size(); i += 1 << 14) {
    client_->Type(absl::string_view(typed).substr(i, 1 << 14));
    world_.RunFor(20ms);
  }
  world_.RunFor(10s);
  ASSERT_TRUE(endpoint().has_input());  // acknowledged, and not with the program yet
  client_->Stop();
  for (uint64_t incarnation = 1; incarnation <= 2; ++incarnation) {
    StartNextClient(incarnation, {80, 24});
    client_->Type("next");
    typed += "next";
    world_.RunFor(1s);
    client_->Stop();
  }
  std::string got;
  for (int i = 0; i < 20000 && got.size() < typed.size(); ++i) {
    got += program_->TakeOutput();
    program_->OutputTaken();
    world_.RunFor(1ms);
  }
  EXPECT_EQ(got.size(), typed.size());
  EXPECT_TRUE(got == typed);
}

}  // namespace
}  // namespace mosh::server
