#include "mgmt/fleet/fleet_sessions.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_world.h"
#include "mgmt/fleet/testing/fake_fleet.h"
#include "mgmt/model/mask.h"
#include "mgmt/model/watch.h"

namespace mosh::mgmt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kPlain = FleetSessions::Detail::kPlain;
constexpr auto kMeasured = FleetSessions::Detail::kMeasured;

class FleetSessionsTest : public testing::Test {
 protected:
  FleetSessionsTest() {
    nodes_.Put("nodes/n1", "n1:1");
    PutOwn("a");
    world_.Start(fleet_.Run(world_.stop()));
  }
  ~FleetSessionsTest() override { EXPECT_TRUE(world_.StopAll()); }

  void PutOwn(const std::string& id, const std::string& title = "") {
    control::Session told;
    told.set_id(id);
    told.set_title(title);
    EXPECT_TRUE(own_.Put("h", {.uid = 1000, .user = "alice"}, told, absl::UnixEpoch()).ok());
  }
  // A node with an agent.
  FakeAgent* Add(const std::string& node) {
    const std::string name = absl::StrCat("nodes/", node);
    const std::string endpoint = absl::StrCat(node, ":1");
    FakeAgent* const agent = peers_.Add(endpoint, name);
    nodes_.Put(name, endpoint);
    return agent;
  }
  // How long it took.
  milliseconds Settle(const std::string& scope = "", FleetSessions::Detail detail = kPlain) {
    const Instant began = world_.Now();
    world_.RunToCompletion(
        fleet_.Settle(scope, detail, world_.Now() + seconds(5), world_.stop()));
    return std::chrono::duration_cast<milliseconds>(world_.Now() - began);
  }
  // "n1/a vim", …
  std::vector<std::string> Sessions(const std::string& scope = "") {
    std::vector<std::string> texts;
    if (fleet_.directory() == nullptr) return {"no directory"};
    const std::string prefix = scope.empty() ? "" : Directory::PrefixOf(scope);
    for (const SessionPtr& session : fleet_.directory()->List({.prefix = prefix}).sessions) {
      std::string name = session->name();
      name = name.substr(sizeof "nodes/" - 1);
      name.replace(name.find("/sessions"), sizeof "/sessions" - 1, "");
      texts.push_back(absl::StrCat(name, session->title().empty() ? "" : " ", session->title()));
    }
    return texts;
  }

  // As it is known here; 0: it isn't.
  int RoundTripMillis(const std::string& name) {
    const Record* const record = fleet_.directory()->FindNamed(name);
    if (record == nullptr || record->session->clients().empty()) return 0;
    return record->session->clients(0).srtt().nanos() / 1'000'000;
  }
  // What a watcher who wants no measurements is told meanwhile, in events.
  static size_t Told(Watch* watch) { return watch->Next(1'000)->events; }

  io::sim::SimWorld world_{1};
  io::sim::SimReactor& reactor_ = world_.AddHost("agent", "192.0.2.1");
  Directory own_{{.node = "n1", .instance = "own"}};
  FakeNodes nodes_;
  FakePeers peers_;
  std::vector<std::string> complaints_;
  int instances_ = 0;
  FleetSessions fleet_{
      {.reactor = &reactor_,
       .own = &own_,
       .nodes = &nodes_,
       .calls = &peers_,
       .max_sessions = 1'000,
       .max_sessions_of_a_node = 500,
       .new_instance = [this] { return absl::StrCat("fleet", ++instances_); },
       .random = [] { return 0.5; },
       .complain = [this](const std::string& text) { complaints_.push_back(text); }}};
};

TEST_F(FleetSessionsTest, KnowsEverybodysSessionsWhileSomebodyWantsThem) {
  FakeAgent* const n2 = Add("n2");
  Add("n3")->Put("c");
  n2->Put("b", "vim");
  world_.RunFor(seconds(1));
  EXPECT_EQ(n2->watches, 0) << "nobody has asked";
  auto wish = fleet_.Want("", kPlain);
  EXPECT_LT(Settle(), milliseconds(20));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b vim", "n3/c"));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), IsEmpty());
  PutOwn("a", "top");
  n2->Put("b", "emacs");
  n2->Put("b2");
  n2->Remove("b");
  world_.RunFor(seconds(1));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a top", "n2/b2", "n3/c"));
  wish = nullptr;
  world_.RunFor(seconds(59));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a top", "n2/b2", "n3/c")) << "for who asks again soon";
  world_.RunFor(seconds(2));
  EXPECT_EQ(fleet_.directory(), nullptr);
  EXPECT_EQ(fleet_.numbers().synced, 0);
}

TEST_F(FleetSessionsTest, OneNodeIsWantedAlone) {
  Add("n2")->Put("b");
  FakeAgent* const n3 = Add("n3");
  n3->Put("c");
  const auto wish = fleet_.Want("nodes/n2", kPlain);
  Settle("nodes/n2");
  EXPECT_THAT(Sessions("nodes/n2"), ElementsAre("n2/b"));
  EXPECT_EQ(n3->watches, 0);
  const auto all = fleet_.Want("", kPlain);
  Settle();
  EXPECT_THAT(Sessions("nodes/n2"), ElementsAre("n2/b"));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b", "n3/c"));
}

TEST_F(FleetSessionsTest, WhoDoesNotAnswerIsWaitedForAsLongAsThereIsTime) {
  Add("n2")->silent = true;
  Add("n3")->Kill();
  nodes_.Put("nodes/n4", "n4:1", fleet::Node::LOST);
  nodes_.Put("nodes/n5", "");
  const auto wish = fleet_.Want("", kPlain);
  EXPECT_LT(Settle("nodes/n3"), milliseconds(50)) << "refused, so there is nothing to wait for";
  EXPECT_EQ(Settle(), seconds(5));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a"));
  EXPECT_THAT(fleet_.Unreachable("", kPlain),
              ElementsAre("nodes/n2", "nodes/n3", "nodes/n4", "nodes/n5"));
  EXPECT_THAT(fleet_.Unreachable("nodes/n3", kPlain), ElementsAre("nodes/n3"));
  EXPECT_THAT(fleet_.Unreachable("nodes/n1", kPlain), IsEmpty());
}

TEST_F(FleetSessionsTest, AnAgentThatIsStartedAnewIsHardlyMissed) {
  FakeAgent* const n2 = Add("n2");
  n2->Put("b");
  n2->Put("gone");
  const auto wish = fleet_.Want("", kPlain);
  Settle();
  absl::StatusOr<Watch> watch = Watch::Begin(fleet_.directory(), {}, "");
  EXPECT_EQ(watch->Next(100)->events, 4u) << "three sessions, and SYNCED";
  n2->Kill();
  n2->Remove("gone");
  world_.RunFor(milliseconds(100));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), ElementsAre("nodes/n2"));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b", "n2/gone"));
  n2->Start();
  world_.RunFor(seconds(2));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), IsEmpty());
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b"));
  EXPECT_EQ(watch->Next(100)->events, 1u) << "the one that is gone; of the other nothing happened";
}

TEST_F(FleetSessionsTest, WhoStaysAwayTakesHisSessionsWithHim) {
  FakeAgent* const n2 = Add("n2");
  n2->Put("b");
  const auto wish = fleet_.Want("", kPlain);
  Settle();
  n2->Kill();
  world_.RunFor(seconds(9));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b"));
  world_.RunFor(seconds(2));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a"));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), ElementsAre("nodes/n2"));
  n2->Start();
  nodes_.Put("nodes/n2", "n2:1", fleet::Node::DRAINING);
  world_.RunFor(milliseconds(20));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b")) << "the registry's news is a good moment";
}

TEST_F(FleetSessionsTest, GoesOnWhereItWas) {
  FakeAgent* const n2 = Add("n2");
  n2->Put("b");
  const auto wish = fleet_.Want("", kPlain);
  Settle();
  n2->Put("c");
  world_.RunFor(milliseconds(20));
  const uint64_t events = fleet_.numbers().events;
  n2->Break();
  world_.RunFor(milliseconds(20));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), ElementsAre("nodes/n2"));
  n2->Remove("b");
  world_.RunFor(seconds(1));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), IsEmpty());
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/c"));
  EXPECT_EQ(n2->watches, 2);
  EXPECT_EQ(fleet_.numbers().events, events + 1) << "no snapshot again";
}

TEST_F(FleetSessionsTest, NobodyIsAskedForMeasurementsThatNobodyWants) {
  FakeAgent* const n2 = Add("n2");
  n2->Put("b");
  n2->Measure("b", 20);
  const auto wish = fleet_.Want("", kPlain);
  Settle();
  EXPECT_EQ(RoundTripMillis("nodes/n2/sessions/b"), 0);
  const uint64_t events = fleet_.numbers().events;
  for (int i = 0; i < 50; ++i) {
    n2->Measure("b", 30 + i);
    world_.RunFor(milliseconds(100));
  }
  EXPECT_EQ(fleet_.numbers().events, events);
  n2->Put("b", "vim");
  world_.RunFor(milliseconds(20));
  EXPECT_EQ(fleet_.numbers().events, events + 1);
}

TEST_F(FleetSessionsTest, MeasurementsComeWithWhoWantsThemAndNobodyElseNotices) {
  FakeAgent* const n2 = Add("n2");
  n2->Put("b");
  n2->Put("c");
  n2->Measure("b", 20);
  const auto plain = fleet_.Want("", kPlain);
  Settle();
  Watch::Terms terms;
  terms.mask = *ReadMask::Parse(AllButMeasurements());
  absl::StatusOr<Watch> watcher = Watch::Begin(fleet_.directory(), std::move(terms), "");
  EXPECT_EQ(Told(&*watcher), 4u) << "three sessions, and SYNCED";

  auto measured = fleet_.Want("", kMeasured);
  EXPECT_THAT(fleet_.Unreachable("", kMeasured), ElementsAre("nodes/n2"));
  EXPECT_LT(Settle("", kMeasured), milliseconds(20));
  EXPECT_EQ(RoundTripMillis("nodes/n2/sessions/b"), 20);
  EXPECT_THAT(fleet_.Unreachable("", kMeasured), IsEmpty());
  n2->Measure("b", 21);
  world_.RunFor(milliseconds(20));
  EXPECT_EQ(RoundTripMillis("nodes/n2/sessions/b"), 21);
  measured = nullptr;
  world_.RunFor(seconds(59));
  n2->Measure("b", 22);
  world_.RunFor(milliseconds(20));
  EXPECT_EQ(RoundTripMillis("nodes/n2/sessions/b"), 22) << "for who asks again soon";
  EXPECT_EQ(n2->watches, 2);

  world_.RunFor(seconds(2));
  EXPECT_EQ(n2->watches, 3);
  const uint64_t events = fleet_.numbers().events;
  n2->Measure("b", 23);
  world_.RunFor(seconds(1));
  EXPECT_EQ(fleet_.numbers().events, events);
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b", "n2/c"));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), IsEmpty());
  EXPECT_EQ(Told(&*watcher), 0u);
  EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(FleetSessionsTest, MeasurementsOfOneNodeAreAskedOfItAlone) {
  FakeAgent* const n2 = Add("n2");
  n2->Put("b");
  FakeAgent* const n3 = Add("n3");
  n3->Put("c");
  const auto plain = fleet_.Want("", kPlain);
  Settle();
  const auto measured = fleet_.Want("nodes/n2", kMeasured);
  Settle("nodes/n2", kMeasured);
  EXPECT_EQ(n2->watches, 2);
  EXPECT_EQ(n3->watches, 1);
}

TEST_F(FleetSessionsTest, WhoBreaksOffBeforeHeIsAskedAnewIsAskedForAllOfIt) {
  FakeAgent* const n2 = Add("n2");
  n2->Put("b");
  n2->Measure("b", 20);
  const auto plain = fleet_.Want("", kPlain);
  Settle();
  n2->Kill();
  world_.RunFor(milliseconds(20));
  const auto measured = fleet_.Want("", kMeasured);
  Settle("", kMeasured);
  EXPECT_THAT(fleet_.Unreachable("", kMeasured), ElementsAre("nodes/n2"));
  n2->Start();
  world_.RunFor(seconds(1));
  EXPECT_EQ(RoundTripMillis("nodes/n2/sessions/b"), 20);
  EXPECT_THAT(fleet_.Unreachable("", kMeasured), IsEmpty());
}

TEST_F(FleetSessionsTest, AnAgentThatLacksOneOfOurFieldsIsAskedForEverything) {
  FakeAgent* const n2 = Add("n2");
  n2->refuses_masks = true;
  n2->Put("b");
  const auto plain = fleet_.Want("", kPlain);
  EXPECT_LT(Settle(), milliseconds(20));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b"));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), IsEmpty());
  const auto measured = fleet_.Want("", kMeasured);
  EXPECT_EQ(Settle("", kMeasured), milliseconds(0)) << "it tells them already";
}

TEST_F(FleetSessionsTest, NodesComeAndGoAndMove) {
  const auto wish = fleet_.Want("", kPlain);
  Settle();
  FakeAgent* const n2 = Add("n2");
  n2->Put("b");
  world_.RunFor(milliseconds(20));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b"));
  FakeAgent* const moved = peers_.Add("elsewhere:1", "nodes/n2");
  moved->Put("b");
  moved->Put("b2");
  uint64_t changes = fleet_.directory()->version();
  nodes_.Put("nodes/n2", "elsewhere:1");
  world_.RunFor(milliseconds(20));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b", "n2/b2"));
  EXPECT_EQ(fleet_.directory()->version(), changes + 1) << "b2; to b nothing happened";
  nodes_.Remove("nodes/n2");
  world_.RunFor(milliseconds(20));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a"));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), IsEmpty());
}

TEST_F(FleetSessionsTest, AnotherNodeAtTheEndpointIsNotTakenForIt) {
  FakeAgent* const n2 = Add("n2");
  n2->Put("b");
  nodes_.Put("nodes/n3", "n2:1");
  const auto wish = fleet_.Want("", kPlain);
  Settle();
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b"));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), ElementsAre("nodes/n3"));
}

fleet::SessionEvent Added(const std::string& name, const std::string& id) {
  fleet::SessionEvent event;
  event.set_type(fleet::SessionEvent::ADDED);
  event.mutable_session()->set_name(name);
  event.mutable_session()->set_session_id(id);
  event.mutable_session()->set_user("eve");
  return event;
}

TEST_F(FleetSessionsTest, ANodeIsBelievedAboutItselfAlone) {
  FakeAgent* const n2 = Add("n2");
  n2->Put("b");
  fleet::WatchSessionsResponse lies;
  *lies.add_events() = Added("nodes/n1/sessions/a", "a");
  *lies.add_events() = Added("nodes/n3/sessions/c", "c");
  *lies.add_events() = Added("nodes/n2/sessions/x", "y");
  *lies.add_events() = Added("nodes/n2/sessions/../../n1", "x");
  *lies.add_events() = Added("nodes/n2/sessions/large", "large");
  lies.mutable_events(4)->mutable_session()->set_title(std::string(100'000, 'x'));
  fleet::SessionEvent* const deleted = lies.add_events();
  deleted->set_type(fleet::SessionEvent::DELETED);
  deleted->mutable_session()->set_name("nodes/n1/sessions/a");
  fleet::SessionEvent* const version = lies.add_events();
  version->set_type(fleet::SessionEvent::SYNCED);
  version->set_resource_version(std::string(100'000, '1'));
  lies.mutable_unreachable()->add_names("nodes/n3");
  lies.mutable_unreachable()->add_names("nodes/n2/hosts/7");
  n2->lies.push_back(lies);
  Add("n3")->Put("c");
  const auto wish = fleet_.Want("", kPlain);
  Settle();
  world_.RunFor(milliseconds(20));
  EXPECT_THAT(Sessions(), ElementsAre("n1/a", "n2/b", "n3/c"));
  EXPECT_EQ(fleet_.directory()->FindNamed("nodes/n1/sessions/a")->owner.user, "alice");
  EXPECT_EQ(fleet_.numbers().refused, 7u);
  ASSERT_EQ(complaints_.size(), 1u);
  EXPECT_THAT(complaints_[0],
              HasSubstr("nodes/n2 at n2:1 tells not the name of a session of nodes/n2"));
}

TEST_F(FleetSessionsTest, HostsThatDoNotAnswerAreToldOf) {
  FakeAgent* const n2 = Add("n2");
  n2->unreachable = {"nodes/n2/hosts/7"};
  const auto wish = fleet_.Want("", kPlain);
  Settle();
  EXPECT_THAT(fleet_.Unreachable("", kPlain), ElementsAre("nodes/n2/hosts/7"));
  const uint64_t version = fleet_.unreachable_version();
  n2->unreachable.clear();
  n2->Put("b");
  world_.RunFor(milliseconds(20));
  EXPECT_THAT(fleet_.Unreachable("", kPlain), IsEmpty());
  EXPECT_NE(fleet_.unreachable_version(), version);
}

TEST_F(FleetSessionsTest, ThereIsOnlySoMuchRoom) {
  for (const char* node : {"n2", "n3", "n4"}) {
    FakeAgent* const agent = Add(node);
    for (int i = 0; i < 400; ++i) agent->Put(absl::StrCat(node, "x", i));
  }
  FakeAgent* const n5 = Add("n5");
  for (int i = 0; i < 600; ++i) n5->Put(absl::StrCat(i));
  const auto wish = fleet_.Want("", kPlain);
  Settle();
  EXPECT_EQ(fleet_.directory()->size(), 1'000u);
  EXPECT_FALSE(fleet_.Unreachable("", kPlain).empty()) << "the list lacks sessions";
  const std::vector<std::string> of_n5 = fleet_.Unreachable("nodes/n5", kPlain);
  EXPECT_THAT(of_n5, ElementsAre("nodes/n5"));
}

TEST_F(FleetSessionsTest, NobodyHasMoreThanAPartOfTheLoopsTime) {
  FakeAgent* const n2 = Add("n2");
  const auto wish = fleet_.Want("", kPlain);
  Settle();
  for (int round = 0; round < 1'000; ++round) {
    fleet::WatchSessionsResponse flood;
    for (int i = 0; i < 1'000; ++i) *flood.add_events() = Added("nodes/n2/sessions/x", "x");
    n2->lies.push_back(std::move(flood));
  }
  n2->Put("b");
  world_.RunFor(seconds(10));
  EXPECT_LT(fleet_.numbers().events, 150'000u);
  EXPECT_GT(fleet_.numbers().events, 90'000u);
}

}  // namespace
}  // namespace mosh::mgmt
