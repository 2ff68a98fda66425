// The vectors of testdata/ocb.json as bytes: for tests.
#ifndef CRYPTO_TESTING_VECTORS_H_
#define CRYPTO_TESTING_VECTORS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace mosh::crypto {

using Bytes = std::vector<uint8_t>;

// Hexadecimal digits to bytes. Ends the process on anything else: a vector file is ours.
Bytes FromHex(const std::string& hex);

struct OcbVector {
  std::string name;  // which section of the file and which entry
  Bytes key;
  Bytes nonce;
  Bytes associated_data;
  Bytes plaintext;  // empty for vectors that must not open
  Bytes ciphertext_and_tag;
};

// `section` is "rfc7253", "random" or "invalid".
std::vector<OcbVector> ReadOcbVectors(const std::string& section);

}  // namespace mosh::crypto

#endif  // CRYPTO_TESTING_VECTORS_H_
