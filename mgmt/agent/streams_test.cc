#include "mgmt/agent/streams.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mgmt/agent/calls_test_util.h"
#include "mgmt/model/watch.h"

namespace mosh::mgmt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kA1[] = "nodes/n1/sessions/a1";

template <class Message>
class FakeSink final : public Sink<Message> {
 public:
  io::Task<bool> Write(Message message) override {
    written.push_back(std::move(message));
    if (stuck) (void)co_await room.Wait();
    co_return !gone;
  }
  std::vector<Message> written;
  bool stuck = false;
  bool gone = false;
  io::Event room;
};

// One stream of a node, with its caller.
template <class Message>
struct Running {
  FakeSink<Message> sink;
  Call call;
  io::StopSource stop;
  grpc::Status status;
  bool ended = false;

  static io::Task<void> Keep(io::Task<grpc::Status> task, Running* running) {
    running->status = co_await std::move(task);
    running->ended = true;
  }
  void Leave() {
    *call.caller_gone = true;
    stop.RequestStop();
  }
};

class StreamsTest : public testing::Test {
 protected:
  StreamsTest() { node_.world.Start(streams_.Run(stop_streams_.token())); }
  ~StreamsTest() override { End(); }

  // What is still running ends while everything it uses is there.
  void End() {
    stop_streams_.RequestStop();
    EXPECT_TRUE(node_.world.StopAll());
  }

  template <class Message, class Request>
  void Start(Running<Message>* running, std::shared_ptr<const Caller> caller, const Method& method,
             Streams::Done (Streams::*handler)(Call*, const Request*, Sink<Message>*),
             const Request& request) {
    running->call = node_.MakeCall(std::move(caller), method);
    running->call.stop = running->stop.token();
    running->call.caller_gone = std::make_shared<bool>(false);
    node_.world.Start(Running<Message>::Keep(
        (streams_.*handler)(&running->call, &request, &running->sink), running));
    node_.world.RunFor(milliseconds(1));
  }
  void Watch(Running<std::string>* running, std::shared_ptr<const Caller> caller,
             const fleet::WatchSessionsRequest& request) {
    Start(running, std::move(caller), method::kWatchSessions, &Streams::WatchSessions, request);
  }
  static fleet::WatchSessionsRequest WatchAll() {
    fleet::WatchSessionsRequest request;
    request.set_parent("nodes/-");
    return request;
  }
  // "ADDED a1", …
  static std::vector<std::string> Events(const Running<std::string>& running, size_t from = 0) {
    std::vector<std::string> events;
    for (size_t i = from; i < running.sink.written.size(); ++i) {
      fleet::WatchSessionsResponse response;
      EXPECT_TRUE(response.ParseFromString(running.sink.written[i]));
      for (const fleet::SessionEvent& event : response.events()) {
        const std::string& name = event.session().name();
        events.push_back(absl::StrCat(fleet::SessionEvent::Type_Name(event.type()),
                                      name.empty() ? "" : " ",
                                      name.empty() ? name : name.substr(name.rfind('/') + 1)));
      }
    }
    return events;
  }
  static std::string LastVersion(const Running<std::string>& running) {
    fleet::WatchSessionsResponse response;
    EXPECT_TRUE(response.ParseFromString(running.sink.written.back()));
    return response.events(response.events_size() - 1).resource_version();
  }

  FakeNode node_;
  Worker* const no_worker_ = nullptr;
  Audit audit_{no_worker_, nullptr};
  Streams streams_{&node_.calls, &audit_, nullptr,
                   Limits{.max_watchers = 3,
                          .max_watchers_of_a_caller = 2,
                          .max_screens = 1,
                          .max_screens_of_a_caller = 1}};
  io::StopSource stop_streams_;
};

using Strings = std::vector<std::string>;

TEST_F(StreamsTest, AWatcherGetsASnapshotAndThenChangesTogether) {
  const fleet::WatchSessionsRequest request = WatchAll();
  Running<std::string> watch;
  Watch(&watch, FakeNode::Cert("viewer"), request);
  EXPECT_EQ(Events(watch), (Strings{"ADDED a1", "ADDED b1", "SYNCED"}));
  EXPECT_TRUE(node_.hosts.fresh);
  const size_t before = watch.sink.written.size();
  // At once after a silence; then, within 50 ms, all that happens is one message.
  node_.Put("a2", kAlice);
  node_.world.RunFor(milliseconds(1));
  EXPECT_EQ(Events(watch, before), (Strings{"ADDED a2"}));
  for (int i = 0; i < 20; ++i) node_.Put("a2", kAlice, absl::StrCat("title ", i));
  node_.Remove("b1", kBob);
  node_.world.RunFor(milliseconds(100));
  EXPECT_EQ(Events(watch, before + 1), (Strings{"MODIFIED a2", "DELETED b1"}));
  EXPECT_EQ(watch.sink.written.size(), before + 2);
  watch.Leave();
  node_.world.RunFor(milliseconds(1));
  EXPECT_EQ(watch.status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_FALSE(node_.hosts.fresh);
}

TEST_F(StreamsTest, AUserIsToldOfHisOwnOnly) {
  const fleet::WatchSessionsRequest request = WatchAll();
  Running<std::string> watch;
  Watch(&watch, FakeNode::Local(kBob), request);
  EXPECT_EQ(Events(watch), (Strings{"ADDED b1", "SYNCED"}));
  node_.Put("a1", kAlice, "secret");
  node_.Remove("a1", kAlice);
  node_.world.RunFor(seconds(1));
  EXPECT_EQ(Events(watch), (Strings{"ADDED b1", "SYNCED"}));
  watch.Leave();
  End();
}

TEST_F(StreamsTest, AStuckWatcherDelaysNobodyAndGetsTheOutcomeLater) {
  const fleet::WatchSessionsRequest request = WatchAll();
  Running<std::string> stuck, other;
  stuck.sink.stuck = true;
  Watch(&stuck, FakeNode::Cert("viewer"), request);
  Watch(&other, FakeNode::Cert("viewer"), request);
  for (int i = 0; i < 100; ++i) {
    node_.Put("a1", kAlice, absl::StrCat("title ", i));
    node_.world.RunFor(milliseconds(100));
  }
  EXPECT_EQ(Events(other).size(), 3u + 100u);
  EXPECT_EQ(stuck.sink.written.size(), 1u);
  stuck.sink.stuck = false;
  stuck.sink.room.Set();
  node_.world.RunFor(milliseconds(100));
  EXPECT_EQ(Events(stuck, 1), (Strings{"MODIFIED a1"}));
  stuck.Leave();
  other.Leave();
  End();
}

TEST_F(StreamsTest, AWatchEndsWithTheAgentAndResumes) {
  const fleet::WatchSessionsRequest request = WatchAll();
  Running<std::string> watch;
  Watch(&watch, FakeNode::Cert("viewer"), request);
  watch.stop.RequestStop();
  node_.world.RunFor(milliseconds(1));
  ASSERT_TRUE(watch.ended);
  EXPECT_EQ(Outcome(watch.status), "UNAVAILABLE AGENT_STOPPING");
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.ParseFromString(watch.status.error_details()));
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.metadata().at("resource_version"), LastVersion(watch));

  node_.Put("a3", kAlice);
  fleet::WatchSessionsRequest resume = WatchAll();
  resume.set_resource_version(LastVersion(watch));
  Running<std::string> second;
  Watch(&second, FakeNode::Cert("viewer"), resume);
  EXPECT_EQ(Events(second)[0], "ADDED a3");
  second.Leave();
  End();
}

TEST_F(StreamsTest, WatchChecksItsRequest) {
  const auto outcome = [&](const fleet::WatchSessionsRequest& request) {
    Running<std::string> watch;
    Watch(&watch, FakeNode::Cert("viewer"), request);
    EXPECT_TRUE(watch.ended);
    return Outcome(watch.status);
  };
  fleet::WatchSessionsRequest request;
  EXPECT_EQ(outcome(request), "INVALID_ARGUMENT INVALID_NAME");
  request = WatchAll();
  request.set_filter("(");
  EXPECT_EQ(outcome(request), "INVALID_ARGUMENT INVALID_FILTER");
  request = WatchAll();
  request.mutable_read_mask()->add_paths("x");
  EXPECT_EQ(outcome(request), "INVALID_ARGUMENT INVALID_FIELD_MASK");
  request = WatchAll();
  request.set_resource_version("nonsense");
  EXPECT_EQ(outcome(request), "INVALID_ARGUMENT INVALID_ARGUMENT");
}

TEST_F(StreamsTest, AVersionOfAnotherAgentIsTooOld) {
  Directory other({.node = "n1", .instance = "i2"});
  absl::StatusOr<mgmt::Watch> elsewhere = mgmt::Watch::Begin(&other, {}, "");
  ASSERT_TRUE(elsewhere.ok() && elsewhere->Next(10).ok());
  fleet::WatchSessionsRequest request = WatchAll();
  request.set_resource_version(elsewhere->resource_version());
  Running<std::string> watch;
  Watch(&watch, FakeNode::Cert("viewer"), request);
  EXPECT_EQ(Outcome(watch.status), "OUT_OF_RANGE VERSION_TOO_OLD");
}

TEST_F(StreamsTest, ThereArePlacesForSoManyWatchers) {
  const fleet::WatchSessionsRequest request = WatchAll();
  Running<std::string> watches[5];
  Watch(&watches[0], FakeNode::Cert("viewer"), request);
  Watch(&watches[1], FakeNode::Cert("viewer"), request);
  Watch(&watches[2], FakeNode::Cert("viewer"), request);
  EXPECT_EQ(Outcome(watches[2].status), "RESOURCE_EXHAUSTED LIMIT_EXCEEDED");
  Watch(&watches[3], FakeNode::Cert("admin"), request);
  EXPECT_FALSE(watches[3].ended);
  Watch(&watches[4], FakeNode::Cert("operator"), request);
  EXPECT_EQ(Outcome(watches[4].status), "RESOURCE_EXHAUSTED LIMIT_EXCEEDED");
  watches[0].Leave();
  node_.world.RunFor(milliseconds(1));
  Running<std::string> again;
  Watch(&again, FakeNode::Cert("viewer"), request);
  EXPECT_FALSE(again.ended);
  for (Running<std::string>* watch : {&watches[1], &watches[3], &again}) watch->Leave();
  End();
}

TEST_F(StreamsTest, ABookmarkMovesTheVersionOnWhereTheFilterHidesChanges) {
  fleet::WatchSessionsRequest request = WatchAll();
  request.set_filter("user = \"bob\"");
  Running<std::string> watch;
  Watch(&watch, FakeNode::Cert("viewer"), request);
  node_.Put("a1", kAlice, "another");
  node_.world.RunFor(seconds(1));
  EXPECT_EQ(Events(watch), (Strings{"ADDED b1", "SYNCED"}));
  node_.world.RunFor(seconds(10));
  EXPECT_EQ(Events(watch), (Strings{"ADDED b1", "SYNCED", "BOOKMARK"}));
  node_.world.RunFor(seconds(60));
  EXPECT_EQ(Events(watch).size(), 3u);
  watch.Leave();
  End();
}

TEST_F(StreamsTest, ARevokedCertificateEndsTheStream) {
  const fleet::WatchSessionsRequest request = WatchAll();
  Running<std::string> watch;
  Watch(&watch, FakeNode::Cert("viewer"), request);
  bool known = true;
  watch.call.still_known = [&known] { return known; };
  node_.world.RunFor(seconds(20));
  EXPECT_FALSE(watch.ended);
  known = false;
  node_.world.RunFor(seconds(20));
  EXPECT_EQ(Outcome(watch.status), "UNAUTHENTICATED UNAUTHENTICATED");
}

control::Frame Frame(const std::string& ansi) {
  control::Frame frame;
  frame.set_ansi(ansi);
  frame.set_at(1'800'000'000'000'000);
  frame.mutable_size()->set_columns(80);
  frame.mutable_size()->set_rows(24);
  return frame;
}

fleet::StreamScreenRequest ScreenOfA1() {
  fleet::StreamScreenRequest request;
  request.set_name(kA1);
  return request;
}

TEST_F(StreamsTest, AScreenComesFrameByFrameUntilItsSessionEnds) {
  node_.hosts.frames->push_back(Frame("one"));
  node_.hosts.frames->push_back(Frame("two"));
  node_.hosts.frames->push_back(absl::NotFoundError("ended"));
  const fleet::StreamScreenRequest request = ScreenOfA1();
  Running<fleet::ScreenFrame> screen;
  Start(&screen, FakeNode::Cert("recorder"), method::kStreamScreen, &Streams::StreamScreen,
        request);
  ASSERT_TRUE(screen.ended);
  EXPECT_EQ(Outcome(screen.status), "NOT_FOUND SESSION_NOT_FOUND");
  ASSERT_EQ(screen.sink.written.size(), 2u);
  EXPECT_EQ(screen.sink.written[1].ansi(), "two");
  EXPECT_EQ(screen.sink.written[1].size().columns(), 80);
  EXPECT_EQ(node_.hosts.watched[0].watcher, "recorder");
  EXPECT_EQ(node_.hosts.watched[0].interval, milliseconds(50));
  EXPECT_EQ(screen.call.detail, "ended after 0 s, 2 frames");
}

TEST_F(StreamsTest, WhoWatchesIsShownUnlessItIsTheUserOrThePolicySaysQuiet) {
  for (const auto& [caller, shown] :
       {std::pair(FakeNode::Cert("silent"), ""), std::pair(FakeNode::Local(kAlice), ""),
        std::pair(FakeNode::Local(0), "root")}) {
    node_.hosts.watched.clear();
    node_.hosts.frames->push_back(absl::NotFoundError("ended"));
    const fleet::StreamScreenRequest request = ScreenOfA1();
    Running<fleet::ScreenFrame> screen;
    Start(&screen, caller, method::kStreamScreen, &Streams::StreamScreen, request);
    ASSERT_EQ(node_.hosts.watched.size(), 1u);
    EXPECT_EQ(node_.hosts.watched[0].watcher, shown);
  }
}

TEST_F(StreamsTest, AScreenNeedsItsRightAndAPlace) {
  const fleet::StreamScreenRequest request = ScreenOfA1();
  const auto outcome = [&](std::shared_ptr<const Caller> caller,
                           const fleet::StreamScreenRequest& wanted) {
    Running<fleet::ScreenFrame> screen;
    Start(&screen, std::move(caller), method::kStreamScreen, &Streams::StreamScreen, wanted);
    EXPECT_TRUE(screen.ended);
    return Outcome(screen.status);
  };
  EXPECT_EQ(outcome(FakeNode::Cert("viewer"), request), "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(outcome(FakeNode::Local(kBob), request), "NOT_FOUND SESSION_NOT_FOUND");
  EXPECT_TRUE(node_.hosts.watched.empty());
  fleet::StreamScreenRequest fast = request;
  fast.mutable_min_interval()->set_nanos(9'000'000);
  EXPECT_EQ(outcome(FakeNode::Local(0), fast), "INVALID_ARGUMENT INVALID_ARGUMENT");
  Running<fleet::ScreenFrame> first;
  Start(&first, FakeNode::Local(0), method::kStreamScreen, &Streams::StreamScreen, request);
  EXPECT_FALSE(first.ended);
  EXPECT_EQ(outcome(FakeNode::Cert("recorder"), request), "RESOURCE_EXHAUSTED LIMIT_EXCEEDED");
  first.Leave();
  node_.world.RunFor(milliseconds(1));
  EXPECT_EQ(first.status.error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(StreamsTest, ARightThatIsTakenAwayEndsTheScreen) {
  node_.hosts.frames->push_back(Frame("one"));
  const fleet::StreamScreenRequest request = ScreenOfA1();
  Running<fleet::ScreenFrame> screen;
  screen.sink.stuck = true;
  Start(&screen, FakeNode::Cert("recorder"), method::kStreamScreen, &Streams::StreamScreen,
        request);
  ASSERT_EQ(screen.sink.written.size(), 1u);
  node_.policy_ = std::make_shared<const Policy>(Policy(900));
  node_.hosts.frames->push_back(Frame("two"));
  screen.sink.room.Set();
  node_.world.RunFor(milliseconds(1));
  ASSERT_TRUE(screen.ended);
  EXPECT_EQ(Outcome(screen.status), "NOT_FOUND SESSION_NOT_FOUND");
  EXPECT_EQ(screen.sink.written.size(), 1u);
}

TEST_F(StreamsTest, ANewPolicyEndsWatches) {
  const fleet::WatchSessionsRequest request = WatchAll();
  Running<std::string> watch;
  Watch(&watch, FakeNode::Cert("viewer"), request);
  EXPECT_FALSE(watch.ended);
  node_.policy_ = std::make_shared<const Policy>(Policy(900));
  streams_.OnNewPolicy();
  node_.world.RunFor(milliseconds(100));
  ASSERT_TRUE(watch.ended);
  EXPECT_EQ(Outcome(watch.status), "OUT_OF_RANGE VERSION_TOO_OLD");
}

TEST_F(StreamsTest, TheAuditLogIsForWhoMayReadIt) {
  fleet::TailAuditRequest request;
  request.set_parent("nodes/-");
  const auto outcome = [&](std::shared_ptr<const Caller> caller) {
    Running<fleet::AuditEntry> tail;
    Start(&tail, std::move(caller), method::kTailAudit, &Streams::TailAudit, request);
    EXPECT_TRUE(tail.ended);
    return Outcome(tail.status);
  };
  EXPECT_EQ(outcome(FakeNode::Local(kAlice)), "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(outcome(FakeNode::Cert("operator")), "PERMISSION_DENIED PERMISSION_DENIED");
  // None is kept here.
  EXPECT_EQ(outcome(FakeNode::Cert("admin")), "FAILED_PRECONDITION NO_AUDIT_LOG");
  request.set_start_sequence(-1);
  EXPECT_EQ(outcome(FakeNode::Cert("admin")), "INVALID_ARGUMENT INVALID_ARGUMENT");
}

}  // namespace
}  // namespace mosh::mgmt
