// How much of what is typed shows at once, and how much is wrong, by kind of program and line:
// numbers kept so that a change that costs accuracy is seen.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "predict/testing/score.h"
#include "predict/testing/traces.h"
#include "predict/testing/typist.h"

namespace mosh::predict {
namespace {

constexpr uint64_t kSeeds = 8;

struct NamedLine {
  const char* name;
  Line line;
};
constexpr std::array<NamedLine, 4> kLines = {{{"100 ms", {.round_trip_ms = 100}},
                                              {"500 ms", {.round_trip_ms = 500, .jitter_ms = 60}},
                                              {"29% loss", {.round_trip_ms = 100, .loss = 0.29}},
                                              {"5 s queue", {.round_trip_ms = 5000}}}};

// Of a thousand keys: so many at least show at once, and so many at most show something wrong.
struct Bounds {
  uint64_t shown;
  uint64_t wrong;
};
struct Golden {
  const char* kind;
  std::array<Bounds, 4> ours;   // by line, from a server that tells the terminal's modes
  std::array<Bounds, 4> stock;  // from one that doesn't
};
constexpr std::array<Golden, 7> kGolden = {{
    {"shell", {{{897, 1}, {804, 1}, {861, 1}, {17, 1}}}, {{{815, 1}, {598, 1}, {759, 1}, {17, 1}}}},
    {"dressed shell",
     {{{812, 1}, {727, 1}, {759, 1}, {17, 1}}},
     {{{750, 1}, {560, 1}, {678, 1}, {17, 1}}}},
    {"line editing",
     {{{957, 1}, {939, 1}, {944, 1}, {175, 1}}},
     {{{922, 1}, {817, 1}, {895, 1}, {125, 1}}}},
    {"modal editor",
     {{{945, 1}, {903, 6}, {939, 1}, {614, 24}}},
     {{{945, 1}, {903, 6}, {939, 1}, {614, 24}}}},
    {"modeless editor",
     {{{970, 1}, {931, 1}, {959, 1}, {668, 1}}},
     {{{970, 1}, {931, 1}, {959, 1}, {668, 1}}}},
    {"mail reader",
     {{{363, 1}, {68, 1}, {254, 1}, {65, 1}}},
     {{{363, 1}, {68, 1}, {254, 1}, {65, 1}}}},
    {"form", {{{810, 4}, {504, 5}, {738, 6}, {1, 5}}}, {{{704, 4}, {364, 5}, {639, 6}, {1, 5}}}},
}};

Score Measure(const Kind& kind, const Line& line) {
  Score score;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto reference = kind.make(seed);
    const auto live = kind.make(seed);
    score += Play(seed, line, {}, kind.type(seed), reference.get(), live.get());
  }
  return score;
}

// What is not shown, most first, if somebody looks into a failure.
std::string Hidden(const Score& score) {
  std::multimap<uint64_t, std::string, std::greater<>> most;
  for (const auto& [name, count] : score.hidden) most.emplace(count, name);
  std::string text;
  for (const auto& [count, name] : most) absl::StrAppend(&text, name, " ", count, "\n");
  return text;
}

void MeasureAll(bool tells_modes) {
  ASSERT_EQ(Kinds().size(), kGolden.size());
  for (size_t i = 0; i < kGolden.size(); ++i) {
    ASSERT_STREQ(Kinds()[i].name, kGolden[i].kind);
    for (size_t at = 0; at < kLines.size(); ++at) {
      Line line = kLines[at].line;
      line.tells_modes = tells_modes;
      const Bounds& bounds = (tells_modes ? kGolden[i].ours : kGolden[i].stock)[at];
      const Score score = Measure(Kinds()[i], line);
      const uint64_t shown = 1000 * score.shown / score.keys;
      const uint64_t wrong = 1000 * score.wrong / score.keys;
      printf("%-16s %-10s shown %3d, wrong %d permille\n", kGolden[i].kind, kLines[at].name,
             static_cast<int>(shown), static_cast<int>(wrong));
      EXPECT_GE(shown, bounds.shown) << kGolden[i].kind << ", " << kLines[at].name << "; hidden:\n"
                                     << Hidden(score);
      EXPECT_LE(wrong, bounds.wrong) << kGolden[i].kind << ", " << kLines[at].name;
    }
  }
}

TEST(Accuracy, WithAServerOfOurs) { MeasureAll(true); }
TEST(Accuracy, WithAServerOfStocks) { MeasureAll(false); }

}  // namespace
}  // namespace mosh::predict
