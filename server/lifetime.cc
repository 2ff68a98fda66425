#include "server/lifetime.h"

#include <signal.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"

namespace mosh::server {

Lifetime::Lifetime(const Timeouts& timeouts, Instant start)
    : timeouts_(timeouts), last_client_state_(start) {}

void Lifetime::OnClientState(Instant now) {
  contacted_ = true;
  last_client_state_ = now;
}

int64_t Lifetime::SecondsSilent(Instant now) const {
  return std::chrono::duration_cast<std::chrono::seconds>(now - last_client_state_).count();
}

Lifetime::Decision Lifetime::OnSignal(int signal, bool shutting_down, Instant now) {
  if (signal == SIGTERM || signal == SIGINT) {
    return {shutting_down ? Wish::kLeave : Wish::kShutDown, ""};
  }
  if (signal != SIGUSR1 || shutting_down) return {};
  if (now - last_client_state_ < timeouts_.signal) return {};
  return {Wish::kShutDown,
          absl::StrCat("Network idle for ", SecondsSilent(now), " seconds when SIGUSR1 received")};
}

Lifetime::Decision Lifetime::OnTime(bool shutting_down, Instant now) {
  if (shutting_down) return {};
  if (timeouts_.network && now >= last_client_state_ + *timeouts_.network) {
    return {Wish::kShutDown, absl::StrCat("Network idle for ", SecondsSilent(now), " seconds.")};
  }
  if (!contacted_ && now >= last_client_state_ + timeouts_.first_contact) {
    return {Wish::kLeave,
            absl::StrCat("No connection within ", timeouts_.first_contact.count(), " seconds.")};
  }
  return {};
}

Instant Lifetime::NextDeadline(bool shutting_down) const {
  Instant deadline = Instant::Max();
  if (shutting_down) return deadline;
  if (timeouts_.network) deadline = last_client_state_ + *timeouts_.network;
  if (!contacted_) deadline = std::min(deadline, last_client_state_ + timeouts_.first_contact);
  return deadline;
}

}  // namespace mosh::server
