#include "server/gate/start_program.h"

#include <cerrno>
#include <utility>

#include "server/login_mode.h"
#include "server/login_plan.h"

namespace mosh::server::gate {

RequestedProgramStarter MakeProgramStarter(io::Reactor* reactor, UtmpKeeper* keeper,
                                           const Identity& who, const rlimit& open_files) {
  const Account account{.name = who.name, .home = who.home, .shell = who.shell};
  return
      [=](const control::NewSession& request, term::Size size) -> absl::StatusOr<RunningProgram> {
        io::PtySpec spec = LoginModeSpec(request, size, account);
        spec.child.before_exec = [open_files] {
          return setrlimit(RLIMIT_NOFILE, &open_files) == 0 ? 0 : errno;
        };
        absl::StatusOr<io::PtyProcess> process = reactor->SpawnPty(spec);
        if (!process.ok()) return process.status();
        RunningProgram program;
        program.record = keeper->Keep(process->master->fd());
        program.pty = std::move(process->master);
        program.pid = process->child->pid();
        program.child = std::move(process->child);
        return program;
      };
}

}  // namespace mosh::server::gate
