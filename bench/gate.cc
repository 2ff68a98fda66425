// How a flood of forged datagrams at moshd's port is felt by live sessions: keystroke to screen
// with and without, in turn, and how fast a roaming stock client is found again. Whole programs on
// a machine of the benchmark's own; needs root.
//
//   ./tools/bazel run //bench:gate -- [--rounds=3] [--seconds=6] [--apart]
//
// --apart: the forger has one processor, everything else another, with and without a flood: what
// moshd's own work costs the sessions, without who gets a processor before whom.
// The forger sends as much as one core can, from random addresses: with the route tag that stock
// clients have (the gate must look at each), with random bits, and with the tag of the Host whose
// sessions are measured.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "bench/measure.h"
#include "crypto/random.h"
#include "crypto/route_tag.h"
#include "crypto/session_key.h"
#include "e2e/mosh_session.h"
#include "e2e/moshd_process.h"
#include "e2e/private_machine.h"
#include "e2e/process.h"
#include "e2e/tools.h"
#include "io/create_reactor.h"
#include "io/scope.h"
#include "server/testing/test_client.h"
#include "term/size.h"

namespace mosh::bench {
namespace {

using namespace std::chrono_literals;
using server::TestClient;

constexpr int kPort = 61000;
constexpr int kClientsOfEachKind = 10;
constexpr auto kKeyInterval = 200ms;

// Elsewhere: at another port, where nobody reads. What sending alone takes from the sessions on
// this machine, which a flood from afar wouldn't.
enum class Forgery { kElsewhere, kStockTag, kRandomBits, kHostTag };
constexpr Forgery kForgeries[] = {Forgery::kElsewhere, Forgery::kStockTag, Forgery::kRandomBits,
                                  Forgery::kHostTag};
const char* NameOf(Forgery forgery) {
  switch (forgery) {
    case Forgery::kElsewhere:
      return "anything, elsewhere";
    case Forgery::kStockTag:
      return "stock's tag";
    case Forgery::kRandomBits:
      return "random bits";
    case Forgery::kHostTag:
      return "the Host's tag";
  }
  return "";
}

void StayOn(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  CHECK(sched_setaffinity(0, sizeof set, &set) == 0);
}

// Sends until it is killed. All of 127.0.0.0/8 is this machine's, so sources cost nothing.
[[noreturn]] void Forge(Forgery forgery) {
  constexpr int kBatch = 64;
  // A socket for what is sent elsewhere: refusals would cost less than delivery.
  const int sink = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in away{};
  away.sin_family = AF_INET;
  away.sin_port = htons(kPort + 1);
  if (forgery == Forgery::kElsewhere) {
    CHECK(bind(sink, reinterpret_cast<sockaddr*>(&away), sizeof away) == 0);
  }
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(forgery == Forgery::kElsewhere ? kPort + 1 : kPort);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::mt19937_64 random(getpid());
  std::array<std::array<uint8_t, 100>, kBatch> bytes;
  std::array<std::array<char, CMSG_SPACE(sizeof(in_pktinfo))>, kBatch> control{};
  std::array<iovec, kBatch> data;
  std::array<mmsghdr, kBatch> messages{};
  for (int i = 0; i < kBatch; ++i) {
    for (uint8_t& byte : bytes[i]) byte = static_cast<uint8_t>(random());
    data[i] = {bytes[i].data(), bytes[i].size()};
    msghdr& header = messages[i].msg_hdr;
    header = {};
    header.msg_name = &to;
    header.msg_namelen = sizeof to;
    header.msg_iov = &data[i];
    header.msg_iovlen = 1;
    header.msg_control = control[i].data();
    header.msg_controllen = control[i].size();
    auto* c = reinterpret_cast<cmsghdr*>(control[i].data());
    *c = {.cmsg_len = CMSG_LEN(sizeof(in_pktinfo)),
          .cmsg_level = IPPROTO_IP,
          .cmsg_type = IP_PKTINFO};
  }
  for (;;) {
    for (int i = 0; i < kBatch; ++i) {
      uint64_t first = random();
      if (forgery == Forgery::kStockTag) first %= 4096;
      if (forgery == Forgery::kHostTag) {
        first = crypto::RouteTag{1, static_cast<uint16_t>(first & 0x7fff)}.FirstSequence().value +
                first % 4096;
      }
      for (int b = 0; b < 8; ++b) bytes[i][b] = static_cast<uint8_t>(first >> (56 - 8 * b));
      in_pktinfo info{};
      info.ipi_spec_dst.s_addr =
          htonl(0x7f000000u | (static_cast<uint32_t>(random()) & 0x00fffffe) | 0x00010000u);
      memcpy(CMSG_DATA(reinterpret_cast<cmsghdr*>(control[i].data())), &info, sizeof info);
    }
    sendmmsg(fd, messages.data(), kBatch, 0);
  }
}

// A client that types and looks.
struct Typist {
  std::unique_ptr<TestClient> client;
  bool tagged;
  int typed = 0;
  Samples* samples = nullptr;
};

struct Bench {
  io::Reactor* reactor = nullptr;
  std::vector<std::unique_ptr<Typist>> typists;
  int rounds = 3;
  int seconds = 6;
  bool apart = false;
  int hops = 0;  // so far: each leads to an address of its own
  pid_t gate = 0;
  std::function<std::string()> status;
};

bool ShowsAll(const Typist& typist) {
  const std::string text = typist.client->Text();
  return std::count(text.begin(), text.end(), 'k') >= typist.typed;
}

io::Task<void> TypeOn(Bench* bench, Typist* typist, Instant begin, Instant end) {
  static_cast<void>(co_await bench->reactor->Sleep(begin, {}));
  while (bench->reactor->Now() < end) {
    const Instant next = bench->reactor->Now() + kKeyInterval;
    const double before = NowMillis();
    ++typist->typed;
    typist->client->Type("k");
    std::function<bool()> done = [typist] { return ShowsAll(*typist); };
    io::Task<bool> seen = typist->client->WaitUntil(std::move(done), next + 20s);
    const bool shown = co_await std::move(seen);
    if (shown) typist->samples->Add(NowMillis() - before);
    static_cast<void>(co_await bench->reactor->Sleep(next, {}));
  }
}

// One phase: all type for a while.
io::Task<void> Phase(Bench* bench, Samples* tagged, Samples* stock) {
  io::Scope scope;
  const Instant begin = bench->reactor->Now() + 300ms;
  int i = 0;
  for (const auto& typist : bench->typists) {
    typist->samples = typist->tagged ? tagged : stock;
    const Instant first = begin + kKeyInterval * i++ / static_cast<int>(bench->typists.size());
    scope.Spawn(TypeOn(bench, typist.get(), first, begin + std::chrono::seconds(bench->seconds)));
  }
  co_await scope.Join();
}

// From a new address, how long until the next key shows. Sessions of ours or those like stock's.
io::Task<void> Roam(Bench* bench, bool tagged, Samples* samples) {
  for (const auto& typist : bench->typists) {
    if (typist->tagged != tagged) continue;
    typist->client->Hop(absl::StrCat("127.1.", bench->hops / 250, ".", bench->hops % 250 + 1));
    ++bench->hops;
    typist->samples = samples;
    const Instant now = bench->reactor->Now();
    co_await TypeOn(bench, typist.get(), now, now + 1ms);
  }
}

void Print(const char* what, const Samples& samples, const Samples& quiet) {
  printf("%-44s p50 %7.2f ms  p99 %7.2f ms", what, samples.Median(), samples.Percentile(99));
  if (&samples != &quiet) {
    printf("  ratio %.2f / %.2f", samples.Median() / quiet.Median(),
           samples.Percentile(99) / quiet.Percentile(99));
  }
  printf("  (%zu keys)\n", samples.size());
}

io::Task<void> Measure(Bench* bench) {
  io::Scope clients;
  for (const auto& typist : bench->typists) clients.Spawn(typist->client->Run());
  Samples warm_up, quiet_tagged, quiet_stock, roams, tagged_roams_in_flood, stock_roams_in_flood;
  co_await Phase(bench, &warm_up, &warm_up);
  std::array<Samples, std::size(kForgeries)> tagged, stock;
  std::array<double, std::size(kForgeries)> gate_cpu{};
  for (int round = 0; round < bench->rounds; ++round) {
    for (size_t i = 0; i < std::size(kForgeries); ++i) {
      co_await Phase(bench, &quiet_tagged, &quiet_stock);
      const pid_t forger = fork();
      if (forger == 0) {
        if (bench->apart) StayOn(0);
        Forge(kForgeries[i]);
      }
      const uint64_t cpu = CpuNanos(bench->gate);
      co_await Phase(bench, &tagged[i], &stock[i]);
      gate_cpu[i] += static_cast<double>(CpuNanos(bench->gate) - cpu) * 1e-9;
      if (kForgeries[i] == Forgery::kStockTag) {
        co_await Roam(bench, /*tagged=*/false, &stock_roams_in_flood);
      } else if (kForgeries[i] == Forgery::kHostTag) {
        co_await Roam(bench, /*tagged=*/true, &tagged_roams_in_flood);
      }
      kill(forger, SIGKILL);
      waitpid(forger, nullptr, 0);
    }
    co_await Roam(bench, /*tagged=*/false, &roams);
  }
  Print("client of ours, quiet", quiet_tagged, quiet_tagged);
  Print("client like stock's, quiet", quiet_stock, quiet_stock);
  for (size_t i = 0; i < std::size(kForgeries); ++i) {
    const std::string name = NameOf(kForgeries[i]);
    Print(absl::StrCat("client of ours, flood with ", name).c_str(), tagged[i], quiet_tagged);
    Print(absl::StrCat("client like stock's, flood with ", name).c_str(), stock[i], quiet_stock);
    printf("  the gate's share of a core %43.2f\n",
           gate_cpu[i] / (bench->rounds * (bench->seconds + 0.3)));
  }
  Print("client like stock's, first key after roaming", roams, quiet_stock);
  Print("  in the flood with stock's tag", stock_roams_in_flood, quiet_stock);
  Print("client of ours, in the flood with the Host's tag", tagged_roams_in_flood, quiet_tagged);
  printf("\n%s", bench->status().c_str());
  for (const auto& typist : bench->typists) typist->client->Stop();
  co_await clients.Join();
}

int Main(int argc, char** argv) {
  Bench bench;
  for (int i = 1; i < argc; ++i) {
    const std::pair<std::string, std::string> option = absl::StrSplit(argv[i], '=');
    int* number = option.first == "--rounds"    ? &bench.rounds
                  : option.first == "--seconds" ? &bench.seconds
                                                : nullptr;
    if (number != nullptr && absl::SimpleAtoi(option.second, number)) continue;
    if (option.first == "--apart") {
      bench.apart = true;
      StayOn(1);
      continue;
    }
    fprintf(stderr, "Usage: gate [--rounds=N] [--seconds=N] [--apart]\n");
    return 2;
  }
  using e2e::PrivateMachine;
  const std::string why_not = PrivateMachine::Enter(
      {{"alice", 61001}},
      {e2e::RequireVariable("BENCH_MOSHD"), e2e::RequireVariable("BENCH_SERVER")});
  if (!why_not.empty()) {
    fprintf(stderr, "gate: %s\n", why_not.c_str());
    return 1;
  }
  e2e::BecomeReaper();
  const std::string mark = e2e::NewMark();
  e2e::MoshdProcess moshd(e2e::BaseEnvironment(mark), "");
  bench.gate = moshd.process().pid();
  bench.status = [&moshd] { return moshd.Status(); };

  auto reactor = io::CreateReactor();
  CHECK(reactor.ok());
  bench.reactor = reactor->get();
  crypto::SystemRandom random;
  for (int i = 0; i < 2 * kClientsOfEachKind; ++i) {
    e2e::SpawnOptions options;
    options.argv =
        PrivateMachine::As("alice", {PrivateMachine::Program("mosh-server"), "new", "--", "cat"});
    options.environment = PrivateMachine::EnvironmentOf("alice", mark);
    const std::vector<std::string> words =
        absl::StrSplit(e2e::RunToEnd(options, e2e::Patience()).out, absl::ByAnyChar(" \n"));
    CHECK(words.size() > 3);
    CHECK(words[2] == absl::StrCat(kPort));
    const auto key = crypto::SessionKey::FromBase64(words[3]);
    CHECK(key.ok());
    auto typist = std::make_unique<Typist>();
    typist->tagged = i % 2 == 0;
    typist->client = std::make_unique<TestClient>(
        reactor->get(), io::SocketAddress::LoopbackV4(kPort), *key, &random, term::Size{80, 24},
        typist->tagged ? TestClient::Start::kAtTag : TestClient::Start::kAtZero);
    bench.typists.push_back(std::move(typist));
  }
  (*reactor)->Run(Measure(&bench));
  e2e::KillMarkedProcesses(mark);
  return 0;
}

}  // namespace
}  // namespace mosh::bench

int main(int argc, char** argv) { return mosh::bench::Main(argc, argv); }
