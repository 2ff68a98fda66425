#include "mgmt/agent/certificates.h"

#include <dirent.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mosh::mgmt {
namespace {

// How often files are looked at, and how long a caller is believed without another look.
constexpr std::chrono::seconds kLookAgain{1};
constexpr std::chrono::seconds kCheckAgain{10};
constexpr size_t kMaxKnown = 1'000;
constexpr size_t kMaxName = 200;

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* t) const { Free(t); }
};
using X509Ptr = std::unique_ptr<X509, Freed<X509, X509_free>>;
using StorePtr = std::shared_ptr<X509_STORE>;
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};

BioPtr OpenFile(const std::string& path) { return BioPtr(BIO_new_file(path.c_str(), "r")); }

absl::Status Bad(absl::string_view path, absl::string_view what) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

std::vector<std::string> FilesOf(const std::string& path) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) return {path};
  std::vector<std::string> files;
  if (DIR* const directory = opendir(path.c_str())) {
    while (const dirent* const entry = readdir(directory)) {
      if (entry->d_name[0] != '.') files.push_back(absl::StrCat(path, "/", entry->d_name));
    }
    closedir(directory);
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What can stand in a policy and a log.
std::optional<std::string> CleanText(const ASN1_STRING* text) {
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, text);
  if (length < 0) return std::nullopt;
  std::string clean(reinterpret_cast<char*>(utf8), static_cast<size_t>(length));
  OPENSSL_free(utf8);
  const bool bad = clean.empty() || clean.size() > kMaxName ||
                   std::any_of(clean.begin(), clean.end(),
                               [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (bad) return std::nullopt;
  return clean;
}

void AddAlternativeNames(X509* certificate, std::vector<std::string>* principals) {
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (names == nullptr) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    const char* kind = name->type == GEN_DNS     ? "DNS"
                       : name->type == GEN_URI   ? "URI"
                       : name->type == GEN_EMAIL ? "EMAIL"
                                                 : nullptr;
    if (kind == nullptr) continue;
    if (const std::optional<std::string> text = CleanText(name->d.ia5)) {
      principals->push_back(absl::StrCat("cert:", kind, "=", *text));
    }
  }
  GENERAL_NAMES_free(names);
}

Caller CallerOf(X509* certificate) {
  Caller caller;
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  // Of several it isn't clear which counts.
  if (at >= 0 && X509_NAME_get_index_by_NID(subject, NID_commonName, at) < 0) {
    const std::optional<std::string> name =
        CleanText(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (name) {
      caller.principals.push_back(absl::StrCat("cert:CN=", *name));
      caller.short_name = *name;
    }
  }
  AddAlternativeNames(certificate, &caller.principals);
  if (caller.principals.empty()) {
    char* const serial = i2s_ASN1_INTEGER(nullptr, X509_get0_serialNumber(certificate));
    caller.name = absl::StrCat("cert:serial=", serial == nullptr ? "?" : serial);
    OPENSSL_free(serial);
  } else {
    caller.name = caller.principals[0];
  }
  if (caller.short_name.empty()) caller.short_name = caller.name.substr(5);
  caller.principals.push_back("cert:*");
  return caller;
}

struct ParsedChain {
  X509Ptr leaf;  // null: there is none
  std::unique_ptr<STACK_OF(X509), FreeStack> others;
};

ParsedChain ParseChain(absl::string_view chain) {
  const BioPtr text(BIO_new_mem_buf(chain.data(), static_cast<int>(chain.size())));
  ParsedChain parsed;
  parsed.leaf.reset(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  parsed.others.reset(sk_X509_new_null());
  while (X509* const other = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    sk_X509_push(parsed.others.get(), other);
  }
  ERR_clear_error();
  return parsed;
}

// What is wrong with it; empty: it holds.
std::string VerifyChain(const ParsedChain& chain, X509_STORE* store, int purpose) {
  const std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX, X509_STORE_CTX_free>> context(
      X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store, chain.leaf.get(), chain.others.get());
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  std::string problem;
  if (X509_verify_cert(context.get()) != 1) {
    problem = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  }
  ERR_clear_error();
  return problem;
}

}  // namespace

absl::Status CheckOwnCertificate(const TlsFiles& files) {
  const BioPtr certificate_file = OpenFile(files.certificate);
  if (certificate_file == nullptr) return Bad(files.certificate, "can't be read");
  const X509Ptr certificate(PEM_read_bio_X509(certificate_file.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return Bad(files.certificate, "holds no certificate in PEM form");
  const BioPtr key_file = OpenFile(files.key);
  if (key_file == nullptr) return Bad(files.key, "can't be read");
  char no_password[] = "";
  const KeyPtr key(PEM_read_bio_PrivateKey(key_file.get(), nullptr, nullptr, no_password));
  if (key == nullptr) return Bad(files.key, "holds no private key in PEM form without a password");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Bad(files.key, absl::StrCat("is not the key of ", files.certificate));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Certificates>> Certificates::Load(const TlsFiles& files) {
  std::shared_ptr<Certificates> certificates(new Certificates(files));
  absl::StatusOr<Loaded> loaded = certificates->LoadStore();
  if (!loaded.ok()) return loaded.status();
  certificates->loaded_ = *std::move(loaded);
  certificates->looked_ = std::chrono::steady_clock::now();
  return certificates;
}

std::string Certificates::VersionOfFiles() const {
  std::vector<std::string> paths = {files_.authorities};
  if (!files_.revoked.empty()) {
    for (std::string& path : FilesOf(files_.revoked)) paths.push_back(std::move(path));
  }
  std::string version;
  for (const std::string& path : paths) {
    struct stat facts = {};
    stat(path.c_str(), &facts);
    absl::StrAppend(&version, path, " ", facts.st_ino, " ", facts.st_size, " ",
                    facts.st_mtim.tv_sec, ".", facts.st_mtim.tv_nsec, "\n");
  }
  return version;
}

absl::StatusOr<Certificates::Loaded> Certificates::LoadStore() const {
  Loaded loaded;
  loaded.version = VersionOfFiles();
  loaded.store = StorePtr(X509_STORE_new(), X509_STORE_free);
  const BioPtr file = OpenFile(files_.authorities);
  if (file == nullptr) return Bad(files_.authorities, "can't be read");
  int authorities = 0;
  while (X509* const authority = PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(loaded.store.get(), authority);
    X509_free(authority);
    ++authorities;
  }
  ERR_clear_error();
  if (authorities == 0) return Bad(files_.authorities, "holds no certificate in PEM form");
  if (files_.revoked.empty()) return loaded;
  int lists = 0;
  for (const std::string& path : FilesOf(files_.revoked)) {
    const BioPtr list_file = OpenFile(path);
    if (list_file == nullptr) return Bad(path, "can't be read");
    while (X509_CRL* const list =
               PEM_read_bio_X509_CRL(list_file.get(), nullptr, nullptr, nullptr)) {
      X509_STORE_add_crl(loaded.store.get(), list);
      X509_CRL_free(list);
      ++lists;
    }
    ERR_clear_error();
  }
  if (lists == 0) return Bad(files_.revoked, "holds no revocation list in PEM form");
  X509_STORE_set_flags(loaded.store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return loaded;
}

void Certificates::LoadAgainIfChanged(std::chrono::steady_clock::time_point now) {
  if (now < looked_ + kLookAgain) return;
  looked_ = now;
  if (VersionOfFiles() == loaded_.version) return;
  absl::StatusOr<Loaded> loaded = LoadStore();
  problem_ = loaded.ok() ? "" : std::string(loaded.status().message());
  if (!loaded.ok()) return;
  loaded_ = *std::move(loaded);
  known_.clear();
  ++version_;
}

uint64_t Certificates::version() {
  const std::lock_guard<std::mutex> lock(mutex_);
  LoadAgainIfChanged(std::chrono::steady_clock::now());
  return version_;
}

std::string Certificates::problem() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return problem_;
}

absl::StatusOr<std::shared_ptr<const Caller>> Certificates::Identify(absl::string_view chain) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  LoadAgainIfChanged(now);
  if (known_.size() > kMaxKnown) known_.clear();
  Known& known = known_[chain];
  if (known.caller == nullptr || now >= known.checked + kCheckAgain) {
    known.checked = now;
    known.status = absl::UnauthenticatedError("there is no certificate");
    known.caller = nullptr;
    const ParsedChain parsed = ParseChain(chain);
    if (parsed.leaf == nullptr) return known.status;
    known.caller = std::make_shared<const Caller>(CallerOf(parsed.leaf.get()));
    const std::string problem = VerifyChain(parsed, loaded_.store.get(), X509_PURPOSE_SSL_CLIENT);
    known.status =
        problem.empty()
            ? absl::OkStatus()
            : absl::UnauthenticatedError(absl::StrCat(known.caller->name, ": ", problem));
  }
  if (!known.status.ok()) return known.status;
  return known.caller;
}

absl::Status Certificates::CheckServer(absl::string_view chain, const std::string& host) {
  StorePtr store;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    LoadAgainIfChanged(std::chrono::steady_clock::now());
    store = loaded_.store;
  }
  const ParsedChain parsed = ParseChain(chain);
  if (parsed.leaf == nullptr) return absl::UnauthenticatedError("there is no certificate");
  const std::string problem = VerifyChain(parsed, store.get(), X509_PURPOSE_SSL_SERVER);
  if (!problem.empty()) return absl::UnauthenticatedError(problem);
  const bool named =
      X509_check_host(parsed.leaf.get(), host.data(), host.size(), 0, nullptr) == 1 ||
      X509_check_ip_asc(parsed.leaf.get(), host.c_str(), 0) == 1;
  ERR_clear_error();
  if (named) return absl::OkStatus();
  return absl::UnauthenticatedError(
      absl::StrCat("the certificate of ", CallerOf(parsed.leaf.get()).name, " is not for ", host));
}

}  // namespace mosh::mgmt
