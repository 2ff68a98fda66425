// Opens the session's terminal and starts the login process in it, which waits until it is let go;
// or becomes the login process at once, where the terminal is there already. Source:
// docs/spec/cli.md §3.3.
#ifndef SERVER_LOGIN_H_
#define SERVER_LOGIN_H_

#include <sys/resource.h>
#include <sys/types.h>

#include <functional>

#include "absl/status/statusor.h"
#include "server/login_plan.h"

namespace mosh::server {

// What the user database says about whoever runs this process.
Account AccountOfProcess();

// Opens a pty of this size with the kernel's default settings plus IUTF8. Both ends close on exec
// and become no controlling terminal.
struct PtyPair {
  int master = -1;
  int slave = -1;
};
absl::StatusOr<PtyPair> OpenPty(int columns, int rows);

// A login process: it has the pty's slave as its controlling terminal and runs nothing yet.
struct LoginProcess {
  pid_t pid = -1;
  // Write the session's id and close it to let it go: it shows the message of the day and becomes
  // the planned program. Closed without a byte, the process exits.
  int release = -1;
};

// Forks it. The slave is closed in this process. `core_limit` is what the program gets back.
// `in_child` runs in the child first: there it must forget what a stranger's program shouldn't
// hold.
absl::StatusOr<LoginProcess> StartLogin(LoginPlan plan, const PtyPair& pty,
                                        const rlimit& core_limit,
                                        const std::function<void()>& in_child);

// In a process with the session's terminal for 0, 1 and 2: shows the message of the day to a login
// shell, and becomes the planned program.
[[noreturn]] void BecomeProgram(LoginPlan plan, const rlimit& core_limit);

}  // namespace mosh::server

#endif  // SERVER_LOGIN_H_
