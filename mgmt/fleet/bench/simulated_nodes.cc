#include "mgmt/fleet/bench/simulated_nodes.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/support/server_callback.h"
#include "mosh/fleet/v1/fleet_service.grpc.pb.h"

namespace mosh::mgmt {
namespace {

namespace fleet = ::mosh::fleet::v1;
using fleet::WatchSessionsRequest;
using fleet::WatchSessionsResponse;

int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// As large as a session with a client is.
fleet::Session MakeSession(int node, int number, int64_t change) {
  fleet::Session session;
  const std::string id = absl::StrCat("s", node, "x", number);
  session.set_name(absl::StrCat("nodes/sim-", node, "/sessions/", id));
  session.set_session_id(id);
  session.set_user(absl::StrCat("user", number));
  session.set_uid(static_cast<uint32_t>(1000 + number));
  session.add_command("/bin/bash");
  session.set_title(absl::StrCat(change));
  session.set_state(fleet::Session::ATTACHED);
  auto* const attached = session.add_state_history();
  attached->set_state(fleet::Session::ATTACHED);
  attached->mutable_time()->set_seconds(1'800'000'000);
  session.mutable_size()->set_columns(80);
  session.mutable_size()->set_rows(24);
  session.mutable_create_time()->set_seconds(1'800'000'000 + number);
  session.mutable_last_heard_time()->set_seconds(1'800'000'000 + change % 1'000'000);
  session.set_pid(1000 + number);
  session.set_host_pid(999);
  session.set_port(60001);
  session.set_etag(absl::StrCat("e", change));
  fleet::Client* const client = session.add_clients();
  client->set_client_id("c1");
  client->set_address(absl::StrCat("10.", node / 256, ".", node % 256, ".", number, ":60001"));
  client->mutable_attach_time()->set_seconds(1'800'000'000);
  client->mutable_srtt()->set_nanos(static_cast<int32_t>(20'000'000 + change % 1'000'000));
  client->mutable_rttvar()->set_nanos(5'000'000);
  client->set_datagrams_sent(static_cast<uint64_t>(change));
  client->set_datagrams_received(static_cast<uint64_t>(change));
  client->set_bytes_sent(100'000);
  client->set_bytes_received(9'000);
  client->set_protocol("mosh-fleet");
  client->add_capabilities("resume");
  return session;
}

// One watch of one node. Deletes itself.
class Watched final : public grpc::ServerWriteReactor<WatchSessionsResponse> {
 public:
  Watched(std::atomic<int>* count, std::function<void(Watched*)> gone)
      : count_(count), gone_(std::move(gone)) {
    ++*count_;
  }

  void Tell(WatchSessionsResponse response) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (finished_) return;
    if (writing_) {
      waiting_.MergeFrom(response);
      return;
    }
    writing_ = true;
    message_ = std::move(response);
    StartWrite(&message_);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    writing_ = false;
    if (!ok || finished_ || waiting_.events().empty()) return;
    writing_ = true;
    message_.Swap(&waiting_);
    waiting_.Clear();
    StartWrite(&message_);
  }
  void OnCancel() override {
    gone_(this);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(finished_, true)) return;
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override {
    --*count_;
    delete this;
  }

 private:
  std::atomic<int>* const count_;
  const std::function<void(Watched*)> gone_;
  std::mutex mutex_;
  bool writing_ = false;
  bool finished_ = false;
  WatchSessionsResponse message_;
  WatchSessionsResponse waiting_;
};

using Service = fleet::FleetService::WithCallbackMethod_WatchSessions<fleet::FleetService::Service>;

class Simulation final : public SimulatedNodes, public Service {
 public:
  explicit Simulation(const Options& options)
      : options_(options), watchers_(static_cast<size_t>(options.nodes), nullptr) {}
  ~Simulation() override {
    stop_ = true;
    if (ticker_.joinable()) ticker_.join();
    server_->Shutdown(std::chrono::system_clock::now());
  }

  bool Listen() {
    grpc::SslServerCredentialsOptions tls(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    tls.pem_root_certs = options_.authority;
    tls.pem_key_cert_pairs.push_back({options_.key, options_.certificate});
    const auto credentials = grpc::SslServerCredentials(tls);
    grpc::ServerBuilder builder;
    ports_.resize(static_cast<size_t>(options_.nodes));
    for (int& port : ports_) builder.AddListeningPort("127.0.0.1:0", credentials, &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    ticker_ = std::thread([this] { Tick(); });
    return server_ != nullptr;
  }

  std::vector<std::string> lines() const override {
    std::vector<std::string> lines;
    for (size_t i = 0; i < ports_.size(); ++i) {
      lines.push_back(absl::StrCat("sim-", i, " 127.0.0.1:", ports_[i]));
    }
    return lines;
  }
  void SetChanges(int per_second) override { changes_per_second_ = per_second; }
  int watched() const override { return watched_; }

  grpc::ServerWriteReactor<WatchSessionsResponse>* WatchSessions(
      grpc::CallbackServerContext*, const WatchSessionsRequest* request) override {
    int node = -1;
    absl::string_view name = request->parent();
    const bool known = absl::ConsumePrefix(&name, "nodes/sim-") && absl::SimpleAtoi(name, &node) &&
                       node >= 0 && node < options_.nodes;
    auto* const watched = new Watched(&watched_, [this, node](Watched* one) {
      if (node < 0) return;
      const std::lock_guard<std::mutex> lock(mutex_);
      if (watchers_[static_cast<size_t>(node)] == one) {
        watchers_[static_cast<size_t>(node)] = nullptr;
      }
    });
    if (!known) {
      watched->Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such node"));
      return watched;
    }
    WatchSessionsResponse snapshot;
    for (int i = 0; i < options_.sessions_each; ++i) {
      fleet::SessionEvent* const event = snapshot.add_events();
      event->set_type(fleet::SessionEvent::ADDED);
      *event->mutable_session() = MakeSession(node, i, 0);
    }
    fleet::SessionEvent* const synced = snapshot.add_events();
    synced->set_type(fleet::SessionEvent::SYNCED);
    synced->set_resource_version("sim.1");
    snapshot.mutable_unreachable();
    watched->Tell(std::move(snapshot));
    const std::lock_guard<std::mutex> lock(mutex_);
    watchers_[static_cast<size_t>(node)] = watched;
    return watched;
  }

 private:
  void Tick() {
    using std::chrono::steady_clock;
    steady_clock::time_point next = steady_clock::now();
    size_t node = 0;
    int number = 0;
    while (!stop_) {
      const int per_second = changes_per_second_;
      next += std::chrono::microseconds(per_second == 0 ? 10'000 : 1'000'000 / per_second);
      std::this_thread::sleep_until(next);
      if (per_second == 0) continue;
      WatchSessionsResponse response;
      fleet::SessionEvent* const event = response.add_events();
      event->set_type(fleet::SessionEvent::MODIFIED);
      *event->mutable_session() =
          MakeSession(static_cast<int>(node), number % options_.sessions_each, NowMicros());
      event->set_resource_version("sim.2");
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (watchers_[node] != nullptr) watchers_[node]->Tell(std::move(response));
      }
      if (++node < watchers_.size()) continue;
      node = 0;
      ++number;
    }
  }

  const Options options_;
  std::vector<int> ports_;
  std::mutex mutex_;
  std::vector<Watched*> watchers_;  // by node; guarded by mutex_
  std::atomic<int> watched_ = 0;
  std::atomic<int> changes_per_second_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread ticker_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

std::unique_ptr<SimulatedNodes> SimulatedNodes::Start(const Options& options) {
  auto simulation = std::make_unique<Simulation>(options);
  if (!simulation->Listen()) return nullptr;
  return simulation;
}

}  // namespace mosh::mgmt
