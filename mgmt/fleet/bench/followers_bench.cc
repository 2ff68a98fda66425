// What it costs etcd, and each agent, that many agents follow which nodes there are: followers as
// agents have them, each with a connection of its own, mutual TLS, and a mirror of the registry in
// a real etcd; and nodes that come and go, one transaction of two keys each time.
//
//   ./tools/bazel run //mgmt/fleet:followers_bench -- [--nodes=1000] [--followers=200]
//   [--changes=200]
//
// All followers are in this process: its processor time is theirs together.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/check.h"
#include "bench/measure.h"
#include "io/create_reactor.h"
#include "io/event.h"
#include "io/scope.h"
#include "mgmt/agent/mailbox.h"
#include "mgmt/etcd/etcd_client.h"
#include "mgmt/etcd/mirror.h"
#include "mgmt/fleet/bench/etcd_nodes.h"
#include "mgmt/fleet/bench/etcd_process.h"
#include "mgmt/fleet/registered_nodes.h"
#include "mosh/fleet/v1/node.pb.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;
using bench::NowMillis;

constexpr std::chrono::milliseconds kBetweenChanges = 50ms;
constexpr std::chrono::seconds kIdle = 10s;

struct Options {
  int nodes = 1'000;
  int followers = 200;
  int changes = 200;
};

[[noreturn]] void Die(absl::string_view why) {
  fprintf(stderr, "followers_bench: %s\n", std::string(why).c_str());
  exit(1);
}

Options ParseOptions(int argc, char* argv[]) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    absl::string_view word = argv[i];
    int* value = absl::ConsumePrefix(&word, "--nodes=")       ? &options.nodes
                 : absl::ConsumePrefix(&word, "--followers=") ? &options.followers
                 : absl::ConsumePrefix(&word, "--changes=")   ? &options.changes
                                                              : nullptr;
    if (value == nullptr || !absl::SimpleAtoi(word, value) || *value < 1) {
      Die("usage: followers_bench [--nodes=N] [--followers=N] [--changes=N]");
    }
  }
  return options;
}

// Processor time in milliseconds since it was last asked for.
class Stopwatch {
 public:
  explicit Stopwatch(pid_t pid) : pid_(pid), cpu_(bench::CpuNanos(pid)) {}
  double Millis() {
    const uint64_t now = bench::CpuNanos(pid_);
    return static_cast<double>(now - std::exchange(cpu_, now)) / 1e6;
  }

 private:
  const pid_t pid_;
  uint64_t cpu_;
};

class Bench {
 public:
  Bench(const Options& options, const std::string& directory, const EtcdProcess& etcd)
      : options_(options),
        etcd_(etcd),
        tls_{directory + "/ca.crt", directory + "/agent.crt", directory + "/agent.key"},
        reactor_(*io::CreateReactor()),
        mailbox_(*Mailbox::Create(reactor_.get())) {}

  void Run() { reactor_->Run(Main()); }

 private:
  struct Follower {
    std::unique_ptr<etcd::EtcdClient> client;
    std::unique_ptr<etcd::Mirror> mirror;
    bool there = false;  // it knows of the change that is waited for
  };

  std::unique_ptr<etcd::EtcdClient> Client() {
    return std::make_unique<etcd::EtcdClient>(reactor_.get(), mailbox_.get(),
                                              std::vector<std::string>{etcd_.endpoint()}, tls_);
  }

  void Look(Follower* follower) {
    if (follower->there || follower->mirror->revision() < awaited_) return;
    follower->there = true;
    if (++there_ == options_.followers) all_there_.Set();
  }

  // Until all followers know of `revision`.
  io::Task<void> Await(etcd::Revision revision) {
    awaited_ = revision;
    there_ = 0;
    all_there_.Reset();
    for (Follower& follower : followers_) {
      follower.there = false;
      Look(&follower);
    }
    (void)co_await all_there_.Wait();
  }

  io::Task<void> Pause(std::chrono::nanoseconds time) {
    (void)co_await reactor_->Sleep(reactor_->Now() + time, io::StopToken());
  }

  // A node comes, or goes again.
  io::Task<etcd::Revision> Change(etcd::EtcdClient* client, etcd::LeaseId lease, int number) {
    ::mosh::fleet::v1::Node node;
    node.set_name(absl::StrCat("nodes/new-", number / 2));
    node.set_hostname(node.name());
    node.set_endpoint("127.0.0.1:1");
    node.set_state(::mosh::fleet::v1::Node::READY);
    const std::string key = absl::StrCat(kDefaultPrefix, node.name());
    const bool comes = number % 2 == 0;
    etcd::Transaction transaction;
    transaction.changes.push_back({.key = key});
    transaction.changes.push_back({.key = absl::StrCat(key, kAliveKey)});
    if (comes) {
      transaction.changes[0].value = node.SerializeAsString();
      transaction.changes[1].value = "simulated";
      transaction.changes[1].lease = lease;
    }
    const absl::StatusOr<etcd::Outcome> outcome =
        co_await client->Commit(std::move(transaction), io::StopToken());
    if (!outcome.ok()) Die(absl::StrCat("etcd: ", absl::string_view(outcome.status().message())));
    co_return outcome->revision;
  }

  io::Task<void> Main() {
    io::Scope scope;
    scope.Spawn(mailbox_->Run(scope.token()));
    const std::unique_ptr<etcd::EtcdClient> writer = Client();
    const absl::StatusOr<etcd::LeaseId> lease = co_await writer->Grant(300s, io::StopToken());
    if (!lease.ok()) Die(absl::StrCat("etcd: ", absl::string_view(lease.status().message())));
    const double etcd_before = static_cast<double>(bench::PssKib(etcd_.pid())) / 1024;
    const double before = static_cast<double>(bench::PssKib(getpid())) / 1024;
    Stopwatch of_etcd(etcd_.pid()), of_followers(getpid());
    const double count = options_.followers;

    double began = NowMillis();
    io::Scope following;
    followers_.resize(static_cast<size_t>(options_.followers));
    for (Follower& follower : followers_) {
      follower.client = Client();
      const std::string prefix = absl::StrCat(kDefaultPrefix, kNodesKey);
      Follower* const one = &follower;
      follower.mirror = std::make_unique<etcd::Mirror>(reactor_.get(), follower.client.get(),
                                                       prefix, [this, one] { Look(one); });
      following.Spawn(follower.mirror->Run(following.token()));
    }
    const etcd::Revision first = co_await Change(writer.get(), *lease, 0);
    co_await Await(first);
    printf("%d followers of %d nodes\n", options_.followers, options_.nodes);
    printf("%-26s %8.0f ms; of processor time, for each: etcd %.2f ms, follower %.2f ms\n",
           "all begin at once", NowMillis() - began, of_etcd.Millis() / count,
           of_followers.Millis() / count);
    printf("%-26s %8.0f KiB of etcd's, %.0f KiB of its own\n", "memory for each",
           (static_cast<double>(bench::PssKib(etcd_.pid())) / 1024 - etcd_before) * 1024 / count,
           (static_cast<double>(bench::PssKib(getpid())) / 1024 - before) * 1024 / count);

    of_etcd.Millis();
    of_followers.Millis();
    co_await Pause(kIdle);
    const double idle_seconds = std::chrono::duration<double>(kIdle).count();
    const double etcd_idle = of_etcd.Millis() / idle_seconds;
    const double followers_idle = of_followers.Millis() / idle_seconds;
    printf("%-26s %8.1f ms/s etcd in all, %.3f ms/s each follower\n", "nothing happens", etcd_idle,
           followers_idle / count);

    bench::Samples delays;
    began = NowMillis();
    Instant next = reactor_->Now();
    for (int number = 1; number <= options_.changes; ++number) {
      next = next + kBetweenChanges;
      (void)co_await reactor_->Sleep(next, io::StopToken());
      const double changed = NowMillis();
      const etcd::Revision revision = co_await Change(writer.get(), *lease, number);
      co_await Await(revision);
      delays.Add(NowMillis() - changed);
    }
    const double seconds = (NowMillis() - began) / 1e3;
    const double changes = options_.changes;
    const double etcd_each = (of_etcd.Millis() - etcd_idle * seconds) / changes;
    const double follower_each = (of_followers.Millis() - followers_idle * seconds) / changes;
    printf("%-26s %8.1f changes/s; all know after %.0f ms median, %.0f ms p99\n",
           "nodes come and go", changes / seconds, delays.Median(), delays.Percentile(99));
    printf("%-26s %8.2f ms etcd (%.3f ms a follower), %.3f ms each follower\n", "  CPU a change",
           etcd_each, etcd_each / count, follower_each / count);
    co_await following.CancelAndJoin();
    followers_.clear();
    co_await scope.CancelAndJoin();
  }

  const Options options_;
  const EtcdProcess& etcd_;
  const etcd::TlsFiles tls_;
  const std::unique_ptr<io::Reactor> reactor_;
  const std::unique_ptr<Mailbox> mailbox_;
  std::vector<Follower> followers_;
  etcd::Revision awaited_ = 0;
  int there_ = 0;
  io::Event all_there_;
};

int Main(int argc, char* argv[]) {
  const Options options = ParseOptions(argc, argv);
  const std::string program = FindEtcd();
  if (program.empty()) Die("there is no etcd: see MOSH_TEST_TOOLS");
  rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  char directory[] = "/tmp/followers-bench-XXXXXX";
  CHECK(mkdtemp(directory) != nullptr);
  MakeCertificates(directory);
  std::vector<std::string> lines;
  for (int i = 0; i < options.nodes; ++i) {
    lines.push_back(absl::StrCat("sim-", i, " 127.0.0.1:1"));
  }
  {
    const EtcdNodes nodes(program, directory, lines);
    Bench(options, directory, nodes.etcd()).Run();
  }
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace mosh::mgmt

int main(int argc, char* argv[]) { return mosh::mgmt::Main(argc, argv); }
