#include "server/session_limits.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr int kWarnings = 2;

// How long before the end the warning of this number comes.
nanoseconds Lead(nanoseconds limit, int warning) {
  return warning == 0 ? std::min<nanoseconds>(60s, limit / 2)
                      : std::min<nanoseconds>(10s, limit / 12);
}

std::string InWords(nanoseconds time) {
  return absl::FormatDuration(absl::Ceil(absl::FromChrono(time), absl::Seconds(1)));
}

}  // namespace

Instant SessionLimits::Countdown::End() const {
  return limit ? std::max(since + *limit, not_before) : Instant::Max();
}

Instant SessionLimits::Countdown::Next() const {
  return warnings < kWarnings && limit ? End() - Lead(*limit, warnings) : End();
}

bool SessionLimits::Countdown::Restart(Instant at) {
  since = at;
  return std::exchange(warnings, 0) > 0;
}

bool SessionLimits::Countdown::SetTold(std::optional<nanoseconds> told, Instant now) {
  const std::optional<nanoseconds> strictest = told && configured ? std::min(*told, *configured)
                                               : told             ? told
                                                                  : configured;
  if (strictest == limit) return false;
  limit = strictest;
  if (limit) not_before = now + Lead(*limit, 0);
  return std::exchange(warnings, 0) > 0;
}

bool SessionLimits::SetTold(const Limits& told, Instant now) {
  const bool idle_changed = idle().SetTold(told.idle, now);
  const bool lifetime_changed = lifetime().SetTold(told.lifetime, now);
  const bool detached_changed = detached().SetTold(told.detached, now);
  return idle_changed || lifetime_changed || detached_changed;
}

SessionLimits::SessionLimits(const Limits& limits, Instant start)
    : countdowns_{{{limits.idle, "nobody has typed for"},
                   {limits.lifetime, "sessions end after"},
                   {limits.detached, "no client has been here for"}}} {
  for (Countdown& countdown : countdowns_) countdown.since = start;
}

bool SessionLimits::OnInput(Instant now) { return idle().Restart(now); }

bool SessionLimits::OnAttached() { return detached().Restart(Instant::Max()); }

void SessionLimits::OnDetached(Instant now) { detached().Restart(now); }

SessionLimits::Decision SessionLimits::OnTime(Instant now) {
  Decision decision;
  const auto soonest =
      std::min_element(countdowns_.begin(), countdowns_.end(),
                       [](const auto& a, const auto& b) { return a.End() < b.End(); });
  for (Countdown& countdown : countdowns_) {
    if (now < countdown.Next()) continue;
    while (countdown.warnings < kWarnings && now >= countdown.Next()) ++countdown.warnings;
    if (&countdown != &*soonest) continue;
    const std::string why = absl::StrCat(countdown.what, " ", InWords(*countdown.limit));
    if (now >= countdown.End()) {
      decision.end = true;
      decision.reason = absl::StrCat("Session ended: ", why, ".");
      countdown.since = Instant::Max();
    } else {
      decision.show_for = countdown.End() - now;
      decision.notice =
          absl::StrCat("This session ends in ", InWords(decision.show_for), ": ", why, ".");
    }
  }
  return decision;
}

Instant SessionLimits::NextDeadline() const {
  Instant next = Instant::Max();
  for (const Countdown& countdown : countdowns_) next = std::min(next, countdown.Next());
  return next;
}

}  // namespace mosh::server
