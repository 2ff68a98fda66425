// ProcessMark: says which process serves a node, in a line that people can read:
//
//   5f0c9a1e host=web-1 boot=6b7c… pidns=4026531836 pid=812 start=48211
//
// With it an agent that follows one that was killed knows that its place is free, without waiting
// for the lease: on the same boot and in the same namespace of process ids it can look.
#ifndef MGMT_FLEET_PROCESS_MARK_H_
#define MGMT_FLEET_PROCESS_MARK_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace mosh::mgmt {

struct ProcessMark {
  std::string instance;  // of this run of the agent; unlike every other
  std::string host;      // the machine's own name
  std::string boot;      // unlike for every boot of every machine; empty: not known
  uint64_t pid_namespace = 0;
  int64_t pid = 0;
  uint64_t start = 0;  // in clock ticks since the boot

  friend bool operator==(const ProcessMark&, const ProcessMark&) = default;
};

// Of the calling process. Reads /proc, which never waits.
ProcessMark MarkOfThisProcess(std::string instance);

std::string ToText(const ProcessMark& mark);
// Absent: not one. Words that are not known are passed over.
std::optional<ProcessMark> ParseProcessMark(absl::string_view text);

// Whether `mark`'s process has certainly ended, looked at by the process `own`. False if it lives,
// or runs where we can't see it.
bool HasEnded(const ProcessMark& mark, const ProcessMark& own);

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_PROCESS_MARK_H_
