// Start-up: of the server until it has said MOSH CONNECT, of the client until the session's first
// text is on the screen.
#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "bench/measure.h"
#include "bench/peer_session.h"
#include "bench/scenarios.h"

namespace mosh::bench {
namespace {

constexpr int kRunsARound = 10;

double ServerStart(Peer peer) {
  int out[2];
  CHECK(pipe2(out, O_CLOEXEC) == 0);
  e2e::Environment environment = PeerEnvironment();
  const std::string program = ServerProgram(peer);
  const double start = NowMillis();
  e2e::Process process = e2e::Process::Spawn(
      {.argv = {program, "new", "-i", "127.0.0.1", "-p", "0", "-c", "256", "--", "/bin/true"},
       .environment = environment,
       .out = out[1]});
  close(out[1]);
  std::string line;
  for (char c; line.find("MOSH CONNECT ") == std::string::npos && read(out[0], &c, 1) == 1;)
    line += c;
  const double elapsed = NowMillis() - start;
  CHECK(line.find("MOSH CONNECT ") != std::string::npos);
  close(out[0]);
  process.WaitExit(e2e::Patience());
  e2e::KillMarkedProcesses(environment[e2e::kMarkVariable]);
  return elapsed;
}

double FirstText(Peer peer, const char* net) {
  PeerSession session(peer, {.command = Workload({"ready"}), .net = net});
  session.AwaitTopRow("READY");
  return NowMillis() - session.client_started();
}

}  // namespace

void MeasureStart(const Effort& effort, Report& report) {
  report.Section("Start-up");
  e2e::BecomeReaper();
  Samples ours, stock;
  for (int i = 0; i < effort.rounds * kRunsARound; ++i) {
    ours.Add(ServerStart(Peer::kOurs));
    stock.Add(ServerStart(Peer::kStock));
  }
  report.Add("server start to MOSH CONNECT, median", "ms", ours.Median(), stock.Median());
  for (const char* net : {"", "delay=50"}) {
    Samples our_text, stock_text;
    for (int i = 0; i < effort.rounds * 3; ++i) {
      our_text.Add(FirstText(Peer::kOurs, net));
      stock_text.Add(FirstText(Peer::kStock, net));
    }
    report.Add(*net == '\0' ? "client start to first text, loopback, median"
                            : "client start to first text, 100 ms RTT, median",
               "ms", our_text.Median(), stock_text.Median());
  }
}

}  // namespace mosh::bench
