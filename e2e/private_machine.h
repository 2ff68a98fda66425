// A machine of the test's own, as far as moshd can tell: users that the real one doesn't know, an
// empty /run, and a network of which nobody else has a port. Namespaces of this process, so once a
// process and for root alone.
#ifndef E2E_PRIVATE_MACHINE_H_
#define E2E_PRIVATE_MACHINE_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "e2e/process.h"

namespace mosh::e2e {

class PrivateMachine {
 public:
  // The user's number by name.
  using Users = std::map<std::string, uid_t>;

  // Moves this process there. Why not, in words, or nothing. `programs` are copied to where every
  // user may run them.
  static std::string Enter(const Users& users, const std::vector<std::string>& programs);

  // A copied program's path, by the original's last word.
  static std::string Program(absl::string_view name);
  // A folder that everybody may read and only root change; empty at first, but for the programs.
  static std::string Folder();
  // `argv` as it runs as this user of Enter's.
  static std::vector<std::string> As(const std::string& user, std::vector<std::string> argv);
  static uid_t UidOf(const std::string& user);
  // What the user's processes start with.
  static Environment EnvironmentOf(const std::string& user, absl::string_view mark);
  // Adds a file to /etc/pam.d, which has lost the real ones by that.
  static void AddPamService(const std::string& name, absl::string_view content);
};

}  // namespace mosh::e2e

#endif  // E2E_PRIVATE_MACHINE_H_
