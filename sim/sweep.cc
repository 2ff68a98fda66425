// Simulates many sessions and prints the command that replays each failing one.
//
//   ./tools/bazel run //sim:sweep -- --seeds=100000            seeds 1 to 100000
//   ./tools/bazel run //sim:sweep -- --first=77 --seeds=1 --verbose
#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "sim/plan.h"
#include "sim/simulation.h"

namespace {

bool ReadNumber(absl::string_view argument, absl::string_view name, uint64_t& value) {
  return absl::ConsumePrefix(&argument, name) && absl::SimpleAtoi(argument, &value);
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t first = 1, seeds = 2000;
  bool verbose = false;
  for (int i = 1; i < argc; ++i) {
    if (absl::string_view(argv[i]) == "--verbose") {
      verbose = true;
    } else if (!ReadNumber(argv[i], "--first=", first) && !ReadNumber(argv[i], "--seeds=", seeds)) {
      std::fprintf(stderr, "usage: sweep [--first=SEED] [--seeds=COUNT] [--verbose]\n");
      return 2;
    }
  }
  uint64_t failed = 0, datagrams = 0, keys = 0;
  double seconds = 0;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    if (verbose)
      std::printf("seed %lu\n%s", seed, mosh::sim::Describe(mosh::sim::MakePlan(seed)).c_str());
    const mosh::sim::Outcome outcome = mosh::sim::Simulate(seed);
    datagrams += outcome.datagrams;
    keys += outcome.keys;
    seconds += outcome.virtual_seconds;
    if (outcome.failure.empty()) continue;
    ++failed;
    std::printf(
        "seed %lu FAILED %s\n  replay: ./tools/bazel run //sim:sweep -- --first=%lu --seeds=1 "
        "--verbose\n",
        seed, outcome.failure.c_str(), seed);
  }
  std::printf("%lu seeds, %lu failed; %.1f simulated hours, %lu datagrams, %lu octets typed\n",
              seeds, failed, seconds / 3600, datagrams, keys);
  return failed == 0 ? 0 : 1;
}
