#include "mgmt/recording/asciicast.h"

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

server::control::Frame Frame(uint32_t columns, uint32_t rows, const std::string& ansi,
                             bool restart = false) {
  server::control::Frame frame;
  frame.mutable_size()->set_columns(columns);
  frame.mutable_size()->set_rows(rows);
  frame.set_ansi(ansi);
  frame.set_restart(restart);
  return frame;
}

TEST(Asciicast, AFileBeginsWithTheFirstFramesSize) {
  CastWriter cast({.start = absl::FromUnixSeconds(1'800'000'000), .title = "a \"title\""},
                  Frame(100, 30, ""));
  EXPECT_EQ(cast.header(),
            "{\"version\": 2, \"width\": 100, \"height\": 30, \"timestamp\": 1800000000, "
            "\"title\": \"a \\\"title\\\"\", \"env\": {\"TERM\": \"xterm-256color\"}}\n");
}

TEST(Asciicast, FramesAreOutput) {
  CastWriter cast({}, Frame(80, 24, ""));
  EXPECT_EQ(cast.Add(Frame(80, 24, "a\033[mé\r\n", true), milliseconds(0)),
            "[0.000000, \"o\", \"a\\u001b[mé\\r\\n\"]\n");
  EXPECT_EQ(cast.Add(Frame(80, 24, "b"), milliseconds(1050)), "[1.050000, \"o\", \"b\"]\n");
}

TEST(Asciicast, AnotherSizeIsAResizeAndAReset) {
  CastWriter cast({}, Frame(80, 24, ""));
  cast.Add(Frame(80, 24, "a", true), milliseconds(0));
  EXPECT_EQ(cast.Add(Frame(90, 20, "b", true), milliseconds(1)),
            "[0.001000, \"r\", \"90x20\"]\n[0.001000, \"o\", \"\\u001bcb\"]\n");
}

TEST(Asciicast, ARestartIsAReset) {
  CastWriter cast({}, Frame(80, 24, ""));
  cast.Add(Frame(80, 24, "a", true), milliseconds(0));
  EXPECT_EQ(cast.Add(Frame(80, 24, "b", true), milliseconds(1)),
            "[0.001000, \"o\", \"\\u001bcb\"]\n");
}

TEST(Asciicast, TimeNeverGoesBack) {
  CastWriter cast({}, Frame(80, 24, ""));
  cast.Add(Frame(80, 24, "a"), milliseconds(20));
  EXPECT_EQ(cast.Add(Frame(80, 24, "b"), milliseconds(10)), "[0.020000, \"o\", \"b\"]\n");
  EXPECT_EQ(cast.End("done", milliseconds(5)), "[0.020000, \"m\", \"done\"]\n");
}

TEST(Asciicast, WhatIsNoUtf8DoesntSpoilTheFile) {
  CastWriter cast({.title = "\xff"}, Frame(80, 24, ""));
  EXPECT_TRUE(ParseCastHeader(cast.header()).ok());
  const auto event = ParseCastEvent(cast.Add(Frame(80, 24, "a\xff"), milliseconds(0)));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->data, "a\xEF\xBF\xBD");
}

server::control::Frame Typed(const std::string& typed) {
  server::control::Frame frame;
  frame.add_input()->set_typed(typed);
  return frame;
}

TEST(Asciicast, InputStandsBeforeTheStep) {
  CastWriter cast({}, Frame(80, 24, ""));
  server::control::Frame frame = Frame(80, 24, "ls");
  frame.add_input()->set_typed("ls\r");
  EXPECT_EQ(cast.Add(frame, milliseconds(10)),
            "[0.010000, \"i\", \"ls\\r\"]\n[0.010000, \"o\", \"ls\"]\n");
  EXPECT_EQ(cast.Add(Typed("x"), milliseconds(20)), "[0.020000, \"i\", \"x\"]\n");
}

TEST(Asciicast, InputThatIsNotToldIsAMark) {
  CastWriter cast({}, Frame(80, 24, ""));
  server::control::Frame frame = Typed("su\r");
  frame.add_input()->set_gap(server::control::Input::HIDDEN);
  frame.add_input()->set_gap(server::control::Input::LOST);
  EXPECT_EQ(cast.Add(frame, milliseconds(0)),
            "[0.000000, \"i\", \"su\\r\"]\n"
            "[0.000000, \"m\", \"input is hidden: the terminal does not echo\"]\n"
            "[0.000000, \"m\", \"input is missing: it was too much to be recorded\"]\n");
}

TEST(Asciicast, ACharacterThatComesInPartsIsOne) {
  CastWriter cast({}, Frame(80, 24, ""));
  EXPECT_EQ(cast.Add(Typed("\xE2\x82"), milliseconds(0)), "");
  EXPECT_EQ(cast.Add(Typed("\xAC\xF0"), milliseconds(1)), "[0.001000, \"i\", \"\u20ac\"]\n");
  EXPECT_EQ(cast.End("end", milliseconds(2)),
            "[0.002000, \"i\", \"\uFFFD\"]\n[0.002000, \"m\", \"end\"]\n");
  EXPECT_EQ(cast.Add(Typed("\x80\x80\x80\x80"), milliseconds(3)),
            "[0.003000, \"i\", \"\uFFFD\uFFFD\uFFFD\uFFFD\"]\n")
      << "what can't be the beginning of one doesn't wait";
}

TEST(Asciicast, ASizeThatIsNoneDoesntSpoilTheFile) {
  CastWriter cast({}, Frame(0, 4'000'000'000, ""));
  const auto header = ParseCastHeader(cast.header());
  ASSERT_TRUE(header.ok()) << cast.header();
  EXPECT_EQ(header->columns, 80);
}

TEST(Asciicast, WhatWasWrittenIsRead) {
  const CastHeader header{.columns = 1, .rows = 2, .start = absl::FromUnixSeconds(3), .title = "ü"};
  EXPECT_EQ(*ParseCastHeader(FormatCastHeader(header)), header);
  for (const CastEvent& event :
       {CastEvent{microseconds(0), 'o', ""}, CastEvent{microseconds(123'456'789'012), 'r', "1x2"},
        CastEvent{microseconds(7), 'm', "\033\"\\\n\u2028\U0001F600"}}) {
    const std::string line = FormatCastEvent(event);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(*ParseCastEvent(line), event) << line;
  }
}

TEST(Asciicast, WhatIsNoneIsRefused) {
  for (const char* line :
       {"", "x", "[]", "{}", R"({"version": 1, "width": 80, "height": 24})",
        R"({"version": 2, "width": 80})", R"({"version": 2, "width": -1, "height": 24})",
        R"({"version": 2, "width": 80.5, "height": 24})",
        R"({"version": 2, "width": 99999999999, "height": 24})"}) {
    EXPECT_EQ(ParseCastHeader(line).status().code(), absl::StatusCode::kInvalidArgument) << line;
  }
  for (const char* line : {"", "[", "[1, \"o\"]", "[1, \"oo\", \"\"]", "[\"1\", \"o\", \"\"]",
                           "[-1, \"o\", \"\"]", "[1e300, \"o\", \"\"]", "[1, \"o\", 1]", "{}"}) {
    EXPECT_EQ(ParseCastEvent(line).status().code(), absl::StatusCode::kInvalidArgument) << line;
  }
  for (const char* text : {"", "x", "1x", "0x1", "1x2x3", "1x99999"}) {
    EXPECT_FALSE(ParseCastSize(text)) << text;
  }
  EXPECT_EQ(ParseCastSize("100x30")->columns, 100);
}

}  // namespace
}  // namespace mosh::mgmt
