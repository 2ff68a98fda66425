#include "crypto/aes128.h"

#include <openssl/cipher.h>

#include "base/check.h"

namespace mosh::crypto {

// EVP_EncryptUpdate() was measured against AES_encrypt() per block: the same 14 ns for a lone
// block, which is AES's own latency, and four times as fast for a full datagram.
struct Aes128::Context {
  // EVP_EncryptUpdate() and EVP_DecryptUpdate() have this type.
  using Update = int(EVP_CIPHER_CTX*, uint8_t*, int*, const uint8_t*, int);

  Context(std::span<const uint8_t, kKeySize> key, bool encrypt) {
    CHECK(EVP_CipherInit_ex(evp.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr, encrypt));
    CHECK(EVP_CIPHER_CTX_set_padding(evp.get(), 0));
  }

  void Run(Update* update, std::span<uint8_t> blocks) {
    int written = 0;
    CHECK(
        update(evp.get(), blocks.data(), &written, blocks.data(), static_cast<int>(blocks.size())));
    DCHECK(written == static_cast<int>(blocks.size()));
  }

  // Its clean-up frees the key schedule with OPENSSL_free(), which wipes.
  bssl::ScopedEVP_CIPHER_CTX evp;
};

Aes128::Aes128(std::span<const uint8_t, kKeySize> key)
    : encrypting_(std::make_unique<Context>(key, true)),
      decrypting_(std::make_unique<Context>(key, false)) {}

Aes128::~Aes128() = default;

void Aes128::Encrypt(std::span<uint8_t> blocks) { encrypting_->Run(EVP_EncryptUpdate, blocks); }

void Aes128::Decrypt(std::span<uint8_t> blocks) { decrypting_->Run(EVP_DecryptUpdate, blocks); }

}  // namespace mosh::crypto
