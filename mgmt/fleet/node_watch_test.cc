#include "mgmt/fleet/node_watch.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

namespace fleet = ::mosh::fleet::v1;

class FakeNodes final : public FleetNodes {
 public:
  const std::map<std::string, fleet::Node>& nodes() const override { return nodes_; }
  const std::string& problem() const override { return problem_; }
  std::unique_ptr<Subscription> Subscribe(std::function<void()>) override { return nullptr; }

  void Put(const std::string& id, fleet::Node::State state = fleet::Node::READY) {
    fleet::Node& node = nodes_["nodes/" + id];
    node.set_name("nodes/" + id);
    node.set_state(state);
    for (int i = 0; i < 9; ++i) (*node.mutable_labels())[absl::StrCat("k", i)] = "v";
  }

  std::map<std::string, fleet::Node> nodes_;
  std::string problem_;
};

struct NodeWatchTest : testing::Test {
  NodeWatch Watch(const std::string& filter = "") {
    return NodeWatch(&versions, *Filter::CompileForNodes(filter),
                     [this](const std::string& name) { return name != hidden; });
  }
  // "ADDED a, SYNCED"; "+" behind it: there is more.
  std::string Next(NodeWatch* watch, int max = 100) {
    versions.Update();
    bool more = false;
    last = watch->Next(max, nodes.problem(), &more);
    std::string text;
    for (const fleet::NodeEvent& event : last.events()) {
      absl::StrAppend(&text, text.empty() ? "" : ", ", fleet::NodeEvent::Type_Name(event.type()));
      if (event.has_node()) absl::StrAppend(&text, " ", event.node().name().substr(6));
    }
    return text + (more ? "+" : "");
  }

  FakeNodes nodes;
  NodeVersions versions{&nodes};
  std::string hidden;
  fleet::WatchNodesResponse last;
};

TEST_F(NodeWatchTest, TellsWhatThereIsAndThenWhatHappens) {
  nodes.Put("a");
  nodes.Put("b");
  NodeWatch watch = Watch();
  EXPECT_EQ(Next(&watch), "ADDED a, ADDED b, SYNCED");
  EXPECT_EQ(Next(&watch), "");
  EXPECT_FALSE(watch.told_something());
  nodes.Put("a");  // the same as before
  EXPECT_EQ(Next(&watch), "");
  nodes.Put("a", fleet::Node::LOST);
  EXPECT_EQ(Next(&watch), "MODIFIED a");
  EXPECT_EQ(last.events(0).node().state(), fleet::Node::LOST);
  nodes.nodes_.erase("nodes/a");
  nodes.Put("c");
  EXPECT_EQ(Next(&watch), "DELETED a, ADDED c");
  EXPECT_FALSE(last.events(0).node().has_state_time());
}

TEST_F(NodeWatchTest, OneThatGoesAndComesBackBetweenTwoLooksIsModified) {
  nodes.Put("a");
  NodeWatch watch = Watch();
  Next(&watch);
  nodes.nodes_.erase("nodes/a");
  versions.Update();
  nodes.Put("a");
  EXPECT_EQ(Next(&watch), "MODIFIED a");
}

TEST_F(NodeWatchTest, AnEmptyFleetIsSyncedToo) {
  NodeWatch watch = Watch();
  EXPECT_EQ(Next(&watch), "SYNCED");
}

TEST_F(NodeWatchTest, TellsAtMostSoManyAtOnce) {
  for (const char* id : {"a", "b", "c"}) nodes.Put(id);
  NodeWatch watch = Watch();
  EXPECT_EQ(Next(&watch, 2), "ADDED a, ADDED b+");
  nodes.Put("a", fleet::Node::LOST);
  EXPECT_EQ(Next(&watch, 1), "MODIFIED a+");
  EXPECT_EQ(Next(&watch, 2), "ADDED c, SYNCED");
}

TEST_F(NodeWatchTest, FiltersAndHides) {
  nodes.Put("a");
  nodes.Put("b", fleet::Node::LOST);
  NodeWatch watch = Watch("state = READY");
  EXPECT_EQ(Next(&watch), "ADDED a, SYNCED");
  nodes.Put("b");
  nodes.Put("a", fleet::Node::DRAINED);
  EXPECT_EQ(Next(&watch), "DELETED a, ADDED b");
  hidden = "nodes/b";
  EXPECT_EQ(Next(&watch), "DELETED b");
}

TEST_F(NodeWatchTest, TellsOfProblemsWhenTheyComeAndGo) {
  NodeWatch watch = Watch();
  Next(&watch);
  nodes.problem_ = "etcd is away";
  EXPECT_EQ(Next(&watch), "");
  EXPECT_TRUE(watch.told_something());
  EXPECT_EQ(last.problem(), "etcd is away");
  Next(&watch);
  EXPECT_FALSE(watch.told_something());
  nodes.problem_ = "";
  Next(&watch);
  EXPECT_TRUE(watch.told_something());
  EXPECT_EQ(last.problem(), "");
}

}  // namespace
}  // namespace mosh::mgmt
