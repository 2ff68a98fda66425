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

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stream.h"
#include "io/task.h"
#include "ssp/types.h"
#include "sync/user_stream.h"
#include "term/history_limits.h"
#include "term/input_translator.h"
#include "term/size.h"
#include "term/terminal.h"
#include "term/terminal_modes.h"

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

  // All pointers outlive the session, and so does `read_buffer`, which sessions of one loop share:
  // a read fills it and is done with it before anything else can run. Before Start() it has a
  // screen but no program: input waits, and the size is the screen's alone.
  Session(io::Reactor* reactor, term::Size size, std::span<uint8_t> read_buffer, Listener* listener,
          const term::HistoryLimits& history = {});

  // The program's terminal; it is given the screen's size. Starts reading and writing: Close() must
  // be awaited before the destructor.
  void Start(std::unique_ptr<io::Tty> pty);
  // There is no program, and this is why: shown on the screen, and the end.
  void Fail(const absl::Status& why);
  // Stops and closes the pty: programs in it get SIGHUP. Idempotent.
  io::Task<void> Close();

  // What one state of a client asks for, in order; of a run of resizes only the last counts.
  void Apply(std::span<const sync::UserEvent> events);
  bool WantsInput() const { return !ended_ && queued_bytes() < kInputHighWater; }

  const term::Terminal& terminal() const { return terminal_; }
  // The program is in the middle of a picture: better to show the one before.
  bool holds_screen() const { return hold_until_.has_value(); }
  bool ended() const { return ended_; }
  // As they are now; nothing in simulation.
  std::optional<term::TerminalModes> ReadTerminalModes() const;
  // What is typed now may be told to others: it is known, and no answer to a question for something
  // secret (server/secret_prompt.h).
  bool MayTellInput() const;

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
  bool ResizePty(term::Size size);
  void QueueInput(absl::string_view bytes);
  void End();

  io::Reactor* reactor_;
  std::span<uint8_t> read_buffer_;
  std::unique_ptr<io::Tty> pty_;  // null before Start()
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
