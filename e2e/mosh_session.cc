#include "e2e/mosh_session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <utmpx.h>

#include <atomic>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/check.h"
#include "e2e/tools.h"

namespace mosh::e2e {
namespace {

// The word behind `prefix` at the start of a line of `text`, up to the next space or line end; ""
// if there is none.
std::string WordAfter(absl::string_view text, absl::string_view prefix) {
  const size_t at = text.find(prefix);
  if (at == absl::string_view::npos) return "";
  text.remove_prefix(at + prefix.size());
  return std::string(text.substr(0, text.find_first_of(" \r\n]")));
}

}  // namespace

std::string RequireVariable(const char* name) {
  const char* value = getenv(name);
  if (value != nullptr && *value != '\0') {
    // Bazel gives paths relative to the run's folder; programs under test run elsewhere.
    char* absolute = realpath(value, nullptr);
    if (absolute != nullptr) {
      std::string path = absolute;
      free(absolute);
      return path;
    }
  }
  fprintf(stderr, "e2e: %s must name a program (Bazel sets it, see e2e/defs.bzl)\n", name);
  exit(1);
}

std::string Pairing::Name() const {
  std::string name = absl::StrCat(client, "_", server);
  if (!backend.empty()) absl::StrAppend(&name, "_", backend);
  return name;
}

std::vector<Pairing> PairingsUnderTest() {
  const char* variable = getenv("E2E_PAIRINGS");
  std::vector<Pairing> pairings;
  for (absl::string_view word :
       absl::StrSplit(variable != nullptr ? variable : "stock/stock", ' ', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(word, '/');
    CHECK(parts.size() >= 2);
    pairings.push_back({parts[0], parts[1], parts.size() > 2 ? parts[2] : ""});
  }
  return pairings;
}

std::string ClientFolder(const Pairing& pairing) {
  const std::string folder = MakeTempFolder("bin");
  const bool ours = pairing.client_is_ours();
  for (const char* name : {"mosh", "mosh-client"}) {
    // Ours is one binary, whose name decides what it does.
    const std::string target = ours ? RequireVariable("E2E_OUR_CLIENT") : RequireTool(name);
    CHECK(symlink(target.c_str(), absl::StrCat(folder, "/", name).c_str()) == 0);
  }
  return folder;
}

std::string ServerPath(const Pairing& pairing) {
  return pairing.server_is_ours() ? RequireVariable("E2E_OUR_SERVER") : RequireTool("mosh-server");
}

RelayProcess::RelayProcess(int server_port, const std::string& profile,
                           const Environment& environment) {
  int in[2], out[2];
  CHECK(pipe2(in, O_CLOEXEC) == 0);
  CHECK(pipe2(out, O_CLOEXEC) == 0);
  process_ = Process::Spawn({.argv = {RequireVariable("E2E_RELAY"), absl::StrCat("--net=", profile),
                                      "127.0.0.1", absl::StrCat(server_port)},
                             .environment = environment,
                             .in = in[0],
                             .out = out[1],
                             .err = STDERR_FILENO});
  close(in[0]);
  close(out[1]);
  in_ = in[1];
  out_ = out[0];
  CHECK(absl::SimpleAtoi(WordAfter(ReadLine(), "LISTENING "), &port_));
}

RelayProcess::~RelayProcess() {
  close(in_);
  close(out_);
  process_.WaitExit(Patience());
}

std::string RelayProcess::ReadLine() {
  std::string line;
  const Deadline deadline = Patience();
  for (char c; !deadline.passed();) {
    pollfd p = {out_, POLLIN, 0};
    if (poll(&p, 1, deadline.MillisLeft()) <= 0) continue;
    if (read(out_, &c, 1) != 1 || c == '\n') break;
    line += c;
  }
  return line;
}

std::string RelayProcess::Ask(absl::string_view line) {
  const std::string request = absl::StrCat(line, "\n");
  CHECK(write(in_, request.data(), request.size()) == static_cast<ssize_t>(request.size()));
  return ReadLine();
}

long RelayProcess::Stat(absl::string_view key) {
  long value = -1;
  static_cast<void>(absl::SimpleAtoi(WordAfter(Ask("stats"), absl::StrCat(" ", key, "=")), &value));
  return value;
}

StartedServer StartServer(const std::string& path, const std::vector<std::string>& arguments,
                          const Environment& environment) {
  SpawnOptions options;
  options.argv = {path, "new"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.environment = environment;
  const Output output = RunToEnd(options, Patience());
  StartedServer server;
  server.output = output.out + output.err;
  pid_t pid;
  const std::string connect = WordAfter(output.out, "MOSH CONNECT ");
  if (!absl::SimpleAtoi(connect, &server.port)) return server;
  server.key = WordAfter(output.out, absl::StrCat("MOSH CONNECT ", connect, " "));
  if (absl::SimpleAtoi(WordAfter(output.err, "detached, pid = "), &pid))
    server.process = Process::Adopt(pid);
  return server;
}

MoshSession::MoshSession(const Pairing& pairing, const Options& options)
    : mark_(NewMark()), pairing_(pairing) {
  BecomeReaper();
  Environment environment = BaseEnvironment(mark_);
  if (!pairing.backend.empty()) environment["MOSH_IO_BACKEND"] = pairing.backend;
  for (const auto& [name, value] : options.extra) environment[name] = value;

  std::vector<std::string> arguments = {"-i", "127.0.0.1", "-p", "0", "-c", "256", "--"};
  arguments.insert(arguments.end(), options.command.begin(), options.command.end());
  server_ = StartServer(ServerPath(pairing), arguments, environment);
  if (server_.port == 0) {
    fprintf(stderr, "e2e: the server did not start: %s\n", server_.output.c_str());
    abort();
  }
  // The relay isn't part of what may be left over.
  Environment relay_environment = environment;
  relay_environment.erase(kMarkVariable);
  relay_ = std::make_unique<RelayProcess>(server_.port, options.net, relay_environment);

  environment["MOSH_KEY"] = server_.key;
  environment["MOSH_PREDICTION_DISPLAY"] = options.predict;
  const std::vector<std::string> client = {ClientFolder(pairing) + "/mosh-client", "127.0.0.1",
                                           absl::StrCat(relay_->port())};
  terminal_ = std::make_unique<TerminalProgram>(
      TerminalProgram::Options{.argv = client, .environment = environment, .size = options.size});
}

MoshSession::~MoshSession() {
  terminal_.reset();
  KillMarkedProcesses(mark_);
}

bool MoshSession::Quit() {
  terminal_->Type("\x1e.");
  return terminal_->WaitExit() && server_.process.WaitExit(Patience());
}

std::vector<std::string> MoshSession::Strays() {
  return WaitNoMarkedProcesses(mark_, Deadline::In(std::chrono::seconds(15)));
}

std::string MoshSession::Describe() {
  const std::vector<std::string> processes = MarkedProcesses(mark_);
  return absl::StrCat("pairing ", pairing_.Name(), "\n", terminal_->Describe(), "processes:\n  ",
                      absl::StrJoin(processes, "\n  "), "\nrelay: ", relay_->Ask("stats"), "\n");
}

std::string NewMark() {
  static std::atomic<int> count{0};
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return absl::StrCat(getpid(), ".", ++count, ".", now.tv_sec, ".", now.tv_nsec);
}

std::vector<std::string> UtmpEntriesOf(pid_t server_pid) {
  const std::string name = absl::StrCat("mosh [", server_pid, "]");
  std::vector<std::string> entries;
  setutxent();
  while (const utmpx* entry = getutxent()) {
    const absl::string_view host(entry->ut_host, strnlen(entry->ut_host, sizeof entry->ut_host));
    const absl::string_view line(entry->ut_line, strnlen(entry->ut_line, sizeof entry->ut_line));
    if (entry->ut_type == USER_PROCESS && absl::StrContains(host, name)) {
      entries.push_back(absl::StrCat(line, " ", host));
    }
  }
  endutxent();
  return entries;
}

}  // namespace mosh::e2e
