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

}  // namespace mosh::server

#endif  // SERVER_LIMITS_H_
