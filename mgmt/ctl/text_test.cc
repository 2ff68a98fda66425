#include "mgmt/ctl/text.h"

#include "gtest/gtest.h"

namespace mosh::mgmt::ctl {
namespace {

TEST(Harmless, KeepsTextAndDropsControls) {
  EXPECT_EQ(Harmless("grüße 漢字"), "grüße 漢字");
  EXPECT_EQ(Harmless("a\033]0;x\007b\r\n\x7f"), "a?]0;x?b???");
  EXPECT_EQ(Harmless("\xc2\x9b"
                     "31m"),
            "?31m");                               // CSI as one character of C1
  EXPECT_EQ(Harmless("\x9b\xff\xe2\x82"), "???");  // no UTF-8 at all
  EXPECT_EQ(Harmless("a\xe2\x80\xae"
                     "b"),
            "a?b");  // right-to-left override
  EXPECT_EQ(Harmless(absl::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(Harmless("a\xe2\x80\xa8"
                     "b"),
            "a?b");  // line separator
}

TEST(Text, IsMeasuredByColumns) {
  EXPECT_EQ(TextWidth("漢字"), 4);
  EXPECT_EQ(TextWidth("e\xcc\x81"), 1);
  EXPECT_EQ(CutTo("漢字", 3), "漢");
  EXPECT_EQ(FitTo("漢字", 3), "漢 ");
  EXPECT_EQ(FitTo("ab", 4), "ab  ");
  EXPECT_EQ(FitTo("ab", 0), "");
  EXPECT_EQ(CutTo("e\xcc\x81x", 1), "e\xcc\x81");
}

TEST(Text, TellsAmountsShortly) {
  EXPECT_EQ(RoughDuration(absl::Seconds(-3)), "0 s");
  EXPECT_EQ(RoughDuration(absl::Seconds(59)), "59 s");
  EXPECT_EQ(RoughDuration(absl::Minutes(90)), "1 h");
  EXPECT_EQ(RoughDuration(absl::Hours(49)), "2 d");
  EXPECT_EQ(ShortDuration(absl::Microseconds(430)), "0.4 ms");
  EXPECT_EQ(ShortDuration(absl::Milliseconds(250)), "250 ms");
  EXPECT_EQ(ShortDuration(absl::Milliseconds(1250)), "1.2 s");
  EXPECT_EQ(ByteCount(1023), "1023 B");
  EXPECT_EQ(ByteCount(1536), "1.5 KiB");
  EXPECT_EQ(ByteCount(34u << 20), "34 MiB");
  EXPECT_EQ(ByteCount((1u << 20) - 1), "1.0 MiB");
}

}  // namespace
}  // namespace mosh::mgmt::ctl
