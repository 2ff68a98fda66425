#include "mgmt/agent/node_calls.h"

#include <deque>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mgmt/agent/calls_test_util.h"
#include "mgmt/etcd/testing/fake_etcd.h"

namespace mosh::mgmt {
namespace {

using std::chrono::seconds;

class FakeSink final : public Sink<fleet::WatchNodesResponse> {
 public:
  io::Task<bool> Write(fleet::WatchNodesResponse message) override {
    messages.push_back(std::move(message));
    co_return true;
  }
  // "ADDED n1, SYNCED | MODIFIED n1"
  std::string Text() const {
    return absl::StrJoin(messages, " | ", [](std::string* out, const auto& message) {
      std::vector<std::string> events;
      for (const fleet::NodeEvent& event : message.events()) {
        events.push_back(fleet::NodeEvent::Type_Name(event.type()));
        if (event.has_node()) absl::StrAppend(&events.back(), " ", event.node().name().substr(6));
      }
      absl::StrAppend(out, absl::StrJoin(events, ", "));
      if (!message.problem().empty()) absl::StrAppend(out, "!");
    });
  }

  std::deque<fleet::WatchNodesResponse> messages;
};

struct NodeCallsTest : testing::Test {
  NodeCallsTest() {
    t.world.Start(store.Run(t.world.stop()));
    t.world.Start(registry.Run(t.world.stop()));
    t.world.Start(node_calls.Run(t.world.stop()));
    AddNode("a1", fleet::Node::READY);
    AddNode("z9", fleet::Node::READY);
    t.world.RunFor(seconds(1));
  }
  ~NodeCallsTest() override { EXPECT_TRUE(t.world.StopAll()); }

  // Of an agent that is elsewhere.
  void AddNode(const std::string& id, fleet::Node::State state) {
    fleet::Node node;
    node.set_state(state);
    (*node.mutable_labels())["rack"] = id.substr(1);
    store.Put("/f/nodes/" + id, node.SerializeAsString());
    store.Put("/f/nodes/" + id + "/alive", "somebody");
  }
  void Kill(const std::string& id) {
    store.Delete("/f/nodes/" + id + "/alive");
    t.world.RunFor(seconds(5));
  }

  template <class Request, class Response>
  grpc::Status Do(std::shared_ptr<const Caller> caller, const Method& method,
                  NodeCalls::Done (NodeCalls::*handler)(Call*, const Request*, Response*),
                  const Request& request, Response* response) {
    call = t.MakeCall(std::move(caller), method);
    grpc::Status status;
    t.world.RunToCompletion(
        FakeNode::Keep((node_calls.*handler)(&call, &request, response), &status));
    return status;
  }
  grpc::Status List(const std::string& who, const fleet::ListNodesRequest& request) {
    list.Clear();
    return Do(FakeNode::Cert(who), method::kListNodes, &NodeCalls::ListNodes, request, &list);
  }
  std::string Listed() const {
    return absl::StrJoin(list.nodes(), " ", [](std::string* out, const fleet::Node& node) {
      absl::StrAppend(out, node.name().substr(6));
    });
  }
  std::string Forget(const std::string& who, const std::string& name) {
    fleet::ForgetNodeRequest request;
    request.set_name(name);
    fleet::ForgetNodeResponse response;
    return Outcome(
        Do(FakeNode::Cert(who), method::kForgetNode, &NodeCalls::ForgetNode, request, &response));
  }

  static fleet::Node Own() {
    fleet::Node own;
    own.set_name("nodes/n1");
    own.set_endpoint("n1:7446");
    return own;
  }

  FakeNode t;
  etcd::FakeStore store{&t.reactor};
  etcd::FakeEtcd etcd{&store};
  Registry registry{{.reactor = &t.reactor,
                     .etcd = &etcd,
                     .prefix = "/f/",
                     .own = Own(),
                     .mark = {.instance = "i"},
                     .wall_clock = [] { return absl::FromUnixSeconds(1'800'000'000); },
                     .say = [](const std::string&) {},
                     .random = [] { return 0.5; }}};
  Places places{2, 2, [] {}};
  NodeCalls node_calls{&t.calls, &registry, &places};
  Call call;
  fleet::ListNodesResponse list;
};

TEST_F(NodeCallsTest, ListsTheFleetByName) {
  ASSERT_TRUE(List("viewer", {}).ok());
  EXPECT_EQ(Listed(), "a1 n1 z9");
  EXPECT_EQ(list.total_size(), 3);
  EXPECT_EQ(list.next_page_token(), "");
  EXPECT_EQ(list.problem(), "");
  // Of this node it is known.
  EXPECT_TRUE(list.nodes(1).has_session_count());
  EXPECT_EQ(list.nodes(1).session_count(), 2);
  EXPECT_FALSE(list.nodes(0).has_session_count());
}

TEST_F(NodeCallsTest, ListsInPages) {
  for (const bool descending : {false, true}) {
    fleet::ListNodesRequest request;
    request.set_page_size(2);
    request.set_order_by(descending ? "name desc" : "name");
    ASSERT_TRUE(List("viewer", request).ok());
    EXPECT_EQ(Listed(), descending ? "z9 n1" : "a1 n1");
    request.set_page_token(list.next_page_token());
    ASSERT_TRUE(List("viewer", request).ok());
    EXPECT_EQ(Listed(), descending ? "a1" : "z9");
    EXPECT_EQ(list.next_page_token(), "");
    request.set_filter("state = READY");
    EXPECT_EQ(Outcome(List("viewer", request)), "INVALID_ARGUMENT INVALID_PAGE_TOKEN");
  }
}

TEST_F(NodeCallsTest, Filters) {
  Kill("a1");
  fleet::ListNodesRequest request;
  request.set_filter("labels.rack = \"9\" OR state = LOST");
  ASSERT_TRUE(List("viewer", request).ok());
  EXPECT_EQ(Listed(), "a1 z9");
  EXPECT_EQ(list.total_size(), 2);
  EXPECT_EQ(list.nodes(0).state_time().seconds(), 1'800'000'000);
}

TEST_F(NodeCallsTest, RefusesWhatIsWrong) {
  fleet::ListNodesRequest request;
  request.set_filter("lables.rack = a");
  EXPECT_EQ(Outcome(List("viewer", request)), "INVALID_ARGUMENT INVALID_FILTER");
  request.clear_filter();
  request.set_order_by("state");
  EXPECT_EQ(Outcome(List("viewer", request)), "INVALID_ARGUMENT INVALID_ORDER_BY");
  request.clear_order_by();
  request.set_page_size(-1);
  EXPECT_EQ(Outcome(List("viewer", request)), "INVALID_ARGUMENT INVALID_ARGUMENT");
}

TEST_F(NodeCallsTest, WhoHasNoRightOverTheNodeSeesThisOne) {
  ASSERT_TRUE(List("limited", {}).ok());
  EXPECT_EQ(Listed(), "n1");
  EXPECT_EQ(list.total_size(), 1);
  EXPECT_EQ(list.nodes(0).session_count(), 1);  // bob's
  Kill("a1");
  EXPECT_EQ(Forget("limited", "nodes/a1"), "NOT_FOUND NODE_NOT_FOUND");
}

TEST_F(NodeCallsTest, ForgetsLostNodesForWhomMay) {
  EXPECT_EQ(Forget("admin", "nodes/a1"), "FAILED_PRECONDITION NODE_NOT_LOST");
  EXPECT_EQ(Forget("admin", "nodes/n1"), "FAILED_PRECONDITION NODE_NOT_LOST");
  EXPECT_EQ(Forget("admin", "nodes/n5"), "NOT_FOUND NODE_NOT_FOUND");
  EXPECT_EQ(Forget("admin", "nodes/-"), "INVALID_ARGUMENT INVALID_NAME");
  Kill("a1");
  EXPECT_EQ(Forget("viewer", "nodes/a1"), "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(Forget("admin", "nodes/a1"), "OK");
  EXPECT_EQ(call.resource, "nodes/a1");
  ASSERT_TRUE(List("viewer", {}).ok());
  EXPECT_EQ(Listed(), "n1 z9");
  Kill("z9");
  store.SetDown(true);
  EXPECT_EQ(Forget("admin", "nodes/z9"), "UNAVAILABLE REGISTRY_UNAVAILABLE");
}

TEST_F(NodeCallsTest, SaysThatTheListMayBeOld) {
  store.SetDown(true);
  t.world.RunFor(seconds(10));
  ASSERT_TRUE(List("viewer", {}).ok());
  EXPECT_EQ(Listed(), "a1 n1 z9");
  EXPECT_NE(list.problem(), "");
  ASSERT_TRUE(List("limited", {}).ok());
  EXPECT_EQ(list.problem(), "");
}

TEST_F(NodeCallsTest, TellsWatchersWhatHappens) {
  FakeSink sink, short_sighted;
  io::StopSource stop;
  Call watching = t.MakeCall(FakeNode::Cert("viewer"), method::kWatchNodes);
  watching.stop = stop.token();
  Call other = t.MakeCall(FakeNode::Cert("limited"), method::kWatchNodes);
  other.stop = stop.token();
  fleet::WatchNodesRequest request;
  grpc::Status status, other_status;
  t.world.Start(FakeNode::Keep(node_calls.WatchNodes(&watching, &request, &sink), &status));
  t.world.Start(
      FakeNode::Keep(node_calls.WatchNodes(&other, &request, &short_sighted), &other_status));
  t.world.RunFor(seconds(1));
  EXPECT_EQ(places.taken(), 2);
  fleet::WatchNodesRequest third;
  FakeSink nothing;
  Call refused = t.MakeCall(FakeNode::Cert("admin"), method::kWatchNodes);
  grpc::Status limit;
  t.world.RunToCompletion(
      FakeNode::Keep(node_calls.WatchNodes(&refused, &third, &nothing), &limit));
  EXPECT_EQ(Outcome(limit), "RESOURCE_EXHAUSTED LIMIT_EXCEEDED");

  AddNode("b2", fleet::Node::READY);
  t.world.RunFor(seconds(1));
  Kill("z9");
  store.Delete("/f/nodes/z9");
  t.world.RunFor(seconds(1));
  store.SetDown(true);
  t.world.RunFor(seconds(30));
  stop.RequestStop();
  t.world.RunFor(seconds(1));
  EXPECT_EQ(Outcome(status), "UNAVAILABLE AGENT_STOPPING");
  EXPECT_EQ(sink.Text(),
            "ADDED a1, ADDED n1, ADDED z9, SYNCED | ADDED b2 | MODIFIED z9 | DELETED z9 | !");
  EXPECT_EQ(short_sighted.Text(), "ADDED n1, SYNCED");
  EXPECT_EQ(places.taken(), 0);
}

// A fleet whose nodes stand in a file.
struct FixedNodesTest : testing::Test {
  FixedNodesTest() { t.world.Start(node_calls.Run(t.world.stop())); }
  ~FixedNodesTest() override { EXPECT_TRUE(t.world.StopAll()); }

  static Registry::Context Context() {
    Registry::Context context{.own = NodeCallsTest::Own(),
                              .wall_clock = [] { return absl::FromUnixSeconds(1'800'000'000); }};
    for (const char* id : {"n1", "n2", "n3"}) {
      fleet::Node& node = context.fixed[absl::StrCat("nodes/", id)];
      node.set_name(absl::StrCat("nodes/", id));
      node.set_endpoint(absl::StrCat(id, ":1"));
      node.set_state(fleet::Node::READY);
    }
    return context;
  }

  FakeNode t;
  Registry registry{Context()};
  Places places{2, 2, [] {}};
  NodeCalls node_calls{&t.calls, &registry, &places};
};

TEST_F(FixedNodesTest, AreListed) {
  const fleet::ListNodesRequest request;
  fleet::ListNodesResponse list;
  Call call = t.MakeCall(FakeNode::Cert("viewer"), method::kListNodes);
  grpc::Status status;
  t.world.RunToCompletion(FakeNode::Keep(node_calls.ListNodes(&call, &request, &list), &status));
  ASSERT_TRUE(status.ok());
  ASSERT_EQ(list.nodes_size(), 3);
  EXPECT_EQ(list.nodes(0).name(), "nodes/n1");
  EXPECT_EQ(list.nodes(2).name(), "nodes/n3");
  EXPECT_EQ(list.nodes(2).endpoint(), "n3:1");
  EXPECT_EQ(list.problem(), "");
}

TEST_F(FixedNodesTest, AreWatchedAndOneDrains) {
  FakeSink sink, short_sighted;
  io::StopSource stop;
  const fleet::WatchNodesRequest request;
  grpc::Status status, other_status;
  Call watching = t.MakeCall(FakeNode::Cert("viewer"), method::kWatchNodes);
  watching.stop = stop.token();
  Call other = t.MakeCall(FakeNode::Cert("limited"), method::kWatchNodes);
  other.stop = stop.token();
  t.world.Start(FakeNode::Keep(node_calls.WatchNodes(&watching, &request, &sink), &status));
  t.world.Start(
      FakeNode::Keep(node_calls.WatchNodes(&other, &request, &short_sighted), &other_status));
  t.world.RunFor(seconds(1));
  registry.SetState(fleet::Node::DRAINING, absl::FromUnixSeconds(1'800'000'001));
  t.world.RunFor(seconds(1));
  stop.RequestStop();
  t.world.RunFor(seconds(1));
  EXPECT_EQ(sink.Text(), "ADDED n1, ADDED n2, ADDED n3, SYNCED | MODIFIED n1");
  EXPECT_EQ(short_sighted.Text(), "ADDED n1, SYNCED | MODIFIED n1");
  EXPECT_EQ(sink.messages.front().events(1).node().endpoint(), "n2:1");
}

TEST_F(FixedNodesTest, AreNotForgotten) {
  fleet::ForgetNodeRequest request;
  request.set_name("nodes/n2");
  fleet::ForgetNodeResponse response;
  Call call = t.MakeCall(FakeNode::Cert("admin"), method::kForgetNode);
  grpc::Status status;
  t.world.RunToCompletion(
      FakeNode::Keep(node_calls.ForgetNode(&call, &request, &response), &status));
  EXPECT_EQ(Outcome(status), "FAILED_PRECONDITION NODE_NOT_LOST");
}

}  // namespace
}  // namespace mosh::mgmt
