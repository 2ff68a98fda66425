// Simulated streams: a program holds the Stream (or Tty, or Child), the test holds the other end
// and scripts it.
//
//   auto [tty, user] = MakeSimTty(&world, {80, 24});          // the client's terminal, and its
//   user client.ProvideTty(0, std::move(tty)); user->Feed("ls\r"); // types world.RunFor(1s);
//   EXPECT_EQ(user->TakeOutput(), ...);                       // what the client drew
//
//   server.set_pty_spawner([&](const PtySpec& spec) {         // a program in the server's pty
//     SimPty pty = MakeSimPty(&world, spec.size);
//     shell = pty.program;                                    // shell->on_output = ...,
//     shell->Feed("$ ") return std::move(pty.process);
//   });
#ifndef IO_SIM_SIM_STREAM_H_
#define IO_SIM_SIM_STREAM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "io/child.h"
#include "io/event.h"
#include "io/pty.h"
#include "io/stream.h"

namespace mosh::io::sim {

class SimWorld;

// The test's end of a simulated stream. Shared with the program's end; either may go first.
class SimPeer {
 public:
  explicit SimPeer(SimWorld* world) : world_(world) {}

  // Bytes for the program to read.
  void Feed(absl::string_view bytes);
  // The program reads its end of file once it has read all that was fed. A terminal: hangup. Its
  // writes fail then.
  void Hangup();

  // What the program has written and nobody has taken yet.
  const std::string& output() const { return output_; }
  std::string TakeOutput() { return std::exchange(output_, {}); }
  // Bytes fed and not read yet.
  size_t unread() const { return input_.size(); }
  // The program has closed or destroyed its end.
  bool closed() const { return closed_; }

  // How much `output()` may hold before the program's writes have to wait. Taking wakes the writer.
  // Default: no limit.
  void set_output_capacity(size_t bytes) { capacity_ = bytes; }
  // Call after taking output to let a waiting writer go on; only needed with a capacity.
  void OutputTaken() { room_.Set(); }

  // Called whenever the program has written; may Feed() and TakeOutput(): a scripted peer answers
  // here.
  std::function<void()> on_output;

  // Terminals only.
  const WindowSize& window_size() const { return size_; }
  // The user resizes the window (the client's host also needs RaiseSignal(SIGWINCH)).
  void set_window_size(WindowSize size) { size_ = size; }
  // A real terminal for who asks the kernel about its modes; nothing is read or written there. The
  // test's own.
  void set_modes_fd(int fd) { modes_fd_ = fd; }
  // Called when the program at the master's end has set the size: the SIGWINCH of programs in the
  // pty.
  std::function<void(WindowSize)> on_resize;

  // Ptys only. The program in the pty ends: the child's Wait() gives `status`, the master hangs up.
  void Exit(ExitStatus status);
  // Called with the signal of each Child::Kill, and with SIGHUP when the master is closed. Without
  // it every signal ends the program.
  std::function<void(int signal)> on_signal;

 private:
  friend class SimChild;
  friend class SimTty;

  void Signal(int signal);

  SimWorld* world_;
  std::string input_;
  std::string output_;
  size_t capacity_ = SIZE_MAX;
  bool hung_up_ = false;
  bool closed_ = false;
  WindowSize size_;
  int modes_fd_ = -1;
  bool exited_ = false;
  ExitStatus exit_status_;
  Event readable_;
  Event room_;
  Event exit_event_;
};

struct SimTtyPair {
  std::unique_ptr<Tty> tty;
  std::shared_ptr<SimPeer> peer;
};
// A terminal; as a Tty is a Stream, also a pipe, a socket or whatever else carries bytes.
SimTtyPair MakeSimTty(SimWorld* world, WindowSize size = {});

struct SimPty {
  PtyProcess process;
  std::shared_ptr<SimPeer> program;
};
SimPty MakeSimPty(SimWorld* world, WindowSize size);

}  // namespace mosh::io::sim

#endif  // IO_SIM_SIM_STREAM_H_
