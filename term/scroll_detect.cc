#include "term/scroll_detect.h"

#include <algorithm>
#include <cstdlib>

namespace mosh::term {
namespace {

// Bytes of a scroll (region, scroll, region, cursor) and of a cursor motion, roughly.
constexpr int kScrollCost = 16;
constexpr int kMotionCost = 4;
constexpr int kEraseCost = 3;
// The fewest changed rows for which equal content is looked for.
constexpr int kMinRowsForContent = 3;

bool IsBlank(const RowRef& row) {
  return std::all_of(row.cells().begin(), row.cells().end(),
                     [](const Cell& cell) { return cell.blank(); });
}

// The picture of a cell as a number: equal for equal pictures of the same Interner.
uint64_t PictureBits(const Cell& cell) {
  const uint64_t bits = cell.bits();
  // A space looks like a blank.
  return static_cast<uint32_t>(bits) == ' ' ? bits & ~uint64_t{0xFFFFFFFF} : bits;
}

uint64_t HashRow(const RowRef& row) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  uint64_t lanes[4] = {1, 2, 3, 4};  // Independent, so that the multiplications overlap.
  const std::span<const Cell> cells = row.cells();
  size_t i = 0;
  for (; i + 4 <= cells.size(); i += 4) {
    for (size_t lane = 0; lane < 4; ++lane) {
      const uint64_t mixed = (lanes[lane] ^ PictureBits(cells[i + lane])) * kMultiplier;
      lanes[lane] = mixed ^ mixed >> 29;
    }
  }
  uint64_t hash = row.wrapped();
  for (; i < cells.size(); ++i) hash = (hash ^ PictureBits(cells[i])) * kMultiplier;
  for (const uint64_t lane : lanes) hash = (hash ^ lane ^ hash >> 31) * kMultiplier;
  return hash == 0 ? 1 : hash;
}

// Finds the one row with a key.
class RowIndex {
 public:
  static constexpr int kNone = -1;

  // keys[row]; 0 is no key.
  explicit RowIndex(const std::vector<uint64_t>& keys) : keys_(keys) {
    size_t slots = 16;
    while (slots < keys.size() * 2) slots *= 2;
    slots_.assign(slots, kNone);
    for (int row = 0; row < static_cast<int>(keys.size()); ++row) {
      if (keys[row] == 0) continue;
      int& slot = slots_[Find(keys[row])];
      slot = slot == kNone ? row : row | kAmbiguous;
    }
  }

  // kNone also if several rows have the key.
  int operator[](uint64_t key) const {
    const int slot = slots_[Find(key)];
    return slot == kNone || (slot & kAmbiguous) != 0 ? kNone : slot;
  }

 private:
  static constexpr int kAmbiguous = 1 << 16;  // Above any row number.

  size_t Find(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    size_t slot = (key * 0x9E3779B97F4A7C15 >> 32) & mask;
    while (slots_[slot] != kNone && keys_[slots_[slot] & ~kAmbiguous] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  const std::vector<uint64_t>& keys_;
  std::vector<int> slots_;
};

// Rows first..last of the new screen are the old rows first+shift..last+shift.
struct Hunk {
  int first;
  int last;
  int shift;
  int length() const { return last - first + 1; }
  Scroll ToScroll() const {
    return shift > 0 ? Scroll{first, last + shift, shift} : Scroll{first + shift, last, shift};
  }
};

class Detector {
 public:
  Detector(const Screen& from, const Screen& to, std::span<const uint8_t> changed)
      : from_(from), to_(to), changed_(changed), rows_(to.rows()) {}

  std::vector<Scroll> Detect() {
    std::vector<uint64_t> old_keys(rows_);
    std::vector<uint64_t> new_keys(rows_);
    int changed = 0;
    for (int row = 0; row < rows_; ++row) {
      if (!changed_[row]) continue;
      ++changed;
      old_keys[row] = from_.row(row).id();
      new_keys[row] = to_.row(row).id();
    }
    std::vector<Scroll> scrolls = Choose(FindHunks(old_keys, new_keys));
    // Ids of different screens' making are no help, and hashes of different interners neither.
    if (!scrolls.empty() || changed < kMinRowsForContent) return scrolls;
    if (&from_.interner() != &to_.interner()) return scrolls;
    for (int row = 0; row < rows_; ++row) {
      if (!changed_[row]) continue;
      old_keys[row] = HashRow(from_.row(row));
      new_keys[row] = HashRow(to_.row(row));
    }
    return Choose(FindHunks(old_keys, new_keys));
  }

 private:
  bool SameRow(int old_row, int new_row) const {
    return old_row >= 0 && old_row < rows_ && Screen::SameRow(from_, old_row, to_, new_row);
  }

  std::vector<Hunk> FindHunks(const std::vector<uint64_t>& old_keys,
                              const std::vector<uint64_t>& new_keys) const {
    const RowIndex index(old_keys);
    std::vector<Hunk> hunks;
    int next_free = 0;  // First new row that is in no hunk yet.
    for (int row = 0; row < rows_; ++row) {
      if (new_keys[row] == 0) continue;
      const int old_row = index[new_keys[row]];
      if (old_row == RowIndex::kNone || old_row == row) continue;
      if (IsBlank(to_.row(row)) || !SameRow(old_row, row)) continue;
      Hunk hunk{row, row, old_row - row};
      while (hunk.first > next_free && SameRow(hunk.first - 1 + hunk.shift, hunk.first - 1)) {
        --hunk.first;
      }
      while (hunk.last + 1 < rows_ && SameRow(hunk.last + 1 + hunk.shift, hunk.last + 1)) {
        ++hunk.last;
      }
      hunks.push_back(hunk);
      next_free = hunk.last + 1;
      row = hunk.last;
    }
    return hunks;
  }

  std::vector<Scroll> Choose(std::vector<Hunk> hunks) const {
    std::sort(hunks.begin(), hunks.end(),
              [](const Hunk& a, const Hunk& b) { return a.length() > b.length(); });
    std::vector<Scroll> chosen;
    for (const Hunk& hunk : hunks) {
      const Scroll scroll = hunk.ToScroll();
      const auto overlaps = [&](const Scroll& other) {
        return scroll.top <= other.bottom && other.top <= scroll.bottom;
      };
      if (std::none_of(chosen.begin(), chosen.end(), overlaps) && Pays(hunk, scroll)) {
        chosen.push_back(scroll);
      }
    }
    return chosen;
  }

  // Whether drawing the region without the scroll takes more bytes than with it.
  bool Pays(const Hunk& hunk, const Scroll& scroll) const {
    int with = kScrollCost;
    for (int row = scroll.top; row <= scroll.bottom; ++row) {
      if (row < hunk.first || row > hunk.last) with += DrawCost(nullptr, row);
    }
    int without = 0;
    for (int row = scroll.top; row <= scroll.bottom; ++row) {
      if (changed_[row]) without += DrawCost(&from_.row(row), row);
      if (without > with) return true;
    }
    return false;
  }

  // Roughly the bytes that draw a row of `to_` over `old` (nullptr: over a blank row).
  int DrawCost(const RowRef* old, int row) const {
    const std::span<const Cell> cells = to_.row(row).cells();
    int end = static_cast<int>(cells.size());
    while (end > 0 && cells[end - 1] == Cell()) --end;
    int cost = 0;
    for (int column = 0; column < end; ++column) {
      const Cell before = old == nullptr ? Cell() : (*old)[column];
      if (PictureBits(cells[column]) != PictureBits(before)) ++cost;
    }
    if (old != nullptr && end < static_cast<int>(cells.size())) {
      const std::span<const Cell> tail = old->cells().subspan(end);
      if (!std::all_of(tail.begin(), tail.end(), [](const Cell& cell) { return cell.blank(); })) {
        cost += kEraseCost;
      }
    }
    return cost == 0 ? 0 : cost + kMotionCost;
  }

  const Screen& from_;
  const Screen& to_;
  const std::span<const uint8_t> changed_;
  const int rows_;
};

}  // namespace

std::vector<Scroll> DetectScrolls(const Screen& from, const Screen& to,
                                  std::span<const uint8_t> changed) {
  return Detector(from, to, changed).Detect();
}

}  // namespace mosh::term
