#include "mgmt/ctl/testing/moshctl_runner.h"

#include <stdlib.h>

#include <filesystem>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/check.h"
#include "mgmt/ctl/run_moshctl.h"

namespace mosh::mgmt::ctl {

MoshctlRunner::MoshctlRunner() {
  // Not TEST_TMPDIR: the path of a socket must be short.
  char name[] = "/tmp/moshctl-test.XXXXXX";
  CHECK(mkdtemp(name) != nullptr);
  directory_ = name;
  variables = {{"HOME", directory_}, {"XDG_RUNTIME_DIR", directory_}};
  surroundings.variable = [this](const char* variable) {
    const auto found = variables.find(variable);
    return found == variables.end() ? "" : found->second;
  };
  surroundings.now = absl::Now;
  surroundings.system_socket = absl::StrCat(directory_, "/system.sock");
}

MoshctlRunner::~MoshctlRunner() {
  StopAgent();
  std::filesystem::remove_all(directory_);
}

void MoshctlRunner::StartAgent() {
  server_ = ServeAt(surroundings.system_socket, &fleet, {&recordings, &operations, &policies});
  CHECK(server_ != nullptr);
}

Outcome MoshctlRunner::Run(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  surroundings.out = &out;
  surroundings.err = &err;
  const int code = RunMoshctl(arguments, surroundings);
  return {code, out.str(), err.str()};
}

}  // namespace mosh::mgmt::ctl
