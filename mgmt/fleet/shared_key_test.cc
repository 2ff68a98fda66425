#define OPENSSL_SUPPRESS_DEPRECATED

#include "mgmt/fleet/shared_key.h"

#include <openssl/bio.h>
#include <openssl/engine.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

EVP_PKEY* NewKey() { return EVP_EC_gen("P-256"); }

std::string Pem(EVP_PKEY* key) {
  BIO* const text = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(text, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data;
  const long size = BIO_get_mem_data(text, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(text);
  return pem;
}

// As gRPC has it.
EVP_PKEY* Fetch(absl::string_view name) {
  EXPECT_TRUE(absl::ConsumePrefix(&name, "engine:"));
  const size_t colon = name.find(':');
  ENGINE* const engine = ENGINE_by_id(std::string(name.substr(0, colon)).c_str());
  EXPECT_NE(engine, nullptr);
  EXPECT_EQ(ENGINE_set_default(engine, ENGINE_METHOD_ALL), 1);
  EXPECT_EQ(ENGINE_init(engine), 1);
  EVP_PKEY* const key = ENGINE_load_private_key(engine, std::string(name.substr(colon + 1)).c_str(),
                                                nullptr, nullptr);
  ENGINE_free(engine);
  return key;
}

TEST(SharedKey, IsFetchedWithoutBeingReadAgain) {
  EVP_PKEY* const a = NewKey();
  EVP_PKEY* const b = NewKey();
  const auto shared_a = SharedKey::Read(Pem(a));
  const auto shared_b = SharedKey::Read(Pem(b));
  ASSERT_NE(shared_a, nullptr);
  ASSERT_NE(shared_b, nullptr);
  EVP_PKEY* const fetched = Fetch(shared_a->name());
  EVP_PKEY* const again = Fetch(shared_a->name());
  EVP_PKEY* const other = Fetch(shared_b->name());
  ASSERT_NE(fetched, nullptr);
  EXPECT_EQ(fetched, again);
  EXPECT_EQ(EVP_PKEY_eq(fetched, a), 1);
  EXPECT_EQ(EVP_PKEY_eq(other, b), 1);
  for (EVP_PKEY* const key : {a, b, fetched, again, other}) EVP_PKEY_free(key);
}

TEST(SharedKey, GoesWithItsOwnerButNotWithWhatWasMadeOfIt) {
  EVP_PKEY* const key = NewKey();
  auto shared = SharedKey::Read(Pem(key));
  ASSERT_NE(shared, nullptr);
  const std::string name = shared->name();
  EVP_PKEY* const fetched = Fetch(name);
  shared = nullptr;
  EXPECT_EQ(Fetch(name), nullptr);
  EXPECT_EQ(EVP_PKEY_eq(fetched, key), 1);
  EVP_PKEY_free(fetched);
  EVP_PKEY_free(key);
}

TEST(SharedKey, WhatIsNoKeyIsNone) {
  EVP_PKEY* const key = NewKey();
  std::string pem = Pem(key);
  EXPECT_EQ(SharedKey::Read(""), nullptr);
  EXPECT_EQ(SharedKey::Read(pem.substr(0, pem.size() / 2)), nullptr);
  EVP_PKEY_free(key);
}

}  // namespace
}  // namespace mosh::mgmt
