// Sequence: a control sequence or escape sequence as collected by the parser, before anything
// interprets it.
//
// Parameters follow stock (docs/spec/terminal.md §4): at most 100 characters of digits and
// separators are kept; a value that is absent, empty or above 65535 is missing. A sub-parameter is
// one that follows a colon (ITU-T T.416, as in `38:2::1:2:3`).
#ifndef TERM_SEQUENCE_H_
#define TERM_SEQUENCE_H_

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>

namespace mosh::term {

class Sequence {
 public:
  static constexpr int kMaxParameterCharacters = 100;
  static constexpr int kMaxParameterValue = 65535;
  static constexpr int kMissing = -1;

  // What identifies the function: private marker and intermediates, then the final character, 8
  // bits each. Key("?h").
  template <size_t kLength>
  static constexpr uint32_t Key(const char (&text)[kLength]) {
    static_assert(kLength >= 2 && kLength <= 5);
    uint32_t key = 0;
    for (size_t i = 0; i + 1 < kLength; ++i) key = key << 8 | static_cast<uint8_t>(text[i]);
    return key;
  }

  void Clear() {
    key_ = 0;
    count_ = 0;
    characters_ = 0;
    overlong_ = false;
    if (has_colon_) {
      has_colon_ = false;
      sub_.reset();
    }
  }

  // Takes the whole control sequence whose introducer ends at `p`, if it is complete before `end`
  // and has nothing but a private marker, digits and semicolons. Returns its end, or nullptr; then
  // this must be cleared before it is used. The same result as character by character.
  const uint8_t* TakePlain(const uint8_t* p, const uint8_t* end) {
    Clear();
    if (end - p > kMaxParameterCharacters) end = p + kMaxParameterCharacters;
    if (p < end && *p >= 0x3C && *p <= 0x3F) key_ = *p++;
    const uint8_t* const parameters = p;
    int count = 0;
    for (; p < end; ++p) {
      int32_t value = kMissing;
      if (IsDigit(*p)) {
        value = *p++ - '0';
        for (; p < end && IsDigit(*p); ++p) value = std::min(value * 10 + (*p - '0'), kTooBig);
        if (p == end) return nullptr;
      }
      if (*p == ';') {
        values_[count++] = value;
        continue;
      }
      if (*p < 0x40 || *p > 0x7E) return nullptr;
      if (p != parameters) values_[count++] = value;
      count_ = count;
      key_ = key_ << 8 | *p;
      return p + 1;
    }
    return nullptr;
  }

  void Collect(uint8_t character) {
    // More than three never match a known function.
    if (key_ >> 16 != 0) overlong_ = true;
    key_ = key_ << 8 | character;
  }
  void Finish(uint8_t final) { Collect(final); }

  // A digit, `;` or `:`.
  void Parameter(uint8_t character) {
    if (characters_ >= kMaxParameterCharacters) return;
    ++characters_;
    if (count_ == 0) values_[count_++] = kMissing;
    int32_t& value = values_[count_ - 1];
    if (character <= '9') {
      value = (value < 0 ? 0 : value * 10) + (character - '0');
      if (value > kTooBig) value = kTooBig;
      return;
    }
    values_[count_++] = kMissing;
    if (character == ':') {
      has_colon_ = true;
      sub_.set(count_ - 1);
    }
  }

  // 0 when there were too many intermediates to be anything known.
  uint32_t key() const { return overlong_ ? 0 : key_; }
  bool has_colon() const { return has_colon_; }
  // There is always at least one parameter, perhaps missing.
  int count() const { return count_ == 0 ? 1 : count_; }
  // kMissing, or 0..65535.
  int raw(int index) const {
    if (index >= count_) return kMissing;
    return values_[index] > kMaxParameterValue ? kMissing : values_[index];
  }
  // Zero and missing both mean the default.
  int Get(int index, int default_value) const {
    const int value = raw(index);
    return value < 1 ? default_value : value;
  }
  // Whether the parameter was introduced by a colon.
  bool is_sub(int index) const { return has_colon_ && index < count_ && sub_[index]; }

 private:
  static constexpr int32_t kTooBig = 1'000'000;
  static bool IsDigit(uint8_t character) { return static_cast<uint8_t>(character - '0') < 10; }

  uint32_t key_ = 0;
  int count_ = 0;
  int characters_ = 0;
  bool overlong_ = false;
  bool has_colon_ = false;
  std::array<int32_t, kMaxParameterCharacters + 1> values_;
  std::bitset<kMaxParameterCharacters + 1> sub_;
};

}  // namespace mosh::term

#endif  // TERM_SEQUENCE_H_
