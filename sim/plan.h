// A simulated session's whole fate, drawn from one seed: what the network does, what the user does
// and when, what the program prints, and how it ends.
//
// Swarm testing: each seed switches every kind of trouble on or off by itself, so that some runs
// have one of them and some have all.
#ifndef SIM_PLAN_H_
#define SIM_PLAN_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "netem/conditions.h"
#include "term/size.h"

namespace mosh::sim {

enum class ActionKind : uint8_t {
  kType,        // `text` is typed
  kResize,      // the user's window takes `size`
  kRoam,        // the client's host gets another address
  kHop,         // the same, behind a NAT: another port
  kPrint,       // the program prints `text` of its own accord
  kPathChange,  // from now on the path has conditions `path`
};

struct Action {
  std::chrono::milliseconds at{0};  // since the start
  ActionKind kind = ActionKind::kType;
  std::string text;
  term::Size size;
  netem::PathConditions path;
};

enum class Ending : uint8_t {
  kUserQuits,       // Ctrl-^ .
  kProgramExits,    // the shell ends
  kServerSignal,    // SIGTERM to the server
  kClientSignal,    // SIGTERM to the client
  kTerminalCloses,  // the user's terminal hangs up
};

struct Plan {
  netem::PathConditions path;                 // at the start
  term::Size size;                            // of the user's window at the start
  std::vector<Action> actions;                // by time
  std::chrono::milliseconds trouble_ends{0};  // from here on the path is perfect
  Ending ending = Ending::kUserQuits;
  bool sometimes_slow_program = false;  // the program reads its input late
};

Plan MakePlan(uint64_t seed);

// For a person: one line an action.
std::string Describe(const Plan& plan);

}  // namespace mosh::sim

#endif  // SIM_PLAN_H_
