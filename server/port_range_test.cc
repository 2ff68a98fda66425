#include "server/port_range.h"

#include <string>

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

std::string ErrorOf(absl::string_view text) {
  return std::string(ParsePortRange(text).status().message());
}

TEST(PortRange, DefaultIsStocks) { EXPECT_EQ(PortRange(), (PortRange{60001, 60999})); }

TEST(PortRange, OnePortIsARangeOfOne) {
  EXPECT_EQ(*ParsePortRange("4242"), (PortRange{4242, 4242}));
}

TEST(PortRange, ZeroLeavesTheChoiceToTheSystem) {
  EXPECT_EQ(*ParsePortRange("0"), (PortRange{0, 0}));
}

TEST(PortRange, BothEndsAreIncluded) {
  EXPECT_EQ(*ParsePortRange("1:65535"), (PortRange{1, 65535}));
  EXPECT_EQ(*ParsePortRange("7:7"), (PortRange{7, 7}));
}

TEST(PortRange, NamesWhatIsWrong) {
  EXPECT_EQ(ErrorOf("ssh"), "Invalid (low) port number (ssh)");
  EXPECT_EQ(ErrorOf(""), "Invalid (low) port number ()");
  EXPECT_EQ(ErrorOf("12x"), "Invalid (low) port number (12x)");
  EXPECT_EQ(ErrorOf(" 12"), "Invalid (low) port number ( 12)");
  EXPECT_EQ(ErrorOf(":5"), "Invalid (low) port number ()");
  EXPECT_EQ(ErrorOf("65536"), "(Low) port number 65536 outside valid range [0..65535]");
  EXPECT_EQ(ErrorOf("-1"), "(Low) port number -1 outside valid range [0..65535]");
  EXPECT_EQ(ErrorOf("99999999999999999999"), "Invalid (low) port number (99999999999999999999)");
  EXPECT_EQ(ErrorOf("5:"), "Invalid high port number ()");
  EXPECT_EQ(ErrorOf("5:6:7"), "Invalid high port number (6:7)");
  EXPECT_EQ(ErrorOf("5:70000"), "High port number 70000 outside valid range [0..65535]");
  EXPECT_EQ(ErrorOf("9:5"), "Low port 9 greater than high port 5");
  EXPECT_EQ(ErrorOf("0:5"), "Low port 0 incompatible with port ranges");
}

}  // namespace
}  // namespace mosh::server
