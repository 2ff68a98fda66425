// mosh-agent: sees and controls the sessions of this machine, by gRPC. docs/management.md is its
// guide.
#include <signal.h>
#include <stdio.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mgmt/agent/agent.h"
#include "mgmt/agent/audit_file.h"
#include "mgmt/agent/command_line.h"

namespace mosh::mgmt {
namespace {

int VerifyAudit(const std::string& path) {
  const absl::StatusOr<AuditChain> chain = VerifyAuditFile(path);
  if (!chain.ok()) {
    fprintf(stderr, "mosh-agent: %s\n", std::string(chain.status().message()).c_str());
    return 1;
  }
  printf("%s: %lld entries, last hash %s\n", path.c_str(), static_cast<long long>(chain->sequence),
         chain->hash.c_str());
  return 0;
}

int Main(std::vector<std::string> arguments) {
  const ParsedOptions parsed = ParseOptions(std::move(arguments));
  fputs(parsed.out.c_str(), stdout);
  fputs(parsed.err.c_str(), stderr);
  if (!parsed.run) return parsed.status;
  if (!parsed.run->verify_audit.empty()) return VerifyAudit(parsed.run->verify_audit);
  return parsed.run->check ? CheckAgent(*parsed.run) : RunAgent(*parsed.run);
}

}  // namespace
}  // namespace mosh::mgmt

int main(int argc, char* argv[]) {
  return mosh::mgmt::Main(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
