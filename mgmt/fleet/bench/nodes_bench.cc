// What it costs an agent to answer for a fleet: simulated agents of many nodes, each with a port,
// mutual TLS and sessions of its own; a real mosh-agent that is asked for all of them.
//
//   ./tools/bazel run //mgmt/fleet:nodes_bench -- [--nodes=1000] [--sessions=10] [--changes=1000]
//   [--seconds=20]
//
// The nodes are simulated on this very machine, so its processors also do their part of a thousand
// handshakes while the first list waits for them; the agent's own processor time is what counts.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/check.h"
#include "bench/measure.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "mgmt/agent/library_settings.h"
#include "mgmt/fleet/bench/etcd_nodes.h"
#include "mgmt/fleet/bench/etcd_process.h"
#include "mgmt/fleet/bench/simulated_nodes.h"
#include "mosh/fleet/v1/fleet_service.grpc.pb.h"

namespace mosh::mgmt {
namespace {

namespace fleet = ::mosh::fleet::v1;
using bench::NowMillis;

struct Options {
  int nodes = 1'000;
  int sessions = 10;
  int changes = 1'000;
  int seconds = 20;
  std::string agent;
};

[[noreturn]] void Die(const std::string& why) {
  fprintf(stderr, "nodes_bench: %s\n", why.c_str());
  exit(1);
}

Options ParseOptions(int argc, char* argv[]) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    absl::string_view word = argv[i];
    if (absl::ConsumePrefix(&word, "--agent=")) {
      options.agent = std::string(word);
      continue;
    }
    int* value = absl::ConsumePrefix(&word, "--nodes=")      ? &options.nodes
                 : absl::ConsumePrefix(&word, "--sessions=") ? &options.sessions
                 : absl::ConsumePrefix(&word, "--changes=")  ? &options.changes
                 : absl::ConsumePrefix(&word, "--seconds=")  ? &options.seconds
                                                             : nullptr;
    if (value == nullptr || !absl::SimpleAtoi(word, value) || *value < 1) {
      Die("usage: nodes_bench [--nodes=N] [--sessions=N] [--changes=N] [--seconds=N]");
    }
  }
  if (options.agent.empty()) Die("--agent=PATH is missing");
  return options;
}

void RaiseDescriptorLimit(int wanted) {
  rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_cur < static_cast<rlim_t>(wanted)) {
    Die(absl::StrCat("needs ", wanted, " descriptors: ulimit -n ", wanted));
  }
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) Die(absl::StrCat("can't read ", path));
  return text.str();
}

void WriteFile(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

// `etcd`: where the fleet's nodes are known; empty: from the file of nodes.
pid_t StartAgent(const Options& options, const std::string& directory, const std::string& etcd,
                 bool always) {
  const auto in = [&](const char* name) { return absl::StrCat(directory, "/", name); };
  WriteFile(in("policy.json"), "{}");
  chmod(in("policy.json").c_str(), 0600);
  std::vector<std::string> arguments = {
      options.agent,   "--node",      "asked",        "--listen-unix", in("agent.sock"),
      "--listen",      "127.0.0.1:0", "--tls-cert",   in("agent.crt"), "--tls-key",
      in("agent.key"), "--tls-ca",    in("ca.crt"),   "--policy",      in("policy.json"),
      "--audit-log",   "none",        "--recordings", "none",          "--exit-with-parent"};
  const std::vector<std::string> fleet =
      etcd.empty()
          ? std::vector<std::string>{"--fleet-nodes", in("nodes")}
          : std::vector<std::string>{
                "--etcd",        etcd,         "--etcd-ca",     in("ca.crt"),  "--etcd-cert",
                in("agent.crt"), "--etcd-key", in("agent.key"), "--advertise", "127.0.0.1:1"};
  arguments.insert(arguments.end(), fleet.begin(), fleet.end());
  if (always) arguments.push_back("--fleet-always");
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    // No session of this machine's is among them.
    setenv("XDG_RUNTIME_DIR", directory.c_str(), 1);
    execv(argv[0], argv.data());
    _exit(127);
  }
  return pid;
}

// Processor time of a process, since it was last asked for.
class Stopwatch {
 public:
  explicit Stopwatch(pid_t pid) : pid_(pid), cpu_(bench::CpuNanos(pid)) {}
  double Seconds() {
    const uint64_t now = bench::CpuNanos(pid_);
    return static_cast<double>(now - std::exchange(cpu_, now)) / 1e9;
  }

 private:
  const pid_t pid_;
  uint64_t cpu_;
};

struct Listed {
  double millis;
  int sessions = 0;
  int unreachable = 0;
};

Listed ListAll(fleet::FleetService::Stub* stub) {
  Listed listed;
  const double began = NowMillis();
  fleet::ListSessionsRequest request;
  request.set_parent("nodes/-");
  request.set_page_size(10'000);
  do {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    fleet::ListSessionsResponse response;
    const grpc::Status status = stub->ListSessions(&context, request, &response);
    if (!status.ok())
      Die(absl::StrCat("ListSessions: ", absl::string_view(status.error_message())));
    listed.sessions += response.sessions_size();
    listed.unreachable = response.unreachable_size();
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  listed.millis = NowMillis() - began;
  return listed;
}

void Print(const char* what, const Listed& listed) {
  printf("%-24s %7.0f ms   %d sessions, %d nodes unreachable\n", what, listed.millis,
         listed.sessions, listed.unreachable);
  fflush(stdout);
}

// Changes that a watcher of all nodes sees.
class Follower {
 public:
  explicit Follower(fleet::FleetService::Stub* stub) {
    fleet::WatchSessionsRequest request;
    request.set_parent("nodes/-");
    reader_ = stub->WatchSessions(&context_, request);
  }
  // Reads for so long.
  void Follow(std::chrono::seconds time) {
    const double end = NowMillis() + std::chrono::duration<double, std::milli>(time).count();
    fleet::WatchSessionsResponse response;
    while (NowMillis() < end && reader_->Read(&response)) {
      const double now = NowMillis();
      for (const fleet::SessionEvent& event : response.events()) {
        int64_t told;
        if (event.type() != fleet::SessionEvent::MODIFIED) continue;
        if (!absl::SimpleAtoi(event.session().title(), &told)) continue;
        ++changes;
        delays.Add(now - static_cast<double>(told) / 1'000);
      }
    }
  }
  ~Follower() {
    context_.TryCancel();
    fleet::WatchSessionsResponse rest;
    while (reader_->Read(&rest)) {
    }
    reader_->Finish();
  }

  int changes = 0;
  bench::Samples delays;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<fleet::WatchSessionsResponse>> reader_;
};

// One that answers.
std::pair<pid_t, std::shared_ptr<grpc::Channel>> AgentThatAnswers(const Options& options,
                                                                  const std::string& directory,
                                                                  const std::string& etcd,
                                                                  bool always) {
  const pid_t agent = StartAgent(options, directory, etcd, always);
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  const auto channel = grpc::CreateCustomChannel(absl::StrCat("unix:", directory, "/agent.sock"),
                                                 grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20))) {
    Die("the agent does not start");
  }
  return {agent, channel};
}

void EndAgent(pid_t agent) {
  kill(agent, SIGTERM);
  int status = 0;
  waitpid(agent, &status, 0);
  if (status != 0) Die(absl::StrCat("the agent ended with ", status));
}

// Until it knows them all.
void AwaitNodes(fleet::FleetService::Stub* stub, int count) {
  for (int i = 0; i < 200; ++i) {
    grpc::ClientContext context;
    fleet::ListNodesRequest request;
    fleet::ListNodesResponse response;
    const grpc::Status status = stub->ListNodes(&context, request, &response);
    if (status.ok() && response.total_size() >= count) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  Die("the agent does not learn of all nodes");
}

void AwaitWatched(SimulatedNodes* nodes, int count) {
  for (int i = 0; i < 100 && nodes->watched() != count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void Run(const Options& options, const std::string& directory) {
  MakeCertificates(directory);
  const std::unique_ptr<SimulatedNodes> nodes =
      SimulatedNodes::Start({.nodes = options.nodes,
                             .sessions_each = options.sessions,
                             .certificate = ReadFile(directory + "/nodes.crt"),
                             .key = ReadFile(directory + "/nodes.key"),
                             .authority = ReadFile(directory + "/ca.crt")});
  if (nodes == nullptr) Die("can't listen");
  WriteFile(directory + "/nodes",
            absl::StrCat("asked 127.0.0.1:1\n", absl::StrJoin(nodes->lines(), "\n"), "\n"));
  std::unique_ptr<EtcdNodes> registered;
  std::string etcd;
  if (const std::string program = FindEtcd(); !program.empty()) {
    const double start = NowMillis();
    registered = std::make_unique<EtcdNodes>(program, directory, nodes->lines());
    etcd = registered->etcd().endpoint();
    printf("registered in a real etcd, with TLS, in %.1f s\n", (NowMillis() - start) / 1e3);
  } else {
    printf("there is no etcd: the agent has a file of nodes\n");
  }
  {
    const auto [agent, channel] = AgentThatAnswers(options, directory, etcd, /*always=*/true);
    AwaitWatched(nodes.get(), options.nodes);
    Print("first list, --fleet-always", ListAll(fleet::FleetService::NewStub(channel).get()));
    EndAgent(agent);
    AwaitWatched(nodes.get(), 0);
  }
  const auto [agent, channel] = AgentThatAnswers(options, directory, etcd, /*always=*/false);
  const auto stub = fleet::FleetService::NewStub(channel);
  AwaitNodes(stub.get(), options.nodes);
  printf("%d nodes with %d sessions each, mutual TLS\n", options.nodes, options.sessions);
  const uint64_t memory_before = bench::PssKib(agent);
  Stopwatch of_agent(agent), of_nodes(getpid());
  Stopwatch of_etcd(registered != nullptr ? registered->etcd().pid() : getpid());
  const double asked = NowMillis();
  Listed list = ListAll(stub.get());
  Print("first list", list);
  while (list.unreachable > 0) list = ListAll(stub.get());
  printf("%-24s %7.0f ms   after the first was asked for\n", "  whole", NowMillis() - asked);
  printf("%-24s %7.2f s    the agent; %.2f s the nodes", "  CPU until then", of_agent.Seconds(),
         of_nodes.Seconds());
  if (registered != nullptr) printf(", %.2f s etcd", of_etcd.Seconds());
  printf("\n%-24s %7d of %d\n", "nodes watched", nodes->watched(), options.nodes);
  Print("third list", ListAll(stub.get()));
  printf("%-24s %7.0f MiB before, %.0f after\n", "the agent's memory",
         static_cast<double>(memory_before) / 1024,
         static_cast<double>(bench::PssKib(agent)) / 1024);

  Follower follower(stub.get());
  nodes->SetChanges(options.changes);
  follower.Follow(std::chrono::seconds(2));
  follower.changes = 0;
  follower.delays = bench::Samples();
  of_agent.Seconds();
  const double began = NowMillis();
  follower.Follow(std::chrono::seconds(options.seconds));
  const double seconds = (NowMillis() - began) / 1e3;
  printf("%-24s %7.0f changes/s of %d; %.0f ms median, %.0f ms p99 from the node to the watcher\n",
         "a watch of all", follower.changes / seconds, options.changes, follower.delays.Median(),
         follower.delays.Percentile(99));
  printf("%-24s %7.2f of a processor\n", "  the agent's CPU", of_agent.Seconds() / seconds);
  nodes->SetChanges(0);
  EndAgent(agent);
}

int Main(int argc, char* argv[]) {
  const Options options = ParseOptions(argc, argv);
  SetUpLibraries();
  RaiseDescriptorLimit(4 * options.nodes + 200);
  char directory[] = "/tmp/nodes-bench-XXXXXX";
  CHECK(mkdtemp(directory) != nullptr);
  Run(options, directory);
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace mosh::mgmt

int main(int argc, char* argv[]) { return mosh::mgmt::Main(argc, argv); }
