// Dimensions of a screen, in cells.
#ifndef TERM_SIZE_H_
#define TERM_SIZE_H_

namespace mosh::term {

struct Size {
  int columns = 80;
  int rows = 24;
  friend constexpr bool operator==(const Size&, const Size&) = default;
};

// Every screen is at least 1x1 and at most this wide and high: 4096 x 4096 cells of 8 bytes are 128
// MiB, and no monitor comes near. Screen and Terminal clamp to it, so a peer's resize cannot
// exhaust memory.
inline constexpr int kMaxColumns = 4096;
inline constexpr int kMaxRows = 4096;

constexpr Size ClampSize(Size size) {
  constexpr auto clamp = [](int value, int high) {
    return value < 1 ? 1 : value > high ? high : value;
  };
  return {clamp(size.columns, kMaxColumns), clamp(size.rows, kMaxRows)};
}

}  // namespace mosh::term

#endif  // TERM_SIZE_H_
