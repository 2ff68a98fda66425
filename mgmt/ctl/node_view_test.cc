#include "mgmt/ctl/node_view.h"

#include "gtest/gtest.h"

namespace mosh::mgmt::ctl {
namespace {

TEST(Span, IsReadAndWritten) {
  EXPECT_EQ(ParseSpan("90"), absl::Seconds(90));
  EXPECT_EQ(ParseSpan("90s"), absl::Seconds(90));
  EXPECT_EQ(ParseSpan("10m"), absl::Minutes(10));
  EXPECT_EQ(ParseSpan("1h30m"), absl::Minutes(90));
  EXPECT_EQ(ParseSpan("7d"), absl::Hours(168));
  EXPECT_EQ(ParseSpan("off"), absl::ZeroDuration());
  EXPECT_EQ(ParseSpan("0"), absl::ZeroDuration());
  for (const char* bad : {"soon", "-5", "1.5h", "5 m", "h", "1h30", "10w"}) {
    EXPECT_FALSE(ParseSpan(bad)) << bad;
  }
  EXPECT_GT(*ParseSpan("99999999999999999999999d"), absl::Hours(24 * 3650)) << "too much stays so";
  for (const char* text : {"1h30m", "7d", "45s", "1d2h3m4s", "off"}) {
    EXPECT_EQ(SpanText(*ParseSpan(text)), text);
  }
}

TEST(DrainProgress, SaysWhatIsLeft) {
  ::mosh::fleet::v1::DrainNodeMetadata drain;
  drain.mutable_deadline()->set_seconds(1000);
  drain.set_initial_session_count(5);
  drain.set_session_count(3);
  EXPECT_EQ(DrainProgress(drain, absl::FromUnixSeconds(402)), "3 of 5 sessions left, 9m58s to go");
  EXPECT_EQ(DrainProgress(drain, absl::FromUnixSeconds(2000)), "3 of 5 sessions left, 0 to go");
  drain.set_session_count(6);
  EXPECT_EQ(DrainProgress(drain, absl::FromUnixSeconds(2000)), "6 of 6 sessions left, 0 to go")
      << "one more had come through";
  drain.set_state(::mosh::fleet::v1::DrainNodeMetadata::ENDING);
  EXPECT_EQ(DrainProgress(drain, absl::FromUnixSeconds(2000)), "6 of 6 sessions left, being ended");
}

}  // namespace
}  // namespace mosh::mgmt::ctl
