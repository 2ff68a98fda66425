#include "netem/profile.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::netem {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

LinkConditions Up(absl::string_view text) {
  absl::StatusOr<PathConditions> path = ParseProfile(text);
  EXPECT_TRUE(path.ok()) << path.status().ToString();
  return path.ok() ? path->up : LinkConditions();
}

std::string ErrorOf(absl::string_view text) {
  return std::string(ParseProfile(text).status().message());
}

TEST(ParseProfile, EveryNamedProfileParses) {
  for (const NamedProfile& profile : Profiles()) {
    EXPECT_TRUE(ParseProfile(profile.name).ok()) << profile.name;
  }
}

TEST(ParseProfile, LossyIsThePapersLossExperiment) {
  const PathConditions path = *ParseProfile("lossy");
  EXPECT_EQ(path.up.delay + path.down.delay, milliseconds(100));
  EXPECT_DOUBLE_EQ(path.up.loss, 0.29);
  EXPECT_DOUBLE_EQ(path.down.loss, 0.29);
}

TEST(ParseProfile, SettingWithoutPrefixHoldsForBothDirections) {
  const PathConditions path = *ParseProfile("delay=250,loss=0.1");
  EXPECT_EQ(path.up, path.down);
  EXPECT_EQ(path.up.delay, milliseconds(250));
}

TEST(ParseProfile, PrefixChoosesOneDirection) {
  const PathConditions path = *ParseProfile("up.delay=10,down.loss=50%");
  EXPECT_EQ(path.up.delay, milliseconds(10));
  EXPECT_EQ(path.down.delay, milliseconds(0));
  EXPECT_EQ(path.up.loss, 0);
  EXPECT_EQ(path.down.loss, 0.5);
}

TEST(ParseProfile, LaterItemsOverrideTheNamedOnes) {
  const LinkConditions link = Up("lossy, loss=5%");
  EXPECT_EQ(link.delay, milliseconds(50));
  EXPECT_DOUBLE_EQ(link.loss, 0.05);
}

TEST(ParseProfile, ReadsUnitsOfTime) {
  EXPECT_EQ(Up("delay=1.5s").delay, milliseconds(1500));
  EXPECT_EQ(Up("jitter=800us").jitter, microseconds(800));
  EXPECT_EQ(Up("reorder-delay=2ms").reorder_delay, milliseconds(2));
}

TEST(ParseProfile, ReadsEverySetting) {
  const LinkConditions link = Up(
      "reorder=1%,duplicate=2%,corrupt=3%,replay=4%,rate=1.5M,queue=64K,fill=90%,mtu=1280,burst=1%/8/50%");
  EXPECT_DOUBLE_EQ(link.reorder, 0.01);
  EXPECT_DOUBLE_EQ(link.duplicate, 0.02);
  EXPECT_DOUBLE_EQ(link.corrupt, 0.03);
  EXPECT_DOUBLE_EQ(link.replay, 0.04);
  EXPECT_EQ(link.rate_bps, 1'500'000u);
  EXPECT_EQ(link.queue_bytes, 65536u);
  EXPECT_DOUBLE_EQ(link.fill, 0.9);
  EXPECT_EQ(link.mtu, 1280u);
  EXPECT_DOUBLE_EQ(link.burst_enter, 0.01);
  EXPECT_DOUBLE_EQ(link.burst_leave, 0.125);
  EXPECT_DOUBLE_EQ(link.burst_loss, 0.5);
}

TEST(ParseProfile, CollectsBlackouts) {
  const LinkConditions link = Up("blackout=10s+20s,blackout=0+2s/30s");
  ASSERT_EQ(link.blackouts.size(), 2u);
  EXPECT_EQ(link.blackouts[0], (Blackout{seconds(10), seconds(20), seconds(0)}));
  EXPECT_EQ(link.blackouts[1], (Blackout{seconds(0), seconds(2), seconds(30)}));
}

TEST(ParseProfile, UnknownNameListsTheKnownOnes) {
  EXPECT_THAT(ErrorOf("trian"),
              AllOf(HasSubstr("'trian'"), HasSubstr("train"), HasSubstr("ev-do")));
}

TEST(ParseProfile, UnknownSettingListsTheKnownOnes) {
  EXPECT_THAT(ErrorOf("delay=5,los=1%"),
              AllOf(HasSubstr("'los'"), HasSubstr("loss"), HasSubstr("blackout")));
}

TEST(ParseProfile, BadValuesAreNamedWithTheirForm) {
  EXPECT_THAT(ErrorOf("delay=fast"), AllOf(HasSubstr("'fast'"), HasSubstr("250ms")));
  EXPECT_THAT(ErrorOf("loss=110%"), HasSubstr("'110%'"));
  EXPECT_THAT(ErrorOf("loss=1e9"), HasSubstr("a share"));
  EXPECT_THAT(ErrorOf("burst=1%"), HasSubstr("SHARE/LENGTH"));
  EXPECT_THAT(ErrorOf("blackout=1s"), HasSubstr("START+LENGTH"));
  EXPECT_THAT(ErrorOf("blackout=1s+5s/2s"), HasSubstr("longer"));
  EXPECT_THAT(ErrorOf("rate=-1"), HasSubstr("bits a second"));
  EXPECT_THAT(ErrorOf("mtu=20"), HasSubstr("29"));
  EXPECT_THAT(ErrorOf("queue=1T"), HasSubstr("octets"));
  EXPECT_THAT(ErrorOf("delay=99999999999s"), HasSubstr("a time"));
}

TEST(ParseProfile, EmptyTextIsAnError) { EXPECT_FALSE(ParseProfile("").ok()); }

}  // namespace
}  // namespace mosh::netem
