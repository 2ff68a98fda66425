// Thousands of sessions in one Host: memory and processor time of an idle one, beside stock servers
// in the same run; and how long a key takes to the screen while some type and all others idle,
// beside a session that has a Host for itself.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/check.h"
#include "base/short_slices.h"
#include "bench/fleet/processes.h"
#include "bench/fleet/typists.h"
#include "bench/measure.h"
#include "crypto/random.h"
#include "io/create_reactor.h"
#include "server/login_mode.h"

namespace mosh::bench {
namespace {

using namespace std::chrono_literals;

struct Options {
  int sessions = 10'000;
  int stock = 200;
  int typing = 200;
  int seconds = 30;  // of each measurement
  int rounds = 3;    // of keys
};

[[noreturn]] void Die(const std::string& why) {
  fprintf(stderr, "fleet: %s\n", why.c_str());
  exit(1);
}

Options ParseOptions(int argc, char* argv[]) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    absl::string_view word = argv[i];
    int* value = absl::ConsumePrefix(&word, "--sessions=")  ? &options.sessions
                 : absl::ConsumePrefix(&word, "--stock=")   ? &options.stock
                 : absl::ConsumePrefix(&word, "--typing=")  ? &options.typing
                 : absl::ConsumePrefix(&word, "--seconds=") ? &options.seconds
                 : absl::ConsumePrefix(&word, "--rounds=")  ? &options.rounds
                                                            : nullptr;
    if (value == nullptr || !absl::SimpleAtoi(word, value) || *value < 0) {
      Die("usage: fleet [--sessions=N] [--stock=N] [--typing=N] [--seconds=N] [--rounds=N]");
    }
  }
  if (options.typing > options.sessions) Die("more typing sessions than sessions");
  if (options.sessions < 1 || options.seconds < 1 || options.rounds < 1) Die("nothing to measure");
  return options;
}

// Descriptors for sessions and their clients, and ptys.
void RaiseLimits(const Options& options) {
  const rlim_t descriptors = static_cast<rlim_t>(options.sessions) + 1000;
  rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = std::max(limit.rlim_cur, descriptors);
  limit.rlim_max = std::max(limit.rlim_max, descriptors);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    Die(absl::StrCat("needs ", descriptors, " descriptors: ulimit -n ", descriptors));
  }
  constexpr char kPtyMax[] = "/proc/sys/kernel/pty/max";
  const int wanted = options.sessions + options.stock + 1000;
  FILE* const file = fopen(kPtyMax, "r+e");
  int most = 0;
  if (file != nullptr && fscanf(file, "%d", &most) == 1 && most < wanted) {
    rewind(file);
    fprintf(file, "%d\n", wanted);
    if (fflush(file) == 0) most = wanted;
  }
  if (file != nullptr) fclose(file);
  if (most < wanted) Die(absl::StrCat("needs ptys: sysctl kernel.pty.max=", wanted));
}

// A stock server with one session.
struct StockServer {
  Entry entry;
  pid_t pid = 0;

  explicit StockServer(const std::string& program) {
    const std::string command =
        absl::StrCat("LC_ALL=C.UTF-8 mosh-server new -i 127.0.0.1 -p 61000:64999 -- ", program,
                     " 2>&1 </dev/null");
    FILE* const output = popen(command.c_str(), "re");
    CHECK(output != nullptr);
    char line[256], key[64];
    unsigned port;
    while (fgets(line, sizeof line, output) != nullptr) {
      if (sscanf(line, "MOSH CONNECT %u %63s", &port, key) == 2) {
        entry = {static_cast<uint16_t>(port), key, LightClient::Start::kAtZero};
      }
      sscanf(line, "[mosh-server detached, pid = %d]", &pid);
    }
    pclose(output);
    if (pid == 0 || entry.port == 0) Die("a stock server didn't start");
  }
  ~StockServer() { kill(pid, SIGTERM); }
};

void Print(const char* who, const Samples& samples) {
  printf("| %s | %zu | %.2f | %.2f | %.2f |\n", who, samples.size(), samples.Median(),
         samples.Percentile(99), samples.Percentile(100));
}

uint64_t CpuOf(const std::vector<std::unique_ptr<StockServer>>& servers) {
  uint64_t sum = 0;
  for (const auto& server : servers) sum += CpuNanos(server->pid);
  return sum;
}

struct Fleet {
  Options options;
  HostProcess alone, fleet;
  CrowdProcess crowd, stock_crowd;
  std::vector<std::unique_ptr<StockServer>> stock;

  Fleet(const Options& o, const std::string& program) : options(o), alone(program), fleet(program) {
    for (int i = 0; i < options.stock; ++i) stock.push_back(std::make_unique<StockServer>(program));
  }
};

void FillFleet(Fleet* f) {
  constexpr int kAtATime = 200;
  const double start = NowMillis();
  for (int done = 0, all = f->options.sessions - f->options.typing; done < all;) {
    std::vector<Entry> entries;
    for (; done < all && entries.size() < kAtATime; ++done) entries.push_back(f->fleet.Open());
    f->crowd.Connect(entries);
  }
  printf("%d sessions in %.1f s\n\n", f->options.sessions - f->options.typing,
         (NowMillis() - start) / 1000);
}

io::Task<void> MeasureIdle(io::Reactor* reactor, const Fleet* f) {
  absl::Status slept = co_await reactor->Sleep(reactor->Now() + 15s, {});
  CHECK(slept.ok());
  const uint64_t ours_before = CpuNanos(f->fleet.pid()), stock_before = CpuOf(f->stock);
  const std::chrono::seconds time(f->options.seconds);
  slept = co_await reactor->Sleep(reactor->Now() + time, {});
  CHECK(slept.ok());
  const double nanos = static_cast<double>(f->options.seconds) * 1e9;
  const double ours = static_cast<double>(CpuNanos(f->fleet.pid()) - ours_before) / nanos;
  const double stock = static_cast<double>(CpuOf(f->stock) - stock_before) / nanos;
  double stock_pss = 0;
  for (const auto& server : f->stock) stock_pss += static_cast<double>(PssKib(server->pid));
  const auto pss = static_cast<double>(PssKib(f->fleet.pid()));
  const int sessions = f->options.sessions;
  const double scale = f->options.stock == 0 ? 0 : static_cast<double>(sessions) / f->options.stock;
  printf("| %d idle sessions | one Host | %d stock servers, extrapolated | ratio |\n", sessions,
         f->options.stock);
  printf("|---|---|---|---|\n");
  printf("| PSS per session, KiB | %.1f | %.1f | %.3f |\n", pss / sessions,
         stock_pss * scale / sessions, pss / (stock_pss * scale));
  printf("| processor time, %% of one | %.2f | %.2f | %.3f |\n\n", 100 * ours, 100 * stock * scale,
         ours / (stock * scale));
}

io::Task<void> Measure(io::Reactor* reactor, Fleet* f) {
  crypto::SystemRandom random;
  const std::chrono::seconds time(f->options.seconds);
  Samples alone, beside, among;
  // At once: a stock server waits for its client for a minute.
  std::vector<Entry> stock;
  for (const auto& server : f->stock) stock.push_back(server->entry);
  f->stock_crowd.Connect(stock);

  // One types few keys in a second: twice the time, so that more than the slowest few make the p99.
  Typists single(reactor, &random);
  single.Connect(f->alone.Open());
  co_await single.AwaitUp();
  co_await single.Type(2 * f->options.rounds * time, &alone);

  FillFleet(f);
  Typists many(reactor, &random);
  for (int i = 0; i < f->options.typing; ++i) {
    many.Connect(f->fleet.Open());
    co_await many.AwaitUp();
  }
  co_await MeasureIdle(reactor, f);

  printf("| key to screen, ms | keys | median | p99 | most |\n|---|---|---|---|---|\n");
  Print("a session that has its Host for itself", alone);
  if (f->options.typing > 0) {
    // In turn, because the machine changes. The single one tells what the machine itself does to a
    // key while all those clients are served on it.
    for (int round = 0; round < f->options.rounds; ++round) {
      co_await many.Type(time, &among);
      co_await single.Type(2 * time, &beside);
    }
    Print(absl::StrCat(f->options.typing, " typing, ", f->options.sessions - f->options.typing,
                       " idle, in one Host")
              .c_str(),
          among);
    Print("the one with a Host for itself, while the others idle", beside);
    printf("\np99 ratio: %.2f; beside the one that had the machine for itself: %.2f\n",
           among.Percentile(99) / beside.Percentile(99),
           among.Percentile(99) / alone.Percentile(99));
  }
  co_await single.Close();
  co_await many.Close();
}

int Main(int argc, char* argv[]) {
  const Options options = ParseOptions(argc, argv);
  RaiseLimits(options);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "echo_child";
  Fleet fleet(options, program);
  // For its clients, as in CrowdProcess; the Hosts have been started with what is best.
  setenv("MOSH_IO_BACKEND", "epoll", 1);
  auto reactor = io::CreateReactor();
  CHECK(reactor.ok());
  PreferShortSlices();  // as clients do
  (*reactor)->Run(Measure(reactor->get(), &fleet));
  return 0;
}

}  // namespace
}  // namespace mosh::bench

int main(int argc, char* argv[]) {
  const std::span<const char* const> args(argv, static_cast<size_t>(argc));
  if (mosh::server::IsLoginMode(args)) return mosh::server::RunLoginMode(args);
  return mosh::bench::Main(argc, argv);
}
