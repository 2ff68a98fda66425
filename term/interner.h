// Interner: the append-only tables behind a cell's StyleId and ClusterId. Shared by a Terminal and
// all Screens copied from it (std::shared_ptr; one thread). Ids stay valid as long as the Interner
// lives.
//
// It grows with every new rendition or cluster; Screen::Reintern moves a screen to a fresh one when
// `entries()` has passed a limit, so that a program cannot make it grow for ever (Terminal does so
// by itself).
#ifndef TERM_INTERNER_H_
#define TERM_INTERNER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/strings/string_view.h"
#include "term/cell.h"
#include "term/rendition.h"

namespace mosh::term {

class Interner {
 public:
  Interner();
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  // The id of `rendition`, new or old. Amortised O(1). At 2^24 renditions the default style is
  // returned.
  StyleId InternStyle(const Rendition& rendition) {
    return rendition == Rendition() ? StyleId::kDefault : FindOrAdd(rendition);
  }
  // `utf8`: a base character and combining characters. The text is copied.
  ClusterId InternCluster(absl::string_view utf8);

  const Rendition& rendition(StyleId id) const { return styles_[static_cast<uint32_t>(id)]; }
  // Valid as long as the Interner.
  absl::string_view cluster(ClusterId id) const { return *clusters_[static_cast<uint32_t>(id)]; }

  size_t entries() const { return styles_.size() + clusters_.size(); }

  // A number never given before by this Interner or its ancestors: identity of a new row. Never 0.
  uint64_t NextRowId() { return next_row_id_++; }
  // Continues the row numbers of the Interner that this one replaces.
  void ContinueRowIdsOf(const Interner& old) { next_row_id_ = old.next_row_id_; }

 private:
  StyleId FindOrAdd(const Rendition& rendition);
  void GrowStyleSlots();

  std::vector<Rendition> styles_;
  std::vector<uint32_t>
      style_slots_;  // Open addressing: index + 1 into styles_, 0 = free. Power of two.
  absl::node_hash_map<std::string, uint32_t> cluster_ids_;
  std::vector<const std::string*> clusters_;  // The keys of cluster_ids_, whose nodes do not move.
  uint64_t next_row_id_ = 1;
};

}  // namespace mosh::term

#endif  // TERM_INTERNER_H_
