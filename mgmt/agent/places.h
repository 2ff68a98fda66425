// Places: how many streams of a kind there may be, all and of one caller.
#ifndef MGMT_AGENT_PLACES_H_
#define MGMT_AGENT_PLACES_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace mosh::mgmt {

class Places {
 public:
  // `on_change` is called when their number has changed.
  Places(int max, int max_of_a_caller, std::function<void()> on_change)
      : max_(max), max_of_a_caller_(max_of_a_caller), on_change_(std::move(on_change)) {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  int taken() const { return taken_; }

 private:
  friend class Place;

  const int max_;
  const int max_of_a_caller_;
  const std::function<void()> on_change_;
  int taken_ = 0;
  absl::flat_hash_map<std::string, int> of_callers_;
};

// One of them, given back at the end; or none, if there was none.
class Place {
 public:
  Place(Places* places, std::string caller) : places_(places), caller_(std::move(caller)) {
    int& own = places_->of_callers_[caller_];
    taken_ = places_->taken_ < places_->max_ && own < places_->max_of_a_caller_;
    if (taken_) {
      ++own;
      ++places_->taken_;
    } else if (own == 0) {
      places_->of_callers_.erase(caller_);
    }
    places_->on_change_();
  }
  ~Place() {
    if (!taken_) return;
    --places_->taken_;
    if (--places_->of_callers_[caller_] == 0) places_->of_callers_.erase(caller_);
    places_->on_change_();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  bool taken() const { return taken_; }

 private:
  Places* const places_;
  const std::string caller_;
  bool taken_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_PLACES_H_
