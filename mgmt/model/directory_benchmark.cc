// A node with 10,000 sessions: what a list and what watchers cost.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "mgmt/model/directory.h"
#include "mgmt/model/watch.h"

namespace mosh::mgmt {
namespace {

constexpr int kSessions = 10'000;
const absl::Time kNow = absl::FromUnixSeconds(1'793'620'800);

control::Session MakeSession(int number, uint64_t round) {
  control::Session told;
  told.set_id(absl::StrCat("session", number));
  told.add_command("/bin/bash");
  told.set_title(absl::StrCat("user@host", number, ": ~/src/project"));
  told.set_pid(1000 + number);
  told.mutable_size()->set_columns(80);
  told.mutable_size()->set_rows(24);
  told.set_created_at(1'793'620'000'000'000 + number * 1'000'000ll * 7919 % 600'000'000);
  control::Client* client = told.add_client();
  client->set_id("c1");
  client->set_address(absl::StrCat("10.0.", number / 256, ".", number % 256, ":60001"));
  client->set_attached_at(1'793'620'100'000'000);
  client->set_last_heard_at(1'793'620'799'000'000);
  client->set_srtt_us(20'000 + static_cast<int64_t>(round % 1000));
  client->set_rttvar_us(5'000);
  client->set_datagrams_sent(100 + round);
  client->set_datagrams_received(90 + round);
  client->set_bytes_sent(100'000 + round);
  client->set_bytes_received(9'000 + round);
  return told;
}

void Put(Directory* directory, int number, uint64_t round) {
  const absl::Status put = directory->Put(absl::StrCat("/run/user/", number % 100, "/mosh/1.sock"),
                                          {.uid = static_cast<uid_t>(number % 100), .user = "u"},
                                          MakeSession(number, round), kNow);
  CHECK(put.ok());
}

std::unique_ptr<Directory> MakeDirectory() {
  auto directory = std::make_unique<Directory>(Directory::Options{.node = "n", .instance = "i"});
  for (int i = 0; i < kSessions; ++i) Put(directory.get(), i, 0);
  return directory;
}

void ListAll(benchmark::State& state, const char* filter, const char* order_by) {
  const auto directory = MakeDirectory();
  const Directory::Query query{
      .filter = *Filter::Compile(filter), .order = *Order::Parse(order_by), .page_size = kSessions};
  for (auto _ : state) {
    fleet::ListSessionsResponse response;
    for (const SessionPtr& session : directory->List(query).sessions) {
      *response.add_sessions() = ReadMask().Apply(*session);
    }
    benchmark::DoNotOptimize(response.SerializeAsString());
  }
}
BENCHMARK_CAPTURE(ListAll, everything, "", "")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ListAll, ordered, "", "create_time desc")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ListAll, filtered, "clients.srtt > 10s OR title = \"*emacs*\"", "")
    ->Unit(benchmark::kMillisecond);

// A second of a busy node: 1,000 changes, 100 watchers, one of them stuck. It must take less than
// a second.
void WatchASecond(benchmark::State& state, const char* filter) {
  const auto directory = MakeDirectory();
  std::vector<Watch> watches;
  for (int i = 0; i < 100; ++i) {
    watches.push_back(*Watch::Begin(directory.get(), {.filter = *Filter::Compile(filter)}, ""));
    if (i == 0) continue;  // the stuck one
    while (watches.back().behind()) CHECK(watches.back().Next(1'000).ok());
  }
  uint64_t round = 0, bytes = 0;
  for (auto _ : state) {
    for (int i = 0; i < 1'000; ++i) {
      ++round;
      Put(directory.get(), static_cast<int>(round * 7919 % kSessions), round);
      // Every 10 ms.
      if (i % 10 != 9) continue;
      for (size_t k = 1; k < watches.size(); ++k) bytes += watches[k].Next(200)->response.size();
    }
  }
  state.counters["bytes"] =
      benchmark::Counter(static_cast<double>(bytes), benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(WatchASecond, everything, "")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(WatchASecond, filtered, "clients.srtt > 10ms AND title = \"*project*\"")
    ->Unit(benchmark::kMillisecond);

void PutChange(benchmark::State& state) {
  const auto directory = MakeDirectory();
  uint64_t round = 0;
  for (auto _ : state) {
    ++round;
    Put(directory.get(), static_cast<int>(round * 7919 % kSessions), round);
  }
}
BENCHMARK(PutChange)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace mosh::mgmt
