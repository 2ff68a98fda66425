// The picture of `moshctl top`. Pure.
#ifndef MGMT_CTL_TOP_PAINTER_H_
#define MGMT_CTL_TOP_PAINTER_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mgmt/ctl/top_controls.h"
#include "mgmt/ctl/top_model.h"

namespace mosh::mgmt::ctl {

struct TopSurroundings {
  int columns = 80;
  int rows = 24;
  bool colors = false;
  absl::Time now;
  // Shown in place of the filter.
  std::string trouble;
};

// Lines of the list that are shown: what a page is.
int TopListRows(int rows);

// `rows` lines, each at most `columns` wide.
std::vector<std::string> PaintTop(const TopModel& model, const TopControls& controls,
                                  const TopSurroundings& surroundings);

// The bytes that draw these lines over whatever a terminal shows, without flicker.
std::string DrawLines(const std::vector<std::string>& lines);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_TOP_PAINTER_H_
