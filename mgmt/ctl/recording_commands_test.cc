// Commands about recordings, whole, against a fake agent.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/ctl/download.h"
#include "mgmt/ctl/replay.h"
#include "mgmt/ctl/testing/moshctl_runner.h"

namespace mosh::mgmt::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class RecordingCommandsTest : public testing::Test {
 protected:
  RecordingCommandsTest() {
    moshctl_.StartAgent();
    moshctl_.recordings.content = std::string(95, 'x') + "end";
    path_ = moshctl_.directory() + "/out.cast";
  }
  Outcome Get() { return moshctl_.Run({"record", "get", "20261129", "-O", path_}); }
  static std::string Text(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  MoshctlRunner moshctl_;
  std::string path_;
};

TEST_F(RecordingCommandsTest, ListsThem) {
  const Outcome outcome = moshctl_.Run({"record", "ls"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("20261129-174500-bb22  ab12     alice  failed"));
  EXPECT_THAT(outcome.out, HasSubstr("20261128-090000-aa11  ab12     alice  finished"));
  EXPECT_THAT(outcome.out, HasSubstr("evil?title"));
  EXPECT_THAT(moshctl_.Run({"record", "ls", "-o", "wide"}).out, HasSubstr("the session has ended"));
  EXPECT_THAT(moshctl_.Run({"record", "ls", "-o", "json"}).out, HasSubstr("\"FAILED\""));
}

TEST_F(RecordingCommandsTest, StartsStopsAndRemoves) {
  const Outcome started = moshctl_.Run(
      {"record", "start", "ab12", "--title", "t", "--max-seconds", "60", "--max-bytes", "70000"});
  EXPECT_EQ(started.out, "ab12 is recorded: 20261129-174500-bb22\n") << started.err;
  EXPECT_EQ(moshctl_.Run({"record", "stop", "20261129", "--reason", "r"}).out,
            "20261129-174500-bb22 stopped\n");
  EXPECT_EQ(moshctl_.Run({"record", "rm", "20261128", "--dry-run"}).out,
            "20261128-090000-aa11 could be deleted\n");
  EXPECT_THAT(
      moshctl_.recordings.Asked(),
      ElementsAre("StartRecording session: \"nodes/n1/sessions/ab12\" title: \"t\" max_duration { "
                  "seconds: 60 } max_bytes: 70000",
                  "StopRecording name: \"nodes/n1/recordings/20261129-174500-bb22\" reason: \"r\"",
                  "DeleteRecording name: \"nodes/n1/recordings/20261128-090000-aa11\" "
                  "validate_only: true"));
}

TEST_F(RecordingCommandsTest, InputIsAskedForAndSaid) {
  EXPECT_EQ(moshctl_.Run({"record", "start", "ab12", "--input"}).out,
            "ab12 is recorded with input: 20261129-174500-bb22\n");
  EXPECT_THAT(moshctl_.recordings.Asked(),
              ElementsAre("StartRecording session: \"nodes/n1/sessions/ab12\" record_input: true"));
  EXPECT_THAT(moshctl_.Run({"record", "ls", "-o", "wide"}).out, HasSubstr("INPUT"));
}

TEST_F(RecordingCommandsTest, WhatIsNotClearIsAsked) {
  EXPECT_EQ(moshctl_.Run({"record", "rm", "2026"}).code, 2);
  EXPECT_EQ(moshctl_.Run({"record", "rm", "x"}).code, 2);
  EXPECT_EQ(moshctl_.Run({"record"}).code, 1);
  EXPECT_EQ(moshctl_.Run({"record", "start", "ab12", "--max-bytes", "1"}).code, 1);
  EXPECT_EQ(moshctl_.Run({"replay", "x", "--speed", "0"}).code, 1);
}

TEST_F(RecordingCommandsTest, FetchesAFile) {
  const Outcome outcome = Get();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("out.cast: 98 B, SHA-256 "));
  EXPECT_EQ(outcome.err, "") << "no bar where there is no terminal";
  EXPECT_EQ(Text(path_), moshctl_.recordings.content);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".part"));
  EXPECT_THAT(Get().err, HasSubstr("is there already"));
}

TEST_F(RecordingCommandsTest, ABarMovesOnATerminal) {
  moshctl_.surroundings.progress = true;
  const Outcome outcome = Get();
  EXPECT_THAT(outcome.err, HasSubstr("100%  98 B of 98 B"));
  EXPECT_TRUE(outcome.err.ends_with("\r\033[K"));
}

TEST_F(RecordingCommandsTest, WhatWasCutOffGoesOn) {
  moshctl_.recordings.end = grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
  const Outcome cut = Get();
  EXPECT_EQ(cut.code, 4);
  EXPECT_THAT(cut.err, HasSubstr("goes on where it stopped"));
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(Text(path_ + ".part").size(), 49u);
  moshctl_.recordings.end = grpc::Status::OK;
  const Outcome whole = Get();
  EXPECT_EQ(whole.code, 0) << whole.err;
  EXPECT_THAT(moshctl_.recordings.Asked().back(), HasSubstr("offset: 49"));
  EXPECT_EQ(Text(path_), moshctl_.recordings.content);
}

TEST_F(RecordingCommandsTest, WhatIsAnothersIsNotKept) {
  for (const std::string& before : {std::string(20, 'y'), std::string(1000, 'y')}) {
    std::ofstream(path_ + ".part") << before;
    const Outcome outcome = Get();
    EXPECT_EQ(outcome.code, 5);
    EXPECT_THAT(outcome.err, HasSubstr("not what was recorded"));
    EXPECT_FALSE(std::filesystem::exists(path_));
    EXPECT_FALSE(std::filesystem::exists(path_ + ".part"));
  }
  EXPECT_EQ(Get().code, 0);
}

TEST_F(RecordingCommandsTest, WhatIsNoRecordingIsNotPlayed) {
  std::ofstream(path_) << "hello\n";
  const Outcome outcome = moshctl_.Run({"replay", path_});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("no asciicast"));
}

TEST(ProgressBar, SaysHowMuch) {
  EXPECT_THAT(ProgressBar(0, 4096), StartsWith("[                              ]   0%"));
  EXPECT_THAT(ProgressBar(2048, 4096), HasSubstr("]  50%"));
  EXPECT_THAT(ProgressBar(0, 0), HasSubstr("100%"));
}

using std::chrono::seconds;

absl::Time Second(int second) { return absl::FromUnixSeconds(second); }

TEST(ReplayClock, KeepsTimeAtItsSpeed) {
  ReplayClock clock(2, absl::InfiniteDuration(), Second(100));
  EXPECT_EQ(clock.DueOf(seconds(10)), Second(105));
  EXPECT_EQ(clock.DueOf(seconds(4)), Second(105)) << "never back";
  EXPECT_EQ(clock.DueOf(seconds(12)), Second(106));
}

TEST(ReplayClock, CutsPauses) {
  ReplayClock clock(1, absl::Seconds(3), Second(100));
  EXPECT_EQ(clock.DueOf(seconds(2)), Second(102));
  EXPECT_EQ(clock.DueOf(seconds(1000)), Second(105));
}

TEST(ReplayClock, APauseMovesTheRest) {
  ReplayClock clock(1, absl::InfiniteDuration(), Second(100));
  clock.DueOf(seconds(10));
  clock.Toggle(Second(104));
  EXPECT_TRUE(clock.paused());
  clock.Toggle(Second(124));
  EXPECT_FALSE(clock.paused());
  EXPECT_EQ(clock.due(), Second(130));
}

TEST(ReplayClock, AStepInAPauseCountsFromThere) {
  ReplayClock clock(1, absl::InfiniteDuration(), Second(100));
  clock.DueOf(seconds(10));
  clock.Toggle(Second(104));
  clock.Skip(Second(120));
  clock.DueOf(seconds(15));
  clock.Toggle(Second(121));
  EXPECT_EQ(clock.due(), Second(126));
}

}  // namespace
}  // namespace mosh::mgmt::ctl
