// AES-128 (FIPS 197) on many blocks at once: the one primitive taken from BoringSSL, whose assembly
// runs eight blocks abreast on AES hardware. Not a mode of operation: only ocb3 should call it.
#ifndef CRYPTO_AES128_H_
#define CRYPTO_AES128_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace mosh::crypto {

class Aes128 {
 public:
  static constexpr size_t kKeySize = 16;
  static constexpr size_t kBlockSize = 16;

  // Keeps both key schedules until destroyed, then wipes them. Does not keep `key`.
  explicit Aes128(std::span<const uint8_t, kKeySize> key);
  ~Aes128();
  Aes128(const Aes128&) = delete;
  Aes128& operator=(const Aes128&) = delete;

  // Each 16 octets by themselves, in place, any alignment. The size is a multiple of 16 and fits an
  // int.
  void Encrypt(std::span<uint8_t> blocks);
  void Decrypt(std::span<uint8_t> blocks);

 private:
  struct Context;

  std::unique_ptr<Context> encrypting_;
  std::unique_ptr<Context> decrypting_;
};

}  // namespace mosh::crypto

#endif  // CRYPTO_AES128_H_
