#include "crypto/testing/vectors.h"

#include <fstream>

#include "base/check.h"
#include "nlohmann/json.hpp"

namespace mosh::crypto {
namespace {

uint8_t Digit(char c) {
  static const std::string kDigits = "0123456789abcdef";
  const size_t value = kDigits.find(c);
  CHECK(value != std::string::npos);
  return static_cast<uint8_t>(value);
}

}  // namespace

Bytes FromHex(const std::string& hex) {
  CHECK(hex.size() % 2 == 0);
  Bytes bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(Digit(hex[i]) << 4 | Digit(hex[i + 1])));
  }
  return bytes;
}

std::vector<OcbVector> ReadOcbVectors(const std::string& section) {
  std::ifstream file("crypto/testdata/ocb.json");
  CHECK(file.is_open());
  const nlohmann::json json = nlohmann::json::parse(file);
  std::vector<OcbVector> vectors;
  for (const auto& entry : json.at(section)) {
    vectors.push_back({.name = section + "[" + std::to_string(vectors.size()) + "]",
                       .key = FromHex(entry.at("key")),
                       .nonce = FromHex(entry.at("nonce")),
                       .associated_data = FromHex(entry.value("ad", "")),
                       .plaintext = FromHex(entry.value("plaintext", "")),
                       .ciphertext_and_tag = FromHex(entry.at("ciphertext_and_tag"))});
  }
  return vectors;
}

}  // namespace mosh::crypto
