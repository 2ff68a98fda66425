#include "server/gate/start_program.h"

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "server/environment.h"
#include "server/login_plan.h"

namespace mosh::server::gate {

RequestedProgramStarter MakeProgramStarter(io::Reactor* reactor, const Identity& who,
                                           const rlimit& open_files) {
  const Account account{.name = who.name, .home = who.home, .shell = who.shell};
  return [reactor, account, open_files](const control::NewSession& request,
                                        term::Size size) -> absl::StatusOr<RunningProgram> {
    const std::vector<std::string> command(request.command().begin(), request.command().end());
    const std::vector<std::string> assignments(request.environment().begin(),
                                               request.environment().end());
    LoginPlan plan =
        PlanLogin(command, static_cast<int>(request.colors()), account, Environment(assignments));
    io::PtySpec spec;
    spec.child.file = plan.program;
    spec.child.argv = plan.argv;
    spec.child.environment = plan.environment.assignments();
    spec.child.directory = plan.home.empty() ? request.directory() : plan.home;
    const rlimit core = {request.core_limit(), request.core_limit()};
    spec.child.before_exec = [open_files, core] {
      setrlimit(RLIMIT_CORE, &core);
      return setrlimit(RLIMIT_NOFILE, &open_files) == 0 ? 0 : errno;
    };
    spec.size = {.columns = static_cast<uint16_t>(size.columns),
                 .rows = static_cast<uint16_t>(size.rows)};
    absl::StatusOr<io::PtyProcess> process = reactor->SpawnPty(spec);
    if (!process.ok()) return process.status();
    RunningProgram program;
    program.pty = std::move(process->master);
    program.pid = process->child->pid();
    program.child = std::move(process->child);
    return program;
  };
}

}  // namespace mosh::server::gate
