// A PAM session around a user's Host, where the configuration names a service. The process that
// opens it must be root, and the same one must close it when the Host has ended.
#ifndef SERVER_GATE_PAM_SESSION_H_
#define SERVER_GATE_PAM_SESSION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace mosh::server::gate {

class PamSession {
 public:
  // Asks whether the account may be used and opens the session. Nobody is asked for a password: the
  // user has proved who he is to whatever let him run mosh-server. kPermissionDenied: PAM says no.
  static absl::StatusOr<std::unique_ptr<PamSession>> Open(const std::string& service,
                                                          const std::string& user);
  // Closes it.
  ~PamSession();
  PamSession(const PamSession&) = delete;
  PamSession& operator=(const PamSession&) = delete;

  // NAME=value, what the modules want the user's processes to have.
  std::vector<std::string> Environment() const;

 private:
  struct Handle;
  explicit PamSession(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_PAM_SESSION_H_
