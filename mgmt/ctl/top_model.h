// What `moshctl top` knows: sessions, how their links have been, in which order. Pure.
#ifndef MGMT_CTL_TOP_MODEL_H_
#define MGMT_CTL_TOP_MODEL_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt::ctl {

// What can be sorted by, in the order of the columns.
enum class TopColumn { kId, kUser, kState, kClient, kRoundTrip, kLoss, kAge, kSubject };
inline constexpr int kTopColumns = 8;

class TopModel {
 public:
  // So many samples are kept, one a second.
  static constexpr size_t kSamples = 60;

  struct Entry {
    ::mosh::fleet::v1::Session session;
    // Sparkline levels, newest last; -1: nothing known.
    std::vector<int> round_trip_levels;
    std::vector<int> loss_levels;
  };
  struct Counts {
    int sessions = 0;
    int attached = 0;
    int detached = 0;
    int unheard = 0;
  };

  // Of a snapshot that begins: what isn't told again is gone, but what is keeps its history.
  void BeginSnapshot();
  void Apply(const ::mosh::fleet::v1::SessionEvent& event);
  // To be called once a second.
  void Sample();

  // In order; good until the next change.
  std::vector<const Entry*> Sorted() const;
  Counts counts() const;
  // Whether sessions of more than one node are among them.
  bool several_nodes() const;

  TopColumn sort_column() const { return sort_column_; }
  bool descending() const { return descending_; }
  // To the next (1) or the previous (-1) column.
  void ChangeSortColumn(int step);
  void Reverse() { descending_ = !descending_; }

  // Sticks to its session, wherever that goes in the order. -1: there are no sessions.
  int SelectedIndex(const std::vector<const Entry*>& sorted) const;
  // Stops at the ends.
  void MoveSelection(int by);

 private:
  struct Known {
    Entry entry;
    bool told = true;  // since the snapshot began
  };

  std::map<std::string, Known> sessions_;  // by resource name
  TopColumn sort_column_ = TopColumn::kRoundTrip;
  bool descending_ = true;
  std::string selected_;         // a resource name
  int last_selected_index_ = 0;  // of the session that was selected and has ended
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_TOP_MODEL_H_
