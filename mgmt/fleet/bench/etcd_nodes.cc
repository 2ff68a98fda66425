#include "mgmt/fleet/bench/etcd_nodes.h"

#include <stdio.h>
#include <stdlib.h>

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

// Longer than agents have it: those of the first must last until the last is registered. And they
// are renewed all at once, which takes time of the processors that what is measured has to share.
constexpr std::chrono::seconds kLease{300};
constexpr std::chrono::seconds kRenewal{100};

[[noreturn]] void Die(absl::string_view why) {
  fprintf(stderr, "nodes_bench: %s\n", std::string(why).c_str());
  exit(1);
}

}  // namespace

EtcdNodes::EtcdNodes(const std::string& program, const std::string& directory,
                     const std::vector<std::string>& lines)
    : etcd_(program, directory), lines_(lines) {
  thread_ = std::thread([this, directory] {
    auto reactor = io::CreateReactor();
    CHECK(reactor.ok());
    reactor_ = *std::move(reactor);
    auto mailbox = Mailbox::Create(reactor_.get());
    CHECK(mailbox.ok());
    mailbox_ = *std::move(mailbox);
    client_ = std::make_unique<etcd::EtcdClient>(
        reactor_.get(), mailbox_.get(), std::vector<std::string>{etcd_.endpoint()},
        etcd::TlsFiles{directory + "/ca.crt", directory + "/agent.crt", directory + "/agent.key"});
    reactor_->Run(Main());
  });
  registered_.wait(false);
}

EtcdNodes::~EtcdNodes() {
  mailbox_->Post([this] { stop_.RequestStop(); });
  thread_.join();
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
