// One program, two names: as `mosh-client` the client with stock's arguments, under any other name
// the wrapper, which runs the client in this same process once there is a session.
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/client_arguments.h"
#include "client/run_client.h"
#include "client/run_resume.h"
#include "client/terminal_type.h"
#include "client/wrapper/options.h"
#include "client/wrapper/wrapper.h"

namespace mosh::client {
namespace {

void Print(FILE* stream, absl::string_view text) {
  fwrite(text.data(), 1, text.size(), stream);
  fflush(stream);
}

// Keys must not end up in a core file.
bool ForbidCoreFiles() {
  rlimit limit;
  if (getrlimit(RLIMIT_CORE, &limit) != 0) return false;
  limit.rlim_cur = 0;
  return setrlimit(RLIMIT_CORE, &limit) == 0;
}

// Takes MOSH_KEY out of the environment, and out of the memory that /proc/self/environ shows.
std::optional<std::string> TakeKeyFromEnvironment() {
  char* value = getenv("MOSH_KEY");
  if (value == nullptr) return std::nullopt;
  std::string key = value;
  explicit_bzero(value, strlen(value));
  unsetenv("MOSH_KEY");
  return key;
}

int PrintColors() {
  const std::string term = SystemEnvironment()("TERM").value_or("");
  const auto type = LookUpTerminalType(term);
  if (!type.ok()) {
    Print(stderr, absl::StrCat(TerminfoComplaint(term), "\n"));
    return 1;
  }
  Print(stdout, absl::StrCat(type->colors, "\n"));
  return 0;
}

int ClientMain(const std::string& program, const std::vector<std::string>& arguments) {
  const ClientArgumentsResult parsed = ParseClientArguments(program, arguments);
  Print(stdout, parsed.output);
  Print(stderr, parsed.errors);
  if (!parsed.arguments.has_value()) return parsed.exit_status;
  if (parsed.arguments->count_colors) return PrintColors();
  std::optional<std::string> key = TakeKeyFromEnvironment();
  if (!key.has_value()) {
    Print(stderr, "MOSH_KEY environment variable not found.\n");
    return 1;
  }
  return RunClient(
      {.address = parsed.arguments->address,
       .port_text = parsed.arguments->port_text,
       .port = parsed.arguments->port,
       .key = *std::move(key),
       .verbosity = parsed.arguments->verbosity,
       .target = absl::StrCat(parsed.arguments->address, ":", parsed.arguments->port_text)},
      SystemEnvironment());
}

int RunClientInProcess(ClientStart start) {
  uint32_t port = 0;
  if (!absl::SimpleAtoi(start.port, &port) || port > 65535) {
    Print(stderr, absl::StrCat("mosh-client: Bad UDP port (", start.port, ")\n"));
    return 1;
  }
  // As people look for it in process lists.
  prctl(PR_SET_NAME, "mosh-client");
  return RunClient({.address = start.address,
                    .port_text = start.port,
                    .port = static_cast<uint16_t>(port),
                    .key = std::move(start.key),
                    .target = std::move(start.target)},
                   SystemEnvironment());
}

int CountColors(std::string& error) {
  const std::string term = SystemEnvironment()("TERM").value_or("");
  const auto type = LookUpTerminalType(term);
  if (type.ok()) return type->colors;
  error = absl::StrCat(TerminfoComplaint(term), " Set TERM to what this terminal is, e.g. xterm.");
  return -1;
}

std::string OwnPath(const std::string& program) {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0 || length == sizeof(path)) return program;
  return std::string(path, static_cast<size_t>(length));
}

bool HasArgument(const std::vector<std::string>& arguments, absl::string_view wanted) {
  for (const std::string& argument : arguments) {
    if (argument == wanted) return true;
  }
  return false;
}

int Main(int argc, char** argv) {
  const std::string program = argc > 0 ? argv[0] : "mosh";
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (!ForbidCoreFiles()) {
    Print(stderr, absl::StrCat(program, ": cannot switch core files off\n"));
    return 1;
  }
  const std::string base = program.substr(program.rfind('/') + 1);
  // The proxy helper is started by our real path, which may have either name.
  if (base == "mosh-client" && !HasArgument(arguments, "--fake-proxy")) {
    return ClientMain(base, arguments);
  }
  return RunWrapper({.program = program,
                     .self = OwnPath(program),
                     .arguments = arguments,
                     .environment = SystemEnvironment(),
                     .run_client = RunClientInProcess,
                     .resume = RunResume,
                     .forget = RunForget,
                     .count_colors = CountColors});
}

}  // namespace
}  // namespace mosh::client

int main(int argc, char** argv) { return mosh::client::Main(argc, argv); }
