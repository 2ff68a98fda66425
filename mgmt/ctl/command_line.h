// moshctl's command line. Pure.
#ifndef MGMT_CTL_COMMAND_LINE_H_
#define MGMT_CTL_COMMAND_LINE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "mgmt/ctl/options.h"

namespace mosh::mgmt::ctl {

struct CommandLine {
  // Absent: there is nothing to do but to print `out` (--help) or `err` (a mistake) and exit with
  // `exit_code`.
  std::optional<Options> options;
  int exit_code = 0;
  std::string out;
  std::string err;
};

// `arguments` without the program's name.
CommandLine ParseCommandLine(const std::vector<std::string>& arguments);

// The grammar itself, for completion. Parsing with it fills `options`, which outlives it.
std::unique_ptr<CLI::App> MakeGrammar(Options* options);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_COMMAND_LINE_H_
