// Datagrams and bytes for scripted work on a clean line of 100 ms RTT: the same keys at the same
// times for both.
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "bench/measure.h"
#include "bench/peer_session.h"
#include "bench/scenarios.h"
#include "e2e/tools.h"

namespace mosh::bench {
namespace {

struct Script {
  const char* name;
  std::vector<std::string> command;
  std::string ready;              // text that shows when to begin
  std::vector<std::string> keys;  // one element a step
  int least_gap, most_gap;        // milliseconds between steps, drawn evenly
};

std::vector<std::string> Letters(const std::string& text) {
  std::vector<std::string> keys;
  for (const char c : text) keys.emplace_back(1, c);
  return keys;
}

std::vector<Script> Scripts() {
  std::string prose;
  for (int i = 0; i < 3; ++i)
    absl::StrAppend(&prose, "echo the quick brown fox jumps over the lazy dog ", i, "\r");
  const std::string editing = absl::StrCat("ihello world\rthe second line\x1b",
                                           "kkyyppjjddGofar below\x1b", "ggww~~x0ihead \x1b:q!\r");
  const std::string painter =
      "stty raw -echo; i=0; printf READY; while read -r -n1 k; do i=$((i+1)); printf "
      "'\\033[H\\033[2J'; "
      "for r in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do "
      "printf 'row %d of picture %d with the words %d and %d behind\\r\\n' $r $i "
      "$((r*i*7919%10007)) $((r*r+i*i)); done; done";
  return {
      {"typing into a shell", {"/bin/sh"}, "$", Letters(prose), 60, 260},
      {"editing in vim",
       {e2e::RequireTool("vim"), "-u", "NONE", "-N", "-n"},
       "~",
       Letters(editing),
       60,
       260},
      {"full-screen refresh",
       {"/bin/bash", "-c", painter},
       "READY",
       std::vector<std::string>(40, "x"),
       500,
       500},
  };
}

struct Traffic {
  Samples up, down, up_bytes, down_bytes;
};

// The same rhythm for the same `seed`.
void Play(Peer peer, const Script& script, unsigned seed, Traffic& traffic) {
  std::mt19937 random(seed);
  PeerSession session(peer, {.command = script.command, .net = "delay=50"});
  CHECK(session.terminal().WaitForText(script.ready));
  const auto pump = [&](std::chrono::milliseconds time) {
    const e2e::Deadline end = e2e::Deadline::In(time);
    while (!end.passed()) session.terminal().Pump(end);
  };
  pump(std::chrono::seconds(4));
  const auto stat = [&](const char* key) { return static_cast<double>(session.relay().Stat(key)); };
  const double up = stat("up_pushed"), down = stat("down_pushed");
  const double up_bytes = stat("up_pushed_bytes"), down_bytes = stat("down_pushed_bytes");
  for (const std::string& key : script.keys) {
    session.terminal().Type(key);
    pump(std::chrono::milliseconds(script.least_gap +
                                   random() % (script.most_gap - script.least_gap + 1)));
  }
  pump(std::chrono::seconds(2));
  traffic.up.Add(stat("up_pushed") - up);
  traffic.down.Add(stat("down_pushed") - down);
  traffic.up_bytes.Add(stat("up_pushed_bytes") - up_bytes);
  traffic.down_bytes.Add(stat("down_pushed_bytes") - down_bytes);
}

}  // namespace

void MeasureWire(const Effort& effort, Report& report) {
  report.Section("On the wire, scripted work, 100 ms RTT");
  for (const Script& script : Scripts()) {
    Traffic ours, stock;
    for (int round = 0; round < effort.rounds; ++round) {
      Play(Peer::kOurs, script, static_cast<unsigned>(round), ours);
      Play(Peer::kStock, script, static_cast<unsigned>(round), stock);
    }
    const auto add = [&](const char* what, const char* unit, const Samples& a, const Samples& b) {
      report.Add(absl::StrCat(script.name, ": ", what), unit, a.Median(), b.Median(),
                 absl::StrCat(script.keys.size(), " steps"));
    };
    add("datagrams up", "", ours.up, stock.up);
    add("datagrams down", "", ours.down, stock.down);
    add("bytes up", "bytes", ours.up_bytes, stock.up_bytes);
    add("bytes down", "bytes", ours.down_bytes, stock.down_bytes);
  }
}

}  // namespace mosh::bench
