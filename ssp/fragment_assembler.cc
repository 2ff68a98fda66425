#include "ssp/fragment_assembler.h"

#include <algorithm>

namespace mosh::ssp {
namespace {

// One unusual instruction should not hold its memory for the rest of the session.
constexpr size_t kKeepCapacity = size_t{64} << 10;

void Empty(std::vector<uint8_t>& bytes) {
  bytes.clear();
  if (bytes.capacity() > kKeepCapacity) std::vector<uint8_t>().swap(bytes);
}

}  // namespace

void FragmentAssembler::Clear() {
  pieces_.clear();
  held_.clear();
  total_.reset();
  Empty(bytes_);
}

FragmentAssembler::Result FragmentAssembler::Add(const Fragment& fragment) {
  Empty(joined_);
  if (id_ != fragment.id) {
    Clear();
    id_ = fragment.id;
  }
  const size_t number = fragment.number;
  // The usual case needs no copy.
  if (number == 0 && fragment.final && pieces_.empty()) {
    return {Outcome::kComplete, fragment.slice};
  }
  if (number < held_.size() && held_[number]) return {Outcome::kIncomplete, {}};
  const bool beyond_last = total_ && number >= *total_;
  const bool second_last = total_ && fragment.final;
  const bool before_held = fragment.final && held_.size() > number + 1;
  const bool too_much = bytes_.size() + fragment.slice.size() > kMaxBytes;
  if (beyond_last || second_last || before_held || too_much) {
    Clear();
    return {Outcome::kContradiction, {}};
  }
  if (fragment.final) total_ = number + 1;
  if (held_.size() <= number) held_.resize(number + 1);
  held_[number] = true;
  pieces_.push_back({fragment.number, static_cast<uint32_t>(bytes_.size()),
                     static_cast<uint32_t>(fragment.slice.size())});
  bytes_.insert(bytes_.end(), fragment.slice.begin(), fragment.slice.end());
  if (!total_ || pieces_.size() < *total_) return {Outcome::kIncomplete, {}};
  return Join();
}

FragmentAssembler::Result FragmentAssembler::Join() {
  if (std::is_sorted(pieces_.begin(), pieces_.end(),
                     [](const Piece& a, const Piece& b) { return a.number < b.number; })) {
    joined_.swap(bytes_);
  } else {
    std::sort(pieces_.begin(), pieces_.end(),
              [](const Piece& a, const Piece& b) { return a.number < b.number; });
    joined_.reserve(bytes_.size());
    for (const Piece& piece : pieces_) {
      const auto begin = bytes_.begin() + piece.offset;
      joined_.insert(joined_.end(), begin, begin + piece.size);
    }
  }
  Clear();
  return {Outcome::kComplete, joined_};
}

}  // namespace mosh::ssp
