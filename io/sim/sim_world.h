// SimWorld: a virtual clock, one run queue and any number of hosts, in one thread and from one
// seed.
//
//   SimWorld world(seed);
//   SimReactor& server = world.AddHost("server", "192.0.2.1");
//   SimReactor& client = world.AddHost("client", "198.51.100.7");
//   world.network().Connect(client, server, PerfectLink(50ms));
//   world.Start(RunServer(&server, world.stop()));       // whole programs: they see only
//   io::Reactor world.Start(RunClient(&client, world.stop())); world.RunUntil(world.Now() + 10s);
//   // takes microseconds
//   ...look...
//   world.StopAll();                                     // stops what Start() started, and runs
//   until it has ended
//
// Time passes only when nothing can run; then it jumps to the next deadline. Two runs with the same
// seed and the same programs do the same things in the same order: trace_hash() is equal.
#ifndef IO_SIM_SIM_WORLD_H_
#define IO_SIM_SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "io/ready_queue.h"
#include "io/scope.h"
#include "io/sim/sim_network.h"
#include "io/stop.h"
#include "io/task.h"
#include "io/timer_queue.h"

namespace mosh::io::sim {

class SimReactor;

class SimWorld {
 public:
  explicit SimWorld(uint64_t seed);
  // Stops what is still running. A test whose objects the programs use calls StopAll() itself while
  // they live.
  ~SimWorld();

  // `address` is numeric, IPv4 or IPv6, and not taken yet. The host lives as long as the world.
  SimReactor& AddHost(absl::string_view name, absl::string_view address);
  SimNetwork& network() { return network_; }

  Instant Now() const { return now_; }
  // A fresh generator, for whatever else a test needs to be random.
  uint64_t NextSeed() { return random_(); }

  // Starts a program beside the others; it begins at the next Run….
  void Start(Task<void> program) { programs_.Spawn(std::move(program)); }
  // Stops at StopAll().
  StopToken stop() { return programs_.token(); }
  size_t programs_running() const { return programs_.children(); }

  // Runs everything up to and including `until`, then sets the clock to it.
  void RunUntil(Instant until);
  void RunFor(std::chrono::nanoseconds time) { RunUntil(now_ + time); }
  // Runs until `done` (looked at whenever nothing can run at the present instant) or `limit`. True:
  // done.
  bool RunUntilTrue(const std::function<bool()>& done, Instant limit);
  // Runs until nothing can ever happen again by itself (no deadline is armed), or `limit`. True:
  // idle.
  bool RunUntilIdle(Instant limit);
  // Requests the stop and runs until all programs have ended. False if that takes longer than
  // `limit` of virtual time.
  bool StopAll(std::chrono::nanoseconds limit = std::chrono::seconds(60));
  // What SimReactor::Run does: runs `root` to its end. CHECKs that the world does not fall idle
  // before.
  void RunToCompletion(Task<void> root);

  // Process numbers for simulated children.
  int NextPid() { return next_pid_++; }

  // Hash of everything that happened so far: times, datagrams, stream bytes, signals.
  uint64_t trace_hash() const { return trace_hash_; }
  // Called by the parts of the simulation for everything a program can see.
  void Trace(absl::string_view what, std::span<const uint8_t> bytes);

  TimerQueue& timers() { return timers_; }

 private:
  // Lets everything run that can at the present instant.
  void Settle();

  ReadyQueue ready_;
  TimerQueue timers_;
  std::mt19937_64 random_;
  Instant now_;
  uint64_t trace_hash_;
  int next_pid_ = 1000;
  SimNetwork network_;
  std::vector<std::unique_ptr<SimReactor>> hosts_;
  Scope programs_;
};

}  // namespace mosh::io::sim

#endif  // IO_SIM_SIM_WORLD_H_
