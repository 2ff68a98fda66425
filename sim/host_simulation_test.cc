// A Host with several sessions and a crowd of clients that come, watch, steal, type, roam, crash
// and leave at random on a bad network. Safety at every step: no key is doubled or invented, and
// the router knows exactly the clients that are left. Liveness once the network is good: every
// client that is still there sees its session's screen, and all its keys have arrived.
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crypto/session_key.h"
#include "crypto/testing/seeded_random.h"
#include "gtest/gtest.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_stream.h"
#include "io/sim/sim_world.h"
#include "server/host.h"
#include "server/testing/test_client.h"

namespace mosh::sim {
namespace {

using namespace std::chrono_literals;
using server::TestClient;
namespace control = server::control;

constexpr uint16_t kPort = 60001;
constexpr int kSteps = 300;
constexpr size_t kMostSessions = 6;
constexpr size_t kMostClients = 20;  // alive at once
constexpr int kLetters = 26;

class HostSimulation {
 public:
  explicit HostSimulation(uint64_t seed)
      : world_(seed),
        server_(world_.AddHost("server", "192.0.2.1")),
        laptop_(world_.AddHost("laptop", "198.51.100.7")),
        random_(seed),
        dice_(seed) {
    server::HostOptions options;
    options.linger = 24h;
    if (seed % 2 == 0) options.size_rule = server::SizeRule::kSmallest;
    options.start_program = [this](const control::NewSession& request, term::Size size) {
      return StartProgram(request.command(0), size);
    };
    host_ = std::make_unique<server::Host>(&server_, std::move(options), &random_);
    host_->AddSocket(*server_.BindUdp(io::SocketAddress::AnyV4(kPort), io::UdpOptions()));
    world_.Start(host_->Run(world_.stop()));
  }
  ~HostSimulation() {
    for (const auto& member : crowd_) member->client.Stop();
    EXPECT_TRUE(world_.StopAll());
  }

  void Run() {
    world_.network().Connect(
        laptop_, server_,
        io::sim::LossyLink({.delay = 40ms, .jitter = 60ms, .loss = 0.15, .duplication = 0.05}));
    for (int step = 0; step < kSteps && !testing::Test::HasFailure(); ++step) {
      world_.RunFor(std::chrono::milliseconds(Pick(600)));
      Step();
      CheckSafety();
    }
    world_.network().Connect(laptop_, server_, io::sim::PerfectLink(20ms));
    world_.RunFor(60s);
    CheckSafety();
    CheckConvergence();
  }
  uint64_t trace_hash() const { return world_.trace_hash(); }

 private:
  // The other side of a session: what its program has read, by letter.
  struct Program {
    std::shared_ptr<io::sim::SimPeer> peer;
    std::map<char, int> read;
    bool exited = false;
  };
  struct Member {
    Member(io::Reactor* reactor, const control::Grant& grant, crypto::RandomSource* random,
           term::Size size, TestClient::Start start)
        : client(reactor, *io::SocketAddress::Parse("192.0.2.1", kPort),
                 *crypto::SessionKey::FromBase64(grant.key()), random, size, start),
          window(size) {}
    TestClient client;
    term::Size window;
    std::string session;
    bool view_only = false;
    bool left = false;  // crashed, or said goodbye
    char letter = 0;
    int typed = 0;

    bool alive() const { return !left && !client.over() && !client.server_left(); }
  };

  int Pick(int below) { return static_cast<int>(dice_() % static_cast<unsigned>(below)); }

  absl::StatusOr<server::RunningProgram> StartProgram(const std::string& name, term::Size size) {
    io::sim::SimPty pty = io::sim::MakeSimPty(
        &world_,
        {.columns = static_cast<uint16_t>(size.columns), .rows = static_cast<uint16_t>(size.rows)});
    Program& program = programs_[name];
    program.peer = pty.program;
    program.peer->on_output = [&program] {
      const std::string input = program.peer->TakeOutput();
      for (const char c : input) ++program.read[c];
      program.peer->Feed(input);
    };
    program.peer->on_signal = [&program](int signal) {
      program.exited = true;
      program.peer->Exit({.signaled = true, .value = signal});
    };
    server::RunningProgram running;
    running.pty = std::move(pty.process.master);
    running.child = std::move(pty.process.child);
    running.pid = running.child->pid();
    return running;
  }

  std::vector<Member*> Alive() {
    std::vector<Member*> alive;
    for (const auto& member : crowd_) {
      if (member->alive()) alive.push_back(member.get());
    }
    return alive;
  }
  std::string AnySession() {
    const std::vector<std::string> ids = host_->SessionIds();
    return ids.empty() ? "" : ids[static_cast<size_t>(Pick(static_cast<int>(ids.size())))];
  }
  term::Size AnyWindow() { return {20 + Pick(3) * 30, 10 + Pick(3) * 10}; }

  void Join(const control::Grant& grant, bool view_only) {
    const auto start = Pick(2) == 0 ? TestClient::Start::kAtZero : TestClient::Start::kAtTag;
    crowd_.push_back(std::make_unique<Member>(&laptop_, grant, &random_, AnyWindow(), start));
    Member& member = *crowd_.back();
    member.session = grant.session_id();
    member.view_only = view_only;
    member.letter = static_cast<char>('a' + static_cast<int>(crowd_.size()) % kLetters);
    world_.Start(member.client.Run());
  }
  void OpenSession() {
    if (host_->SessionIds().size() >= kMostSessions) return;
    control::NewSession request;
    request.add_command(absl::StrCat("program", ++opened_));
    const auto grant = host_->NewSession(request);
    ASSERT_TRUE(grant.ok());
    names_[grant->session_id()] = request.command(0);
    Join(*grant, false);
  }
  void AttachSomebody() {
    control::Attach request;
    request.set_session_id(AnySession());
    request.set_view_only(Pick(3) == 0);
    request.set_steal(Pick(5) == 0);
    if (request.session_id().empty() || Alive().size() >= kMostClients) return;
    const auto grant = host_->Attach(request);
    if (grant.ok()) Join(*grant, request.view_only());
  }
  void DetachSomebody() {
    control::Detach request;
    request.set_session_id(AnySession());
    const auto facts = host_->Describe(request.session_id());
    if (!facts.ok() || facts->client_size() == 0) return;
    if (Pick(2) == 0) request.set_client_id(facts->client(Pick(facts->client_size())).id());
    EXPECT_TRUE(host_->Detach(request).ok());
  }
  void NotifySomebody() {
    control::Notify request;
    request.set_session_id(AnySession());
    request.set_text("attention");
    request.set_seconds(5);
    if (!request.session_id().empty()) EXPECT_TRUE(host_->Notify(request).ok());
  }
  void ClientDoes() {
    const std::vector<Member*> alive = Alive();
    if (alive.empty()) return;
    Member& member = *alive[static_cast<size_t>(Pick(static_cast<int>(alive.size())))];
    switch (Pick(12)) {
      case 0:
        member.left = true;  // crashes
        return member.client.Stop();
      case 1:
        member.left = true;
        return member.client.StartShutdown();
      case 2:
        return member.client.Hop();
      case 3:
        member.window = AnyWindow();
        return member.client.Resize(member.window);
      default:
        member.typed += member.view_only ? 0 : 1;
        return member.client.Type(std::string(1, member.letter));
    }
  }
  void ProgramDoes() {
    const std::string session = AnySession();
    const auto program = programs_.find(names_[session]);
    if (program == programs_.end() || program->second.peer == nullptr) return;  // not started
    if (program->second.exited) return;
    if (Pick(20) != 0) return program->second.peer->Feed("\r\nprogram speaks ");
    program->second.exited = true;
    program->second.peer->Exit({});
  }
  void Step() {
    switch (Pick(20)) {
      case 0:
        return OpenSession();
      case 1:
      case 2:
        return AttachSomebody();
      case 3:
        return Pick(3) == 0 ? DetachSomebody() : NotifySomebody();
      case 4:
      case 5:
        return ProgramDoes();
      default:
        return ClientDoes();
    }
  }

  // Typed for a session so far, by letter.
  std::map<char, int> TypedFor(const std::string& session) {
    std::map<char, int> typed;
    for (const auto& member : crowd_) {
      if (member->session == session) typed[member->letter] += member->typed;
    }
    return typed;
  }
  void CheckSafety() {
    size_t clients = 0;
    for (const std::string& id : host_->SessionIds()) clients += host_->Find(id)->clients().size();
    EXPECT_EQ(host_->router().size(), clients);
    for (const auto& [session, name] : names_) {
      std::map<char, int> typed = TypedFor(session);
      for (const auto& [letter, count] : programs_[name].read) EXPECT_LE(count, typed[letter]);
    }
  }
  void CheckConvergence() {
    for (Member* member : Alive()) {
      const server::HostedSession* const hosted = host_->Find(member->session);
      if (hosted == nullptr) {
        // The session ended before a word of this client arrived.
        EXPECT_EQ(member->client.transport().remote_num().value, 0);
        continue;
      }
      const term::Screen& screen = hosted->session().terminal().screen();
      EXPECT_EQ(member->client.screen().size(), member->window);
      if (screen.size() != member->window) continue;
      for (int row = 0; row < screen.rows(); ++row) {
        EXPECT_EQ(member->client.screen().RowText(row), screen.RowText(row));
      }
    }
    for (const auto& member : crowd_) {
      // Letters are shared where more clients came than there are letters.
      if (!member->alive() || crowd_.size() >= kLetters) continue;
      EXPECT_EQ(programs_[names_[member->session]].read[member->letter], member->typed);
    }
  }

  io::sim::SimWorld world_;
  io::sim::SimReactor& server_;
  io::sim::SimReactor& laptop_;
  crypto::SeededRandom random_;
  std::mt19937 dice_;
  std::unique_ptr<server::Host> host_;
  std::map<std::string, std::string> names_;  // of programs, by session
  std::map<std::string, Program> programs_;   // by name
  std::vector<std::unique_ptr<Member>> crowd_;
  int opened_ = 0;
};

TEST(HostSimulation, CrowdsComeAndGo) {
  for (uint64_t seed = 1; seed <= 40 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    HostSimulation(seed).Run();
  }
}

TEST(HostSimulation, SameSeedSameFate) {
  const auto hash_of = [](uint64_t seed) {
    HostSimulation simulation(seed);
    simulation.Run();
    return simulation.trace_hash();
  };
  EXPECT_EQ(hash_of(7), hash_of(7));
  EXPECT_NE(hash_of(7), hash_of(8));
}

}  // namespace
}  // namespace mosh::sim
