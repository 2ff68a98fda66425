// What keys do in `moshctl top`. Pure.
#ifndef MGMT_CTL_TOP_CONTROLS_H_
#define MGMT_CTL_TOP_CONTROLS_H_

#include <optional>
#include <string>

#include "mgmt/ctl/keys.h"
#include "mgmt/ctl/top_model.h"

namespace mosh::mgmt::ctl {

enum class TopView { kList, kDetails, kHelp };
enum class TopAction { kNone, kQuit, kFilter };

class TopControls {
 public:
  explicit TopControls(std::string filter) : filter_(std::move(filter)) {}

  // `page`: lines of the list that are shown. kFilter: filter() is another one now.
  TopAction Handle(const Key& key, int page, TopModel& model);

  TopView view() const { return view_; }
  const std::string& filter() const { return filter_; }
  // What is being typed as a filter, if so.
  const std::optional<std::string>& draft() const { return draft_; }

 private:
  TopAction HandleDraft(const Key& key);
  TopAction HandleText(char c, TopModel& model);

  TopView view_ = TopView::kList;
  std::string filter_;
  std::optional<std::string> draft_;
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_TOP_CONTROLS_H_
