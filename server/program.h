// The program of a session, from the plan to the running process.
#ifndef SERVER_PROGRAM_H_
#define SERVER_PROGRAM_H_

#include <sys/types.h>

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "io/child.h"
#include "io/stream.h"
#include "server/attachment_record.h"
#include "server/control/control.pb.h"
#include "term/size.h"

namespace mosh::server {

struct RunningProgram {
  std::unique_ptr<io::Tty> pty;  // the master
  pid_t pid = 0;
  // To be reaped when the session is over; null: nobody needs to.
  std::unique_ptr<io::Child> child;
  // Who is attached, for utmp; may be null.
  std::unique_ptr<AttachmentRecord> record;
};

// Lets the program run in a terminal of this size. Called once, when the first client has spoken.
// An error is shown on the session's screen.
using ProgramStarter = std::function<absl::StatusOr<RunningProgram>(term::Size)>;

// The same for a session that was asked for through the control socket.
using RequestedProgramStarter =
    std::function<absl::StatusOr<RunningProgram>(const control::NewSession&, term::Size)>;

}  // namespace mosh::server

#endif  // SERVER_PROGRAM_H_
