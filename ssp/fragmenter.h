// Numbers instructions for the wire and cuts them into fragments. Source: docs/spec/transport.md
// §7.
#ifndef SSP_FRAGMENTER_H_
#define SSP_FRAGMENTER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/check.h"
#include "ssp/capabilities.h"
#include "ssp/wire/fragment.h"
#include "ssp/wire/instruction.h"

namespace mosh::ssp {

class Fragmenter {
 public:
  // The first instruction gets the id after `before_first`.
  explicit Fragmenter(FragmentId before_first = {0}) : id_(before_first) {}

  // The id under which to send this instruction in slices of at most `slice_limit` octets. An
  // instruction that equals the previous one in everything keeps its id, so that fragments of both
  // copies complete each other; a receiver that saw one id with two contents would be entitled to
  // give up on us.
  FragmentId IdFor(const InstructionView& instruction, std::span<const uint8_t> chaff,
                   size_t slice_limit) {
    Key key{.old_num = instruction.old_num,
            .new_num = instruction.new_num,
            .ack_num = instruction.ack_num,
            .throwaway_num = instruction.throwaway_num,
            .diff_size = instruction.diff.size(),
            .capabilities = instruction.capabilities,
            .incoming_loss = instruction.incoming_loss,
            .incarnation = instruction.incarnation,
            .slice_limit = slice_limit,
            .chaff_size = chaff.size()};
    std::copy(chaff.begin(), chaff.end(), key.chaff.begin());
    if (last_ != key) {
      ++id_.value;
      last_ = key;
    }
    return id_;
  }

  // Calls emit(const Fragment&) for each fragment in order; all but the last are exactly
  // `slice_limit` octets.
  template <class Emit>
  static void Cut(FragmentId id, std::span<const uint8_t> compressed, size_t slice_limit,
                  Emit emit) {
    const size_t count = std::max<size_t>(1, (compressed.size() + slice_limit - 1) / slice_limit);
    CHECK(count <= kMaxFragments);  // 4 MiB in the smallest slices are far fewer
    for (size_t i = 0; i < count; ++i) {
      const size_t begin = i * slice_limit;
      emit(Fragment{
          .id = id,
          .number = static_cast<uint16_t>(i),
          .final = i + 1 == count,
          .slice = compressed.subspan(begin, std::min(slice_limit, compressed.size() - begin))});
    }
  }

 private:
  struct Key {
    StateNum old_num, new_num, ack_num, throwaway_num;
    size_t diff_size = 0;
    Capabilities capabilities;
    uint32_t incoming_loss = 0;
    uint64_t incarnation = 0;
    size_t slice_limit = 0;
    size_t chaff_size = 0;
    std::array<uint8_t, kMaxChaff> chaff{};
    friend bool operator==(const Key&, const Key&) = default;
  };
  std::optional<Key> last_;
  FragmentId id_;
};

}  // namespace mosh::ssp

#endif  // SSP_FRAGMENTER_H_
