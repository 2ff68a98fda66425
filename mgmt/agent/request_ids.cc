#include "mgmt/agent/request_ids.h"

namespace mosh::mgmt {

void RequestIds::Forget(Instant now) {
  while (!ages_.empty() && (ages_.front().begun + kKept <= now || ages_.size() > kMaxKept)) {
    const auto found = answers_.find(ages_.front().key);
    if (found != answers_.end() && found->second == ages_.front().answer.lock()) {
      answers_.erase(found);
    }
    ages_.pop_front();
  }
}

RequestIds::Begun RequestIds::Begin(absl::string_view caller, absl::string_view request_id,
                                    size_t fingerprint, Instant now) {
  Forget(now);
  Key key(caller, request_id);
  const auto [found, first] = answers_.try_emplace(key);
  if (!first) return {found->second, false};
  found->second = std::make_shared<Answer>();
  found->second->fingerprint = fingerprint;
  ages_.push_back({now, std::move(key), found->second});
  return {found->second, true};
}

void RequestIds::Finish(absl::string_view caller, absl::string_view request_id, Answer* answer,
                        grpc::Status status, std::string response) {
  if (!status.ok()) {
    const auto found = answers_.find(Key(caller, request_id));
    if (found != answers_.end() && found->second.get() == answer) answers_.erase(found);
  }
  answer->status = std::move(status);
  answer->response = std::move(response);
  answer->done.Set();
}

}  // namespace mosh::mgmt
