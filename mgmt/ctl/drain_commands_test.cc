// Commands about drains and limits, whole, against a fake agent.
#include <pthread.h>
#include <signal.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/ctl/testing/moshctl_runner.h"

namespace mosh::mgmt::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class DrainCommandsTest : public testing::Test {
 protected:
  DrainCommandsTest() {
    moshctl_.StartAgent();
    moshctl_.surroundings.now = [] { return absl::FromUnixSeconds(1'700'000'590); };
  }
  void Answer(const ::mosh::fleet::v1::Operation& operation) {
    moshctl_.operations.answers.push_back({grpc::Status::OK, operation});
  }
  MoshctlRunner moshctl_;
};

TEST_F(DrainCommandsTest, DrainsTheNodeThatAnswersAndWaits) {
  Answer(FakeOperations::Running(2));
  Answer(FakeOperations::Running(1));
  const Outcome outcome =
      moshctl_.Run({"drain", "--grace", "1h30m", "-m", "Bye.", "--reason", "r"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "n1: 2 of 3 sessions left, 10s to go\n"
            "n1: 1 of 3 sessions left, 10s to go\n"
            "n1 is drained: 2 sessions ended, 1 was terminated, 0 are left\n");
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(moshctl_.fleet.Asked().back(),
              "DrainNode name: \"nodes/n1\" grace { seconds: 5400 } at_end: TERMINATE message: "
              "\"Bye.\" reason: \"r\"");
  EXPECT_THAT(moshctl_.operations.Asked()[0],
              "WaitOperation name: \"nodes/n1/operations/20270115-080000-aa11\" timeout { seconds: "
              "1 }");
}

TEST_F(DrainCommandsTest, ABarMovesOnATerminal) {
  moshctl_.surroundings.progress = true;
  Answer(FakeOperations::Running(1));
  const Outcome outcome = moshctl_.Run({"drain"});
  EXPECT_EQ(outcome.out, "n1 is drained: 2 sessions ended, 1 was terminated, 0 are left\n");
  EXPECT_THAT(outcome.err, HasSubstr("[####################          ] 1 of 3 sessions left, 10s"));
  EXPECT_TRUE(outcome.err.ends_with("\r\033[K"));
}

TEST_F(DrainCommandsTest, NeedNotWait) {
  const Outcome outcome = moshctl_.Run({"drain", "n1", "--leave", "--no-wait"});
  EXPECT_EQ(outcome.out, "n1 is being drained: 20270115-080000-aa11\n") << outcome.err;
  EXPECT_THAT(moshctl_.fleet.Asked(),
              ElementsAre("DrainNode name: \"nodes/n1\" grace { seconds: 600 } at_end: LEAVE"));
  EXPECT_EQ(moshctl_.Run({"drain", "n1", "--dry-run"}).out, "n1 could be drained\n");
  EXPECT_THAT(moshctl_.operations.Asked(), ElementsAre());
}

TEST_F(DrainCommandsTest, ADrainThatWasCalledOffHasFailed) {
  Answer(FakeOperations::Cancelled());
  const Outcome outcome = moshctl_.Run({"drain"});
  EXPECT_EQ(outcome.code, 5);
  EXPECT_THAT(outcome.err, HasSubstr("the drain of n1 was cancelled by cert:CN=oncall"));
}

TEST_F(DrainCommandsTest, AnAgentThatRestartsIsWaitedFor) {
  moshctl_.operations.answers.push_back(
      {grpc::Status(grpc::StatusCode::UNAVAILABLE, "the agent is stopping"), {}});
  EXPECT_EQ(moshctl_.Run({"drain"}).code, 0);
  moshctl_.operations.answers.push_back(
      {grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no more"), {}});
  EXPECT_EQ(moshctl_.Run({"drain"}).code, 3);
}

TEST_F(DrainCommandsTest, CtrlCEndsTheWatchingAndNotTheDrain) {
  Answer(FakeOperations::Running(1));
  moshctl_.operations.on_wait = [terminal = pthread_self()] { pthread_kill(terminal, SIGINT); };
  const Outcome outcome = moshctl_.Run({"drain"});
  EXPECT_EQ(outcome.code, 5);
  EXPECT_THAT(outcome.err, HasSubstr("the drain of n1 goes on"));
  EXPECT_THAT(outcome.err, HasSubstr("moshctl operations describe 20270115-080000-aa11"));
  EXPECT_THAT(outcome.err, HasSubstr("moshctl undrain n1"));
  EXPECT_EQ(moshctl_.operations.Asked().size(), 1u);
}

TEST_F(DrainCommandsTest, SaysWhatIsWrong) {
  EXPECT_EQ(moshctl_.Run({"drain", "n2"}).code, 2);
  const Outcome outcome = moshctl_.Run({"drain", "--grace", "soon"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("soon is no time"));
}

TEST_F(DrainCommandsTest, ForProgramsThereIsTheOperation) {
  const Outcome outcome = moshctl_.Run({"drain", "-o", "json"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("\"terminated_count\": 1"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("to go")));
}

TEST_F(DrainCommandsTest, Undrains) {
  EXPECT_EQ(moshctl_.Run({"undrain"}).out, "n1 takes new sessions again\n");
  EXPECT_EQ(moshctl_.fleet.Asked().back(), "UndrainNode name: \"nodes/n1\"");
}

TEST_F(DrainCommandsTest, OperationsAreListedDescribedAndCancelled) {
  const Outcome list = moshctl_.Run({"operations", "ls"});
  EXPECT_THAT(list.out, HasSubstr("20270115-080000-aa11  n1    drain  waiting"));
  EXPECT_THAT(list.out, HasSubstr("20270114-080000-bb22  n1    drain  cancelled"));
  EXPECT_THAT(list.out, HasSubstr("Kernel? update."));
  const Outcome one = moshctl_.Run({"operations", "describe", "20270115"});
  EXPECT_THAT(one.out, HasSubstr("Now:        2 of 3 sessions left, 10s to go\n")) << one.err;
  EXPECT_EQ(moshctl_.Run({"operations", "describe", "2027"}).code, 2) << "two";
  EXPECT_EQ(moshctl_.Run({"operations", "describe", "x"}).code, 2) << "none";
  EXPECT_EQ(moshctl_.Run({"operations", "cancel", "20270115", "--reason", "r"}).out,
            "20270115-080000-aa11 is cancelled\n");
  EXPECT_EQ(moshctl_.operations.Asked().back(),
            "CancelOperation name: \"nodes/n1/operations/20270115-080000-aa11\" reason: \"r\"");
}

TEST_F(DrainCommandsTest, PoliciesAreListedAndShown) {
  const Outcome list = moshctl_.Run({"policy", "ls"});
  EXPECT_THAT(list.out, HasSubstr("night  rack=b    8h         -         -        20  evil?words"));
  EXPECT_THAT(moshctl_.Run({"policy", "get", "night"}).out,
              HasSubstr("Sessions:   20 of a user\n"));
  EXPECT_THAT(moshctl_.Run({"policy", "get", "night", "-o", "json"}).out,
              HasSubstr("\"max_sessions_per_user\": 20"));
}

TEST_F(DrainCommandsTest, APolicyIsChangedInWhatIsGiven) {
  EXPECT_EQ(moshctl_
                .Run({"policy", "set", "night", "--idle", "8h", "--label", "rack=b",
                      "--max-sessions-per-user", "20"})
                .code,
            0);
  EXPECT_EQ(
      moshctl_.Run({"policy", "set", "night", "--lifetime", "off", "--everywhere", "--etag", "e1"})
          .code,
      0);
  EXPECT_EQ(moshctl_.Run({"policy", "rm", "night", "--reason", "r"}).out, "night deleted\n");
  EXPECT_THAT(
      moshctl_.policies.Asked(),
      ElementsAre("UpdatePolicy policy { name: \"policies/night\" selector { labels { key: "
                  "\"rack\" value: \"b\" } } limits { idle { seconds: 28800 } "
                  "max_sessions_per_user: 20 } } update_mask { paths: \"limits.idle\" paths: "
                  "\"limits.max_sessions_per_user\" paths: \"selector.labels\" } allow_missing: "
                  "true",
                  "UpdatePolicy policy { name: \"policies/night\" limits { lifetime { } } etag: "
                  "\"e1\" } update_mask { paths: \"limits.lifetime\" paths: \"selector\" } "
                  "allow_missing: true",
                  "DeletePolicy name: \"policies/night\" reason: \"r\""));
  EXPECT_EQ(moshctl_.Run({"policy", "set", "night"}).code, 1) << "what?";
  EXPECT_EQ(moshctl_.Run({"policy", "set", "night", "--label", "rack"}).code, 1);
  EXPECT_EQ(moshctl_.Run({"policy", "set", "night", "--node", "n1", "--everywhere"}).code, 1);
}

TEST_F(DrainCommandsTest, OperationsAndPoliciesAreCompleted) {
  EXPECT_EQ(moshctl_.Run({"__complete", "operations", "describe", "20270114"}).out,
            "20270114-080000-bb22\n");
  EXPECT_EQ(moshctl_.Run({"__complete", "policy", "rm", ""}).out, "night\n");
  EXPECT_EQ(moshctl_.Run({"__complete", "operations", ""}).out, "ls\ndescribe\ncancel\n");
}

}  // namespace
}  // namespace mosh::mgmt::ctl
