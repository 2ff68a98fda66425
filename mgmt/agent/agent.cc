#include "mgmt/agent/agent.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/version.h"
#include "io/create_reactor.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/timer.h"
#include "mgmt/agent/agent_files.h"
#include "mgmt/agent/audit.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/certificates.h"
#include "mgmt/agent/fleet_part.h"
#include "mgmt/agent/grpc_server.h"
#include "mgmt/agent/hosts_calls.h"
#include "mgmt/agent/local_door.h"
#include "mgmt/agent/mailbox.h"
#include "mgmt/agent/metrics.h"
#include "mgmt/agent/names.h"
#include "mgmt/agent/node_calls.h"
#include "mgmt/agent/node_facts.h"
#include "mgmt/agent/node_state.h"
#include "mgmt/agent/policy_file.h"
#include "mgmt/agent/reception.h"
#include "mgmt/agent/recordings.h"
#include "mgmt/agent/service_manager.h"
#include "mgmt/agent/streams.h"
#include "mgmt/agent/usage.h"
#include "mgmt/agent/worker.h"
#include "mgmt/etcd/etcd_client.h"
#include "mgmt/fleet/process_mark.h"
#include "mgmt/fleet/registry.h"
#include "mgmt/fleet/static_nodes.h"
#include "mgmt/link/hosts.h"
#include "mgmt/model/directory.h"
#include "mgmt/recording/recorder.h"
#include "mgmt/recording/recording_store.h"

namespace mosh::mgmt {
namespace {

constexpr std::chrono::seconds kSampleInterval{15};
// Of what is under way when the agent stops, beyond what Reception gives it.
constexpr std::chrono::seconds kPatienceAtEnd{3};
// As nice(1) counts: sessions of this machine go before those who look at them. With a hundred
// watchers, and at its users' priority, the agent was seen to double their slowest hundredth of
// keys.
constexpr int kNiceness = 10;

void Say(const std::string& text) { fprintf(stderr, "mosh-agent: %s\n", text.c_str()); }
void Say(const absl::Status& status) { Say(std::string(status.message())); }

std::string NodeName(const Options& options) {
  if (!options.node.empty()) return options.node;
  char hostname[256] = "";
  gethostname(hostname, sizeof hostname - 1);
  std::string name = hostname;
  for (char& c : name) {
    if (!IsNodeId(absl::StrCat("a", std::string(1, c)))) c = '-';
  }
  name = name.substr(0, 63);
  return IsNodeId(name) ? name : "localhost";
}

std::string RandomInstance() {
  std::random_device random;
  return absl::StrCat(absl::Hex(random(), absl::kZeroPad8), absl::Hex(random(), absl::kZeroPad8));
}

double RandomShare() {
  static std::minstd_rand random{std::random_device()()};
  return std::uniform_real_distribution<double>()(random);
}

// Else the first member that is named would have all the fleet's agents.
std::vector<std::string> Shuffled(std::vector<std::string> members) {
  std::shuffle(members.begin(), members.end(), std::random_device());
  return members;
}

using NodesByName = std::map<std::string, fleet::Node>;

fleet::Node OwnNode(const NodeFacts& facts, const FleetOptions& options, const NodesByName& fixed) {
  fleet::Node own = facts.Identity();
  own.mutable_labels()->insert(options.labels.begin(), options.labels.end());
  const auto named = fixed.find(own.name());
  if (named != fixed.end()) own.set_endpoint(named->second.endpoint());
  return own;
}

absl::Status CheckEtcdFiles(const FleetOptions& options) {
  absl::Status status;
  if (!options.etcd_ca.empty()) {
    status = Certificates::Load({.authorities = options.etcd_ca}).status();
  }
  if (status.ok() && !options.etcd_certificate.empty()) {
    status =
        CheckOwnCertificate({.certificate = options.etcd_certificate, .key = options.etcd_key});
  }
  return status;
}

void RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// The parts in the order in which they need each other.
class Agent {
 public:
  static absl::StatusOr<std::unique_ptr<Agent>> Make(const Options& options);
  int Run() {
    reactor_->Run(Main());
    return status_;
  }

 private:
  Agent(const Options& options, std::unique_ptr<io::Reactor> reactor,
        std::unique_ptr<io::SignalSource> signals, std::unique_ptr<Mailbox> mailbox,
        std::unique_ptr<AuditFile> audit_file, Policy policy,
        std::shared_ptr<Certificates> certificates, NodesByName fixed_nodes);

  io::Task<void> Main();
  io::Task<absl::Status> OpenDoors(io::Scope* entry);
  io::Task<void> WatchSignals(io::StopSource* stop);
  io::Task<void> Sample(io::StopToken stop);
  io::Task<void> TakeOverRecordings();
  io::Task<void> LoadNodeState();
  io::Task<void> CloseDoors(io::Scope* entry);
  // Where others find this agent; empty: nowhere.
  std::string Endpoint() const;

  const Options options_;
  const std::unique_ptr<io::Reactor> reactor_;
  const std::unique_ptr<io::SignalSource> signals_;
  const std::unique_ptr<Mailbox> mailbox_;
  // Files and /proc; and servers, whose end waits for calls that may wait for files.
  Worker worker_{mailbox_.get()};
  Worker door_worker_{mailbox_.get()};
  // Recordings may be on a slow disk, for which nothing else should wait.
  Worker recording_worker_{mailbox_.get()};
  PolicyHolder policy_;
  const std::string audit_repaired_;
  Audit audit_;
  Metrics metrics_;
  Directory directory_;
  std::function<std::string(uid_t)> user_name_ = UserNames();
  Hosts hosts_;
  HostsCalls host_calls_{&hosts_};
  UsageCache usage_{reactor_.get(), &worker_};
  NodeFacts node_;
  const std::unique_ptr<etcd::EtcdClient> etcd_;  // null: this node is alone
  Registry registry_;
  const std::shared_ptr<Certificates> certificates_;  // null: nobody comes with any
  const std::unique_ptr<FleetPart> fleet_;            // null: no other node can be asked
  Calls calls_;
  Streams streams_;
  NodeCalls node_calls_{&calls_, &registry_, streams_.watchers()};
  const bool keeps_recordings_;
  RecordingStore recording_store_;
  Recorder recorder_{reactor_.get(), &recording_store_};
  Recordings recordings_{{.calls = &calls_,
                          .store = keeps_recordings_ ? &recording_store_ : nullptr,
                          .recorder = &recorder_,
                          .lasting = !options_.exit_with_parent}};
  NodeState node_state_;
  Reception reception_;
  std::unique_ptr<LocalDoor> local_door_;
  std::unique_ptr<GrpcServer> tls_server_;
  const std::unique_ptr<FleetNodes::Subscription> nodes_subscription_ =
      registry_.Subscribe([this] { metrics_.SampleNodes(registry_.up(), registry_.nodes()); });
  int status_ = 0;
};

absl::StatusOr<std::unique_ptr<Agent>> Agent::Make(const Options& options) {
  absl::StatusOr<Policy> policy = ReadPolicyFile(options.policy, geteuid());
  if (!policy.ok()) return policy.status();
  absl::StatusOr<std::unique_ptr<AuditFile>> audit = OpenAudit(options);
  if (!audit.ok()) return audit.status();
  if (!options.listen.empty() && *audit == nullptr && options.audit_log.empty()) {
    return absl::InvalidArgumentError(
        "--listen needs --audit-log FILE, or --audit-log none if nothing is to be kept");
  }
  const absl::Status etcd_files = CheckEtcdFiles(options.fleet);
  if (!etcd_files.ok()) return etcd_files;
  std::shared_ptr<Certificates> certificates;
  if (!options.listen.empty()) {
    const absl::Status own = CheckOwnCertificate(options.tls);
    if (!own.ok()) return own;
    absl::StatusOr<std::shared_ptr<Certificates>> loaded = Certificates::Load(options.tls);
    if (!loaded.ok()) return loaded.status();
    certificates = *std::move(loaded);
  }
  NodesByName fixed_nodes;
  if (!options.fleet_nodes.empty()) {
    absl::StatusOr<NodesByName> read =
        ReadStaticNodes(options.fleet_nodes, absl::StrCat("nodes/", NodeName(options)));
    if (!read.ok()) return read.status();
    fixed_nodes = *std::move(read);
  }
  absl::StatusOr<std::unique_ptr<io::Reactor>> reactor = io::CreateReactor();
  if (!reactor.ok()) return reactor.status();
  // Before there is any other thread, so that it blocks them in all.
  absl::StatusOr<std::unique_ptr<io::SignalSource>> signals =
      (*reactor)->WatchSignals({SIGTERM, SIGINT, SIGHUP});
  if (!signals.ok()) return signals.status();
  absl::StatusOr<std::unique_ptr<Mailbox>> mailbox = Mailbox::Create(reactor->get());
  if (!mailbox.ok()) return mailbox.status();
  return std::unique_ptr<Agent>(new Agent(
      options, *std::move(reactor), *std::move(signals), *std::move(mailbox), *std::move(audit),
      *std::move(policy), std::move(certificates), std::move(fixed_nodes)));
}

Agent::Agent(const Options& options, std::unique_ptr<io::Reactor> reactor,
             std::unique_ptr<io::SignalSource> signals, std::unique_ptr<Mailbox> mailbox,
             std::unique_ptr<AuditFile> audit_file, Policy policy,
             std::shared_ptr<Certificates> certificates, NodesByName fixed_nodes)
    : options_(options),
      reactor_(std::move(reactor)),
      signals_(std::move(signals)),
      mailbox_(std::move(mailbox)),
      policy_(std::move(policy)),
      audit_repaired_(audit_file == nullptr ? "" : audit_file->repaired()),
      audit_(&worker_, std::move(audit_file)),
      directory_({.node = NodeName(options), .instance = RandomInstance()}),
      hosts_({.reactor = reactor_.get(),
              .directory = &directory_,
              .wall_clock = absl::Now,
              .user_name = user_name_,
              .is_root = geteuid() == 0},
             HostPlacesOfProcess()),
      node_(directory_.node_name()),
      etcd_(options.fleet.etcd.empty()
                ? nullptr
                : std::make_unique<etcd::EtcdClient>(
                      reactor_.get(), mailbox_.get(), Shuffled(options.fleet.etcd),
                      etcd::TlsFiles{.authorities = options.fleet.etcd_ca,
                                     .certificate = options.fleet.etcd_certificate,
                                     .key = options.fleet.etcd_key})),
      registry_({.reactor = reactor_.get(),
                 .etcd = etcd_.get(),
                 .prefix = options.fleet.prefix,
                 .lease = std::chrono::seconds(options.fleet.lease_seconds),
                 .own = OwnNode(node_, options.fleet, fixed_nodes),
                 .fixed = std::move(fixed_nodes),
                 .mark = MarkOfThisProcess(directory_.instance()),
                 .wall_clock = absl::Now,
                 .say = [](const std::string& text) { Say(text); },
                 .random = RandomShare}),
      certificates_(std::move(certificates)),
      fleet_(certificates_ == nullptr || (options.fleet_nodes.empty() && etcd_ == nullptr)
                 ? nullptr
                 : std::make_unique<FleetPart>(FleetPart::Context{
                       .reactor = reactor_.get(),
                       .mailbox = mailbox_.get(),
                       .own = &directory_,
                       .nodes = &registry_,
                       .tls = options_.tls,
                       .certificates = certificates_,
                       .max_sessions = static_cast<size_t>(options_.fleet_max_sessions),
                       .new_instance = RandomInstance,
                       .complain = [](const std::string& text) { Say(text); }})),
      calls_({.reactor = reactor_.get(),
              .directory = &directory_,
              .hosts = &host_calls_,
              .usage = &usage_,
              .node = &node_,
              .policy = [this] { return policy_.now(); },
              .add_to_node = [this](bool problems,
                                    fleet::Node* node) { node_state_.AddTo(problems, node); },
              .nodes = &registry_,
              .fleet = fleet_ == nullptr ? nullptr : fleet_->sessions()}),
      streams_(&calls_, &audit_, &metrics_, options.limits),
      keeps_recordings_(!RecordingsDirectory(options).empty()),
      recording_store_({.directory = RecordingsDirectory(options),
                        .node = directory_.node_name(),
                        .max_bytes = options.recordings_max_bytes,
                        .worker = &recording_worker_,
                        .wall_clock = absl::Now}),
      node_state_({.reactor = reactor_.get(),
                   .worker = &worker_,
                   .directory = &directory_,
                   .hosts = &host_calls_,
                   .calls = &calls_,
                   .labels = options.fleet.labels,
                   .tell_hosts = [this](const control::Limits& told) { hosts_.SetLimits(told); },
                   .etcd = etcd_.get(),
                   .prefix = options.fleet.prefix,
                   .places = StatePlaces(options)}),
      reception_({.reactor = reactor_.get(),
                  .mailbox = mailbox_.get(),
                  .calls = &calls_,
                  .streams = &streams_,
                  .recordings = &recordings_,
                  .drains = node_state_.drains(),
                  .policies = node_state_.policies(),
                  .nodes = &node_calls_,
                  .audit = &audit_,
                  .metrics = &metrics_,
                  .limits = options.limits}) {
  node_state_.drainer()->SetOnStateChange(
      [this](fleet::Node::State state, absl::Time since) { registry_.SetState(state, since); });
  directory_.SetUsageSource([this](fleet::Session* session) { usage_.AddTo(session); });
}

io::Task<absl::Status> Agent::OpenDoors(io::Scope* entry) {
  GrpcServer::PrepareLibrary();
  if (!options_.metrics.empty()) {
    const absl::Status served = metrics_.Listen(options_.metrics);
    if (!served.ok()) co_return served;
  }
  const PolicyNow policy = [this] { return policy_.now(); };
  if (!options_.listen.empty()) {
    absl::StatusOr<std::unique_ptr<GrpcServer>> server =
        GrpcServer::Listen(&reception_, policy, options_.listen, options_.tls, certificates_);
    if (!server.ok()) co_return server.status();
    tls_server_ = *std::move(server);
    Say(absl::StrCat("listens at port ", tls_server_->port()));
  }
  if (options_.listen_unix != "none") {
    const absl::StatusOr<std::string> path = SocketPath(options_);
    if (!path.ok()) co_return path.status();
    absl::StatusOr<std::unique_ptr<LocalDoor>> door =
        co_await LocalDoor::Open({.reactor = reactor_.get(),
                                  .worker = &door_worker_,
                                  .reception = &reception_,
                                  .policy = policy,
                                  .metrics = &metrics_,
                                  .limits = options_.limits},
                                 *path, /*for_all=*/geteuid() == 0, entry->token());
    if (!door.ok()) co_return door.status();
    local_door_ = *std::move(door);
    entry->Spawn(local_door_->Run(entry->token()));
  }
  co_return absl::OkStatus();
}

std::string Agent::Endpoint() const {
  if (!options_.fleet.advertise.empty() || tls_server_ == nullptr) return options_.fleet.advertise;
  // As the file of nodes has it.
  if (!registry_.own().endpoint().empty()) return registry_.own().endpoint();
  return absl::StrCat(registry_.own().hostname(), ":", tls_server_->port());
}

io::Task<void> Agent::CloseDoors(io::Scope* entry) {
  co_await entry->CancelAndJoin();
  // With what Reception gives to calls and streams; what is then not read by its caller is cut off.
  if (local_door_ != nullptr) co_await local_door_->Shutdown(kPatienceAtEnd);
  if (tls_server_ != nullptr) {
    io::Task<bool> work = door_worker_.Run<bool>([this] {
      tls_server_->Shutdown(kPatienceAtEnd);
      return true;
    });
    co_await std::move(work);
  }
}

io::Task<void> Agent::WatchSignals(io::StopSource* stop) {
  for (;;) {
    const absl::StatusOr<int> signal = co_await signals_->Next(stop->token());
    if (!signal.ok()) co_return;
    if (*signal != SIGHUP) {
      stop->RequestStop();
      co_return;
    }
    absl::StatusOr<Policy> policy = ReadPolicyFile(options_.policy, geteuid());
    if (policy.ok()) {
      policy_.Replace(*std::move(policy));
      streams_.OnNewPolicy();
      co_await reception_.Note("read the policy anew");
    } else {
      Say(absl::StrCat("the policy stays as it was: ",
                       absl::string_view(policy.status().message())));
      co_await reception_.Note("could not read the policy anew");
    }
  }
}

io::Task<void> Agent::Sample(io::StopToken stop) {
  std::string told;
  do {
    if (!options_.metrics.empty()) {
      co_await hosts_.Refresh(kSampleInterval, kRefreshPatience, stop);
    }
    int hosts = 0, unreachable = 0;
    for (const HostState& state : hosts_.states()) {
      ++hosts;
      unreachable += state.connected ? 0 : 1;
    }
    metrics_.Sample(directory_, hosts, unreachable);
    metrics_.SampleRecordings({.running = recorder_.running(),
                               .finished = recorder_.counts().finished,
                               .failed = recorder_.counts().failed,
                               .written_bytes = recorder_.counts().bytes,
                               .directory_bytes = recording_store_.bytes()});
    if (fleet_ != nullptr) metrics_.SampleFleet(fleet_->sessions()->numbers());
    const std::string problem = certificates_ == nullptr ? "" : certificates_->problem();
    if (!problem.empty() && problem != told) {
      Say(absl::StrCat("goes on with the certificates of before: ", problem));
    }
    told = problem;
  } while ((co_await reactor_->Sleep(reactor_->Now() + kSampleInterval, stop)).ok());
}

io::Task<void> Agent::TakeOverRecordings() {
  // One that serves a single command looks when it is asked.
  if (!keeps_recordings_ || options_.exit_with_parent) co_return;
  const absl::Status taken = co_await recording_store_.TakeOver();
  if (!taken.ok()) Say(absl::StrCat("can't record: ", absl::string_view(taken.message())));
  for (const std::string& problem : recording_store_.problems()) Say(problem);
}

io::Task<void> Agent::LoadNodeState() {
  co_await node_state_.Load();
  for (const std::string& problem : node_state_.problems()) Say(problem);
}

io::Task<void> Agent::Main() {
  // The last to end: everything else waits for letters.
  io::Scope mail;
  mail.Spawn(mailbox_->Run(mail.token()));
  io::StopSource stop;
  io::Scope signals;
  signals.Spawn(WatchSignals(&stop));
  co_await LoadNodeState();
  io::Scope model;
  model.Spawn(hosts_.Run(model.token()));
  if (fleet_ != nullptr) model.Spawn(fleet_->Run(model.token()));
  const std::unique_ptr<FleetSessions::Wish> always =
      fleet_ != nullptr && options_.fleet_always
          ? fleet_->sessions()->Want("", FleetSessions::Detail::kMeasured)
          : nullptr;
  io::Scope recordings;
  recordings.Spawn(recorder_.Run(recordings.token()));
  co_await TakeOverRecordings();
  io::Scope doors(stop.token());
  doors.Spawn(streams_.Run(doors.token()));
  doors.Spawn(node_calls_.Run(doors.token()));
  doors.Spawn(reception_.Run(doors.token()));
  if (!audit_repaired_.empty()) co_await reception_.Note(audit_repaired_);
  co_await reception_.Note("started, version " MOSH_FLEET_VERSION);
  (void)co_await hosts_.ready().Wait(stop.token());
  doors.Spawn(node_state_.Run(&reception_, doors.token()));
  io::Scope entry(stop.token());
  // Others are to find what can be asked already.
  io::Scope registry(stop.token());
  absl::Status opened = co_await OpenDoors(&entry);
  if (opened.ok()) {
    if (etcd_ != nullptr && options_.fleet.etcd_ca.empty()) {
      Say("etcd is asked without TLS: whoever is in between can read and change what it says");
    }
    registry_.SetEndpoint(Endpoint());
    metrics_.SampleNodes(registry_.up(), registry_.nodes());
    registry.Spawn(registry_.Run(registry.token()));
    doors.Spawn(Sample(doors.token()));
    NotifyServiceManager("READY=1");
    io::Event never;
    (void)co_await never.Wait(stop.token());
    NotifyServiceManager("STOPPING=1");
  } else if (!stop.token().stop_requested()) {
    Say(opened);
    status_ = 1;
    stop.RequestStop();
  }
  if (local_door_ != nullptr) local_door_->SetServing(false);
  if (tls_server_ != nullptr) tls_server_->SetServing(false);
  // Beside each other: the calls end by answering, and those that can't by the servers' end.
  io::Scope closing;
  closing.Spawn(CloseDoors(&entry));
  co_await doors.CancelAndJoin();
  co_await closing.Join();
  co_await registry.CancelAndJoin();
  co_await recordings.CancelAndJoin();
  co_await reception_.Note("stopped");
  co_await model.CancelAndJoin();
  co_await signals.CancelAndJoin();
  tls_server_ = nullptr;
  co_await mail.CancelAndJoin();
}

}  // namespace

int RunAgent(const Options& options) {
  if (options.exit_with_parent) {
    const pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    // It may have gone just before; then nobody tells.
    if (getppid() != parent) return 0;
  }
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  // Its threads inherit it. Refused only by a sandbox, which has then decided otherwise.
  if (getpriority(PRIO_PROCESS, 0) < kNiceness) setpriority(PRIO_PROCESS, 0, kNiceness);
  absl::StatusOr<std::unique_ptr<Agent>> agent = Agent::Make(options);
  if (!agent.ok()) {
    Say(agent.status());
    return 1;
  }
  return (*agent)->Run();
}

int CheckAgent(const Options& options) {
  absl::Status status = ReadPolicyFile(options.policy, geteuid()).status();
  if (status.ok() && !options.listen.empty()) status = CheckOwnCertificate(options.tls);
  if (status.ok() && !options.listen.empty()) {
    status = Certificates::Load(options.tls).status();
  }
  if (status.ok()) status = CheckEtcdFiles(options.fleet);
  if (status.ok() && !options.fleet_nodes.empty()) {
    status =
        ReadStaticNodes(options.fleet_nodes, absl::StrCat("nodes/", NodeName(options))).status();
  }
  if (status.ok() && !options.audit_log.empty() && options.audit_log != "none" &&
      access(options.audit_log.c_str(), F_OK) == 0) {
    status = VerifyAuditFile(options.audit_log).status();
  }
  if (status.ok()) return 0;
  Say(status);
  return 1;
}

}  // namespace mosh::mgmt
