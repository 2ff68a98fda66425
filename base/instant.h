// A point in monotonic time, in nanoseconds since an origin that only its maker knows.
//
// There is no Now(): a reactor (//io) or a test makes Instants and hands them to the cores, which therefore run on any
// clock. Spans are std::chrono durations. Arithmetic saturates at Instant::Max(), which means "never".
#ifndef BASE_INSTANT_H_
#define BASE_INSTANT_H_

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace mosh {

class Instant {
 public:
  // The clock's origin.
  constexpr Instant() = default;
  static constexpr Instant FromNanos(int64_t nanos) { return Instant(nanos); }
  static constexpr Instant FromMillis(int64_t millis) { return Instant(millis * 1'000'000); }
  // Later than every other Instant: the deadline of something that isn't due.
  static constexpr Instant Max() { return Instant(std::numeric_limits<int64_t>::max()); }

  constexpr int64_t nanos() const { return nanos_; }
  constexpr int64_t millis() const { return nanos_ / 1'000'000; }

  friend constexpr auto operator<=>(Instant, Instant) = default;

  friend constexpr Instant operator+(Instant t, std::chrono::nanoseconds d) {
    int64_t sum;
    if (t == Max()) return t;
    if (__builtin_add_overflow(t.nanos_, d.count(), &sum)) return Max();
    return Instant(sum);
  }
  friend constexpr Instant operator-(Instant t, std::chrono::nanoseconds d) { return t + (-d); }
  friend constexpr std::chrono::nanoseconds operator-(Instant a, Instant b) {
    return std::chrono::nanoseconds(a.nanos_ - b.nanos_);
  }
  Instant& operator+=(std::chrono::nanoseconds d) { return *this = *this + d; }

 private:
  explicit constexpr Instant(int64_t nanos) : nanos_(nanos) {}
  int64_t nanos_ = 0;
};

}  // namespace mosh

#endif  // BASE_INSTANT_H_
