// Puts the fragments of one compressed instruction back together. Source: docs/spec/transport.md
// §7.
//
// There is one slot: a fragment of any other instruction, older or newer, evicts a partial one.
// Senders keep the fragments of an instruction back to back, so this loses little, and it bounds
// the memory. Input is hostile until proven otherwise: contradictions (a fragment beyond the last,
// two different lasts, too many bytes) empty the slot, and whoever repeats a fragment is ignored.
#ifndef SSP_FRAGMENT_ASSEMBLER_H_
#define SSP_FRAGMENT_ASSEMBLER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ssp/wire/fragment.h"

namespace mosh::ssp {

class FragmentAssembler {
 public:
  // More than any instruction of 4 MiB can take when compressed (stored blocks included).
  static constexpr size_t kMaxBytes = (size_t{4} << 20) + (size_t{16} << 10);

  enum class Outcome : uint8_t { kIncomplete, kComplete, kContradiction };
  struct Result {
    Outcome outcome;
    // kComplete: the compressed instruction. Valid until the next Add, and while the fragment's own
    // bytes are.
    std::span<const uint8_t> instruction;
  };
  Result Add(const Fragment& fragment);

  // Held for a partial instruction; bounded by kMaxBytes plus 12 bytes a fragment.
  size_t buffered_bytes() const { return bytes_.size(); }

 private:
  struct Piece {
    uint16_t number;
    uint32_t offset;  // into bytes_
    uint32_t size;
  };
  void Clear();
  Result Join();

  std::optional<FragmentId> id_;
  std::vector<Piece> pieces_;  // in order of arrival
  std::vector<bool> held_;     // by number
  std::vector<uint8_t> bytes_;
  std::vector<uint8_t> joined_;
  std::optional<size_t> total_;
};

}  // namespace mosh::ssp

#endif  // SSP_FRAGMENT_ASSEMBLER_H_
