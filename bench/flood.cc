// Output floods: elapsed time, processor time of both programs, datagrams and bytes; the same child
// through a bare pty as the measure of what is possible; and Ctrl-C in the middle of one.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "bench/measure.h"
#include "bench/payload.h"
#include "bench/peer_session.h"
#include "bench/scenarios.h"

namespace mosh::bench {
namespace {

struct FloodResult {
  Samples elapsed_ms, server_ns_per_byte, client_ns_per_byte, wire_bytes, datagrams;
};

void RunFlood(Peer peer, const std::string& kind, long bytes, FloodResult& result) {
  PeerSession session(peer,
                      {.command = Workload({"flood", kind, absl::StrCat(bytes)}), .net = "clean"});
  session.AwaitTopRow("READY");
  const uint64_t server_before = CpuNanos(session.server_pid());
  const uint64_t client_before = CpuNanos(session.client_pid());
  const long bytes_before = session.relay().Stat("down_pushed_bytes");
  const long datagrams_before = session.relay().Stat("down_pushed");
  const double start = NowMillis();
  session.terminal().Type("x");
  session.AwaitTopRow("DONE");
  result.elapsed_ms.Add(NowMillis() - start);
  const double n = static_cast<double>(bytes);
  result.server_ns_per_byte.Add(
      static_cast<double>(CpuNanos(session.server_pid()) - server_before) / n);
  result.client_ns_per_byte.Add(
      static_cast<double>(CpuNanos(session.client_pid()) - client_before) / n);
  result.wire_bytes.Add(
      static_cast<double>(session.relay().Stat("down_pushed_bytes") - bytes_before));
  result.datagrams.Add(static_cast<double>(session.relay().Stat("down_pushed") - datagrams_before));
}

// Reads the child's pty until it says DONE, and nothing else: milliseconds.
double DrainBarePty(const std::string& kind, long bytes) {
  const std::vector<std::string> command = Workload({"flood", kind, absl::StrCat(bytes)});
  int master;
  winsize size = {.ws_row = 24, .ws_col = 80};
  const pid_t pid = forkpty(&master, nullptr, nullptr, &size);
  CHECK(pid >= 0);
  if (pid == 0) {
    execl(command[0].c_str(), command[0].c_str(), command[1].c_str(), command[2].c_str(),
          command[3].c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  static char buffer[65536];
  const auto read_until = [&](absl::string_view word) {
    std::string tail;
    while (tail.find(word.data(), 0, word.size()) == std::string::npos) {
      const ssize_t n = read(master, buffer, sizeof buffer);
      CHECK(n > 0);
      const size_t keep = std::min<size_t>(static_cast<size_t>(n), 64);
      tail = (tail + std::string(buffer + n - keep, keep));
      if (tail.size() > 128) tail.erase(0, tail.size() - 128);
    }
  };
  read_until("READY");
  const double start = NowMillis();
  CHECK(write(master, "x", 1) == 1);
  read_until("DONE");
  const double elapsed = NowMillis() - start;
  close(master);
  waitpid(pid, nullptr, 0);
  return elapsed;
}

}  // namespace

void MeasureFlood(const Effort& effort, Report& report) {
  report.Section(absl::StrCat("Output flood of ", effort.flood_bytes / 1'000'000, " MB"));
  for (const absl::string_view kind_view : PayloadKinds()) {
    const std::string kind(kind_view);
    FloodResult ours, stock;
    Samples bare;
    for (int round = 0; round < effort.rounds; ++round) {
      RunFlood(Peer::kOurs, kind, effort.flood_bytes, ours);
      RunFlood(Peer::kStock, kind, effort.flood_bytes, stock);
      bare.Add(DrainBarePty(kind, effort.flood_bytes));
    }
    const auto add = [&](const char* what, const char* unit, const Samples& a, const Samples& b,
                         const std::string& note = "") {
      report.Add(absl::StrCat(kind, ": ", what), unit, a.Median(), b.Median(), note);
    };
    add("server CPU", "ns/byte", ours.server_ns_per_byte, stock.server_ns_per_byte);
    add("client CPU", "ns/byte", ours.client_ns_per_byte, stock.client_ns_per_byte);
    const double mb = static_cast<double>(effort.flood_bytes) / 1e6;
    add("elapsed", "ms", ours.elapsed_ms, stock.elapsed_ms,
        absl::StrCat("bare pty ", static_cast<int>(bare.Median()), " ms; ours / bare ",
                     ours.elapsed_ms.Median() / bare.Median(), "; ",
                     static_cast<int>(mb * 1000 / ours.elapsed_ms.Median()), " MB/s"));
    add("bytes to the client", "bytes", ours.wire_bytes, stock.wire_bytes);
    add("datagrams to the client", "", ours.datagrams, stock.datagrams);
    // The flood ends sooner with us, so the rate is what compares.
    const auto per_second = [](const Samples& count, const Samples& ms) {
      return count.Median() * 1000 / ms.Median();
    };
    report.Add(absl::StrCat(kind, ": datagrams a second"), "1/s",
               per_second(ours.datagrams, ours.elapsed_ms),
               per_second(stock.datagrams, stock.elapsed_ms));
  }
}

void MeasureInterrupt(const Effort& effort, Report& report) {
  report.Section("Ctrl-C in a flood");
  for (const char* net : {"", "delay=50"}) {
    Samples ours, stock;
    for (int round = 0; round < effort.rounds * 5; ++round) {
      for (const Peer peer : {Peer::kOurs, Peer::kStock}) {
        PeerSession session(peer, {.command = Workload({"endless", "plain"}), .net = net});
        session.AwaitTopRow("READY");
        session.terminal().Type("x");
        const e2e::Deadline flooding = e2e::Deadline::In(std::chrono::milliseconds(1500));
        while (!flooding.passed()) session.terminal().Pump(flooding);
        session.screen();
        const double start = NowMillis();
        session.terminal().Type("\x03");
        session.AwaitTopRow("STOPPED");
        (peer == Peer::kOurs ? ours : stock).Add(NowMillis() - start);
      }
    }
    const std::string name = *net == '\0' ? "loopback" : "100 ms RTT";
    report.Add(name + ": median", "ms", ours.Median(), stock.Median());
    report.Add(name + ": slowest", "ms", ours.Percentile(100), stock.Percentile(100));
  }
}

}  // namespace mosh::bench
