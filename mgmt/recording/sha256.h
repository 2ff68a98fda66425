// SHA-256 of what comes in pieces.
#ifndef MGMT_RECORDING_SHA256_H_
#define MGMT_RECORDING_SHA256_H_

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace mosh::mgmt {

class Sha256 {
 public:
  Sha256();
  void Add(absl::string_view bytes);
  // In hexadecimal, of all that was added; more may follow.
  std::string Hex() const;

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_RECORDING_SHA256_H_
