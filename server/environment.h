// A set of environment variables as a value, so that what a session's program will see can be
// worked out and tested without touching the process's own environment.
#ifndef SERVER_ENVIRONMENT_H_
#define SERVER_ENVIRONMENT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosh::server {

// Names the session to the programs in it.
inline constexpr char kSessionIdVariable[] = "MOSH_SESSION_ID";

class Environment {
 public:
  Environment() = default;
  // NAME=VALUE strings. Those without '=' are kept but never found.
  explicit Environment(std::vector<std::string> assignments);
  // A copy of the process's environment now.
  static Environment OfProcess();

  // The value, which may be empty; nullopt when unset.
  std::optional<std::string> Get(absl::string_view name) const;
  void Set(absl::string_view name, absl::string_view value);
  void Unset(absl::string_view name);

  const std::vector<std::string>& assignments() const { return assignments_; }
  // For execve: pointers into this object, nullptr last. Valid until the object changes.
  std::vector<char*> ToPointers();

 private:
  std::vector<std::string> assignments_;
};

}  // namespace mosh::server

#endif  // SERVER_ENVIRONMENT_H_
