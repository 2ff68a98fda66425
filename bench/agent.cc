// One node with thousands of sessions of one user's under a moshd, and a mosh-agent: how long a
// list of all takes, what the agent takes of a processor while many watch a thousand changes a
// second and one of them has stopped reading, and whether those who type feel any of it. Whole
// programs on a machine of the benchmark's own; needs root.
//
//   ./tools/bazel run //bench:agent -- [--sessions=10000] [--typing=200] [--watchers=100]
//   [--seconds=20] [--rounds=3]
//
// Every key changes its session's title: 200 who type make 1,000 changes a second.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/short_slices.h"
#include "bench/fleet/moshd_sessions.h"
#include "bench/fleet/processes.h"
#include "bench/fleet/typists.h"
#include "bench/measure.h"
#include "crypto/random.h"
#include "e2e/mosh_session.h"
#include "e2e/moshd_process.h"
#include "e2e/private_machine.h"
#include "e2e/process.h"
#include "e2e/tools.h"
#include "io/create_reactor.h"
#include "io/reactor.h"

namespace mosh::bench {
namespace {

using e2e::PrivateMachine;
using namespace std::chrono_literals;

constexpr int kPort = 61000;
constexpr uid_t kUid = 61001;
constexpr char kUser[] = "user";
constexpr char kAgentSocket[] = "/run/mosh-agent/agent.sock";

struct Options {
  int sessions = 10'000;
  int typing = 200;
  int watchers = 100;
  int seconds = 20;  // of each measurement
  int rounds = 3;
};

[[noreturn]] void Die(const std::string& why) {
  fprintf(stderr, "agent: %s\n", why.c_str());
  exit(1);
}

std::vector<Entry> OpenSessions(int count) {
  std::vector<Entry> entries;
  for (OpenedSession& opened :
       OpenSessionsAs(kUid, count, {PrivateMachine::Program("echo_child"), "title"})) {
    entries.push_back({kPort, std::move(opened.key)});
  }
  if (std::ssize(entries) != count) Die("moshd didn't give all sessions");
  return entries;
}

using Figures = std::map<std::string, double>;

// A load that runs while the caller does something else.
class Load {
 public:
  Load(const std::string& what, const Options& options, const std::string& mark) : out_(tmpfile()) {
    CHECK(out_ != nullptr);
    process_ = e2e::Process::Spawn(
        {.argv = {PrivateMachine::Program("agent_load"), absl::StrCat("unix:", kAgentSocket), what,
                  absl::StrCat(options.seconds), absl::StrCat(options.watchers)},
         .environment = e2e::BaseEnvironment(mark),
         .out = fileno(out_),
         .err = STDERR_FILENO});
  }
  ~Load() { fclose(out_); }
  bool Said(const std::string& word) { return Read().contains(word); }
  bool Exited() { return process_.Exited(); }
  Figures End() {
    if (!process_.WaitExit(e2e::Patience()) || process_.ExitCode() != 0) Die("the load failed");
    return Read();
  }

 private:
  Figures Read() {
    Figures figures;
    rewind(out_);
    char line[128];
    while (fgets(line, sizeof line, out_) != nullptr) {
      const std::pair<std::string, std::string> words =
          absl::StrSplit(absl::StripSuffix(line, "\n"), absl::MaxSplits(' ', 1));
      double value = 0;
      static_cast<void>(absl::SimpleAtod(words.second, &value));
      figures[words.first] = value;
    }
    return figures;
  }

  FILE* out_;
  e2e::Process process_;
};

io::Task<void> Wait(io::Reactor* reactor, std::chrono::milliseconds time) {
  const absl::Status slept = co_await reactor->Sleep(reactor->Now() + time, {});
  CHECK(slept.ok());
}

e2e::Process StartAgent(const std::string& mark) {
  return e2e::Process::Spawn({.argv = {PrivateMachine::Program("mosh-agent"), "--audit-log", "none",
                                       "--recordings", "none"},
                              .environment = e2e::BaseEnvironment(mark),
                              .err = STDERR_FILENO});
}

struct Result {
  Samples without, with;
  Samples agent_share;  // of a processor
  Figures watch, quiet_list, busy_list;
};

// The load reads what it was told of later; a list may be asked for meanwhile.
io::Task<void> Measure(io::Reactor* reactor, const Options& options, const std::string& mark,
                       const std::vector<Entry>& typing, Result* result) {
  crypto::SystemRandom random;
  Typists typists(reactor, &random);
  for (const Entry& entry : typing) typists.Connect(entry);
  co_await typists.AwaitUp();
  const std::chrono::seconds time(options.seconds);
  for (int round = 0; round < options.rounds; ++round) {
    co_await Wait(reactor, 4s);
    co_await typists.Type(time, &result->without);

    e2e::Process agent = StartAgent(mark);
    while (access(kAgentSocket, F_OK) != 0) co_await Wait(reactor, 50ms);
    co_await Wait(reactor, 4s);
    {
      Load list("list", options, mark);
      while (!list.Exited()) co_await Wait(reactor, 100ms);
      result->quiet_list = list.End();
    }
    Load watch("watch", options, mark);
    while (!watch.Said("ready")) co_await Wait(reactor, 50ms);
    const uint64_t before = CpuNanos(agent.pid());
    const double started = NowMillis();
    co_await typists.Type(time, &result->with);
    const double took = (NowMillis() - started) * 1e6;
    result->agent_share.Add(static_cast<double>(CpuNanos(agent.pid()) - before) / took);
    while (!watch.Exited()) co_await Wait(reactor, 50ms);
    result->watch = watch.End();
    agent.Signal(SIGTERM);
    while (!agent.Exited()) co_await Wait(reactor, 20ms);
    unlink(kAgentSocket);
  }
  co_await typists.Close();
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::pair<std::string, std::string> option = absl::StrSplit(argv[i], '=');
    int* number = option.first == "--sessions"   ? &options.sessions
                  : option.first == "--typing"   ? &options.typing
                  : option.first == "--watchers" ? &options.watchers
                  : option.first == "--seconds"  ? &options.seconds
                  : option.first == "--rounds"   ? &options.rounds
                                                 : nullptr;
    if (number != nullptr && absl::SimpleAtoi(option.second, number) && *number > 0) continue;
    fprintf(stderr,
            "Usage: agent [--sessions=N] [--typing=N] [--watchers=N] [--seconds=N] [--rounds=N]\n");
    exit(2);
  }
  if (options.typing >= options.sessions) Die("somebody has to idle");
  return options;
}

void Print(const char* who, const Samples& samples) {
  printf("| %s | %zu | %.2f | %.2f | %.2f |\n", who, samples.size(), samples.Median(),
         samples.Percentile(99), samples.Percentile(99.9));
}

int Main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string limited = RaiseLimitsFor(options.sessions);
  if (!limited.empty()) Die(limited);
  const std::string why_not = PrivateMachine::Enter(
      {{kUser, kUid}}, {e2e::RequireVariable("BENCH_MOSHD"), e2e::RequireVariable("BENCH_SERVER"),
                        e2e::RequireVariable("BENCH_ECHO"), e2e::RequireVariable("BENCH_AGENT"),
                        e2e::RequireVariable("BENCH_LOAD")});
  if (!why_not.empty()) Die(why_not);
  e2e::BecomeReaper();
  const std::string mark = e2e::NewMark();
  CrowdProcess crowd;
  e2e::MoshdProcess moshd(e2e::BaseEnvironment(mark),
                          absl::StrCat("max_sessions = ", options.sessions + 10, "\n"));
  const std::vector<Entry> entries = OpenSessions(options.sessions);
  const auto first_idle = entries.begin() + options.typing;
  for (auto at = first_idle; at < entries.end();) {
    const auto end = at + std::min<ptrdiff_t>(200, entries.end() - at);
    crowd.Connect({at, end});
    at = end;
  }

  Result result;
  setenv("MOSH_IO_BACKEND", "epoll", 1);
  auto reactor = io::CreateReactor();
  CHECK(reactor.ok());
  PreferShortSlices();  // as clients do
  (*reactor)->Run(Measure(reactor->get(), options, mark, {entries.begin(), first_idle}, &result));

  printf("| %d sessions, %d of them typing, ms | keys | median | p99 | p99.9 |\n", options.sessions,
         options.typing);
  printf("|---|---|---|---|---|\n");
  Print("without an agent", result.without);
  Print(absl::StrCat("with an agent and ", options.watchers, " watchers").c_str(), result.with);
  printf("\np99 with and without: %.2f\n",
         result.with.Percentile(99) / result.without.Percentile(99));
  printf("\nListSessions of all %.0f, nobody typing: %.0f ms median of %.0f, %.0f at most\n",
         result.quiet_list["sessions"], result.quiet_list["list_ms_median"],
         result.quiet_list["lists"], result.quiet_list["list_ms_most"]);
  printf(
      "the agent while %.0f watch, one of them stuck: %.2f of a processor; %.0f events a second, "
      "the "
      "slowest of those who read got %.2f of them; who watches takes %.2f\n",
      result.watch["watchers"], result.agent_share.Median(),
      result.watch["events"] / options.seconds, result.watch["slowest_share"],
      result.watch["cpu_ms"] / 1000 / options.seconds);
  e2e::KillMarkedProcesses(mark);
  return 0;
}

}  // namespace
}  // namespace mosh::bench

int main(int argc, char** argv) { return mosh::bench::Main(argc, argv); }
