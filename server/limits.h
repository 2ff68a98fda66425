// What an administrator may limit about sessions. Unset or zero: no limit.
#ifndef SERVER_LIMITS_H_
#define SERVER_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <optional>

namespace mosh::server {

struct Limits {
  size_t sessions = 0;                           // of one user at a time
  std::optional<std::chrono::seconds> idle;      // since somebody typed last
  std::optional<std::chrono::seconds> lifetime;  // since the session began
  std::optional<std::chrono::seconds> detached;  // without any client
};

// The strictest of both, of each kind.
inline Limits Strictest(Limits a, const Limits& b) {
  const auto less = [](auto& mine, const auto& other) {
    if (other && (!mine || *other < *mine)) mine = other;
  };
  if (a.sessions == 0 || (b.sessions != 0 && b.sessions < a.sessions)) a.sessions = b.sessions;
  less(a.idle, b.idle);
  less(a.lifetime, b.lifetime);
  less(a.detached, b.detached);
  return a;
}

}  // namespace mosh::server

#endif  // SERVER_LIMITS_H_
