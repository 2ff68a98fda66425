#include "mgmt/ctl/table.h"

#include "gtest/gtest.h"

namespace mosh::mgmt::ctl {
namespace {

const std::vector<std::vector<Cell>> kRows = {
    {{"ID"}, {"RTT", kPlain, true}, {"TITLE"}},
    {{"abc"}, {"7 ms", kPlain, true}, {"vi 漢字"}},
    {{"d"}, {"120 ms", kRed, true}, {""}},
};

TEST(Table, AlignsByColumnsAndEndsNoLineInBlanks) {
  EXPECT_EQ(FormatTable(kRows, 0, false),
            "ID      RTT  TITLE\n"
            "abc    7 ms  vi 漢字\n"
            "d    120 ms\n");
}

TEST(Table, IsCutToTheTerminal) {
  EXPECT_EQ(FormatTable(kRows, 18, false),
            "ID      RTT  TITLE\n"
            "abc    7 ms  vi 漢\n"
            "d    120 ms\n");
  EXPECT_EQ(FormatTable(kRows, 6, false),
            "ID\n"
            "abc\n"
            "d\n");
}

TEST(Table, ColoursOnlyWhenAsked) {
  EXPECT_EQ(FormatTable({{{"x", kRed}, {"y"}}}, 0, true), "\033[31mx\033[m  y\n");
  EXPECT_EQ(FormatTable({{{"x", kRed}, {"y"}}}, 0, false), "x  y\n");
}

}  // namespace
}  // namespace mosh::mgmt::ctl
