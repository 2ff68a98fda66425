// Where unpredictable bytes come from. An interface, so that a simulation can be replayed from its
// seed (crypto/testing/seeded_random.h); programs use SystemRandom.
#ifndef CRYPTO_RANDOM_H_
#define CRYPTO_RANDOM_H_

#include <cstdint>
#include <span>

namespace mosh::crypto {

class RandomSource {
 public:
  virtual ~RandomSource();

  // Fills all of `out`. Cannot fail: a source that runs dry ends the process rather than hand out
  // weak keys.
  virtual void Fill(std::span<uint8_t> out) = 0;
};

// BoringSSL's generator, seeded by the kernel. Safe from several threads and after fork().
class SystemRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override;
};

}  // namespace mosh::crypto

#endif  // CRYPTO_RANDOM_H_
