// A row of little bars: how a number has been. Pure.
#ifndef MGMT_CTL_SPARKLINE_H_
#define MGMT_CTL_SPARKLINE_H_

#include <span>
#include <string>

#include "absl/time/time.h"

namespace mosh::mgmt::ctl {

// Steps are fixed, not fitted to the row, so that rows can be compared with each other and a row
// with itself a minute ago. 0 (nothing) to 8.
int RoundTripLevel(absl::Duration round_trip);  // 1: under 25 ms; 8: 1 s and more
int LossLevel(double loss);                     // 0: none; 8: half and more

// A character for each level, the last at the right end; blanks at the left if there are fewer than
// `columns`. Level -1 is a time of which nothing is known: a blank.
std::string Sparkline(std::span<const int> levels, int columns);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_SPARKLINE_H_
