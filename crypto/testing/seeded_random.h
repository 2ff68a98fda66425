// A random source that gives the same bytes for the same seed on every machine: for tests and
// simulations only. SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
// generators", OOPSLA 2014). Not secret at all.
#ifndef CRYPTO_TESTING_SEEDED_RANDOM_H_
#define CRYPTO_TESTING_SEEDED_RANDOM_H_

#include <cstdint>
#include <span>

#include "crypto/random.h"

namespace mosh::crypto {

class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}

  // Each call starts at a fresh word, so the bytes depend on how the calls are cut.
  void Fill(std::span<uint8_t> out) override {
    for (size_t i = 0; i < out.size();) {
      for (uint64_t word = Next(), n = 0; n < 8 && i < out.size(); ++n, word >>= 8) {
        out[i++] = static_cast<uint8_t>(word);
      }
    }
  }

  // The next 64 bits, for tests that choose lengths and positions.
  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // Between 0 and bound - 1; bound > 0. Slightly uneven for huge bounds, which no test minds.
  uint64_t Below(uint64_t bound) { return Next() % bound; }

 private:
  uint64_t state_;
};

}  // namespace mosh::crypto

#endif  // CRYPTO_TESTING_SEEDED_RANDOM_H_
