// Terminal: bytes in, Screen out. The emulator (docs/spec/terminal.md §2-§10; term/SEQUENCES.md
// lists what it knows).
//
// Feed() takes any bytes in any chunks: the result depends on the concatenation only, and nothing
// in them can fail or abort. Replies to queries collect until TakeReplies(). Pure: no clock, no
// I/O. One thread.
#ifndef TERM_TERMINAL_H_
#define TERM_TERMINAL_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "term/history.h"
#include "term/screen.h"
#include "term/size.h"

namespace mosh::term {

enum class Dialect : uint8_t {
  // Bytes of a program: the full repertoire.
  kProgram,
  // Bytes of a peer's frame diff: exactly what the stock emulator understands, never a reply, and a
  // BS that meets a
  // pending wrap cancels it without moving (spec §13, repairs a defect of stock senders).
  kFrameDiff,
};

class Emulator;

class Terminal {
 public:
  // Blank. `size` is clamped (size.h).
  Terminal(Size size, Dialect dialect);
  // Resumes from a picture with initial margins, tabs and modes: for applying a diff to a received
  // state.
  Terminal(Screen screen, Dialect dialect);
  Terminal(Terminal&&) noexcept;
  Terminal& operator=(Terminal&&) noexcept;
  ~Terminal();

  void Feed(absl::string_view bytes);
  // No reflow. Margins become the whole screen if the size changes.
  void Resize(Size size);

  // The live screen; changes with every call that is not const.
  const Screen& screen() const;
  Screen Snapshot() const { return screen(); }
  // Gives the screen away; this Terminal may then only be destroyed or assigned.
  Screen TakeScreen() &&;

  // Bytes for the program's input, in order of the queries; empties them. Always empty in
  // kFrameDiff. At most 64 KiB are kept: a program that asks without reading loses the later
  // answers.
  std::string TakeReplies();

  // DECCKM, ?1: for InputTranslator.
  bool application_cursor_keys() const;
  // ?2026: the program is in the middle of a frame; better not to take a snapshot now. The owner
  // sets the time limit.
  bool synchronized_output() const;
  // From now on keeps the lines that scroll off the top of the normal screen; for programs only.
  // Without a call there is no history and no cost.
  void KeepHistory(const HistoryLimits& limits);
  // Null if none is kept.
  const History* history() const;
  // To be called when the session is idle.
  void CompressHistory();

  // Grows whenever the screen may have changed.
  uint64_t change_count() const;

  // Further state, for tests and tools.
  struct Details {
    bool pending_wrap, origin, autowrap, insert;
    int region_top, region_bottom;  // Both inclusive.
    bool alternate_screen;
  };
  Details details() const;

 private:
  std::unique_ptr<Emulator> emulator_;
};

}  // namespace mosh::term

#endif  // TERM_TERMINAL_H_
