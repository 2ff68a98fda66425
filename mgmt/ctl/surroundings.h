// What a command meets outside: environment, streams, terminal, clock. Tests make their own.
#ifndef MGMT_CTL_SURROUNDINGS_H_
#define MGMT_CTL_SURROUNDINGS_H_

#include <functional>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace mosh::mgmt::ctl {

struct Surroundings {
  // A variable of the environment; empty: not set.
  std::function<std::string(const char* name)> variable;
  std::ostream* out;
  std::ostream* err;
  // Of a terminal that `out` goes to; 0: it doesn't, and lines are not cut.
  int columns = 0;
  bool colors = false;
  std::function<absl::Time()> now;
  // The terminal of commands that take it over.
  int terminal_in = 0;
  int terminal_out = 1;
  // Where the machine's agent listens, and where this program's neighbours are.
  std::string system_socket = "/run/mosh-agent/agent.sock";
  std::string program_directory;

  void Print(absl::string_view text) const { out->write(text.data(), text.size()); }
  // A remark that isn't the answer.
  void Remark(absl::string_view text) const {
    *err << "moshctl: ";
    err->write(text.data(), text.size()) << "\n";
  }
};

// This process's.
Surroundings SurroundingsOfProcess();

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_SURROUNDINGS_H_
