// `moshctl nodes` against a fake agent; which agent of a fleet is asked.
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/ctl/fleet_choice.h"
#include "mgmt/ctl/testing/moshctl_runner.h"
#include "mgmt/ctl/testing/sample_sessions.h"
#include "nlohmann/json.hpp"

namespace mosh::mgmt::ctl {
namespace {

namespace fleet = ::mosh::fleet::v1;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class NodeCommandsTest : public testing::Test {
 protected:
  NodeCommandsTest() {
    moshctl_.surroundings.now = [] { return kSampleTime; };
    moshctl_.StartAgent();
  }
  static fleet::Node Node(const std::string& id, fleet::Node::State state) {
    fleet::Node node;
    node.set_name("nodes/" + id);
    node.set_state(state);
    node.mutable_state_time()->set_seconds(absl::ToUnixSeconds(kSampleTime) - 300);
    return node;
  }
  void MakeFleet() {
    moshctl_.fleet.nodes = {Node("n1", fleet::Node::READY), Node("n2", fleet::Node::LOST),
                            Node("n3", fleet::Node::DRAINING)};
    fleet::Node& first = moshctl_.fleet.nodes[0];
    first.set_session_count(3);
    first.set_endpoint("web-1:7446");
    first.set_agent_version("0.1.0");
    (*first.mutable_labels())["rack"] = "b";
    (*first.mutable_labels())["a\033"] = "c";
  }
  static fleet::WatchNodesResponse Events(
      std::vector<std::pair<fleet::NodeEvent::Type, fleet::Node>> events) {
    fleet::WatchNodesResponse response;
    for (const auto& [type, node] : events) {
      fleet::NodeEvent* const event = response.add_events();
      event->set_type(type);
      if (type != fleet::NodeEvent::SYNCED) *event->mutable_node() = node;
    }
    return response;
  }
  Outcome Run(const std::vector<std::string>& arguments) { return moshctl_.Run(arguments); }

  MoshctlRunner moshctl_;
};

TEST_F(NodeCommandsTest, OneNodeIsShownWithItsServers) {
  const Outcome nodes = Run({"nodes"});
  EXPECT_EQ(nodes.code, 0);
  EXPECT_THAT(nodes.out, HasSubstr("nodes/n1  web-1"));
  EXPECT_THAT(nodes.out, HasSubstr("400  alice"));
}

TEST_F(NodeCommandsTest, AFleetIsATable) {
  MakeFleet();
  moshctl_.fleet.nodes_problem = "etcd is away\033";
  const Outcome nodes = Run({"nodes"});
  EXPECT_EQ(nodes.code, 0);
  EXPECT_EQ(nodes.out,
            "NODE  STATE     SESSIONS  LABELS       ENDPOINT    VERSION  SINCE\n"
            "n1    ready            3  a?=c,rack=b  web-1:7446  0.1.0    5 min\n"
            "n2    lost             -  -            -           -        5 min\n"
            "n3    draining         -  -            -           -        5 min\n");
  EXPECT_EQ(nodes.err, "moshctl: etcd is away?\n");
  const auto json = nlohmann::json::parse(Run({"nodes", "-o", "json"}).out);
  EXPECT_EQ(json["nodes"].size(), 3);
  EXPECT_EQ(json["nodes"][0]["session_count"], 3);
  EXPECT_FALSE(json["nodes"][1].contains("session_count"));
  EXPECT_EQ(Run({"nodes", "--filter", "bad"}).code, 1);
}

TEST_F(NodeCommandsTest, OfOneThatDoesNotAnswerTheRegistrysWordIsShown) {
  MakeFleet();
  const Outcome lost = Run({"nodes", "n2"});
  EXPECT_EQ(lost.code, 0);
  EXPECT_THAT(lost.out, HasSubstr("n2    lost"));
  EXPECT_THAT(lost.out, Not(HasSubstr("n1")));
  EXPECT_THAT(lost.err, HasSubstr("there is no nodes/n2"));
  EXPECT_EQ(Run({"nodes", "n9"}).code, 2);
  EXPECT_THAT(Run({"nodes", "n1"}).out, HasSubstr("400  alice"));
}

TEST_F(NodeCommandsTest, ForgetsAllItCan) {
  const Outcome forget = Run({"nodes", "forget", "n2", "nodes/n3", "n4", "--reason", "scrapped"});
  EXPECT_EQ(forget.code, 5);
  EXPECT_EQ(forget.out, "n2 forgotten\nn4 forgotten\n");
  EXPECT_THAT(forget.err, HasSubstr("nodes/n3: nodes/n3 is not lost"));
  EXPECT_EQ(moshctl_.fleet.Asked()[0], "ForgetNode name: \"nodes/n2\" reason: \"scrapped\"");
  EXPECT_EQ(Run({"nodes", "forget", "n2", "--dry-run"}).out, "n2 could be forgotten\n");
  EXPECT_EQ(Run({"nodes", "forget"}).code, 1);
}

TEST_F(NodeCommandsTest, WatchGoesOnAndPrintsOnlyWhatIsNew) {
  const fleet::Node n1 = Node("n1", fleet::Node::READY), n2 = Node("n2", fleet::Node::READY);
  const fleet::Node lost = Node("n2", fleet::Node::LOST);
  fleet::WatchNodesResponse first = Events({{fleet::NodeEvent::ADDED, n1},
                                            {fleet::NodeEvent::ADDED, n2},
                                            {fleet::NodeEvent::SYNCED, {}},
                                            {fleet::NodeEvent::MODIFIED, lost}});
  first.set_problem("etcd is away");
  moshctl_.fleet.node_watches = {
      first, Events({{fleet::NodeEvent::ADDED, lost}, {fleet::NodeEvent::SYNCED, {}}})};
  const Outcome watch = Run({"nodes", "--watch"});
  EXPECT_EQ(watch.code, 3);
  std::string marks;
  for (size_t at = 0; at < watch.out.size(); at = watch.out.find('\n', at) + 1) {
    marks += watch.out.substr(at + 9, 4) + " ";
  }
  EXPECT_EQ(marks, "+ n1 + n2 ~ n2 - n1 ") << watch.out;
  EXPECT_THAT(watch.out, HasSubstr("~ n2  lost"));
  EXPECT_THAT(watch.err, HasSubstr("etcd is away"));
  EXPECT_THAT(watch.err, HasSubstr("up to date again"));
  EXPECT_THAT(watch.err, HasSubstr("Trying again"));
}

TEST_F(NodeCommandsTest, RefusesWhatDoesNotGoTogether) {
  EXPECT_EQ(Run({"nodes", "n1", "--watch"}).code, 1);
  EXPECT_EQ(Run({"ls", "--etcd", "a:1", "--server", "b:1"}).code, 1);
}

TEST_F(NodeCommandsTest, AnEtcdThatIsNotThereIsUnreachable) {
  const Outcome ls = Run({"ls", "--etcd", "127.0.0.1:1", "--timeout", "5"});
  EXPECT_EQ(ls.code, 4);
  EXPECT_THAT(ls.err, HasSubstr("can't read the fleet's nodes: etcd at 127.0.0.1:1"));
  const Outcome half =
      Run({"ls", "--etcd", "127.0.0.1:1", "--etcd-cert", "/x", "--etcd-key", "/y"});
  EXPECT_EQ(half.code, 1);
  EXPECT_THAT(half.err, HasSubstr("--etcd-ca"));
}

TEST(AgentsToTry, ThisMachinesOwnComesFirstAndOthersAtRandom) {
  std::vector<fleet::Node> nodes;
  for (const char* host : {"a", "b", "c", "d", "here"}) {
    fleet::Node node;
    node.set_hostname(host);
    if (std::string(host) != "b") node.set_endpoint(std::string(host) + ":1");
    nodes.push_back(node);
  }
  std::set<std::string> seconds;
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const auto order = AgentsToTry(nodes, "here", seed);
    ASSERT_EQ(order.size(), 4u);
    EXPECT_EQ(order[0].hostname(), "here");
    seconds.insert(order[1].hostname());
  }
  EXPECT_THAT(seconds, ElementsAre("a", "c", "d"));
}

}  // namespace
}  // namespace mosh::mgmt::ctl
