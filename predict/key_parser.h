// Typed bytes to keys, as far as prediction cares (docs/spec/prediction.md §5, xterm ctlseqs "PC-
// Style Function Keys", docs/spec/terminal.md §2-§3 for the shape of sequences). Any bytes in any
// chunks; never fails.
#ifndef PREDICT_KEY_PARSER_H_
#define PREDICT_KEY_PARSER_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "term/utf8.h"

namespace mosh::predict {

enum class KeyKind : uint8_t {
  kCharacter,  // printable, of any width
  kBackspace,  // 7F or 08
  kDelete,
  kLeft,
  kRight,
  kUp,
  kDown,
  kWordLeft,
  kWordRight,
  kLineStart,
  kLineEnd,
  kKillToEnd,
  kKillToStart,
  kKillWord,
  kReturn,
  kEscape,
  kPaste,  // where pasted text begins, and where it ends; its bytes are not keys
  kOther,  // anything may happen
};

struct Key {
  KeyKind kind = KeyKind::kOther;
  char32_t character = 0;  // kCharacter only
  // Which key it was, where several do the same in some programs and not in others: what is learned
  // of one says nothing about another. 0: means the same nearly everywhere.
  uint16_t spelling = 0;
  friend bool operator==(const Key&, const Key&) = default;
};

class KeyParser {
 public:
  // The keys of one read of the terminal. More octets than a hand types are one kPaste.
  std::vector<Key> Feed(absl::string_view bytes);

 private:
  enum class State : uint8_t { kGround, kEscape, kSequence, kString, kStringEscape };

  void Byte(uint8_t byte, std::vector<Key>& keys);
  void Ground(uint8_t byte, std::vector<Key>& keys);
  void AfterEscape(uint8_t byte, std::vector<Key>& keys);
  void InSequence(uint8_t byte, std::vector<Key>& keys);
  void Emit(const Key& key, std::vector<Key>& keys);
  void EmitEscape(std::vector<Key>& keys);
  Key SequenceKey(uint8_t final);

  State state_ = State::kGround;
  bool escape_in_this_read_ = false;
  bool escape_emitted_ = false;  // it ended a read, and so was a key of its own
  bool pasting_ = false;
  bool marked_ = false;  // the sequence has a private marker or an intermediate: never a known key
  int parameters_[2] = {0, 0};
  int parameter_ = 0;
  term::Utf8Decoder utf8_;
};

}  // namespace mosh::predict

#endif  // PREDICT_KEY_PARSER_H_
