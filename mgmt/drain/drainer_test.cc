// Drains on a virtual clock: sessions in a directory, Hosts that do as told, files in a temporary
// place, and agents that come and go.
#include "mgmt/drain/drainer.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_world.h"
#include "server/control/admission.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;
using google::protobuf::util::TimeUtil;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DrainerTest : public testing::Test, public DrainWorld {
 protected:
  DrainerTest() {
    place_ = absl::StrCat(getenv("TEST_TMPDIR"), "/drainer.XXXXXX");
    EXPECT_NE(mkdtemp(place_.data()), nullptr);
    for (const char* id : {"a1", "b1", "c1"}) Put(id);
    StartAgent();
  }
  ~DrainerTest() override { StopAgent(); }

  // What one agent is made of.
  struct Agent {
    explicit Agent(DrainerTest* test)
        : operations({"nodes/n1", test->place_ + "/operations.json", nullptr,
                      [test] { return test->WallClock(); }}),
          admission(test->admission_path(), nullptr),
          drainer({.reactor = &test->reactor_,
                   .directory = &test->directory_,
                   .operations = &operations,
                   .admission = &admission,
                   .world = test,
                   .wall_clock = [test] { return test->WallClock(); }}) {}
    Operations operations;
    AdmissionKeeper admission;
    Drainer drainer;
    io::StopSource stop;
    bool ended = false;
  };
  static io::Task<void> RunAgent(Agent* agent) {
    const absl::Status loaded = co_await agent->operations.Load();
    EXPECT_TRUE(loaded.ok()) << loaded;
    co_await agent->admission.Load();
    co_await agent->drainer.Load();
    const absl::Status written = co_await agent->admission.Write();
    EXPECT_TRUE(written.ok()) << written;
    co_await agent->drainer.Run(agent->stop.token());
    agent->ended = true;
  }
  void StartAgent() {
    agent_ = std::make_unique<Agent>(this);
    agent_->drainer.SetOnStateChange([this](fleet::Node::State state, absl::Time) {
      states_.push_back(fleet::Node::State_Name(state));
    });
    world_.Start(RunAgent(agent_.get()));
    world_.RunFor(1ms);
  }
  // As when it is killed: nothing is said, nothing is written.
  void StopAgent() {
    agent_->stop.RequestStop();
    world_.RunFor(1ms);
    EXPECT_TRUE(agent_->ended);
    agent_ = nullptr;
  }

  io::Task<absl::Status> Ask(std::string id, control::Request request, io::StopToken) override {
    if (request.has_notify()) {
      notices_.push_back(absl::StrCat(id, ": ", request.notify().text()));
    } else {
      asked_.push_back(absl::StrCat(request.terminate().at_once() ? "kill " : "terminate ", id));
      const bool goes =
          polite_.count(id) > 0 || (request.terminate().at_once() && !deaf_.count(id));
      if (goes) directory_.Remove("/run/1.sock", id);
    }
    co_return absl::OkStatus();
  }
  int Unreachable() const override { return unreachable_; }
  io::Task<void> Note(std::string text) override {
    notes_.push_back(std::move(text));
    co_return;
  }
  void Put(const std::string& id) {
    control::Session session;
    session.set_id(id);
    session.set_version(1);
    session.set_created_at(1);
    EXPECT_TRUE(directory_.Put("/run/1.sock", {.uid = 1, .user = "u"}, session, WallClock()).ok());
    polite_.insert(id);
  }
  void End(const std::string& id) { directory_.Remove("/run/1.sock", id); }

  absl::StatusOr<fleet::Operation> Start(std::chrono::seconds grace,
                                         fleet::DrainEnd at_end = fleet::TERMINATE,
                                         const std::string& message = "Bye.") {
    absl::StatusOr<fleet::Operation> result = absl::UnknownError("not finished");
    world_.RunToCompletion(Keep(agent_->drainer.Start({.grace = grace,
                                                       .at_end = at_end,
                                                       .message = message,
                                                       .reason = "r",
                                                       .started_by = "local:root(0)"}),
                                &result));
    world_.RunFor(1ms);
    return result;
  }
  absl::Status Undrain() {
    absl::StatusOr<bool> result = false;
    world_.RunToCompletion(KeepStatus(agent_->drainer.Undrain("me", {}), &result));
    world_.RunFor(1ms);
    return result.status();
  }
  static io::Task<void> Keep(io::Task<absl::StatusOr<fleet::Operation>> task,
                             absl::StatusOr<fleet::Operation>* result) {
    *result = co_await std::move(task);
  }
  static io::Task<void> KeepStatus(io::Task<absl::Status> task, absl::StatusOr<bool>* result) {
    const absl::Status status = co_await std::move(task);
    if (!status.ok()) *result = status;
  }

  // The newest.
  const fleet::Operation& Newest() { return agent_->operations.all().rbegin()->second; }
  fleet::DrainNodeMetadata Metadata() {
    fleet::DrainNodeMetadata metadata;
    EXPECT_TRUE(agent_->drainer.Describe(Newest()).metadata().UnpackTo(&metadata));
    return metadata;
  }
  // "ended terminated left"
  std::string Response() {
    fleet::DrainNodeResponse response;
    if (!Newest().response().UnpackTo(&response)) return "none";
    return absl::StrCat(response.ended_count(), " ", response.terminated_count(), " ",
                        response.left_count());
  }
  std::optional<std::string> Closed() {
    return server::ReadAdmission(admission_path(), geteuid())->closed;
  }
  std::vector<std::string> TakeNotices(const std::string& id) {
    std::vector<std::string> mine;
    for (const std::string& notice : std::exchange(notices_, {})) {
      if (absl::StartsWith(notice, id)) mine.push_back(notice.substr(id.size() + 2));
    }
    return mine;
  }
  std::string admission_path() const { return place_ + "/admission"; }
  absl::Time WallClock() {
    return absl::FromUnixSeconds(1'800'000'000) + absl::Nanoseconds(world_.Now().nanos()) + jump_;
  }

  std::string place_;
  io::sim::SimWorld world_{1};
  io::sim::SimReactor& reactor_ = world_.AddHost("agent", "192.0.2.1");
  Directory directory_{{.node = "n1", .instance = "i1"}};
  absl::Duration jump_;           // of the wall clock
  std::set<std::string> polite_;  // end when they are told
  std::set<std::string> deaf_;    // don't even end by force
  int unreachable_ = 0;
  std::vector<std::string> notices_, asked_, notes_, states_;
  std::unique_ptr<Agent> agent_;
};

TEST_F(DrainerTest, WarnsCountsDownAndEndsWhatIsLeft) {
  ASSERT_TRUE(Start(10min).ok());
  EXPECT_EQ(Closed(), "this machine is being drained. Bye.");
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::DRAINING);
  EXPECT_THAT(TakeNotices("a1"),
              ElementsAre("This session ends in 10m: this machine is being drained. Bye."));
  world_.RunFor(5min + 1s);
  EXPECT_THAT(TakeNotices("b1"), ElementsAre(HasSubstr("ends in 5m")));
  End("a1");
  world_.RunFor(4min + 58s);
  EXPECT_THAT(TakeNotices("b1"), ElementsAre(HasSubstr("ends in 1m"), HasSubstr("ends in 30s"),
                                             HasSubstr("ends in 10s")));
  EXPECT_EQ(Metadata().state(), fleet::DrainNodeMetadata::WAITING);
  EXPECT_EQ(Metadata().session_count(), 2);
  EXPECT_THAT(asked_, IsEmpty());
  world_.RunFor(2s);
  EXPECT_THAT(asked_, ElementsAre("terminate b1", "terminate c1"));
  EXPECT_TRUE(Newest().done());
  EXPECT_EQ(Response(), "1 2 0");
  EXPECT_EQ(Metadata().state(), fleet::DrainNodeMetadata::ENDED);
  EXPECT_THAT(states_, ElementsAre("READY", "DRAINING", "DRAINED"));
  EXPECT_TRUE(Closed()) << "until it is undrained";
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("1 sessions ended, 2 were terminated, 0 are left")));
}

TEST_F(DrainerTest, EndsAsSoonAsNobodyIsLeft) {
  ASSERT_TRUE(Start(24h).ok());
  world_.RunFor(1h);
  for (const char* id : {"a1", "b1", "c1"}) End(id);
  world_.RunFor(1s);
  EXPECT_TRUE(Newest().done());
  EXPECT_EQ(Response(), "3 0 0");
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::DRAINED);
}

TEST_F(DrainerTest, LeavesWhatItWasToldToLeave) {
  ASSERT_TRUE(Start(10s, fleet::LEAVE).ok());
  EXPECT_THAT(TakeNotices("a1"), ElementsAre(HasSubstr("please end this session within 10s")));
  world_.RunFor(11s);
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_EQ(Response(), "0 0 3");
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::DRAINED);
}

TEST_F(DrainerTest, WithoutGraceNobodyIsWarned) {
  ASSERT_TRUE(Start(0s).ok());
  world_.RunFor(1s);
  EXPECT_THAT(notices_, IsEmpty());
  EXPECT_EQ(Response(), "0 3 0");
}

TEST_F(DrainerTest, WhoDoesNotLeaveIsForced) {
  polite_ = {"a1"};
  deaf_ = {"c1"};
  ASSERT_TRUE(Start(0s).ok());
  world_.RunFor(9s);
  EXPECT_THAT(asked_, ElementsAre("terminate a1", "terminate b1", "terminate c1"));
  EXPECT_EQ(Metadata().state(), fleet::DrainNodeMetadata::ENDING);
  world_.RunFor(2s);
  EXPECT_THAT(asked_, testing::Contains("kill b1"));
  EXPECT_FALSE(Newest().done());
  world_.RunFor(5s);
  EXPECT_EQ(Response(), "0 2 1") << "drains always end";
}

TEST_F(DrainerTest, WaitsForHostsThatDoNotAnswerAndDoesNotWaitForEver) {
  for (const char* id : {"a1", "b1", "c1"}) End(id);
  unreachable_ = 1;
  ASSERT_TRUE(Start(1min).ok());
  world_.RunFor(59s);
  EXPECT_FALSE(Newest().done()) << "it may have sessions";
  world_.RunFor(17s);
  EXPECT_EQ(Response(), "0 0 1");
}

TEST_F(DrainerTest, UndrainCallsItOff) {
  ASSERT_TRUE(Start(1h).ok());
  TakeNotices("a1");
  world_.RunFor(1min);
  EXPECT_TRUE(Undrain().ok());
  EXPECT_EQ(Closed(), std::nullopt);
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::READY);
  EXPECT_TRUE(Newest().done());
  EXPECT_EQ(Newest().error().code(), 1);
  EXPECT_EQ(Newest().error().message(), "cancelled by me");
  EXPECT_THAT(TakeNotices("a1"), ElementsAre(HasSubstr("called off")));
  world_.RunFor(2h);
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_TRUE(Undrain().ok()) << "nothing to do";
}

TEST_F(DrainerTest, UndrainOpensADrainedNode) {
  ASSERT_TRUE(Start(0s, fleet::LEAVE).ok());
  world_.RunFor(1s);
  EXPECT_TRUE(Undrain().ok());
  EXPECT_EQ(Closed(), std::nullopt);
  EXPECT_EQ(agent_->drainer.operation_id(), "");
  EXPECT_TRUE(Newest().has_response()) << "that has been";
  EXPECT_THAT(states_, ElementsAre("READY", "DRAINING", "DRAINED", "READY"));
}

TEST_F(DrainerTest, OneAtATimeButOneAfterAnother) {
  ASSERT_TRUE(Start(1min, fleet::LEAVE).ok());
  const absl::Status second = Start(1min).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), HasSubstr("nodes/n1/operations/2027"));
  world_.RunFor(2min);
  ASSERT_TRUE(Start(0s).ok()) << "those who were left, now";
  world_.RunFor(1s);
  EXPECT_EQ(Response(), "0 3 0");
}

TEST_F(DrainerTest, TheNextAgentGoesOn) {
  ASSERT_TRUE(Start(10min).ok());
  world_.RunFor(3min);
  StopAgent();
  world_.RunFor(2min);
  End("a1");
  TakeNotices("b1");
  StartAgent();
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::DRAINING);
  EXPECT_EQ(absl::ToUnixSeconds(agent_->drainer.state_time()), 1'800'000'000);
  world_.RunFor(1s);
  EXPECT_THAT(TakeNotices("b1"), ElementsAre(HasSubstr("ends in 5m")));
  world_.RunFor(5min);
  EXPECT_EQ(Response(), "1 2 0");
  EXPECT_THAT(notes_[0], HasSubstr("goes on with nodes/n1/operations/2027"));
}

TEST_F(DrainerTest, OneThatFollowsAnotherInTheSameMomentGoesOnToo) {
  ASSERT_TRUE(Start(10min).ok());
  ASSERT_TRUE(Undrain().ok());
  // Whatever the clock thinks of their order.
  jump_ = -absl::Hours(1);
  ASSERT_TRUE(Start(10min).ok());
  StopAgent();
  StartAgent();
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::DRAINING);
  EXPECT_TRUE(Closed());
  world_.RunFor(10min + 1s);
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::DRAINED);
}

TEST_F(DrainerTest, WhoseTimeWasOverMeanwhileIsWarnedOnceMore) {
  ASSERT_TRUE(Start(10min).ok());
  StopAgent();
  world_.RunFor(24h);
  TakeNotices("a1");
  StartAgent();
  world_.RunFor(1s);
  EXPECT_THAT(TakeNotices("a1"), ElementsAre(HasSubstr("ends in 30s")));
  EXPECT_THAT(asked_, IsEmpty());
  world_.RunFor(30s);
  EXPECT_EQ(Response(), "0 3 0");
}

TEST_F(DrainerTest, EndingGoesOnToo) {
  polite_.clear();
  ASSERT_TRUE(Start(0s).ok());
  world_.RunFor(2s);
  EXPECT_EQ(Metadata().state(), fleet::DrainNodeMetadata::ENDING);
  StopAgent();
  End("a1");
  asked_.clear();
  StartAgent();
  world_.RunFor(11s);
  EXPECT_THAT(asked_, ElementsAre("terminate b1", "terminate c1", "kill b1", "kill c1"));
  EXPECT_EQ(Response(), "0 3 0");
}

TEST_F(DrainerTest, TheNextAgentKnowsThatTheNodeIsDrained) {
  ASSERT_TRUE(Start(0s, fleet::LEAVE).ok());
  world_.RunFor(1s);
  const std::string id = agent_->drainer.operation_id();
  StopAgent();
  world_.RunFor(1h);
  states_.clear();
  StartAgent();
  EXPECT_THAT(states_, ElementsAre("DRAINED"));
  EXPECT_EQ(agent_->drainer.operation_id(), id);
  EXPECT_TRUE(Closed());
  // The machine starts anew: /run is empty.
  StopAgent();
  ASSERT_EQ(unlink(admission_path().c_str()), 0);
  ASSERT_EQ(unlink((place_ + "/operations.json").c_str()), 0);
  StartAgent();
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::READY);
}

TEST_F(DrainerTest, AClockThatJumpsChangesNothing) {
  ASSERT_TRUE(Start(10min).ok());
  world_.RunFor(1min);
  jump_ = absl::Hours(24);
  world_.RunFor(1min);
  EXPECT_FALSE(Newest().done());
  StopAgent();
  jump_ = -absl::Hours(24);
  StartAgent();
  world_.RunFor(10min + 1s);
  EXPECT_TRUE(Newest().done()) << "no more than the whole grace once again";
}

TEST_F(DrainerTest, WhatCanNotBeWrittenIsNotDone) {
  ASSERT_EQ(mkdir((admission_path() + ".new").c_str(), 0700), 0);
  const absl::Status status = Start(1min).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nothing was done"));
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::READY);
  EXPECT_TRUE(agent_->operations.all().empty());
  world_.RunFor(2min);
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(DrainerTest, ADoorThatCanNotBeOpenedIsSaidToBeClosed) {
  ASSERT_TRUE(Start(1h).ok());
  ASSERT_EQ(unlink(admission_path().c_str()), 0);
  ASSERT_EQ(mkdir(admission_path().c_str(), 0700), 0);
  EXPECT_EQ(Undrain().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::DRAINED);
  ASSERT_EQ(rmdir(admission_path().c_str()), 0);
  EXPECT_TRUE(Undrain().ok()) << "once more";
  EXPECT_EQ(agent_->drainer.state(), fleet::Node::READY);
}

}  // namespace
}  // namespace mosh::mgmt
