// A Host of many sessions on the simulated reactor, and clients of it: what its tests begin with.
#ifndef SERVER_TESTING_SHARED_HOST_H_
#define SERVER_TESTING_SHARED_HOST_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crypto/session_key.h"
#include "crypto/testing/seeded_random.h"
#include "gtest/gtest.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_stream.h"
#include "io/sim/sim_world.h"
#include "server/host.h"
#include "server/testing/test_client.h"

namespace mosh::server {

class SharedHostTest : public testing::Test, private SessionWatcher {
 protected:
  using Strings = std::vector<std::string>;
  static constexpr uint16_t kPort = 60001;

  SharedHostTest()
      : server_(world_.AddHost("server", "192.0.2.1")),
        laptop_(world_.AddHost("laptop", "198.51.100.7")) {
    world_.network().Connect(laptop_, server_, io::sim::PerfectLink(std::chrono::milliseconds(10)));
    server_.set_pty_spawner([this](const io::PtySpec& spec) {
      io::sim::SimPty pty = io::sim::MakeSimPty(&world_, spec.size);
      programs_.push_back(pty.program);
      pty.program->on_signal = [this, program = pty.program.get()](int signal) {
        signals_.push_back(signal);
        program->Exit({.signaled = true, .value = signal});
      };
      return std::move(pty.process);
    });
    options_.linger = std::chrono::hours(1);
    options_.user = "alice";
    options_.start_program = [this](const control::NewSession& request,
                                    term::Size size) -> absl::StatusOr<RunningProgram> {
      environment_.assign(request.environment().begin(), request.environment().end());
      if (!start_error_.ok()) return start_error_;
      const io::PtySpec spec{.size = {.columns = static_cast<uint16_t>(size.columns),
                                      .rows = static_cast<uint16_t>(size.rows)}};
      absl::StatusOr<io::PtyProcess> process = server_.SpawnPty(spec);
      if (!process.ok()) return process.status();
      RunningProgram program;
      program.pty = std::move(process->master);
      program.child = std::move(process->child);
      program.pid = program.child->pid();
      return program;
    };
  }
  ~SharedHostTest() override {
    for (const auto& client : clients_) client->Stop();
    EXPECT_TRUE(world_.StopAll());
  }

  void StartHost() {
    host_ = std::make_unique<Host>(&server_, options_, &random_);
    host_->AddSocket(*server_.BindUdp(io::SocketAddress::AnyV4(kPort), io::UdpOptions()));
    host_->AddWatcher(this);
    world_.Start(RunHost());
    world_.RunFor(std::chrono::milliseconds(1));
  }
  io::Task<void> RunHost() {
    co_await host_->Run(world_.stop());
    host_over_ = true;
  }

  // A client with this grant; it has been welcomed when this returns.
  TestClient* Connect(const control::Grant& grant, term::Size size = {80, 24},
                      TestClient::Start start = TestClient::Start::kAtTag,
                      io::sim::SimReactor* from = nullptr) {
    clients_.push_back(std::make_unique<TestClient>(
        from == nullptr ? &laptop_ : from, *io::SocketAddress::Parse("192.0.2.1", grant.port()),
        *crypto::SessionKey::FromBase64(grant.key()), &random_, size, start));
    world_.Start(clients_.back()->Run());
    world_.RunFor(std::chrono::milliseconds(100));
    return clients_.back().get();
  }
  control::Grant Open() { return *host_->NewSession({}); }
  control::Grant Attach(absl::string_view id, bool view_only = false, bool steal = false) {
    control::Attach request;
    request.set_session_id(std::string(id));
    request.set_view_only(view_only);
    request.set_steal(steal);
    return *host_->Attach(request);
  }
  absl::Status Detach(absl::string_view id, absl::string_view client = "") {
    control::Detach request;
    request.set_session_id(std::string(id));
    request.set_client_id(std::string(client));
    return host_->Detach(request);
  }
  control::Session Facts(absl::string_view id) { return *host_->Describe(id); }
  bool Exists(absl::string_view id) { return host_->Find(id) != nullptr; }
  void Echo(size_t program) {
    io::sim::SimPeer* const peer = programs_[program].get();
    peer->on_output = [peer] { peer->Feed(peer->TakeOutput()); };
  }

  void OnSessionChanged(absl::string_view id) override { ++changes_[std::string(id)]; }
  void OnSessionGone(absl::string_view id) override { gone_.emplace_back(id); }

  io::sim::SimWorld world_{1};
  io::sim::SimReactor& server_;
  io::sim::SimReactor& laptop_;
  crypto::SeededRandom random_{7};
  HostOptions options_;
  absl::Status start_error_;
  Strings environment_;                                      // of the program started last
  std::vector<std::shared_ptr<io::sim::SimPeer>> programs_;  // in order of their start
  std::vector<int> signals_;
  std::map<std::string, int> changes_;
  Strings gone_;
  std::unique_ptr<Host> host_;
  bool host_over_ = false;
  std::vector<std::unique_ptr<TestClient>> clients_;
};

}  // namespace mosh::server

#endif  // SERVER_TESTING_SHARED_HOST_H_
