// Cursor-key translation of user input (docs/spec/terminal.md §11).
//
// The client keeps the user's terminal in application cursor mode, so arrows arrive as ESC O A-D.
// Unless the program has asked for that mode, they become ESC [ A-D. Everything else passes
// unchanged. Pure; no clock.
//
// After ESC O the `O` is held until the next byte shows whether it is an arrow. A user who typed
// Alt-O would wait for that: the owner arms a timer of kHoldTime whenever holding() and calls
// Flush() when it fires.
#ifndef TERM_INPUT_TRANSLATOR_H_
#define TERM_INPUT_TRANSLATOR_H_

#include <chrono>
#include <string>

#include "absl/strings/string_view.h"

namespace mosh::term {

class InputTranslator {
 public:
  // A terminal sends the bytes of one key together, and they travel in one instruction or in
  // neighbouring ones; 50 ms without the third byte means that a person typed the first two.
  static constexpr std::chrono::milliseconds kHoldTime{50};

  // Translates the next bytes; returns what the program is to receive now.
  // `application_cursor_keys`: the emulator's mode at this moment.
  std::string Translate(absl::string_view bytes, bool application_cursor_keys);

  // An `O` is held back.
  bool holding() const { return state_ == State::kSs3; }
  // Gives up waiting: returns the held "O", or nothing.
  std::string Flush();

 private:
  enum class State : unsigned char { kGround, kEscape, kSs3 };
  State state_ = State::kGround;
};

}  // namespace mosh::term

#endif  // TERM_INPUT_TRANSLATOR_H_
