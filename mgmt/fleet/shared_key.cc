// Engines are deprecated in OpenSSL 3, and what gRPC 1.51 takes.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "mgmt/fleet/shared_key.h"

#include <openssl/bio.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace mosh::mgmt {
namespace {

constexpr char kEngine[] = "mosh-fleet";

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

struct Keys {
  std::mutex mutex;
  uint64_t last = 0;                      // guarded by mutex
  std::map<std::string, EVP_PKEY*> keys;  // by id; guarded by mutex
};

// Never destroyed: gRPC's threads may be at it until the process ends.
Keys& AllKeys() {
  static Keys* const keys = new Keys;
  return *keys;
}

// A reference for the caller. Null: there is none of that id any more.
EVP_PKEY* Fetch(ENGINE*, const char* id, UI_METHOD*, void*) {
  Keys& all = AllKeys();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto found = all.keys.find(id);
  if (found == all.keys.end()) return nullptr;
  EVP_PKEY_up_ref(found->second);
  return found->second;
}

void AddEngine() {
  ENGINE* const engine = ENGINE_new();
  CHECK(engine != nullptr);
  CHECK(ENGINE_set_id(engine, kEngine) == 1);
  CHECK(ENGINE_set_name(engine, "keys of mosh for fleets") == 1);
  CHECK(ENGINE_set_load_privkey_function(engine, Fetch) == 1);
  CHECK(ENGINE_add(engine) == 1);
  ENGINE_free(engine);
}

}  // namespace

SharedKey::SharedKey(std::string id)
    : id_(std::move(id)), name_(absl::StrCat("engine:", kEngine, ":", id_)) {}

std::unique_ptr<SharedKey> SharedKey::Read(const std::string& pem) {
  static std::once_flag once;
  std::call_once(once, AddEngine);
  const std::unique_ptr<BIO, FreeBio> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char no_password[] = "";
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, no_password);
  ERR_clear_error();
  if (key == nullptr) return nullptr;
  Keys& all = AllKeys();
  const std::lock_guard<std::mutex> lock(all.mutex);
  std::string id = absl::StrCat(++all.last);
  all.keys[id] = key;
  return std::unique_ptr<SharedKey>(new SharedKey(std::move(id)));
}

SharedKey::~SharedKey() {
  Keys& all = AllKeys();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto found = all.keys.find(id_);
  EVP_PKEY_free(found->second);
  all.keys.erase(found);
}

}  // namespace mosh::mgmt
