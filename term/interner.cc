#include "term/interner.h"

namespace mosh::term {
namespace {

constexpr size_t kInitialSlots = 64;
constexpr size_t kMaxStyles = size_t{1} << 24;  // Cell keeps 24 bits.

size_t Hash(uint64_t bits) {
  bits *= 0x9E3779B97F4A7C15;  // Fibonacci hashing: the high bits are the mixed ones.
  return bits >> 32;
}

}  // namespace

Interner::Interner() : styles_(1), style_slots_(kInitialSlots) {}

StyleId Interner::FindOrAdd(const Rendition& rendition) {
  const size_t mask = style_slots_.size() - 1;
  for (size_t slot = Hash(rendition.bits()) & mask;; slot = (slot + 1) & mask) {
    const uint32_t entry = style_slots_[slot];
    if (entry == 0) {
      if (styles_.size() >= kMaxStyles) return StyleId::kDefault;
      style_slots_[slot] = static_cast<uint32_t>(styles_.size()) + 1;
      styles_.push_back(rendition);
      const StyleId id = static_cast<StyleId>(styles_.size() - 1);
      if (styles_.size() * 2 > style_slots_.size()) GrowStyleSlots();
      return id;
    }
    if (styles_[entry - 1] == rendition) return static_cast<StyleId>(entry - 1);
  }
}

void Interner::GrowStyleSlots() {
  style_slots_.assign(style_slots_.size() * 2, 0);
  const size_t mask = style_slots_.size() - 1;
  for (size_t i = 1; i < styles_.size(); ++i) {
    size_t slot = Hash(styles_[i].bits()) & mask;
    while (style_slots_[slot] != 0) slot = (slot + 1) & mask;
    style_slots_[slot] = static_cast<uint32_t>(i) + 1;
  }
}

ClusterId Interner::InternCluster(absl::string_view utf8) {
  const auto [entry, inserted] =
      cluster_ids_.try_emplace(std::string(utf8), static_cast<uint32_t>(clusters_.size()));
  if (inserted) clusters_.push_back(&entry->first);
  return static_cast<ClusterId>(entry->second);
}

}  // namespace mosh::term
