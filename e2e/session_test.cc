// What a person does in a session on a good network: type, read, resize, paste.
#include <string>

#include "absl/strings/str_cat.h"
#include "e2e/mosh_session.h"
#include "e2e/tools.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::e2e {
namespace {

class SessionTest : public testing::TestWithParam<Pairing> {};

INSTANTIATE_TEST_SUITE_P(, SessionTest, testing::ValuesIn(PairingsUnderTest()),
                         [](const auto& info) { return info.param.Name(); });

// A command line that waits for the client, so that nothing races with its first resize.
std::vector<std::string> Shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

TEST_P(SessionTest, TypingIsEchoedAndAnswered) {
  MoshSession session(GetParam(), {});
  ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
  session.terminal().Type("echo one$((1+1))three\r");
  EXPECT_TRUE(session.terminal().WaitForText("one2three")) << session.Describe();
  EXPECT_TRUE(session.terminal().screen().Contains("$ echo one$((1+1))three"));
  EXPECT_TRUE(session.Quit()) << session.Describe();
}

TEST_P(SessionTest, EditingKeysReachTheProgram) {
  MoshSession session(GetParam(), {});
  ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
  session.terminal().Type(
      "echo wrong\x15"
      "echo rigth\x7f\x7fht\r");
  EXPECT_TRUE(session.terminal().WaitForText("\nright")) << session.Describe();
}

TEST_P(SessionTest, WideAndCombiningCharacters) {
  MoshSession session(GetParam(), {.command = Shell("stty -echo; printf 'ready\\n'; exec cat")});
  ASSERT_TRUE(session.terminal().WaitForText("ready")) << session.Describe();
  // An accented letter composed of two code points, wide letters, a wide emoji, box drawing.
  session.terminal().Type("e\u0301x\u8a9e\u6f22y\U0001f600z\u2502\u03a9\r");
  ASSERT_TRUE(session.terminal().WaitForText("\u03a9")) << session.Describe();
  const ScreenImage image = session.terminal().Image();
  int row = 0;
  while (row + 1 < image.size.rows && image.at(row, 1).text != "x") ++row;
  const std::vector<std::string> expected = {
      "e\u0301", "x", "\u8a9e", "", "\u6f22", "", "y", "\U0001f600", "", "z", "\u2502", "\u03a9"};
  for (size_t column = 0; column < expected.size(); ++column) {
    EXPECT_EQ(image.at(row, static_cast<int>(column)).text, expected[column])
        << "column " << column << "\n"
        << session.Describe();
  }
  EXPECT_EQ(image.at(row, 2).width, 2);
}

TEST_P(SessionTest, ColorsAndAttributesArrive) {
  MoshSession session(
      GetParam(), {.command = Shell(R"(printf '\033[1;31mR\033[0;4;38;5;200mU\033[0;7;44mI\033[0m.'
                                                     printf '\033[3mi\033[0m\033[38;2;1;2;3mt\033[0mend'; cat)")});
  ASSERT_TRUE(session.terminal().WaitForText("RUI.itend")) << session.Describe();
  const ScreenImage image = session.terminal().Image();
  int row = 0;
  while (row + 1 < image.size.rows && image.at(row, 0).text != "R") ++row;
  EXPECT_TRUE(image.at(row, 0).bold);
  EXPECT_EQ(image.at(row, 0).foreground, "i1");
  EXPECT_EQ(image.at(row, 1).underline, 1);
  EXPECT_EQ(image.at(row, 1).foreground, "i200");
  EXPECT_TRUE(image.at(row, 2).reverse);
  EXPECT_EQ(image.at(row, 2).background, "i4");
  EXPECT_TRUE(image.at(row, 4).italic);
  EXPECT_EQ(image.at(row, 5).foreground, "#010203");
}

TEST_P(SessionTest, ResizeReachesTheProgramAndTheScreen) {
  MoshSession session(GetParam(), {.size = {100, 30}});
  ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
  session.terminal().Type("stty size\r");
  ASSERT_TRUE(session.terminal().WaitForText("30 100")) << session.Describe();
  session.terminal().Resize({61, 17});
  session.terminal().Type("clear; stty size\r");
  ASSERT_TRUE(session.terminal().WaitForText("17 61")) << session.Describe();
  session.terminal().Type("clear; seq -s, 1 40\r");
  ASSERT_TRUE(session.terminal().WaitForText("38,39,40")) << session.Describe();
  EXPECT_TRUE(session.Quit()) << session.Describe();
}

TEST_P(SessionTest, ExtremeSizes) {
  MoshSession session(GetParam(), {});
  ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
  session.terminal().Resize({1, 1});
  ASSERT_TRUE(session.terminal().WaitQuiet(std::chrono::milliseconds(100)));
  session.terminal().Resize({1000, 500});
  session.terminal().Type("\rclear; stty size\r");
  EXPECT_TRUE(session.terminal().WaitForText("500 1000")) << session.Describe();
  session.terminal().Resize({80, 24});
  session.terminal().Type("clear; stty size\r");
  EXPECT_TRUE(session.terminal().WaitForText("24 80")) << session.Describe();
}

// FNV-1a, as programs/input_digest.cc computes it.
uint64_t Digest(absl::string_view bytes) {
  uint64_t digest = 0xcbf29ce484222325u;
  for (const char c : bytes) digest = (digest ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return digest;
}

TEST_P(SessionTest, PasteOf64KibArrivesByteForByte) {
  std::string paste;
  for (uint32_t state = 1; paste.size() < 65536;) {
    state = state * 1664525 + 1013904223;
    const char c = static_cast<char>(state >> 24);
    // The client's own escape key, and ESC, behind which cursor keys are translated.
    if (c != '\x1e' && c != '\x1b') paste += c;
  }
  const std::string digest_program = RequireVariable("E2E_INPUT_DIGEST");
  MoshSession session(GetParam(), {.command = {digest_program, "65536"}});
  ASSERT_TRUE(session.terminal().WaitForText("READY")) << session.Describe();
  session.terminal().Type(paste);
  EXPECT_TRUE(session.terminal().WaitForText(
      absl::StrCat("GOT 65536 ", absl::Hex(Digest(paste), absl::kZeroPad16))))
      << session.Describe();
}

TEST_P(SessionTest, FloodEndsWithItsLastScreen) {
  MoshSession session(GetParam(), {});
  ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
  session.terminal().Type("seq 1 300000; echo flood''-over\r");
  EXPECT_TRUE(session.terminal().WaitForText("299999\n300000\nflood-over")) << session.Describe();
}

TEST_P(SessionTest, InterruptStopsAFlood) {
  MoshSession session(GetParam(), {});
  ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
  session.terminal().Type("yes flooding\r");
  ASSERT_TRUE(session.terminal().WaitForText("flooding\nflooding")) << session.Describe();
  session.terminal().Type("\x03");
  session.terminal().Type("echo still''-here\r");
  EXPECT_TRUE(session.terminal().WaitForText("still-here")) << session.Describe();
}

}  // namespace
}  // namespace mosh::e2e
