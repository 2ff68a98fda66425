// Clients that type at a steady rate, evenly spread over time.
#ifndef BENCH_FLEET_TYPISTS_H_
#define BENCH_FLEET_TYPISTS_H_

#include <chrono>
#include <memory>
#include <vector>

#include "bench/fleet/light_client.h"
#include "bench/fleet/processes.h"
#include "bench/measure.h"
#include "crypto/random.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/task.h"
#include "ssp/compression.h"

namespace mosh::bench {

class Typists {
 public:
  static constexpr int kKeysPerSecond = 5;

  // Both outlive it.
  Typists(io::Reactor* reactor, crypto::RandomSource* random);

  void Connect(const Entry& entry);
  // Until all have seen their sessions' prompts.
  io::Task<void> AwaitUp();
  // Each types kKeysPerSecond for so long. Keys that are not shown a second later are told on
  // stdout.
  io::Task<void> Type(std::chrono::seconds time, Samples* samples);
  io::Task<void> Close();

 private:
  io::Reactor* reactor_;
  crypto::RandomSource* random_;
  std::shared_ptr<ssp::Codec> codec_;
  std::vector<std::unique_ptr<LightClient>> clients_;
  io::Scope scope_;
};

}  // namespace mosh::bench

#endif  // BENCH_FLEET_TYPISTS_H_
