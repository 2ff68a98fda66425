// Certificates: which client certificates hold, and who their holders are; and which of other
// agents do, whom this one calls. The authorities' and the revocation lists' files are looked at
// again when they change, and every caller against them again and again, so a revoked certificate's
// open connection ends too.
//
// Where revocation lists are given, each authority of a chain must have one that has not expired:
// no list, no entry.
#ifndef MGMT_AGENT_CERTIFICATES_H_
#define MGMT_AGENT_CERTIFICATES_H_

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mgmt/agent/caller.h"
#include "openssl/types.h"

namespace mosh::mgmt {

struct TlsFiles {
  std::string certificate;  // of the agent, with its chain
  std::string key;
  std::string authorities;  // of callers' certificates
  std::string revoked;      // revocation lists, PEM: a file, or a directory of such; empty: none
};

// Whether the agent's own key and certificate are there and belong together.
absl::Status CheckOwnCertificate(const TlsFiles& files);

class Certificates {
 public:
  // An error says which file and what is wrong with it.
  static absl::StatusOr<std::shared_ptr<Certificates>> Load(const TlsFiles& files);

  // Any thread. `chain` is PEM, the caller's own certificate first. kUnauthenticated says why it
  // doesn't hold.
  absl::StatusOr<std::shared_ptr<const Caller>> Identify(absl::string_view chain);

  // Any thread. Whether this is the chain of the agent at `host`, a name or an address; PEM, its
  // own certificate first. kUnauthenticated says why not.
  absl::Status CheckServer(absl::string_view chain, const std::string& host);
  // Whether there are revocation lists.
  bool revocable() const { return !files_.revoked.empty(); }
  // Any thread. Another one when authorities or lists have changed, which is looked for.
  uint64_t version();

  // What is wrong with files that have changed since and can't be read any more. Those of before
  // hold meanwhile. Empty: nothing.
  std::string problem() const;

 private:
  struct Known {
    std::chrono::steady_clock::time_point checked;
    absl::Status status;
    std::shared_ptr<const Caller> caller;
  };
  struct Loaded {
    std::shared_ptr<X509_STORE> store;
    std::string version;
  };

  explicit Certificates(TlsFiles files) : files_(std::move(files)) {}
  // Of the files' times and sizes.
  std::string VersionOfFiles() const;
  absl::StatusOr<Loaded> LoadStore() const;
  void LoadAgainIfChanged(std::chrono::steady_clock::time_point now);

  const TlsFiles files_;
  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  Loaded loaded_;
  uint64_t version_ = 1;
  std::chrono::steady_clock::time_point looked_;
  std::string problem_;
  absl::flat_hash_map<std::string, Known> known_;  // by chain
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_CERTIFICATES_H_
