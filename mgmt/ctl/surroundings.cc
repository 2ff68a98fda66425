#include "mgmt/ctl/surroundings.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <iostream>

#include "absl/time/clock.h"

namespace mosh::mgmt::ctl {
namespace {

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

// Where this program's file is, whatever name it was called by.
std::string ProgramDirectory() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return "";
  const std::string file(path, size);
  return file.substr(0, file.rfind('/'));
}

}  // namespace

Surroundings SurroundingsOfProcess() {
  Surroundings surroundings;
  surroundings.variable = Variable;
  surroundings.out = &std::cout;
  surroundings.err = &std::cerr;
  surroundings.now = absl::Now;
  surroundings.program_directory = ProgramDirectory();
  if (isatty(STDOUT_FILENO)) {
    winsize size = {};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    surroundings.columns = size.ws_col;
    // no-color.org: any value but an empty one.
    const std::string term = Variable("TERM");
    surroundings.colors = Variable("NO_COLOR").empty() && !term.empty() && term != "dumb";
  }
  return surroundings;
}

}  // namespace mosh::mgmt::ctl
