// One simulated session: the whole client and the whole server, on the simulated reactor, through
// the fate of a Plan; and the checks that make it a test.
//
// Safety, at every step: what the program has read is a prefix of what the user has typed; memory
// and wake-ups stay bounded. Liveness, once the trouble is over: all keys have arrived, the user's
// terminal shows the server's screen, and after the ending both programs are gone.
#ifndef SIM_SIMULATION_H_
#define SIM_SIMULATION_H_

#include <cstdint>
#include <string>

namespace mosh::sim {

struct Outcome {
  std::string failure;  // what is wrong; empty: nothing
  uint64_t trace_hash = 0;
  uint64_t datagrams = 0;
  uint64_t keys = 0;  // octets typed
  double virtual_seconds = 0;
};

// Deterministic: the same seed gives the same outcome, trace hash included.
Outcome Simulate(uint64_t seed);

}  // namespace mosh::sim

#endif  // SIM_SIMULATION_H_
