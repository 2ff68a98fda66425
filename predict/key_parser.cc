#include "predict/key_parser.h"

#include <algorithm>

#include "predict/policy.h"

namespace mosh::predict {
namespace {

constexpr uint8_t kEscape = 0x1B;
constexpr uint8_t kBell = 0x07;
constexpr int kMaxParameter = 9999;
constexpr int kPasteBegins = 200;
constexpr int kPasteEnds = 201;

// Spellings: what introduced it, then the rest.
constexpr uint16_t Control(uint8_t byte) { return 0x100 | byte; }
constexpr uint16_t Alt(uint8_t byte) { return 0x200 | byte; }
constexpr uint16_t Cursor(uint8_t final) { return 0x300 | final; }
constexpr uint16_t Tilde(int number) { return static_cast<uint16_t>(0x400 | (number & 0xFF)); }
constexpr uint16_t Modified(uint8_t final, int modifiers) {
  return static_cast<uint16_t>(0x1000 | (modifiers & 0xF) << 8 | final);
}

Key ControlKey(uint8_t byte) {
  switch (byte) {
    case 0x08:
      return {KeyKind::kBackspace};
    case 0x0D:
      return {KeyKind::kReturn};
    case 0x01:  // ^A
      return {KeyKind::kLineStart, 0, Control(byte)};
    case 0x02:  // ^B
      return {KeyKind::kLeft, 0, Control(byte)};
    case 0x04:  // ^D
      return {KeyKind::kDelete, 0, Control(byte)};
    case 0x05:  // ^E
      return {KeyKind::kLineEnd, 0, Control(byte)};
    case 0x06:  // ^F
      return {KeyKind::kRight, 0, Control(byte)};
    case 0x0B:  // ^K
      return {KeyKind::kKillToEnd, 0, Control(byte)};
    case 0x15:  // ^U
      return {KeyKind::kKillToStart, 0, Control(byte)};
    case 0x17:  // ^W
      return {KeyKind::kKillWord, 0, Control(byte)};
    default:
      return {KeyKind::kOther, 0, Control(byte)};
  }
}

Key TildeKey(int number, int modifiers) {
  if (number == kPasteBegins || number == kPasteEnds) return {KeyKind::kPaste};
  if (modifiers > 1) return {KeyKind::kOther};
  switch (number) {
    case 1:
    case 7:
      return {KeyKind::kLineStart, 0, Tilde(number)};
    case 4:
    case 8:
      return {KeyKind::kLineEnd, 0, Tilde(number)};
    case 3:
      return {KeyKind::kDelete, 0, Tilde(number)};
    default:
      return {KeyKind::kOther};
  }
}

// With Ctrl or Alt arrows move by words.
bool ByWords(int modifiers) { return modifiers == 5 || modifiers == 3; }

}  // namespace

std::vector<Key> KeyParser::Feed(absl::string_view bytes) {
  if (bytes.size() > policy::kPasteOctets) {
    state_ = State::kGround;
    // A marked paste that began or goes on in here ends with its marker, perhaps in a later read.
    const size_t begins = bytes.rfind("\x1b[200~");
    const size_t ends = bytes.rfind("\x1b[201~");
    if (begins != absl::string_view::npos) pasting_ = true;
    if (ends != absl::string_view::npos && (begins == absl::string_view::npos || ends > begins)) {
      pasting_ = false;
    }
    return {{KeyKind::kPaste}};
  }
  std::vector<Key> keys;
  escape_in_this_read_ = false;
  for (const char c : bytes) Byte(static_cast<uint8_t>(c), keys);
  // Terminals send a sequence at once: what ends here is the key.
  if (state_ == State::kEscape && escape_in_this_read_) {
    EmitEscape(keys);
    escape_emitted_ = true;
  }
  return keys;
}

void KeyParser::EmitEscape(std::vector<Key>& keys) {
  Emit({KeyKind::kEscape, 0, Control(kEscape)}, keys);
}

void KeyParser::Emit(const Key& key, std::vector<Key>& keys) {
  if (!pasting_) keys.push_back(key);
}

void KeyParser::Byte(uint8_t byte, std::vector<Key>& keys) {
  if (byte == kEscape && state_ != State::kString && state_ != State::kStringEscape) {
    // Two in a row: the first was a key of its own.
    if (state_ == State::kEscape && !escape_emitted_) EmitEscape(keys);
    state_ = State::kEscape;
    escape_in_this_read_ = true;
    escape_emitted_ = false;
    return;
  }
  switch (state_) {
    case State::kGround:
      return Ground(byte, keys);
    case State::kEscape:
      return AfterEscape(byte, keys);
    case State::kSequence:
      return InSequence(byte, keys);
    case State::kString:
      if (byte == kEscape) state_ = State::kStringEscape;
      if (byte == kBell) state_ = State::kGround;
      return;
    case State::kStringEscape:
      state_ = byte == '\\' ? State::kGround : State::kString;
      return;
  }
}

void KeyParser::Ground(uint8_t byte, std::vector<Key>& keys) {
  const term::Utf8Decoder::Output decoded = utf8_.Decode(byte);
  for (int i = 0; i < decoded.count; ++i) {
    const char32_t character = decoded.code_points[i];
    if (character == 0x7F) {
      Emit({KeyKind::kBackspace}, keys);
    } else if (character < 0x20) {
      Emit(ControlKey(static_cast<uint8_t>(character)), keys);
    } else {
      Emit({KeyKind::kCharacter, character}, keys);
    }
  }
}

void KeyParser::AfterEscape(uint8_t byte, std::vector<Key>& keys) {
  // After a pause nobody types `[`; but `O` is a command of modal editors.
  if (byte == '[' || (byte == 'O' && !escape_emitted_)) {
    state_ = State::kSequence;
    marked_ = false;
    parameter_ = parameters_[0] = parameters_[1] = 0;
    return;
  }
  if (!escape_emitted_ && (byte == ']' || byte == 'P' || byte == '_' || byte == '^')) {
    state_ = State::kString;
    return;
  }
  state_ = State::kGround;
  // Escape and then a key is what Alt sends, but also what somebody types in a modal editor.
  if (escape_emitted_) return Ground(byte, keys);
  if (byte == 'b') return Emit({KeyKind::kWordLeft, 0, Alt(byte)}, keys);
  if (byte == 'f') return Emit({KeyKind::kWordRight, 0, Alt(byte)}, keys);
  Emit({KeyKind::kOther}, keys);
}

void KeyParser::InSequence(uint8_t byte, std::vector<Key>& keys) {
  if (byte >= '0' && byte <= '9') {
    if (parameter_ < 2) {
      int& value = parameters_[parameter_];
      value = std::min(value * 10 + (byte - '0'), kMaxParameter);
    }
    return;
  }
  if (byte == ';') {
    ++parameter_;
    return;
  }
  if (byte >= 0x20 && byte < 0x40) {
    marked_ = true;
    return;
  }
  state_ = State::kGround;
  if (byte < 0x20 || byte >= 0x7F) return Ground(byte, keys);
  const Key key = marked_ ? Key{KeyKind::kOther} : SequenceKey(byte);
  if (key.kind == KeyKind::kPaste) {
    pasting_ = parameters_[0] == kPasteBegins;
    keys.push_back(key);
    return;
  }
  Emit(key, keys);
}

Key KeyParser::SequenceKey(uint8_t final) {
  if (final == '~') return TildeKey(parameters_[0], parameters_[1]);
  const int modifiers = parameters_[1];
  const bool plain = modifiers <= 1;
  const uint16_t spelling = plain ? 0 : Modified(final, modifiers);
  switch (final) {
    case 'A':
      return plain ? Key{KeyKind::kUp, 0, Cursor(final)} : Key{KeyKind::kOther};
    case 'B':
      return plain ? Key{KeyKind::kDown, 0, Cursor(final)} : Key{KeyKind::kOther};
    case 'C':
      if (ByWords(modifiers)) return {KeyKind::kWordRight, 0, spelling};
      return plain ? Key{KeyKind::kRight} : Key{KeyKind::kOther};
    case 'D':
      if (ByWords(modifiers)) return {KeyKind::kWordLeft, 0, spelling};
      return plain ? Key{KeyKind::kLeft} : Key{KeyKind::kOther};
    case 'H':
      return plain ? Key{KeyKind::kLineStart, 0, Cursor(final)} : Key{KeyKind::kOther};
    case 'F':
      return plain ? Key{KeyKind::kLineEnd, 0, Cursor(final)} : Key{KeyKind::kOther};
    default:
      return {KeyKind::kOther};
  }
}

}  // namespace mosh::predict
