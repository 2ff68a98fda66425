// When the limits end a session, and when its users are warned: a minute before, and ten seconds
// before; with limits of less than two minutes, half of it and a twelfth of it before. Pure.
// Limits of the configuration stay as they are; others may be told beside them at any time.
#ifndef SERVER_SESSION_LIMITS_H_
#define SERVER_SESSION_LIMITS_H_

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "server/limits.h"

namespace mosh::server {

class SessionLimits {
 public:
  // A session that has just begun, without a client.
  SessionLimits(const Limits& limits, Instant start);

  // True: whoever was warned of it need not worry any more.
  bool OnInput(Instant now);
  bool OnAttached();
  void OnDetached(Instant now);

  // The stricter of these and the configuration's holds from now on. A session that is over, or
  // nearly, by limits that it had not before is warned first, as long as any. True: whoever was
  // warned need not worry any more, or will be warned anew.
  bool SetTold(const Limits& told, Instant now);

  struct Decision {
    std::string notice;  // for the users' screens; empty: none
    std::chrono::nanoseconds show_for{0};
    bool end = false;    // the time is over; `reason` says why
    std::string reason;  // a line for the log
  };
  // To be asked whenever NextDeadline() has passed; harmless at other times.
  Decision OnTime(Instant now);
  // Max(): never.
  Instant NextDeadline() const;

 private:
  struct Countdown {
    std::optional<std::chrono::nanoseconds> limit;  // the one that holds
    const char* what;
    std::optional<std::chrono::nanoseconds> configured = limit;
    Instant not_before = Instant::FromNanos(0);  // no end sooner
    Instant since = Instant::Max();              // Max(): not running
    int warnings = 0;                            // given already

    // The next warning, or the end.
    Instant Next() const;
    Instant End() const;
    // True: there had been a warning.
    bool Restart(Instant at);
    bool SetTold(std::optional<std::chrono::nanoseconds> told, Instant now);
  };

  Countdown& idle() { return countdowns_[0]; }
  Countdown& lifetime() { return countdowns_[1]; }
  Countdown& detached() { return countdowns_[2]; }

  std::array<Countdown, 3> countdowns_;
};

}  // namespace mosh::server

#endif  // SERVER_SESSION_LIMITS_H_
