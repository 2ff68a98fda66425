#include "mgmt/fleet/bench/etcd_nodes.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "io/create_reactor.h"
#include "io/scope.h"
#include "mgmt/fleet/registered_nodes.h"
#include "mosh/fleet/v1/node.pb.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;

// Longer than agents have it: those of the first must last until the last is registered.
constexpr std::chrono::seconds kLease{60};
constexpr std::chrono::seconds kRenewal{3};

[[noreturn]] void Die(absl::string_view why) {
  fprintf(stderr, "nodes_bench: %s\n", std::string(why).c_str());
  exit(1);
}

// One that nobody has now.
int FreePort() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  CHECK(bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(probe);
  return ntohs(address.sin_port);
}

}  // namespace

EtcdNodes::EtcdNodes(const std::string& program, const std::string& directory,
                     const std::vector<std::string>& lines)
    : lines_(lines) {
  StartEtcd(program, directory);
  thread_ = std::thread([this, directory] {
    auto reactor = io::CreateReactor();
    CHECK(reactor.ok());
    reactor_ = *std::move(reactor);
    auto mailbox = Mailbox::Create(reactor_.get());
    CHECK(mailbox.ok());
    mailbox_ = *std::move(mailbox);
    client_ = std::make_unique<etcd::EtcdClient>(
        reactor_.get(), mailbox_.get(), std::vector<std::string>{endpoint_},
        etcd::TlsFiles{directory + "/ca.crt", directory + "/agent.crt", directory + "/agent.key"});
    reactor_->Run(Main());
  });
  registered_.wait(false);
}

EtcdNodes::~EtcdNodes() {
  mailbox_->Post([this] { stop_.RequestStop(); });
  thread_.join();
  kill(etcd_, SIGKILL);
  waitpid(etcd_, nullptr, 0);
}

void EtcdNodes::StartEtcd(const std::string& program, const std::string& directory) {
  endpoint_ = absl::StrCat("127.0.0.1:", FreePort());
  const std::string peer = absl::StrCat("http://127.0.0.1:", FreePort());
  const std::string url = "https://" + endpoint_;
  std::vector<std::string> words = {program,
                                    "--data-dir",
                                    directory + "/etcd",
                                    "--logger",
                                    "zap",
                                    "--listen-client-urls",
                                    url,
                                    "--advertise-client-urls",
                                    url,
                                    "--listen-peer-urls",
                                    peer,
                                    "--initial-advertise-peer-urls",
                                    peer,
                                    "--initial-cluster",
                                    "default=" + peer,
                                    "--cert-file",
                                    directory + "/nodes.crt",
                                    "--key-file",
                                    directory + "/nodes.key",
                                    "--trusted-ca-file",
                                    directory + "/ca.crt",
                                    "--client-cert-auth"};
  etcd_ = fork();
  CHECK(etcd_ >= 0);
  if (etcd_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int log = open((directory + "/etcd.log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

io::Task<void> EtcdNodes::Register() {
  for (const std::string& line : lines_) {
    const std::pair<std::string, std::string> words = absl::StrSplit(line, ' ');
    ::mosh::fleet::v1::Node node;
    node.set_name(absl::StrCat("nodes/", words.first));
    node.set_hostname(words.first);
    node.set_endpoint(words.second);
    node.set_state(::mosh::fleet::v1::Node::READY);
    absl::StatusOr<etcd::LeaseId> lease = absl::UnavailableError("");
    // Etcd has just been started.
    for (int attempt = 0; !lease.ok(); ++attempt) {
      lease = co_await client_->Grant(kLease, stop_.token());
      if (attempt > 100) Die(absl::StrCat("etcd: ", absl::string_view(lease.status().message())));
      if (!lease.ok()) (void)co_await reactor_->Sleep(reactor_->Now() + 100ms, stop_.token());
    }
    leases_.push_back(*lease);
    const std::string key = absl::StrCat(kDefaultPrefix, node.name());
    etcd::Transaction transaction;
    transaction.changes.push_back({.key = key, .value = node.SerializeAsString()});
    transaction.changes.push_back(
        {.key = absl::StrCat(key, kAliveKey), .value = "simulated", .lease = *lease});
    const absl::StatusOr<etcd::Outcome> outcome =
        co_await client_->Commit(std::move(transaction), stop_.token());
    if (!outcome.ok()) Die(absl::StrCat("etcd: ", absl::string_view(outcome.status().message())));
  }
}

io::Task<void> EtcdNodes::Main() {
  io::Scope mail;
  mail.Spawn(mailbox_->Run(mail.token()));
  co_await Register();
  registered_ = true;
  registered_.notify_all();
  while (!stop_.token().stop_requested()) {
    for (const etcd::LeaseId lease : leases_) {
      if (stop_.token().stop_requested()) break;
      (void)co_await client_->KeepAlive(lease, stop_.token());
    }
    (void)co_await reactor_->Sleep(reactor_->Now() + kRenewal, stop_.token());
  }
  client_ = nullptr;
  co_await mail.CancelAndJoin();
}

}  // namespace mosh::mgmt
