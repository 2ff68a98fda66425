// How long a whole-program test is prepared to wait: real time, generous, and never slept through.
#ifndef E2E_DEADLINE_H_
#define E2E_DEADLINE_H_

#include <algorithm>
#include <chrono>

namespace mosh::e2e {

class Deadline {
 public:
  static Deadline In(std::chrono::nanoseconds span) {
    return Deadline(std::chrono::steady_clock::now() + span);
  }

  bool passed() const { return std::chrono::steady_clock::now() >= at_; }
  // For poll(): rounded up, 0 when passed.
  int MillisLeft() const {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(at_ - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<long>(left.count(), 0, 3'600'000));
  }
  friend Deadline Earlier(Deadline a, Deadline b) { return Deadline(std::min(a.at_, b.at_)); }

 private:
  explicit Deadline(std::chrono::steady_clock::time_point at) : at_(at) {}
  std::chrono::steady_clock::time_point at_;
};

// For what normally takes milliseconds, on a machine that is busy with other tests or runs under a
// sanitizer.
inline Deadline Patience() { return Deadline::In(std::chrono::seconds(40)); }

}  // namespace mosh::e2e

#endif  // E2E_DEADLINE_H_
