// Whole sessions through bad networks. The seeds are fixed; //sim:sweep runs as many others as one
// likes.
#include "sim/simulation.h"

#include <cstdlib>

#include "gtest/gtest.h"
#include "sim/plan.h"

namespace mosh::sim {
namespace {

constexpr uint64_t kSeeds = 2400;

uint64_t EnvironmentNumber(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::strtoull(value, nullptr, 10) : otherwise;
}

TEST(Simulation, SessionsSurviveTheirNetworks) {
  // Each shard takes its share of the seeds, instead of each taking whole tests.
  const uint64_t shards = EnvironmentNumber("SIM_SHARDS", 1);
  const uint64_t shard = EnvironmentNumber("SIM_SHARD", 0);
  uint64_t keys = 0;
  for (uint64_t seed = 1 + shard; seed <= kSeeds; seed += shards) {
    const Outcome outcome = Simulate(seed);
    keys += outcome.keys;
    EXPECT_EQ(outcome.failure, "")
        << "replay: ./tools/bazel run //sim:sweep -- --first=" << seed << " --seeds=1 --verbose\n"
        << Describe(MakePlan(seed));
  }
  EXPECT_GT(keys, 100u * kSeeds / shards / 2);
}

TEST(Simulation, SameSeedSameTrace) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Outcome once = Simulate(seed);
    const Outcome again = Simulate(seed);
    EXPECT_EQ(once.trace_hash, again.trace_hash) << "seed " << seed;
    EXPECT_EQ(once.datagrams, again.datagrams) << "seed " << seed;
  }
}

TEST(Simulation, DifferentSeedsDifferentTraces) {
  EXPECT_NE(Simulate(1).trace_hash, Simulate(2).trace_hash);
}

}  // namespace
}  // namespace mosh::sim
