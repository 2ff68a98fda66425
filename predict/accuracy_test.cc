// How much of what is typed shows at once, and how much of that is wrong: numbers kept so that a
// change that costs accuracy is seen.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "predict/engine.h"
#include "predict/testing/shell.h"
#include "predict/testing/typist.h"

namespace mosh::predict {
namespace {

constexpr std::array<absl::string_view, 8> kCommands = {
    "ls -la\r",           "cd /tmp\r",          "make tset\x7f\x7f\x7f\x65st\r",
    "git status\r",       "vim notes.txt\r",    "grep -rn x .\r",
    "echo hello world\r", "cat /etc/hostname\r"};

// Of all keys, permille: how many showed at once, and were wrong.
struct Score {
  uint64_t seen;
  uint64_t wrong;
};

Score Measure(Line line, const ShellStyle& style) {
  uint64_t keys = 0;
  uint64_t seen = 0;
  uint64_t wrong = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Shell shell(seed, style);
    Typist typist(seed, line, {}, &shell);
    shell.Start();
    typist.RunFor(3 * line.round_trip_ms + 1000);
    for (int i = 0; i < 12; ++i) {
      for (const char key : kCommands[typist.random()() % kCommands.size()]) {
        typist.Type(std::string(1, key));
        typist.RunFor(static_cast<int>(80 + typist.random()() % 160));
      }
      // Reads the answer.
      typist.RunFor(line.round_trip_ms + 300 + static_cast<int>(typist.random()() % 800));
    }
    keys += typist.keys();
    seen += typist.keys_seen_at_once();
    wrong += typist.engine().tally().shown_wrong;
  }
  return {seen * 1000 / keys, wrong * 1000 / keys};
}

TEST(Accuracy, OfTypingIntoShells) {
  const Line fast{.round_trip_ms = 100};
  const Line slow{.round_trip_ms = 500, .jitter_ms = 60};
  const Line lossy{.round_trip_ms = 100, .loss = 0.29};
  const Line queue{.round_trip_ms = 5000};
  const ShellStyle plain;
  const ShellStyle dressed{.right_prompt = "[main] 12:00", .suggests = true};
  struct Case {
    const char* name;
    const Line& line;
    const ShellStyle& style;
    uint64_t at_least_seen;
    uint64_t at_most_wrong;
  };
  for (const Case& one :
       {Case{"100 ms", fast, plain, 830, 0}, Case{"100 ms, dressed", fast, dressed, 830, 0},
        Case{"500 ms", slow, plain, 610, 0}, Case{"500 ms, dressed", slow, dressed, 610, 0},
        Case{"29% loss", lossy, plain, 785, 0}, Case{"29% loss, dressed", lossy, dressed, 775, 0},
        // Each line is typed before the echo of its first character: nothing may show.
        Case{"5 s queue", queue, plain, 0, 0}}) {
    const Score score = Measure(one.line, one.style);
    printf("%-20s seen at once %3d permille, wrong %d permille\n", one.name,
           static_cast<int>(score.seen), static_cast<int>(score.wrong));
    EXPECT_GE(score.seen, one.at_least_seen) << one.name;
    EXPECT_LE(score.wrong, one.at_most_wrong) << one.name;
  }
}

}  // namespace
}  // namespace mosh::predict
