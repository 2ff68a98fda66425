#include "mgmt/ctl/top_model.h"

#include <algorithm>
#include <tuple>

#include "mgmt/ctl/session_view.h"
#include "mgmt/ctl/sparkline.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

void AddSample(int level, std::vector<int>& levels) {
  if (levels.size() == TopModel::kSamples) levels.erase(levels.begin());
  levels.push_back(level);
}

// Negative, 0, positive.
template <class Value>
int Compare(const Value& a, const Value& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int CompareBy(TopColumn column, const fleet::Session& a, const fleet::Session& b) {
  switch (column) {
    case TopColumn::kId:
      return Compare(a.session_id(), b.session_id());
    case TopColumn::kUser:
      return Compare(a.user(), b.user());
    case TopColumn::kState:
      return Compare(a.state(), b.state());
    case TopColumn::kClient:
      return Compare(ClientText(a), ClientText(b));
    // nullopt is less than any value.
    case TopColumn::kRoundTrip:
      return Compare(WorstRoundTrip(a), WorstRoundTrip(b));
    case TopColumn::kLoss:
      return Compare(WorstLoss(a), WorstLoss(b));
    // The older, the more.
    case TopColumn::kAge:
      return Compare(ToTime(b.create_time()), ToTime(a.create_time()));
    case TopColumn::kSubject:
      return Compare(Subject(a), Subject(b));
  }
  return 0;
}

}  // namespace

void TopModel::BeginSnapshot() {
  for (auto& [name, known] : sessions_) known.told = false;
}

void TopModel::Apply(const fleet::SessionEvent& event) {
  switch (event.type()) {
    case fleet::SessionEvent::ADDED:
    case fleet::SessionEvent::MODIFIED: {
      Known& known = sessions_[event.session().name()];
      known.entry.session = event.session();
      known.told = true;
      break;
    }
    case fleet::SessionEvent::DELETED:
      sessions_.erase(event.session().name());
      break;
    case fleet::SessionEvent::SYNCED:
      std::erase_if(sessions_, [](const auto& item) { return !item.second.told; });
      break;
    default:
      break;
  }
}

bool TopModel::several_nodes() const {
  // By name, so a node's are beside each other.
  return !sessions_.empty() && NodeOf(sessions_.begin()->second.entry.session) !=
                                   NodeOf(sessions_.rbegin()->second.entry.session);
}

void TopModel::Sample() {
  for (auto& [name, known] : sessions_) {
    const auto round_trip = WorstRoundTrip(known.entry.session);
    const auto loss = WorstLoss(known.entry.session);
    AddSample(round_trip ? RoundTripLevel(*round_trip) : -1, known.entry.round_trip_levels);
    AddSample(loss ? LossLevel(*loss) : -1, known.entry.loss_levels);
  }
}

std::vector<const TopModel::Entry*> TopModel::Sorted() const {
  std::vector<const Entry*> sorted;
  for (const auto& [name, known] : sessions_) sorted.push_back(&known.entry);
  std::sort(sorted.begin(), sorted.end(), [this](const Entry* a, const Entry* b) {
    const int order = CompareBy(sort_column_, a->session, b->session);
    // Equals stay in the order of their names, whichever way the rest is sorted.
    if (order == 0) return a->session.name() < b->session.name();
    return descending_ ? order > 0 : order < 0;
  });
  return sorted;
}

TopModel::Counts TopModel::counts() const {
  Counts counts;
  for (const auto& [name, known] : sessions_) {
    ++counts.sessions;
    counts.attached += known.entry.session.state() == fleet::Session::ATTACHED;
    counts.detached += known.entry.session.state() == fleet::Session::DETACHED;
    counts.unheard += known.entry.session.state() == fleet::Session::UNHEARD;
  }
  return counts;
}

void TopModel::ChangeSortColumn(int step) {
  const int column = (static_cast<int>(sort_column_) + step + kTopColumns) % kTopColumns;
  sort_column_ = static_cast<TopColumn>(column);
  // What one wants to see first: the worst links, the oldest; else from A to Z.
  descending_ = sort_column_ == TopColumn::kRoundTrip || sort_column_ == TopColumn::kLoss ||
                sort_column_ == TopColumn::kAge;
}

int TopModel::SelectedIndex(const std::vector<const Entry*>& sorted) const {
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i]->session.name() == selected_) return i;
  }
  return std::min<int>(last_selected_index_, static_cast<int>(sorted.size()) - 1);
}

void TopModel::MoveSelection(int by) {
  const std::vector<const Entry*> sorted = Sorted();
  if (sorted.empty()) return;
  last_selected_index_ =
      std::clamp<int>(SelectedIndex(sorted) + by, 0, static_cast<int>(sorted.size()) - 1);
  selected_ = sorted[last_selected_index_]->session.name();
}

}  // namespace mosh::mgmt::ctl
