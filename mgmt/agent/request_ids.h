// What was answered to requests that had a request_id (AIP-155): a repetition gets the first one's
// answer and does nothing. Kept for ten minutes, and of the newest 10,000; of answers that are no
// success nothing is kept. Loop thread only; time is an argument.
#ifndef MGMT_AGENT_REQUEST_IDS_H_
#define MGMT_AGENT_REQUEST_IDS_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "grpcpp/support/status.h"
#include "io/event.h"

namespace mosh::mgmt {

class RequestIds {
 public:
  static constexpr std::chrono::minutes kKept{10};
  static constexpr size_t kMaxKept = 10'000;
  static constexpr size_t kMaxLength = 64;

  struct Answer {
    size_t fingerprint = 0;
    io::Event done;  // set: `status` and `response` are there
    grpc::Status status;
    std::string response;  // serialized
  };

  // Whether this is the first of its kind, whose answer is to be given to Finish; else another's,
  // which may not be done yet. Two callers' ids are never the same. An answer with another
  // fingerprint is one to another request.
  struct Begun {
    std::shared_ptr<Answer> answer;
    bool first;
  };
  Begun Begin(absl::string_view caller, absl::string_view request_id, size_t fingerprint,
              Instant now);
  void Finish(absl::string_view caller, absl::string_view request_id, Answer* answer,
              grpc::Status status, std::string response);

 private:
  using Key = std::pair<std::string, std::string>;

  void Forget(Instant now);

  absl::flat_hash_map<Key, std::shared_ptr<Answer>> answers_;
  struct Age {
    Instant begun;
    Key key;
    std::weak_ptr<Answer> answer;
  };
  std::deque<Age> ages_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_REQUEST_IDS_H_
