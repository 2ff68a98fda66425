// Completing moshctl's command lines: scripts for shells, and what they ask for: `moshctl
// __complete WORD...`. Pure.
#ifndef MGMT_CTL_COMPLETION_H_
#define MGMT_CTL_COMPLETION_H_

#include <functional>
#include <string>
#include <vector>

namespace mosh::mgmt::ctl {

// "bash", "zsh" or "fish".
std::string CompletionScript(const std::string& shell);

// What isn't in the grammar, asked for only where it is wanted.
struct CompletionSources {
  std::function<std::vector<std::string>()> session_ids;
  std::function<std::vector<std::string>()> node_ids;
  std::function<std::vector<std::string>()> contexts;
  std::function<std::vector<std::string>()> operations;
  std::function<std::vector<std::string>()> policies;
};

// What the last of these words can be, `moshctl` itself left out; the last may be empty.
std::vector<std::string> Complete(const std::vector<std::string>& words,
                                  const CompletionSources& sources);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_COMPLETION_H_
