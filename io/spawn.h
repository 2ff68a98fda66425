// Starting child processes on a real reactor. Internal to io/; programs use Reactor::Spawn and
// Reactor::SpawnPty.
#ifndef IO_SPAWN_H_
#define IO_SPAWN_H_

#include "absl/status/statusor.h"
#include "io/child.h"
#include "io/kernel_reactor.h"
#include "io/pty.h"

namespace mosh::io {

absl::StatusOr<Process> SpawnProcess(KernelReactor* reactor, const ProcessSpec& spec);
absl::StatusOr<PtyProcess> SpawnInPty(KernelReactor* reactor, const PtySpec& spec);

}  // namespace mosh::io

#endif  // IO_SPAWN_H_
