// Which keys have been seen to do what we think they do: Ctrl-A goes to the start of the line in a
// shell, and does something else in screen; `j` goes down where letters are commands. One that came
// true is predicted openly until it fails. Keys are known by their spelling (key_parser.h) or,
// where a key means something else than elsewhere, by one of those below; 0 is always trusted.
#ifndef PREDICT_KEY_TRUST_H_
#define PREDICT_KEY_TRUST_H_

#include <cstdint>
#include <set>

namespace mosh::predict {

// Return in an editor.
inline constexpr uint16_t kBreakLine = 0x2100;
// Right, where a suggestion stands.
inline constexpr uint16_t kAcceptSuggestion = 0x2101;
// What kills the line up to the cursor, where it goes on behind that.
inline constexpr uint16_t kKillBeforeText = 0x2102;
// The character that fills a field, where the next field follows by itself.
inline constexpr uint16_t kFillField = 0x2103;
// A letter that is a command. Only ASCII letters are.
constexpr uint16_t CommandSpelling(char32_t command) {
  return static_cast<uint16_t>(0x2000 | (command & 0x7F));
}

class KeyTrust {
 public:
  bool Trusts(uint16_t spelling) const { return spelling == 0 || trusted_.contains(spelling); }
  // It has failed, and not come true since.
  bool Failed(uint16_t spelling) const { return failed_.contains(spelling); }
  void OnCameTrue(uint16_t spelling) {
    if (spelling == 0) return;
    trusted_.insert(spelling);
    failed_.erase(spelling);
  }
  void OnFailed(uint16_t spelling) {
    trusted_.erase(spelling);
    failed_.insert(spelling);
  }

 private:
  std::set<uint16_t> trusted_;
  std::set<uint16_t> failed_;
};

}  // namespace mosh::predict

#endif  // PREDICT_KEY_TRUST_H_
