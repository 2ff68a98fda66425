#include "mgmt/fleet/registry.h"

#include <memory>
#include <random>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "io/scope.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_world.h"
#include "mgmt/etcd/testing/fake_etcd.h"

namespace mosh::mgmt {
namespace {

namespace fleet = ::mosh::fleet::v1;
using google::protobuf::util::TimeUtil;
using std::chrono::seconds;

constexpr seconds kLease{10};
// Until a death is seen, and another moment until its record says so.
constexpr seconds kSeen = kLease + Registry::kGrace + seconds(1);
constexpr seconds kWritten{3};

io::Task<void> Keep(io::Task<absl::Status> task, absl::Status* status) {
  *status = co_await std::move(task);
}

// An agent as far as the registry goes: it can be killed and be stopped.
class Agent {
 public:
  Agent(io::sim::SimWorld* world, io::Reactor* reactor, etcd::FakeStore* store,
        const std::string& node, ProcessMark mark, std::vector<std::string>* said,
        seconds lease = kLease)
      : etcd(store),
        registry(
            {.reactor = reactor,
             .etcd = &etcd,
             .prefix = "/f/",
             .lease = lease,
             .own = Own(node),
             .mark = std::move(mark),
             .wall_clock = [reactor] { return WallClock(reactor); },
             .say =
                 [said, node](const std::string& text) {
                   said->push_back(absl::StrCat(node, ": ", text));
                 },
             .random = [world] { return static_cast<double>(world->NextSeed() % 1000) / 1000; }}) {
    world->Start(registry.Run(stop_.token()));
  }

  // The rest takes time: virtual seconds.
  void Stop() { stop_.RequestStop(); }
  // Nothing that it does reaches etcd any more.
  void Kill() {
    etcd.SetReachable(false);
    stop_.RequestStop();
  }

  // "n1 READY, n2 LOST"
  std::string Shown() const {
    return absl::StrJoin(registry.nodes(), ", ", [](std::string* out, const auto& entry) {
      absl::StrAppend(out, entry.first.substr(6), " ",
                      fleet::Node::State_Name(entry.second.state()));
    });
  }

  static absl::Time WallClock(io::Reactor* reactor) {
    return absl::FromUnixSeconds(1'800'000'000) + absl::Nanoseconds(reactor->Now().nanos());
  }

 private:
  static fleet::Node Own(const std::string& node) {
    fleet::Node own;
    own.set_name(absl::StrCat("nodes/", node));
    own.set_endpoint(absl::StrCat(node, ".example.org:7446"));
    return own;
  }

 public:
  etcd::FakeEtcd etcd;
  Registry registry;

 private:
  io::StopSource stop_;
};

struct RegistryTest : testing::Test {
  RegistryTest() { world.Start(store.Run(world.stop())); }
  ~RegistryTest() override {
    for (const auto& agent : agents) agent->Kill();
    EXPECT_TRUE(world.StopAll());
  }

  Agent* Start(const std::string& node, seconds lease = kLease) {
    ProcessMark mark;
    mark.instance = absl::StrCat("instance", ++instances);
    mark.host = "far";
    mark.pid = instances;
    return Start(node, mark, lease);
  }
  Agent* Start(const std::string& node, const ProcessMark& mark, seconds lease = kLease) {
    agents.push_back(std::make_unique<Agent>(&world, &reactor, &store, node, mark, &said, lease));
    return agents.back().get();
  }
  void Pass(std::chrono::nanoseconds time) { world.RunFor(time); }
  absl::Status Forget(Agent* agent, const std::string& node, bool validate_only = false) {
    absl::Status status;
    world.Start(
        Keep(agent->registry.Forget(absl::StrCat("nodes/", node), validate_only, world.stop()),
             &status));
    Pass(seconds(5));
    return status;
  }

  io::sim::SimWorld world{1};
  io::sim::SimReactor& reactor = world.AddHost("h", "192.0.2.1");
  etcd::FakeStore store{&reactor};
  int instances = 0;
  std::vector<std::string> said;
  std::vector<std::unique_ptr<Agent>> agents;
};

TEST_F(RegistryTest, WithoutEtcdItIsThisNodeAlone) {
  fleet::Node own;
  own.set_name("nodes/n1");
  Registry alone({.reactor = &reactor,
                  .etcd = nullptr,
                  .prefix = "/f/",
                  .own = own,
                  .wall_clock = [] { return absl::FromUnixSeconds(5); },
                  .say = [](const std::string&) { ADD_FAILURE(); },
                  .random = [] { return 0.0; }});
  world.Start(alone.Run(world.stop()));
  int told = 0;
  const auto subscription = alone.Subscribe([&told] { ++told; });
  Pass(seconds(1));
  EXPECT_EQ(alone.problem(), "");
  EXPECT_TRUE(alone.up());
  ASSERT_EQ(alone.nodes().size(), 1u);
  EXPECT_EQ(alone.own().state(), fleet::Node::READY);
  alone.SetState(fleet::Node::DRAINING, absl::FromUnixSeconds(9));
  EXPECT_EQ(alone.own().state_time().seconds(), 9);
  EXPECT_EQ(told, 1);
}

TEST_F(RegistryTest, NodesSeeEachOther) {
  Agent* const a = Start("n1");
  EXPECT_EQ(a->Shown(), "n1 READY");
  EXPECT_TRUE(absl::StrContains(a->registry.problem(), "not answered")) << a->registry.problem();
  Pass(seconds(1));
  EXPECT_EQ(a->registry.problem(), "");
  Agent* const b = Start("n2");
  Pass(seconds(1));
  EXPECT_EQ(a->Shown(), "n1 READY, n2 READY");
  EXPECT_EQ(b->Shown(), "n1 READY, n2 READY");
  EXPECT_EQ(b->registry.nodes().at("nodes/n1").endpoint(), "n1.example.org:7446");
  EXPECT_EQ(said, (std::vector<std::string>{"n1: registered in etcd as nodes/n1",
                                            "n2: registered in etcd as nodes/n2"}));
}

TEST_F(RegistryTest, LivesLongerThanItsLease) {
  Agent* const a = Start("n1");
  Start("n2");
  Pass(20 * kLease);
  EXPECT_EQ(a->Shown(), "n1 READY, n2 READY");
  EXPECT_EQ(store.leases(), 2u);
  EXPECT_EQ(store.commits(), 2);  // a node at rest writes nothing
}

TEST_F(RegistryTest, ADeadNodeIsLostForAllAlsoForOneThatComesLater) {
  Agent* const a = Start("n1");
  Agent* const b = Start("n2");
  Agent* const c = Start("n3");
  Pass(kLease);
  b->Kill();
  Pass(kSeen);
  EXPECT_EQ(a->Shown(), "n1 READY, n2 LOST, n3 READY");
  EXPECT_EQ(c->Shown(), a->Shown());
  Pass(kWritten);
  Pass(seconds(100));
  Agent* const late = Start("n4");
  Pass(seconds(1));
  EXPECT_EQ(late->Shown(), "n1 READY, n2 LOST, n3 READY, n4 READY");
  const auto since = late->registry.nodes().at("nodes/n2").state_time();
  EXPECT_EQ(TimeUtil::ToString(since),
            TimeUtil::ToString(a->registry.nodes().at("nodes/n2").state_time()));
  EXPECT_LT(since.seconds(), absl::ToUnixSeconds(Agent::WallClock(&reactor)) - 90);
}

TEST_F(RegistryTest, AStoppedNodeIsGoneAndNeverLost) {
  Agent* const a = Start("n1");
  Agent* const b = Start("n2");
  Pass(seconds(1));
  std::set<std::string> shown;
  const auto subscription = a->registry.Subscribe([&] { shown.insert(a->Shown()); });
  b->Stop();
  Pass(3 * kLease);
  EXPECT_EQ(a->Shown(), "n1 READY");
  EXPECT_EQ(shown, std::set<std::string>{"n1 READY"});
  EXPECT_EQ(store.leases(), 1u);
  EXPECT_EQ(store.entries().size(), 2u);
}

TEST_F(RegistryTest, OneThatWasKilledIsFollowedAtOnceByTheNextOnTheMachine) {
  Agent* const a = Start("n1");
  ProcessMark mark = MarkOfThisProcess("first");
  mark.start += 1;  // no such process
  Agent* const b = Start("n2", mark);
  Pass(seconds(1));
  b->Kill();
  Agent* const again = Start("n2", MarkOfThisProcess("second"));
  Pass(seconds(1));
  EXPECT_EQ(again->registry.problem(), "");
  EXPECT_EQ(a->Shown(), "n1 READY, n2 READY");
  Pass(3 * kLease);  // the first one's lease has ended, and takes nothing with it
  EXPECT_EQ(a->Shown(), "n1 READY, n2 READY");
}

TEST_F(RegistryTest, ASecondAgentOfTheSameNameIsRefusedWhileTheFirstLives) {
  Agent* const a = Start("n1");
  Pass(seconds(1));
  const std::string before = store.entries().at("/f/nodes/n1/alive").value;
  Agent* const other = Start("n1");
  Pass(10 * kLease);
  EXPECT_EQ(store.entries().at("/f/nodes/n1/alive").value, before);
  EXPECT_TRUE(absl::StrContains(other->registry.problem(), "far (process 1) already"))
      << other->registry.problem();
  EXPECT_EQ(other->Shown(), "n1 READY");
  EXPECT_FALSE(other->registry.up());
  ASSERT_EQ(said.size(), 2u) << absl::StrJoin(said, "\n");
  EXPECT_EQ(store.leases(), 1u);
  a->Stop();
  Pass(seconds(6));
  EXPECT_EQ(other->registry.problem(), "");
  EXPECT_NE(store.entries().at("/f/nodes/n1/alive").value, before);
}

TEST_F(RegistryTest, EtcdAwayChangesNothingAndComesBackByItself) {
  store.SetDown(true);
  Agent* const a = Start("n1");
  Pass(seconds(30));
  EXPECT_EQ(a->Shown(), "n1 READY");
  EXPECT_TRUE(absl::StrContains(a->registry.problem(), "no way there"));
  store.SetDown(false);
  Agent* const b = Start("n2");
  Pass(seconds(6));
  EXPECT_EQ(a->Shown(), "n1 READY, n2 READY");
  store.SetDown(true);
  Pass(100 * kLease);
  EXPECT_EQ(a->Shown(), "n1 READY, n2 READY");
  EXPECT_FALSE(a->registry.up());
  store.SetDown(false);
  Pass(seconds(6));
  EXPECT_EQ(b->registry.problem(), "");
  EXPECT_EQ(b->Shown(), "n1 READY, n2 READY");
  int away = 0;
  for (const std::string& line : said) away += absl::StrContains(line, "can't reach etcd");
  EXPECT_EQ(away, 3) << absl::StrJoin(said, "\n");  // n1 twice, n2 once
  EXPECT_EQ(said.size(), 7u) << absl::StrJoin(said, "\n");
}

TEST_F(RegistryTest, NobodyIsLostWhenEtcdComesBackHoweverShortTheLease) {
  constexpr seconds kShort{2};
  Agent* const n1 = Start("n1", kShort);
  Start("n2", kShort);
  Pass(kShort);
  int lost = 0;
  const auto subscription = n1->registry.Subscribe([&] {
    for (const auto& [name, node] : n1->registry.nodes()) lost += node.state() == fleet::Node::LOST;
  });
  for (int i = 0; i < 20; ++i) {
    store.SetDown(true);
    Pass(seconds(30) + std::chrono::milliseconds(100 * i));
    store.SetDown(false);
    Pass(5 * kShort);
    EXPECT_EQ(n1->Shown(), "n1 READY, n2 READY");
  }
  EXPECT_EQ(lost, 0);
}

TEST_F(RegistryTest, OneCutOffForLongerThanItsLeaseIsLostAndComesBack) {
  Agent* const a = Start("n1");
  Agent* const b = Start("n2");
  Pass(seconds(1));
  b->etcd.SetReachable(false);
  Pass(kSeen + kWritten);
  EXPECT_EQ(a->Shown(), "n1 READY, n2 LOST");
  EXPECT_EQ(b->Shown(), "n1 READY, n2 READY");
  b->etcd.SetReachable(true);
  Pass(seconds(6));
  EXPECT_EQ(a->Shown(), "n1 READY, n2 READY");
}

TEST_F(RegistryTest, AnEtcdThatLostEverythingIsFilledAgain) {
  Agent* const a = Start("n1");
  Start("n2");
  Pass(kLease);
  store.SetDown(true);
  Pass(seconds(5));
  store.Wipe();
  store.SetDown(false);
  Pass(seconds(10));
  EXPECT_EQ(a->Shown(), "n1 READY, n2 READY");
  EXPECT_EQ(store.entries().size(), 4u);
}

TEST_F(RegistryTest, PutsBackWhatSomebodyTookOut) {
  Agent* const a = Start("n1");
  Pass(seconds(1));
  store.Delete("/f/nodes/n1/alive");
  store.Delete("/f/nodes/n1");
  Pass(seconds(1));
  EXPECT_EQ(store.entries().size(), 2u);
  EXPECT_TRUE(a->registry.up());
}

// As etcd does to a lease that was renewed when a leader that has hung wakes up.
TEST_F(RegistryTest, ANodeWhoseLeaseIsTakenAwayWhileItLivesIsNeverLost) {
  Agent* const a = Start("n1");
  Agent* const b = Start("n2");
  b->registry.SetState(fleet::Node::DRAINING, absl::FromUnixSeconds(7));
  Pass(seconds(1));
  std::set<std::string> shown;
  const auto subscription = a->registry.Subscribe([&] { shown.insert(a->Shown()); });
  store.Delete("/f/nodes/n2/alive");
  Pass(kSeen + kWritten);
  EXPECT_EQ(shown, std::set<std::string>{"n1 READY, n2 DRAINING"});
  EXPECT_TRUE(store.entries().contains("/f/nodes/n2/alive"));
  EXPECT_TRUE(b->registry.up());
}

TEST_F(RegistryTest, OneThatDoesNotComeBackIsLostAfterItsGrace) {
  Agent* const a = Start("n1");
  Agent* const b = Start("n2");
  Pass(seconds(1));
  b->Kill();
  store.Delete("/f/nodes/n2/alive");
  Pass(Registry::kGrace / 2);
  EXPECT_EQ(a->Shown(), "n1 READY, n2 READY");
  Pass(Registry::kGrace);
  EXPECT_EQ(a->Shown(), "n1 READY, n2 LOST");
  // Since when it has been missed.
  EXPECT_EQ(a->registry.nodes().at("nodes/n2").state_time().seconds(), 1'800'000'001);
}

TEST_F(RegistryTest, OwnAnswersThatWereLostDoNoHarm) {
  Agent* const a = Start("n1");
  a->etcd.LoseNextAnswer();
  Pass(seconds(6));
  EXPECT_TRUE(a->registry.up()) << a->registry.problem();
  a->etcd.LoseNextAnswer();
  a->registry.SetState(fleet::Node::DRAINED, absl::FromUnixSeconds(7));
  Pass(seconds(6));
  Agent* const b = Start("n2");
  Pass(seconds(1));
  EXPECT_EQ(b->Shown(), "n1 DRAINED, n2 READY");
  Pass(3 * kLease);
  EXPECT_EQ(b->Shown(), "n1 DRAINED, n2 READY");
  EXPECT_EQ(store.leases(), 2u);
}

TEST_F(RegistryTest, TellsOthersOfItsStateAlsoOfOneSetWhileEtcdWasAway) {
  Agent* const a = Start("n1");
  Agent* const b = Start("n2");
  Pass(seconds(1));
  a->registry.SetState(fleet::Node::DRAINING, absl::FromUnixSeconds(7));
  EXPECT_EQ(a->registry.own().state(), fleet::Node::DRAINING);
  Pass(seconds(1));
  EXPECT_EQ(b->Shown(), "n1 DRAINING, n2 READY");
  EXPECT_EQ(b->registry.nodes().at("nodes/n1").state_time().seconds(), 7);
  store.SetDown(true);
  Pass(seconds(1));
  a->registry.SetState(fleet::Node::DRAINED, absl::FromUnixSeconds(8));
  Pass(seconds(1));
  store.SetDown(false);
  Pass(seconds(6));
  EXPECT_EQ(b->Shown(), "n1 DRAINED, n2 READY");
}

TEST_F(RegistryTest, OnlyOneOfManyWritesThatANodeIsLost) {
  for (int i = 0; i < 200; ++i) Start(absl::StrCat("n", 100 + i));
  Pass(seconds(5));
  const int before = store.commits();
  agents[7]->Kill();
  Pass(kSeen + kWritten);
  EXPECT_TRUE(absl::StrContains(agents[0]->Shown(), "n107 LOST"));
  EXPECT_LT(store.commits() - before, 10);
}

TEST_F(RegistryTest, ForgetsWhatIsLostAndNothingElse) {
  Agent* const a = Start("n1");
  Agent* const b = Start("n2");
  Pass(seconds(1));
  EXPECT_EQ(Forget(a, "n1").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Forget(a, "n2").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Forget(a, "n9").code(), absl::StatusCode::kNotFound);
  b->Kill();
  Pass(kSeen + kWritten);
  EXPECT_TRUE(Forget(a, "n2", /*validate_only=*/true).ok());
  EXPECT_EQ(a->Shown(), "n1 READY, n2 LOST");
  store.SetDown(true);
  EXPECT_EQ(Forget(a, "n2").code(), absl::StatusCode::kUnavailable);
  store.SetDown(false);
  Pass(seconds(6));
  EXPECT_TRUE(Forget(a, "n2").ok());
  EXPECT_EQ(a->Shown(), "n1 READY");
  EXPECT_EQ(store.entries().size(), 2u);
}

TEST_F(RegistryTest, PassesOverWhatIsNoNode) {
  store.Put("/f/nodes/odd", "\xff\xff\xff");
  store.Put("/f/nodes/n5/more/than/that", "x");
  store.Put("/f/nodes/n6/alive", "nobody");
  Agent* const a = Start("n1");
  Pass(seconds(1));
  EXPECT_EQ(a->Shown(), "n1 READY");
  EXPECT_EQ(a->registry.problem(), "");
  ASSERT_FALSE(said.empty());
  EXPECT_TRUE(absl::StrContains(said[0], "/f/nodes/odd is no node")) << said[0];
}

// Agents are killed, stopped, started and cut off, and etcd is, in random order; when that ends
// everybody sees the same, and that is the truth.
TEST(RegistryConvergence, EverybodySeesTheTruthInTheEnd) {
  std::vector<std::string> said;
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    io::sim::SimWorld one(seed);
    io::sim::SimReactor& host = one.AddHost("h", "192.0.2.1");
    etcd::FakeStore shared(&host);
    one.Start(shared.Run(one.stop()));
    std::mt19937 random(seed);
    std::vector<std::unique_ptr<Agent>> all;
    std::map<std::string, Agent*> living;
    std::map<std::string, std::string> truth;
    for (int step = 0; step < 60; ++step) {
      const std::string node = absl::StrCat("n", 1 + random() % 5);
      Agent*& agent = living[node];
      switch (random() % 8) {
        case 0:
          shared.SetDown(random() % 2 == 0);
          break;
        case 1:
          shared.Compact();
          break;
        case 2:
          if (agent != nullptr) agent->etcd.SetReachable(random() % 2 == 0);
          break;
        case 3:
          if (agent != nullptr) {
            agent->Kill();
            // Unless it never got there.
            if (shared.entries().contains(absl::StrCat("/f/nodes/", node))) {
              truth[node] = "LOST";
            } else {
              truth.erase(node);
            }
            agent = nullptr;
          }
          break;
        case 4:
          if (agent != nullptr) {
            // What it can't take away remains, as if it had died.
            shared.SetDown(false);
            agent->etcd.SetReachable(true);
            one.RunFor(kLease + seconds(6));
            agent->Stop();
            one.RunFor(seconds(1));
            truth.erase(node);
            agent = nullptr;
          }
          break;
        default:
          if (agent == nullptr) {
            ProcessMark mark;
            mark.instance = absl::StrCat("i", step);
            all.push_back(std::make_unique<Agent>(&one, &host, &shared, node, mark, &said));
            agent = all.back().get();
            truth[node] = "READY";
          } else {
            const bool drained = random() % 2 == 0;
            agent->registry.SetState(drained ? fleet::Node::DRAINED : fleet::Node::READY,
                                     absl::FromUnixSeconds(step));
            truth[node] = drained ? "DRAINED" : "READY";
          }
      }
      one.RunFor(std::chrono::milliseconds(random() % 8'000));
    }
    shared.SetDown(false);
    for (auto& [node, agent] : living) {
      if (agent != nullptr) agent->etcd.SetReachable(true);
    }
    // One that has seen nothing of it.
    ProcessMark mark;
    mark.instance = "late";
    all.push_back(std::make_unique<Agent>(&one, &host, &shared, "n9", mark, &said));
    living["n9"] = all.back().get();
    truth["n9"] = "READY";
    one.RunFor(5 * kLease);
    const std::string expected = absl::StrJoin(truth, ", ", absl::PairFormatter(" "));
    for (auto& [node, agent] : living) {
      if (agent == nullptr) continue;
      EXPECT_EQ(agent->Shown(), expected) << "seed " << seed << ", as " << node << " sees it";
      EXPECT_EQ(agent->registry.problem(), "") << seed;
    }
    for (const auto& agent : all) agent->Kill();
    EXPECT_TRUE(one.StopAll());
  }
}

}  // namespace
}  // namespace mosh::mgmt
