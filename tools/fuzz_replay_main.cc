// Stands in for libFuzzer in ordinary builds: feeds a fuzz target every corpus file named on the command line, every
// prefix of it, and a few thousand seeded mutations of it, so that each fuzz target is also a fast deterministic test.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kMutationsPerSeed = 400;
constexpr size_t kMaxPrefixes = 256;

void Mutate(std::vector<uint8_t>& bytes, std::mt19937_64& random) {
  const int edits = 1 + static_cast<int>(random() % 6);
  for (int i = 0; i < edits; ++i) {
    const size_t at = bytes.empty() ? 0 : random() % bytes.size();
    switch (random() % 4) {
      case 0:
        if (!bytes.empty()) bytes[at] ^= static_cast<uint8_t>(1u << (random() % 8));
        break;
      case 1:
        bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), static_cast<uint8_t>(random()));
        break;
      case 2:
        if (!bytes.empty()) bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(at));
        break;
      default:
        if (!bytes.empty()) bytes[at] = static_cast<uint8_t>(random());
        break;
    }
  }
}

void Explore(const std::vector<uint8_t>& seed, uint64_t random_seed) {
  LLVMFuzzerTestOneInput(seed.data(), seed.size());
  const size_t stride = seed.size() / kMaxPrefixes + 1;
  for (size_t n = 0; n < seed.size(); n += stride) LLVMFuzzerTestOneInput(seed.data(), n);
  std::mt19937_64 random(random_seed);
  for (int i = 0; i < kMutationsPerSeed; ++i) {
    std::vector<uint8_t> bytes = seed;
    Mutate(bytes, random);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  Explore({}, 1);
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "cannot read corpus file %s\n", argv[i]);
      return 1;
    }
    const std::vector<char> text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    Explore(std::vector<uint8_t>(text.begin(), text.end()), static_cast<uint64_t>(i) + 1);
  }
  std::printf("replayed %d corpus files\n", argc - 1);
  return 0;
}
