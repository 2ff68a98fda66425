#include "term/cursor_motion.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace mosh::term {
namespace {

constexpr size_t Digits(int value) {
  return value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10000 ? 4 : 5;
}

char* PutNumber(int value, char* p) {
  const size_t digits = Digits(value);
  for (size_t i = digits; i-- > 0; value /= 10) p[i] = static_cast<char>('0' + value % 10);
  return p + digits;
}

// CSI with a count that is left out if it is 1.
constexpr size_t CsiLength(int count) { return count == 1 ? 3 : 3 + Digits(count); }
char* PutCsi(int count, char final, char* p) {
  *p++ = '\x1b';
  *p++ = '[';
  if (count != 1) p = PutNumber(count, p);
  *p++ = final;
  return p;
}

char* PutRepeated(int count, char c, char* p) {
  std::memset(p, c, count);
  return p + count;
}

size_t CupLength(PenPosition to) {
  if (to.column == 0) return CsiLength(to.row + 1);
  return 4 + Digits(to.row + 1) + Digits(to.column + 1);
}
char* PutCup(PenPosition to, char* p) {
  if (to.column == 0) return PutCsi(to.row + 1, 'H', p);
  *p++ = '\x1b';
  *p++ = '[';
  p = PutNumber(to.row + 1, p);
  *p++ = ';';
  p = PutNumber(to.column + 1, p);
  *p++ = 'H';
  return p;
}

// A way along one axis: its cost and how to write it.
struct Step {
  enum class Kind {
    kNone,
    kRepeat,             // `count` times `byte`
    kCsi,                // CSI count final
    kReturn,             // CR
    kReturnThenForward,  // CR, CSI count C
    kTabs,               // `count` HT
    kReturnThenTabs,
    kReverseIndex,  // `count` times ESC M
  };
  Kind kind = Kind::kNone;
  size_t length = 0;
  int count = 0;
  char byte = 0;

  void Offer(Kind other_kind, size_t other_length, int other_count, char other_byte) {
    if (other_length < length) *this = {other_kind, other_length, other_count, other_byte};
  }

  char* Put(char* p) const {
    switch (kind) {
      case Kind::kNone:
        return p;
      case Kind::kRepeat:
        return PutRepeated(count, byte, p);
      case Kind::kCsi:
        return PutCsi(count, byte, p);
      case Kind::kReturn:
        *p++ = '\r';
        return p;
      case Kind::kReturnThenForward:
        *p++ = '\r';
        return PutCsi(count, 'C', p);
      case Kind::kTabs:
        return PutRepeated(count, '\t', p);
      case Kind::kReturnThenTabs:
        *p++ = '\r';
        return PutRepeated(count, '\t', p);
      case Kind::kReverseIndex:
        for (int i = 0; i < count; ++i) {
          *p++ = '\x1b';
          *p++ = 'M';
        }
        return p;
    }
    return p;
  }
};

Step HorizontalStep(int from, int to, int columns, bool hard_tabs) {
  if (from == to) return {};
  if (to == 0) return {Step::Kind::kReturn, 1, 0, 0};
  Step best = {Step::Kind::kCsi, CsiLength(to + 1), to + 1, 'G'};
  best.Offer(Step::Kind::kReturnThenForward, 1 + CsiLength(to), to, 0);
  if (hard_tabs && to % 8 == 0) best.Offer(Step::Kind::kReturnThenTabs, 1 + to / 8, to / 8, 0);
  if (from < 0 || from >= columns) return best;
  const int distance = std::abs(to - from);
  if (to < from) {
    best.Offer(Step::Kind::kCsi, CsiLength(distance), distance, 'D');
    best.Offer(Step::Kind::kRepeat, distance, distance, '\b');
  } else {
    best.Offer(Step::Kind::kCsi, CsiLength(distance), distance, 'C');
    if (hard_tabs && to % 8 == 0) {
      const int tabs = to / 8 - from / 8;
      best.Offer(Step::Kind::kTabs, tabs, tabs, 0);
    }
  }
  return best;
}

Step VerticalStep(int from, int to) {
  if (from == to) return {};
  const int distance = std::abs(to - from);
  Step best = {Step::Kind::kCsi, CsiLength(to + 1), to + 1, 'd'};
  if (to > from) {
    best.Offer(Step::Kind::kCsi, CsiLength(distance), distance, 'B');
    best.Offer(Step::Kind::kRepeat, distance, distance, '\n');
  } else {
    best.Offer(Step::Kind::kCsi, CsiLength(distance), distance, 'A');
    best.Offer(Step::Kind::kReverseIndex, 2 * static_cast<size_t>(distance), distance, 0);
  }
  return best;
}

}  // namespace

size_t MotionLength(PenPosition from, PenPosition to, Size size, bool hard_tabs) {
  if (from == to) return 0;
  const size_t cup = CupLength(to);
  if (from.row == PenPosition::kUnknown) return cup;
  return std::min(cup, HorizontalStep(from.column, to.column, size.columns, hard_tabs).length +
                           VerticalStep(from.row, to.row).length);
}

size_t WriteMotion(PenPosition from, PenPosition to, Size size, bool hard_tabs, char* out) {
  if (from == to) return 0;
  const size_t cup = CupLength(to);
  if (from.row == PenPosition::kUnknown) return PutCup(to, out) - out;
  const Step horizontal = HorizontalStep(from.column, to.column, size.columns, hard_tabs);
  const Step vertical = VerticalStep(from.row, to.row);
  // First along the row: that ends a pending wrap.
  if (horizontal.length + vertical.length <= cup) {
    return vertical.Put(horizontal.Put(out)) - out;
  }
  return PutCup(to, out) - out;
}

}  // namespace mosh::term
