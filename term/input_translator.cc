#include "term/input_translator.h"

namespace mosh::term {

std::string InputTranslator::Translate(absl::string_view bytes, bool application_cursor_keys) {
  std::string out;
  out.reserve(bytes.size() + 1);
  for (const char byte : bytes) {
    switch (state_) {
      case State::kGround:
        if (byte == '\x1b') state_ = State::kEscape;
        out.push_back(byte);
        break;
      case State::kEscape:
        if (byte == 'O') {
          state_ = State::kSs3;
        } else {
          state_ = State::kGround;
          out.push_back(byte);
        }
        break;
      case State::kSs3: {
        const bool arrow = byte >= 'A' && byte <= 'D';
        out.push_back(arrow && !application_cursor_keys ? '[' : 'O');
        out.push_back(byte);
        state_ = State::kGround;
        break;
      }
    }
  }
  return out;
}

std::string InputTranslator::Flush() {
  if (!holding()) return "";
  state_ = State::kGround;
  return "O";
}

}  // namespace mosh::term
