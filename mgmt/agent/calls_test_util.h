// A node without I/O for tests of calls and streams: a virtual clock, two users' sessions in the
// directory, Hosts that answer as told, and a policy.
#ifndef MGMT_AGENT_CALLS_TEST_UTIL_H_
#define MGMT_AGENT_CALLS_TEST_UTIL_H_

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "io/event.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_world.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/streams.h"
#include "mgmt/fleet/testing/fake_fleet.h"

namespace mosh::mgmt {

constexpr uid_t kAlice = 1000;
constexpr uid_t kBob = 1001;

class FakeFeed final : public ScreenFeed {
 public:
  explicit FakeFeed(std::shared_ptr<std::deque<absl::StatusOr<control::Frame>>> frames)
      : frames_(std::move(frames)) {}
  io::Task<absl::StatusOr<control::Frame>> Next(io::StopToken stop) override {
    while (frames_->empty()) {
      const absl::Status waited = co_await never_.Wait(stop);
      if (!waited.ok()) co_return waited;
    }
    absl::StatusOr<control::Frame> frame = std::move(frames_->front());
    frames_->pop_front();
    co_return frame;
  }

 private:
  std::shared_ptr<std::deque<absl::StatusOr<control::Frame>>> frames_;
  io::Event never_;
};

class FakeHosts final : public HostCalls {
 public:
  io::Task<absl::StatusOr<Replies>> AskAbout(std::string session_id, control::Request request,
                                             Nanos, io::StopToken) override {
    asked.push_back({session_id, request});
    if (hold != nullptr) (void)co_await hold->Wait();
    if (!answer.ok()) co_return answer;
    co_return replies;
  }
  io::Task<absl::Status> RefreshSession(std::string, Nanos, io::StopToken) override {
    co_return absl::OkStatus();
  }
  io::Task<void> Refresh(Nanos, Nanos, io::StopToken) override { co_return; }
  io::Task<absl::StatusOr<std::unique_ptr<ScreenFeed>>> WatchScreen(ScreenLink::Terms terms, Nanos,
                                                                    io::StopToken) override {
    watched.push_back(terms);
    if (!answer.ok()) co_return answer;
    co_return std::unique_ptr<ScreenFeed>(new FakeFeed(frames));
  }
  void KeepFresh(bool wanted) override { fresh = wanted; }
  std::vector<HostState> states() const override { return states_; }
  std::vector<std::string> problems() const override { return {"a problem"}; }

  std::vector<std::pair<std::string, control::Request>> asked;
  std::vector<ScreenLink::Terms> watched;
  absl::Status answer;
  Replies replies = {control::Reply()};
  io::Event* hold = nullptr;
  bool fresh = false;
  std::vector<HostState> states_;
  std::shared_ptr<std::deque<absl::StatusOr<control::Frame>>> frames =
      std::make_shared<std::deque<absl::StatusOr<control::Frame>>>();
};

// Sessions "a1" of alice's and "b1" of bob's on "nodes/n1". The policy gives a role to each of
// cert:CN=viewer, operator, recorder, admin; and to cert:CN=limited notify and metadata over bob's.
// With a fleet it has others beside it: those that are put into `nodes` and `peers`.
class FakeNode {
 public:
  explicit FakeNode(bool with_fleet = false) : with_fleet_(with_fleet) {
    Put("a1", kAlice);
    Put("b1", kBob);
    absl::StatusOr<Policy> policy = Policy::Parse(
        R"({"grants":[{"to":["cert:CN=viewer"],"roles":["viewer"]},
                      {"to":["cert:CN=operator"],"roles":["operator"]},
                      {"to":["cert:CN=recorder"],"roles":["recorder"]},
                      {"to":["cert:CN=admin"],"roles":["admin"]},
                      {"to":["cert:CN=limited"],"verbs":["metadata","notify"],"users":["bob"]},
                      {"to":["cert:CN=silent"],"verbs":["metadata","screen"]}],
            "quiet":["cert:CN=silent"]})",
        /*own_uid=*/900);
    EXPECT_TRUE(policy.ok()) << policy.status();
    policy_ = std::make_shared<const Policy>(*policy);
    if (!with_fleet_) return;
    nodes.Put("nodes/n1", "n1:1");
    world.Start(fleet.Run(world.stop()));
  }
  ~FakeNode() { EXPECT_TRUE(world.StopAll()); }

  // A node of the fleet, by the last segment of its name.
  FakeAgent* AddNode(const std::string& node) {
    FakeAgent* const agent = peers.Add(absl::StrCat(node, ":1"), absl::StrCat("nodes/", node));
    nodes.Put(agent->node(), absl::StrCat(node, ":1"));
    return agent;
  }

  static std::string UserName(uid_t uid) { return uid == kAlice ? "alice" : "bob"; }
  void Put(const std::string& id, uid_t uid, const std::string& title = "t") {
    control::Session session;
    session.set_id(id);
    session.set_title(title);
    session.set_created_at(1'800'000'000'000'000);
    session.set_version(++version_);
    session.add_client()->set_id("c1");
    EXPECT_TRUE(directory
                    .Put(absl::StrCat("/run/", uid, ".sock"), {uid, UserName(uid)}, session,
                         absl::FromUnixSeconds(1'800'000'000))
                    .ok());
  }
  void Remove(const std::string& id, uid_t uid) {
    directory.Remove(absl::StrCat("/run/", uid, ".sock"), id);
  }

  static std::shared_ptr<const Caller> Local(uid_t uid) {
    Caller caller;
    caller.uid = uid;
    caller.short_name = uid == 0 ? "root" : UserName(uid);
    caller.name = absl::StrCat("local:", caller.short_name, "(", uid, ")");
    caller.principals = {"local:*", absl::StrCat("local:", caller.short_name)};
    return std::make_shared<const Caller>(caller);
  }
  static std::shared_ptr<const Caller> Cert(const std::string& name) {
    Caller caller;
    caller.short_name = name;
    caller.name = absl::StrCat("cert:CN=", name);
    caller.principals = {caller.name, "cert:*"};
    return std::make_shared<const Caller>(caller);
  }
  Call MakeCall(std::shared_ptr<const Caller> caller, const Method& method) {
    Call call;
    call.caller = std::move(caller);
    call.method = &method;
    call.deadline = world.Now() + std::chrono::seconds(60);
    call.stop = world.stop();
    return call;
  }

  // Runs a call to its end.
  template <class Request, class Response>
  grpc::Status Do(std::shared_ptr<const Caller> caller, const Method& method,
                  Calls::Done (Calls::*handler)(Call*, const Request*, Response*),
                  const Request& request, Response* response) {
    last = MakeCall(std::move(caller), method);
    grpc::Status status;
    world.RunToCompletion(Keep((calls.*handler)(&last, &request, response), &status));
    return status;
  }
  template <class Request, class Response>
  grpc::Status Do(std::shared_ptr<const Caller> caller, const Method& method,
                  Calls::Done (Calls::*handler)(Call*, const Request*, Response*),
                  const Request& request) {
    Response response;
    return Do(std::move(caller), method, handler, request, &response);
  }

  static io::Task<void> Keep(io::Task<grpc::Status> task, grpc::Status* status) {
    *status = co_await std::move(task);
  }

  io::sim::SimWorld world{1};
  io::sim::SimReactor& reactor = world.AddHost("agent", "192.0.2.1");
  Directory directory{{.node = "n1", .instance = "i1"}};
  FakeHosts hosts;
  UsageCache usage{&reactor, nullptr};
  NodeFacts node{"nodes/n1"};
  std::shared_ptr<const Policy> policy_;
  FakeNodes nodes;
  FakePeers peers;
  FleetSessions fleet{{.reactor = &reactor,
                       .own = &directory,
                       .nodes = &nodes,
                       .calls = &peers,
                       .new_instance = [] { return "fleet"; },
                       .random = [] { return 0.5; },
                       .complain = [](const std::string&) {}}};

 private:
  const bool with_fleet_;

 public:
  Calls calls{{.reactor = &reactor,
               .directory = &directory,
               .hosts = &hosts,
               .usage = &usage,
               .node = &node,
               .policy = [this] { return policy_; },
               .fleet = with_fleet_ ? &fleet : nullptr}};
  Call last;  // of the last Do

 private:
  uint64_t version_ = 0;
};

// "NOT_FOUND SESSION_NOT_FOUND"
inline std::string Outcome(const grpc::Status& status) {
  return status.ok() ? "OK" : absl::StrCat(CodeName(status.error_code()), " ", ReasonOf(status));
}

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_CALLS_TEST_UTIL_H_
