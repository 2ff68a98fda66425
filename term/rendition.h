// Rendition: how a cell is drawn (ECMA-48 §8.3.117 SGR, xterm ctlseqs). A value of 8 bytes.
//
// Colours are default, one of 256 palette entries, or direct RGB; a palette colour never equals a
// direct one. Palette 0-7 is the same whether it came as 30-37 or 38;5;0-7 (docs/spec/terminal.md
// §7).
#ifndef TERM_RENDITION_H_
#define TERM_RENDITION_H_

#include <cstdint>

namespace mosh::term {

class Color {
 public:
  enum class Kind : uint8_t { kDefault, kPalette, kRgb };

  constexpr Color() = default;
  static constexpr Color Palette(uint8_t index) { return Color(1u << 24 | index); }
  static constexpr Color Rgb(uint8_t red, uint8_t green, uint8_t blue) {
    return Color(2u << 24 | uint32_t{red} << 16 | uint32_t{green} << 8 | blue);
  }

  constexpr Kind kind() const { return static_cast<Kind>(bits_ >> 24); }
  constexpr bool is_default() const { return bits_ == 0; }
  // kPalette only.
  constexpr uint8_t index() const { return static_cast<uint8_t>(bits_); }
  // kRgb only.
  constexpr uint8_t red() const { return static_cast<uint8_t>(bits_ >> 16); }
  constexpr uint8_t green() const { return static_cast<uint8_t>(bits_ >> 8); }
  constexpr uint8_t blue() const { return static_cast<uint8_t>(bits_); }

  friend constexpr bool operator==(const Color&, const Color&) = default;

 private:
  friend class Rendition;
  explicit constexpr Color(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;  // 26 bits: kind, then index or RGB.
};

enum class Underline : uint8_t { kNone, kSingle, kDouble, kCurly, kDotted, kDashed };

enum class Attribute : uint8_t {
  kBold,
  kFaint,
  kItalic,
  kBlink,
  kInverse,
  kInvisible,
  kStrike,
  kOverline,
};

class Rendition {
 public:
  constexpr Rendition() = default;

  constexpr Color foreground() const { return Color(static_cast<uint32_t>(bits_ & kColorMask)); }
  constexpr Color background() const {
    return Color(static_cast<uint32_t>(bits_ >> kBackgroundShift & kColorMask));
  }
  constexpr void set_foreground(Color color) { bits_ = (bits_ & ~kColorMask) | color.bits_; }
  constexpr void set_background(Color color) {
    bits_ = (bits_ & ~(kColorMask << kBackgroundShift)) | uint64_t{color.bits_} << kBackgroundShift;
  }

  constexpr bool has(Attribute attribute) const { return (bits_ & Bit(attribute)) != 0; }
  constexpr void set(Attribute attribute, bool on) {
    bits_ = on ? bits_ | Bit(attribute) : bits_ & ~Bit(attribute);
  }

  constexpr Underline underline() const {
    return static_cast<Underline>(bits_ >> kUnderlineShift & 7);
  }
  constexpr void set_underline(Underline underline) {
    bits_ = (bits_ & ~(uint64_t{7} << kUnderlineShift)) | static_cast<uint64_t>(underline)
                                                              << kUnderlineShift;
  }

  // What an erased cell gets: the background colour alone ("back-colour erase").
  constexpr Rendition BackgroundOnly() const {
    Rendition blank;
    blank.bits_ = bits_ & kColorMask << kBackgroundShift;
    return blank;
  }

  // Injective image of the value, for hashing and for keeping it.
  constexpr uint64_t bits() const { return bits_; }
  static constexpr Rendition FromBits(uint64_t bits) {
    Rendition rendition;
    rendition.bits_ = bits;
    return rendition;
  }

  friend constexpr bool operator==(const Rendition&, const Rendition&) = default;

 private:
  // 26 bits foreground, 26 background, 3 underline, 8 attributes.
  static constexpr uint64_t kColorMask = (uint64_t{1} << 26) - 1;
  static constexpr int kBackgroundShift = 26;
  static constexpr int kUnderlineShift = 52;
  static constexpr int kAttributeShift = 55;
  static constexpr uint64_t Bit(Attribute attribute) {
    return uint64_t{1} << (kAttributeShift + static_cast<int>(attribute));
  }

  uint64_t bits_ = 0;
};

static_assert(sizeof(Rendition) == 8);

}  // namespace mosh::term

#endif  // TERM_RENDITION_H_
