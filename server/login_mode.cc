#include "server/login_mode.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/environment.h"
#include "server/login.h"

namespace mosh::server {
namespace {

// argv: the name, then these, then the program and its own argv.
enum Argument : size_t { kKind = 1, kCoreLimit, kHome, kProgram, kProgramArgs };

constexpr absl::string_view kLoginShell = "shell";
constexpr absl::string_view kCommand = "command";
constexpr absl::string_view kUnchanged = "-";

}  // namespace

int RunLoginMode(std::span<const char* const> args) {
  if (args.size() <= kProgramArgs) return 1;
  LoginPlan plan;
  plan.login_shell = args[kKind] == kLoginShell;
  plan.home = args[kHome];
  plan.program = args[kProgram];
  plan.argv.assign(args.begin() + kProgramArgs, args.end());
  plan.environment = Environment::OfProcess();
  rlimit core;
  if (getrlimit(RLIMIT_CORE, &core) != 0) return 1;
  uint64_t wanted;
  if (absl::SimpleAtoi(args[kCoreLimit], &wanted)) {
    core.rlim_cur = std::min<rlim_t>(wanted, core.rlim_max);
  }
  BecomeProgram(std::move(plan), core);
}

io::PtySpec LoginModeSpec(const control::NewSession& request, term::Size size,
                          const Account& account) {
  const std::vector<std::string> command(request.command().begin(), request.command().end());
  const std::vector<std::string> environment(request.environment().begin(),
                                             request.environment().end());
  LoginPlan plan =
      PlanLogin(command, static_cast<int>(request.colors()), account, Environment(environment));
  io::PtySpec spec;
  spec.size.columns = static_cast<uint16_t>(size.columns);
  spec.size.rows = static_cast<uint16_t>(size.rows);
  spec.child.file = "/proc/self/exe";
  spec.child.argv = {
      std::string(kLoginModeName), std::string(plan.login_shell ? kLoginShell : kCommand),
      request.has_core_limit() ? absl::StrCat(request.core_limit()) : std::string(kUnchanged),
      plan.home, plan.program};
  spec.child.argv.insert(spec.child.argv.end(), plan.argv.begin(), plan.argv.end());
  spec.child.environment = plan.environment.assignments();
  if (plan.home.empty()) spec.child.directory = request.directory();
  return spec;
}

RequestedProgramStarter LoginModeStarter(io::Reactor* reactor, UtmpKeeper* keeper) {
  return
      [reactor, keeper, account = AccountOfProcess()](
          const control::NewSession& request, term::Size size) -> absl::StatusOr<RunningProgram> {
        absl::StatusOr<io::PtyProcess> process =
            reactor->SpawnPty(LoginModeSpec(request, size, account));
        if (!process.ok()) return process.status();
        RunningProgram program;
        if (keeper != nullptr) program.record = keeper->Keep(process->master->fd());
        program.pty = std::move(process->master);
        program.child = std::move(process->child);
        program.pid = program.child->pid();
        return program;
      };
}

}  // namespace mosh::server
