// What a session costs that nobody is using: memory, wake-ups, datagrams.
#include <chrono>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "bench/measure.h"
#include "bench/peer_session.h"
#include "bench/scenarios.h"

namespace mosh::bench {
namespace {

constexpr int kIdleServers = 50;

struct Resting {
  std::unique_ptr<PeerSession> session;
  uint64_t server_switches = 0, client_switches = 0;
  long up = 0, down = 0;

  explicit Resting(Peer peer)
      : session(std::make_unique<PeerSession>(
            peer, PeerSession::Options{.command = Workload({"ready"}), .net = "clean"})) {
    session->AwaitTopRow("READY");
  }
  void Mark() {
    up = session->relay().Stat("up_pushed");
    down = session->relay().Stat("down_pushed");
    server_switches = VoluntarySwitches(session->server_pid());
    client_switches = VoluntarySwitches(session->client_pid());
  }
};

void PumpFor(std::vector<Resting*> all, std::chrono::seconds time) {
  const e2e::Deadline end = e2e::Deadline::In(time);
  while (!end.passed()) {
    for (Resting* one : all)
      one->session->terminal().Pump(
          Earlier(end, e2e::Deadline::In(std::chrono::milliseconds(200))));
  }
}

// PSS of the servers of 50 sessions at once, each with its client connected. In KiB.
uint64_t IdleServersPss(Peer peer) {
  std::vector<std::unique_ptr<PeerSession>> sessions;
  for (int i = 0; i < kIdleServers; ++i) {
    sessions.push_back(std::make_unique<PeerSession>(
        peer, PeerSession::Options{.command = Workload({"ready"}), .net = ""}));
    sessions.back()->AwaitTopRow("READY");
  }
  uint64_t sum = 0;
  for (const auto& session : sessions) sum += PssKib(session->server_pid());
  return sum;
}

}  // namespace

void MeasureRest(const Effort& effort, Report& report) {
  report.Section("At rest");
  Resting ours(Peer::kOurs), stock(Peer::kStock);
  PumpFor({&ours, &stock}, std::chrono::seconds(10));
  ours.Mark();
  stock.Mark();
  PumpFor({&ours, &stock}, std::chrono::seconds(effort.rest_seconds));
  const double minutes = effort.rest_seconds / 60.0;
  const auto per_minute = [&](uint64_t now, uint64_t before) {
    return static_cast<double>(now - before) / minutes;
  };
  const auto add_switches = [&](const char* what, pid_t a, uint64_t a_before, pid_t b,
                                uint64_t b_before) {
    report.Add(what, "1/min", per_minute(VoluntarySwitches(a), a_before),
               per_minute(VoluntarySwitches(b), b_before));
  };
  add_switches("server wake-ups", ours.session->server_pid(), ours.server_switches,
               stock.session->server_pid(), stock.server_switches);
  add_switches("client wake-ups", ours.session->client_pid(), ours.client_switches,
               stock.session->client_pid(), stock.client_switches);
  const auto datagrams = [&](Resting& r, const char* key, long before) {
    return static_cast<double>(r.session->relay().Stat(key) - before) / minutes;
  };
  report.Add("datagrams to the server", "1/min", datagrams(ours, "up_pushed", ours.up),
             datagrams(stock, "up_pushed", stock.up));
  report.Add("datagrams to the client", "1/min", datagrams(ours, "down_pushed", ours.down),
             datagrams(stock, "down_pushed", stock.down));
  const auto pss = [](pid_t pid) { return static_cast<double>(PssKib(pid)) / 1024; };
  report.Add("server PSS", "MiB", pss(ours.session->server_pid()),
             pss(stock.session->server_pid()));
  report.Add("client PSS", "MiB", pss(ours.session->client_pid()),
             pss(stock.session->client_pid()));
  report.Add(absl::StrCat("PSS of ", kIdleServers, " idle servers"), "MiB",
             static_cast<double>(IdleServersPss(Peer::kOurs)) / 1024,
             static_cast<double>(IdleServersPss(Peer::kStock)) / 1024);
}

}  // namespace mosh::bench
