#include "bench/typing_trace.h"

#include <algorithm>
#include <string>

#include "bench/measure.h"
#include "gtest/gtest.h"

namespace mosh::bench {
namespace {

constexpr int kLength = 120;
const TracePrograms kPrograms = {.folder = "/nowhere", .app = "/nowhere/typing_app"};

std::string Bytes(const Trace& trace) {
  std::string bytes;
  for (const TraceKey& key : trace.keys) bytes += key.bytes;
  return bytes;
}

class EveryTrace : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, EveryTrace, testing::ValuesIn(TraceNames()),
                         [](const auto& info) { return info.param; });

TEST_P(EveryTrace, IsTheSameForTheSameSeed) {
  const Trace first = MakeTrace(GetParam(), 7, kLength, kPrograms);
  const Trace second = MakeTrace(GetParam(), 7, kLength, kPrograms);
  ASSERT_EQ(first.keys.size(), static_cast<size_t>(kLength));
  EXPECT_EQ(Bytes(first), Bytes(second));
  EXPECT_EQ(first.command, second.command);
  for (int i = 0; i < kLength; ++i) EXPECT_EQ(first.keys[i].gap, second.keys[i].gap);
}

TEST_P(EveryTrace, HasAnotherRhythmForAnotherSeed) {
  EXPECT_NE(MakeTrace(GetParam(), 7, kLength, kPrograms).keys[5].gap,
            MakeTrace(GetParam(), 8, kLength, kPrograms).keys[5].gap);
}

TEST_P(EveryTrace, HasAHumanRhythm) {
  Samples gaps;
  for (const TraceKey& key : MakeTrace(GetParam(), 3, 1000, kPrograms).keys) gaps.Add(key.gap);
  EXPECT_GT(gaps.Median(), 120);
  EXPECT_LT(gaps.Median(), 220);
  EXPECT_GT(gaps.Percentile(1), 20);
  EXPECT_LT(gaps.Percentile(99), 3000);
}

// The judge finds a leak by its characters: nothing else may show them.
TEST(PasswordTrace, SecretCharactersOccurNowhereElse) {
  const Trace trace = MakeTrace("password", 1, kLength, kPrograms);
  std::string secret, open = "Password: Sorry, try again. Passphrase for this disk: unlocked";
  for (const TraceKey& key : trace.keys) (key.nature.secret != 0 ? secret : open) += key.bytes;
  EXPECT_GT(secret.size(), 20u);
  EXPECT_EQ(open.find_first_of(secret), std::string::npos);
}

}  // namespace
}  // namespace mosh::bench
