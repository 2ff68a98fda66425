#include <clocale>
#include <cwchar>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "term/unicode/width_rules.h"
#include "term/width.h"

namespace mosh::term::unicode {
namespace {

constexpr char kTable[] = "term/unicode/width_table.inc";

class WidthTable : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(std::string(kDefaultDirectory) + "/UnicodeData.txt")) {
      GTEST_SKIP() << "the package unicode-data is not installed";
    }
    ASSERT_TRUE(ReadWidthData(kDefaultDirectory, &data_));
    if (data_.version != kUnicodeVersion) {
      GTEST_SKIP() << "Unicode " << data_.version << " installed, table is of " << kUnicodeVersion;
    }
  }
  WidthData data_;
};

TEST_F(WidthTable, IsWhatTheGeneratorWrites) {
  std::ifstream file(kTable);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), FormatWidthTable(data_))
      << "run: bazel run //term/unicode:generate_width_table > " << kTable;
}

TEST_F(WidthTable, LookupAgreesWithTheRules) {
  for (int c = 0; c < kCodePoints; ++c) {
    ASSERT_EQ(CodePointWidth(static_cast<char32_t>(c)), data_.width[c]) << std::hex << c;
  }
}

// A stock peer draws with the C library's idea of width. Only code points that are unassigned there
// may differ: the library says -1 to them.
TEST(CodePointWidth, AgreesWithTheCLibrary) {
  const char* const locale = std::setlocale(LC_CTYPE, "C.UTF-8");
  if (locale == nullptr) GTEST_SKIP() << "no locale C.UTF-8";
  int unassigned = 0;
  for (int c = 0x20; c < kCodePoints; ++c) {
    const int ours = CodePointWidth(static_cast<char32_t>(c));
    const int theirs = wcwidth(static_cast<wchar_t>(c));
    if (ours == theirs) continue;
    if (theirs == -1 && ours >= 0) {
      ++unassigned;
      continue;
    }
    ADD_FAILURE() << "U+" << std::hex << c << std::dec << ": " << ours << ", C library " << theirs;
  }
  RecordProperty("only_ours", unassigned);
}

// Of those, the ones that Unicode has assigned after the library's tables were made are few.
TEST_F(WidthTable, CodePointsNewerThanTheCLibraryAreFew) {
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) GTEST_SKIP() << "no locale C.UTF-8";
  int newer = 0;
  for (int c = 0x20; c < kCodePoints; ++c) {
    if (data_.assigned[c] && data_.width[c] >= 0 && wcwidth(static_cast<wchar_t>(c)) < 0) ++newer;
  }
  EXPECT_LT(newer, 6000);  // Unicode 15 added 4489 characters to Unicode 14.
}

TEST(CodePointWidth, Examples) {
  EXPECT_EQ(CodePointWidth('a'), 1);
  EXPECT_EQ(CodePointWidth(0x7F), -1);
  EXPECT_EQ(CodePointWidth(0xAD), 1);
  EXPECT_EQ(CodePointWidth(0x301), 0);
  EXPECT_EQ(CodePointWidth(0x200B), 0);
  EXPECT_EQ(CodePointWidth(0xFE0F), 0);
  EXPECT_EQ(CodePointWidth(0x1161), 0);
  EXPECT_EQ(CodePointWidth(0x4E2D), 2);
  EXPECT_EQ(CodePointWidth(0x1F600), 2);
  EXPECT_EQ(CodePointWidth(0x1F1FA), 1);
  EXPECT_EQ(CodePointWidth(0x2028), -1);
  EXPECT_EQ(CodePointWidth(0xFFFF), -1);
  EXPECT_EQ(CodePointWidth(0x378), 1);
  EXPECT_EQ(CodePointWidth(0x1FAFF), 2);
  EXPECT_EQ(CodePointWidth(0x110000), -1);
}

}  // namespace
}  // namespace mosh::term::unicode
