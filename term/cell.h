// Cell: one column of one row, 8 bytes, trivially copyable.
//
// A cell's glyph is nothing (never written or erased), one code point, or a cluster (a base
// character with combining characters) kept as text in an Interner. Its rendition is a StyleId of
// the same Interner. Both numbers mean nothing without that Interner: compare cells of different
// screens with Screen::SameCell.
//
// A wide character occupies a *lead* cell (wide()) and, to its right, a *tail* (wide_tail()). On
// every Screen a lead is followed by its tail and a tail preceded by its lead; whatever overwrites
// one half blanks the other. A tail has no glyph; its style is the blank style that was current
// when the character was printed.
#ifndef TERM_CELL_H_
#define TERM_CELL_H_

#include <cstdint>

namespace mosh::term {

// Index into an Interner's renditions; 24 bits. Id 0 is always the default Rendition.
enum class StyleId : uint32_t { kDefault = 0 };
// Index into an Interner's cluster texts; 31 bits.
enum class ClusterId : uint32_t {};

class Cell {
 public:
  // Blank, default rendition.
  constexpr Cell() = default;
  // Blank in a style (which should have nothing but a background).
  static constexpr Cell Blank(StyleId style) { return Cell(StyleBits(style)); }
  static constexpr Cell OfCodePoint(char32_t code_point, StyleId style, bool wide = false) {
    return Cell(code_point | StyleBits(style) | (wide ? kWide : 0));
  }
  static constexpr Cell OfCluster(ClusterId cluster, StyleId style, bool wide = false) {
    return Cell(kClusterBit | static_cast<uint32_t>(cluster) | StyleBits(style) |
                (wide ? kWide : 0));
  }
  static constexpr Cell Tail(StyleId style) { return Cell(StyleBits(style) | kTail); }

  // Nothing drawn here: blank or tail.
  constexpr bool empty() const { return static_cast<uint32_t>(bits_) == 0; }
  constexpr bool is_cluster() const { return (bits_ & kClusterBit) != 0; }
  // The glyph if it is one code point; 0 if empty; meaningless for clusters.
  constexpr char32_t code_point() const { return static_cast<char32_t>(bits_ & 0x7FFFFFFF); }
  constexpr ClusterId cluster() const { return static_cast<ClusterId>(bits_ & 0x7FFFFFFF); }
  constexpr StyleId style() const { return static_cast<StyleId>(bits_ >> 32 & 0xFFFFFF); }
  constexpr bool wide() const { return (bits_ & kWide) != 0; }
  constexpr bool wide_tail() const { return (bits_ & kTail) != 0; }
  // Empty or one U+0020: looks like a blank of its style. (U+00A0 is not included.)
  constexpr bool blank() const {
    const uint32_t glyph = static_cast<uint32_t>(bits_);
    return (glyph == 0 || glyph == ' ') && !wide_tail();
  }
  // Protected against selective erase (DECSCA). Not part of the picture.
  constexpr bool is_protected() const { return (bits_ & kProtected) != 0; }
  constexpr void set_wide() { bits_ |= kWide; }
  constexpr void set_protected() { bits_ |= kProtected; }

  constexpr void set_style(StyleId style) {
    bits_ = (bits_ & ~(uint64_t{0xFFFFFF} << 32)) | StyleBits(style);
  }

  // The same cell with another glyph.
  constexpr Cell WithCluster(ClusterId cluster) const {
    return Cell((bits_ & ~uint64_t{0xFFFFFFFF}) | kClusterBit | static_cast<uint32_t>(cluster));
  }

  // All fields. Equal bits and equal Interner mean the same picture; the converse does not hold
  // (blank and space).
  constexpr uint64_t bits() const { return bits_; }
  static constexpr Cell FromBits(uint64_t bits) { return Cell(bits); }

  friend constexpr bool operator==(const Cell&, const Cell&) = default;

 private:
  static constexpr uint64_t kClusterBit = uint64_t{1} << 31;
  static constexpr uint64_t kWide = uint64_t{1} << 56;
  static constexpr uint64_t kTail = uint64_t{1} << 57;
  static constexpr uint64_t kProtected = uint64_t{1} << 58;
  static constexpr uint64_t StyleBits(StyleId style) {
    return uint64_t{static_cast<uint32_t>(style)} << 32;
  }
  explicit constexpr Cell(uint64_t bits) : bits_(bits) {}

  uint64_t bits_ = 0;  // 0-30 glyph, 31 cluster?, 32-55 style, 56 lead, 57 tail, 58 protected.
};

static_assert(sizeof(Cell) == 8);

}  // namespace mosh::term

#endif  // TERM_CELL_H_
