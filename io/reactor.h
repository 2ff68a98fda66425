// Reactor: the edge between coroutines and the world. One thread, one loop. Programs see only this
// interface, so that they run unchanged on io_uring, on epoll (both: io/create_reactor.h) and in
// simulation (io/sim/).
//
//   int main() {
//     absl::StatusOr<std::unique_ptr<Reactor>> reactor = CreateReactor();
//     if (!reactor.ok()) ...
//     (*reactor)->Run(Program(reactor->get()));
//   }
//
// Everything here belongs to the thread that created the reactor, and to the process: create it
// after daemonising. Sockets, streams and children made by a reactor die before it.
#ifndef IO_REACTOR_H_
#define IO_REACTOR_H_

#include <initializer_list>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "io/address.h"
#include "io/child.h"
#include "io/owned_fd.h"
#include "io/pty.h"
#include "io/signals.h"
#include "io/stop.h"
#include "io/stream.h"
#include "io/task.h"
#include "io/timer_queue.h"
#include "io/udp_socket.h"

namespace mosh::io {

class Reactor {
 public:
  virtual ~Reactor() = default;
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // "io_uring", "epoll" or "sim".
  virtual absl::string_view name() const = 0;

  // Monotonic. Read once per turn of the loop: everything that happens in one turn happens at the
  // same instant.
  virtual Instant Now() const = 0;

  // Runs the loop until `root` is done. Not from inside a coroutine. When it returns no coroutine
  // may be left waiting.
  virtual void Run(Task<void> root) = 0;

  // OK at `until` (at the earliest; at once, but not before a turn of the loop, if it has passed),
  // or kCancelled.
  Task<absl::Status> Sleep(Instant until, StopToken stop);

  // Port 0: the kernel chooses. kAlreadyExists: the port is taken; kNotFound: not an address of
  // this machine.
  virtual absl::StatusOr<std::unique_ptr<UdpSocket>> BindUdp(const SocketAddress& local,
                                                             const UdpOptions& options) = 0;
  // A bound UDP socket that another process has handed over.
  virtual absl::StatusOr<std::unique_ptr<UdpSocket>> AdoptUdp(OwnedFd fd,
                                                              const UdpOptions& options) = 0;

  // Takes the descriptor over and makes it non-blocking, which everybody sees who shares its file
  // description.
  virtual absl::StatusOr<std::unique_ptr<Stream>> OpenStream(OwnedFd fd) = 0;
  // The user's terminal, shared with other processes: `fd` (0, 1 or 2) stays open and its flags
  // stay as they are.
  virtual absl::StatusOr<std::unique_ptr<Tty>> OpenTty(int fd) = 0;

  // Errors of exec, chdir and before_exec come back from here, not as an exit status.
  virtual absl::StatusOr<Process> Spawn(const ProcessSpec& spec) = 0;
  virtual absl::StatusOr<PtyProcess> SpawnPty(const PtySpec& spec) = 0;

  // One source per signal. From here until the source dies the signals have no other effect.
  virtual absl::StatusOr<std::unique_ptr<SignalSource>> WatchSignals(
      std::initializer_list<int> signals) = 0;

  // OK when `fd` can be read (written), or is at its end or in error. For descriptors that nothing
  // above covers, such as a listening socket; one waiter per descriptor and direction.
  // kUnimplemented in simulation.
  virtual Task<absl::Status> WaitReadable(int fd, StopToken stop) = 0;
  virtual Task<absl::Status> WaitWritable(int fd, StopToken stop) = 0;

  // For io/timer.h.
  virtual TimerQueue& timers() = 0;

 protected:
  Reactor() = default;
};

}  // namespace mosh::io

#endif  // IO_REACTOR_H_
