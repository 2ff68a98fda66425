// A Session: one program in one pty, seen through one emulator. It outlives the clients that attach
// to it.
//
//   program ─▶ pty ─▶ Terminal ─▶ listener: "the screen changed"       (read side, 64 KiB a turn at
//   most) client events ─▶ InputTranslator ─▶ queue ─▶ pty ─▶ program         (write side;
//   Terminal's replies join the queue)
//
// Runs on io interfaces only, so that a simulated pty does as well as a real one. One thread.
#ifndef SERVER_SESSION_H_
#define SERVER_SESSION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stream.h"
#include "io/task.h"
#include "ssp/types.h"
#include "sync/user_stream.h"
#include "term/input_translator.h"
#include "term/size.h"
#include "term/terminal.h"

namespace mosh::server {

class Session {
 public:
  // Told synchronously from inside the session's coroutines; may call the session back.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnScreenChange(ssp::ChangeHint hint) = 0;
    // The write side has room again after WantsInput() was false.
    virtual void OnInputRoom() = 0;
    // Nothing more will come from the program: everything it wrote is on the screen.
    virtual void OnProgramEnd() = 0;
  };

  // How long a program may keep the screen back with synchronized output (DEC private mode 2026).
  static constexpr std::chrono::milliseconds kLongestHold{150};
  // After so much silence the lines that have scrolled off are packed.
  static constexpr std::chrono::seconds kIdleBeforeCompressing{10};
  // Input waiting for a program that doesn't read. Beyond this, input stays where the transport
  // keeps it.
  static constexpr size_t kInputHighWater = size_t{256} << 10;

  // All pointers outlive the session. The listener is told nothing before Start().
  Session(io::Reactor* reactor, std::unique_ptr<io::Tty> pty, term::Size size, Listener* listener);

  // Starts reading and writing. Close() must be awaited before the destructor.
  void Start();
  // Stops and closes the pty: programs in it get SIGHUP. Idempotent.
  io::Task<void> Close();

  // What one state of a client asks for, in order; of a run of resizes only the last counts.
  void Apply(std::span<const sync::UserEvent> events);
  bool WantsInput() const { return !ended_ && queued_bytes() < kInputHighWater; }

  const term::Terminal& terminal() const { return terminal_; }
  // The program is in the middle of a picture: better to show the one before.
  bool holds_screen() const { return hold_until_.has_value(); }
  bool ended() const { return ended_; }

  // The session's own timers; OnDeadline is harmless at other times.
  Instant NextDeadline() const;
  void OnDeadline(Instant now);

  size_t queued_bytes() const { return queue_.size() + writing_bytes_; }

 private:
  io::Task<void> ReadProgram(io::StopToken stop);
  io::Task<void> WriteProgram(io::StopToken stop);
  void OnOutput(absl::string_view bytes);
  void TrackHold(Instant now);
  void Resize(term::Size size);
  void QueueInput(absl::string_view bytes);
  void End();

  io::Reactor* reactor_;
  std::unique_ptr<io::Tty> pty_;
  Listener* listener_;
  term::Terminal terminal_;
  term::InputTranslator translator_;
  io::Scope scope_;

  std::string queue_;         // for the program, not yet being written
  size_t writing_bytes_ = 0;  // being written
  io::Event queue_filled_;
  bool was_full_ = false;

  Instant last_output_;
  // The last input ended a line. What answers it comes in pieces (the line's end, output, a prompt)
  // that are better shown together; a character's echo comes in one.
  bool answering_line_ = false;
  Instant flush_at_ = Instant::Max();     // of what the translator holds
  Instant compress_at_ = Instant::Max();  // the terminal's history
  std::optional<Instant> hold_until_;     // set while the screen is held back
  bool hold_expired_ = false;  // the program overdid it: not held again before it lets go once
  bool deaf_ = false;          // writing to the program failed
  bool ended_ = false;
};

}  // namespace mosh::server

#endif  // SERVER_SESSION_H_
