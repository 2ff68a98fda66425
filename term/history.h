// History: the lines that have scrolled off the top of a screen, the oldest first, in as little
// memory as they need.
//
//   Append ─▶ open block ─▶ … full blocks … ─▶ forgotten
//                  └── Compress ──▶ packed (zstd)
//
// A line of plain ASCII is kept as its text. Any other is first kept as its cells, since in a flood
// most lines are forgotten soon; Compress turns what is left into text and runs of renditions
// (term/line_codec.h). Bounded by lines, and by bytes. In a flood blocks are used again, and
// nothing is allocated. Pure: whoever owns it calls Compress when the session is idle. One thread.
#ifndef TERM_HISTORY_H_
#define TERM_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "term/history_limits.h"
#include "term/interner.h"
#include "term/row.h"
#include "term/screen.h"

namespace mosh::term {

class History {
 public:
  // A block is full with so many lines, or so many bytes.
  static constexpr int kBlockLines = 256;
  static constexpr size_t kBlockBytes = size_t{32} << 10;

  explicit History(const HistoryLimits& limits) : limits_(limits) {}

  // A row that leaves the screen; `interner` is its screen's.
  void Append(const RowRef& row, const std::shared_ptr<Interner>& interner);
  void Clear();

  int LineCount() const { return lines_; }
  // Line 0 is the oldest. Without blanks at the end.
  std::string Text(int line) const;
  // Draws it into a row of any screen, cut off or filled with blanks at the right.
  void Draw(int line, int row, Screen* screen) const;

  // Packs everything but the block that is not full yet, and lets go of the Interner.
  void Compress();
  // Whether Compress would do anything.
  bool compressible() const { return compressible_; }
  // Held by this object, itself included; an Interner that nobody else holds any more is not.
  size_t memory_bytes() const;

 private:
  enum class Kind : uint8_t { kEncoded, kCells };
  struct Header {
    uint32_t size : 24;  // octets that follow
    uint32_t kind : 1;
    uint32_t wrapped : 1;
  };
  static_assert(sizeof(Header) == 4);

  struct Block {
    std::vector<char> bytes;   // lines, each a Header and its octets; packed: as zstd made it
    size_t size = 0;           // of `bytes`, what is used
    size_t unpacked_size = 0;  // 0: not packed
    int lines = 0;
    uint64_t serial = 0;                 // never given twice
    std::shared_ptr<Interner> interner;  // of the lines that are cells; null: there are none
  };
  struct Line {
    Header header;
    absl::string_view octets;
  };

  Block& BlockFor(size_t octets, const std::shared_ptr<Interner>& interner);
  void StartBlock();
  void ForgetOldestLine();
  void ForgetOldestBlock();
  static void Encode(Block* block);
  static void Pack(Block* block);
  // Takes the next line off the front of a block's lines.
  static Line TakeLine(absl::string_view* lines);
  absl::string_view LinesOf(const Block& block) const;
  // Line `line`, encoded, and whether it is wrapped.
  std::string Encoded(int line, bool* wrapped) const;

  HistoryLimits limits_;
  std::vector<Block> blocks_;  // oldest first; the last one is open
  Block spare_;                // emptied, to be used again
  int lines_ = 0;
  int skipped_ = 0;  // lines of the oldest block that are forgotten already
  uint64_t next_serial_ = 1;
  bool compressible_ = false;
  // The last packed block that was looked at.
  mutable std::vector<char> unpacked_;
  mutable uint64_t unpacked_serial_ = 0;
};

}  // namespace mosh::term

#endif  // TERM_HISTORY_H_
