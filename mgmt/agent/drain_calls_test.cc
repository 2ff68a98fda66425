// Who may drain, what can be asked, and how operations are read and waited for. The draining itself
// is mgmt/drain's.
#include "mgmt/agent/drain_calls.h"

#include <stdlib.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/agent/calls_test_util.h"

namespace mosh::mgmt {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

class DrainCallsTest : public testing::Test, private DrainWorld {
 protected:
  DrainCallsTest() {
    place_ = absl::StrCat(getenv("TEST_TMPDIR"), "/drain_calls.XXXXXX");
    EXPECT_NE(mkdtemp(place_.data()), nullptr);
    const auto clock = [this] {
      return absl::FromUnixSeconds(1'800'000'000) + absl::Nanoseconds(node_.world.Now().nanos());
    };
    admission_.emplace(place_ + "/admission", nullptr);
    operations_.emplace(
        Operations::Context{"nodes/n1", place_ + "/operations.json", nullptr, clock});
    drainer_.emplace(Drainer::Context{.reactor = &node_.reactor,
                                      .directory = &node_.directory,
                                      .operations = &*operations_,
                                      .admission = &*admission_,
                                      .world = this,
                                      .wall_clock = clock});
    drains_.emplace(DrainCalls::Context{.calls = &node_.calls,
                                        .drainer = &*drainer_,
                                        .operations = &*operations_,
                                        .unavailable = [this] { return unavailable_; }});
    node_.world.Start(Run());
    node_.world.RunFor(seconds(1));
  }
  ~DrainCallsTest() override { EXPECT_TRUE(node_.world.StopAll()); }

  io::Task<void> Run() {
    (void)co_await operations_->Load();
    co_await drainer_->Load();
    co_await drainer_->Run(node_.world.stop());
  }
  io::Task<absl::Status> Ask(std::string id, control::Request request, io::StopToken) override {
    if (request.has_terminate()) node_.Remove(id, id == "a1" ? kAlice : kBob);
    co_return absl::OkStatus();
  }
  int Unreachable() const override { return 0; }
  io::Task<void> Note(std::string) override { co_return; }

  template <class Request, class Response>
  std::string Do(std::shared_ptr<const Caller> caller, const Method& method,
                 Calls::Done (DrainCalls::*handler)(Call*, const Request*, Response*),
                 const Request& request, Response* response) {
    last_ = node_.MakeCall(std::move(caller), method);
    grpc::Status status;
    node_.world.RunToCompletion(
        FakeNode::Keep(((*drains_).*handler)(&last_, &request, response), &status));
    message_ = status.error_message();
    return Outcome(status);
  }
  static fleet::DrainNodeRequest Wanted(int grace = 60) {
    fleet::DrainNodeRequest request;
    request.set_name("nodes/n1");
    request.mutable_grace()->set_seconds(grace);
    request.set_at_end(fleet::TERMINATE);
    request.set_message("Bye.");
    return request;
  }
  std::string Drain(const fleet::DrainNodeRequest& request, const std::string& by = "admin") {
    operation_.Clear();
    return Do(FakeNode::Cert(by), method::kDrainNode, &DrainCalls::DrainNode, request, &operation_);
  }
  std::string Get(const std::string& name, const std::string& by = "viewer") {
    fleet::GetOperationRequest request;
    request.set_name(name);
    return Do(FakeNode::Cert(by), method::kGetOperation, &DrainCalls::GetOperation, request,
              &operation_);
  }
  // What became of it is appended when it has an answer.
  io::Task<void> WaitFor(std::string name, int timeout, Call* call, std::vector<std::string>* log) {
    fleet::WaitOperationRequest request;
    request.set_name(name);
    request.mutable_timeout()->set_seconds(timeout);
    fleet::Operation answer;
    const grpc::Status status = co_await drains_->WaitOperation(call, &request, &answer);
    log->push_back(absl::StrCat(Outcome(status), answer.done() ? " done" : ""));
  }

  FakeNode node_;
  std::string place_, unavailable_, message_;
  std::optional<AdmissionKeeper> admission_;
  std::optional<Operations> operations_;
  std::optional<Drainer> drainer_;
  std::optional<DrainCalls> drains_;
  Call last_;
  fleet::Operation operation_;
};

TEST_F(DrainCallsTest, NeedsItsOwnRightOverTheNode) {
  for (const char* nobody : {"viewer", "recorder", "limited"}) {
    EXPECT_EQ(Drain(Wanted(), nobody), "PERMISSION_DENIED PERMISSION_DENIED") << nobody;
  }
  EXPECT_EQ(drainer_->state(), fleet::Node::READY);
  EXPECT_EQ(Drain(Wanted(), "operator"), "OK");
  EXPECT_EQ(last_.resource, "nodes/n1");
  EXPECT_THAT(last_.detail, HasSubstr("grace 60 s, TERMINATE; nodes/n1/operations/2027"));
  fleet::UndrainNodeRequest request;
  request.set_name("nodes/-");
  fleet::Node answer;
  EXPECT_EQ(Do(FakeNode::Cert("viewer"), method::kUndrainNode, &DrainCalls::UndrainNode, request,
               &answer),
            "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(
      Do(FakeNode::Local(0), method::kUndrainNode, &DrainCalls::UndrainNode, request, &answer),
      "OK");
  EXPECT_EQ(answer.name(), "nodes/n1");
  EXPECT_EQ(drainer_->state(), fleet::Node::READY);
}

TEST_F(DrainCallsTest, WhatCanNotBeMeantIsRefused) {
  fleet::DrainNodeRequest request = Wanted();
  request.clear_at_end();
  EXPECT_EQ(Drain(request), "INVALID_ARGUMENT INVALID_ARGUMENT");
  EXPECT_THAT(message_, HasSubstr("TERMINATE or LEAVE"));
  request = Wanted(-1);
  EXPECT_EQ(Drain(request), "INVALID_ARGUMENT INVALID_ARGUMENT");
  request = Wanted(30 * 86'400 + 1);
  EXPECT_EQ(Drain(request), "INVALID_ARGUMENT INVALID_ARGUMENT");
  request = Wanted();
  request.set_message("two\nlines");
  EXPECT_EQ(Drain(request), "INVALID_ARGUMENT INVALID_ARGUMENT");
  request.set_message(std::string(501, 'x'));
  EXPECT_EQ(Drain(request), "INVALID_ARGUMENT INVALID_ARGUMENT");
  request = Wanted();
  request.set_name("nodes/n2");
  EXPECT_EQ(Drain(request), "NOT_FOUND NODE_NOT_FOUND");
  EXPECT_TRUE(operations_->all().empty());
}

TEST_F(DrainCallsTest, ADryRunAndARepetitionBeginNothing) {
  fleet::DrainNodeRequest request = Wanted();
  request.set_validate_only(true);
  EXPECT_EQ(Drain(request), "OK");
  EXPECT_EQ(drainer_->state(), fleet::Node::READY);
  request.set_validate_only(false);
  request.set_request_id("once");
  EXPECT_EQ(Drain(request), "OK");
  const std::string name = operation_.name();
  EXPECT_EQ(Drain(request), "OK");
  EXPECT_EQ(operation_.name(), name);
  request.set_request_id("twice");
  EXPECT_EQ(Drain(request), "FAILED_PRECONDITION DRAIN_RUNNING");
  EXPECT_THAT(message_, HasSubstr(name));
  request.set_validate_only(true);
  EXPECT_EQ(Drain(request), "FAILED_PRECONDITION DRAIN_RUNNING");
}

TEST_F(DrainCallsTest, AnAgentThatKeepsNothingSaysSo) {
  unavailable_ = "it ends with its command";
  EXPECT_EQ(Drain(Wanted()), "FAILED_PRECONDITION STATE_UNAVAILABLE");
  EXPECT_THAT(message_, HasSubstr("it ends with its command"));
  EXPECT_EQ(Drain(Wanted(), "viewer"), "PERMISSION_DENIED PERMISSION_DENIED");
}

TEST_F(DrainCallsTest, OperationsAreSeenByWhoMaySeeTheNode) {
  ASSERT_EQ(Drain(Wanted()), "OK");
  const std::string name = operation_.name();
  EXPECT_EQ(Get(name), "OK");
  fleet::DrainNodeMetadata drain;
  ASSERT_TRUE(operation_.metadata().UnpackTo(&drain));
  EXPECT_EQ(drain.session_count(), 2);
  EXPECT_EQ(drain.started_by(), "cert:CN=admin");
  node_.Remove("a1", kAlice);
  EXPECT_EQ(Get(name), "OK");
  operation_.metadata().UnpackTo(&drain);
  EXPECT_EQ(drain.session_count(), 1) << "of now";
  EXPECT_EQ(Get(name, "limited"), "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(Get("nodes/n1/operations/none"), "NOT_FOUND OPERATION_NOT_FOUND");
  EXPECT_EQ(Get("nodes/n2/operations/none"), "NOT_FOUND NODE_NOT_FOUND");
  for (const char* bad : {"", "nodes/n1", "operations/x", "nodes/n1/sessions/a1"}) {
    EXPECT_EQ(Get(bad), "INVALID_ARGUMENT INVALID_NAME") << bad;
  }
  fleet::ListOperationsRequest list;
  list.set_parent("nodes/-");
  fleet::ListOperationsResponse all;
  EXPECT_EQ(Do(FakeNode::Cert("viewer"), method::kListOperations, &DrainCalls::ListOperations, list,
               &all),
            "OK");
  ASSERT_EQ(all.operations_size(), 1);
  EXPECT_EQ(all.operations(0).name(), name);
}

TEST_F(DrainCallsTest, WaitingEndsWithTheOperationOrTheTime) {
  ASSERT_EQ(Drain(Wanted(60)), "OK");
  std::vector<std::string> log;
  Call first = node_.MakeCall(FakeNode::Cert("viewer"), method::kWaitOperation);
  Call second = first, third = first;
  third.deadline = node_.world.Now() + seconds(20);
  second.deadline = Instant::Max();
  node_.world.Start(WaitFor(operation_.name(), 10, &first, &log));
  node_.world.Start(WaitFor(operation_.name(), 500, &third, &log));
  node_.world.Start(WaitFor(operation_.name(), 500, &second, &log));
  node_.world.RunFor(seconds(9));
  EXPECT_TRUE(log.empty());
  node_.world.RunFor(seconds(2));
  EXPECT_THAT(log, ElementsAre("OK"));
  node_.world.RunFor(seconds(8) + std::chrono::milliseconds(900));
  EXPECT_THAT(log, ElementsAre("OK", "OK")) << "before the call's own deadline";
  node_.world.RunFor(seconds(45));
  EXPECT_THAT(log, ElementsAre("OK", "OK", "OK done"));
}

TEST_F(DrainCallsTest, WaitingEndsWithTheAgentAndIsBounded) {
  ASSERT_EQ(Drain(Wanted(600)), "OK");
  std::vector<std::string> log;
  std::vector<Call> calls(51, node_.MakeCall(FakeNode::Cert("viewer"), method::kWaitOperation));
  for (Call& call : calls) node_.world.Start(WaitFor(operation_.name(), 500, &call, &log));
  node_.world.RunFor(seconds(1));
  EXPECT_THAT(log, ElementsAre("RESOURCE_EXHAUSTED LIMIT_EXCEEDED"));
  drains_->StopWaiting();
  node_.world.RunFor(seconds(1));
  EXPECT_EQ(log.size(), 51u);
  EXPECT_EQ(log.back(), "UNAVAILABLE AGENT_STOPPING");
}

TEST_F(DrainCallsTest, CancellingIsUndraining) {
  ASSERT_EQ(Drain(Wanted(60)), "OK");
  fleet::CancelOperationRequest request;
  request.set_name(operation_.name());
  const auto cancel = [&](const std::string& by) {
    return Do(FakeNode::Cert(by), method::kCancelOperation, &DrainCalls::CancelOperation, request,
              &operation_);
  };
  EXPECT_EQ(cancel("viewer"), "PERMISSION_DENIED PERMISSION_DENIED");
  request.set_validate_only(true);
  EXPECT_EQ(cancel("operator"), "OK");
  EXPECT_FALSE(operation_.done());
  request.set_validate_only(false);
  EXPECT_EQ(cancel("operator"), "OK");
  EXPECT_TRUE(operation_.done());
  EXPECT_EQ(operation_.error().message(), "cancelled by cert:CN=operator");
  EXPECT_EQ(drainer_->state(), fleet::Node::READY);
  ASSERT_EQ(Drain(Wanted(0)), "OK");
  node_.world.RunFor(seconds(5));
  EXPECT_EQ(cancel("operator"), "OK") << "of one that is done nothing changes";
  EXPECT_EQ(drainer_->state(), fleet::Node::DRAINED);
}

}  // namespace
}  // namespace mosh::mgmt
