#include "mgmt/ctl/sparkline.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace mosh::mgmt::ctl {

int RoundTripLevel(absl::Duration round_trip) {
  static constexpr std::array<int, 7> kMilliseconds = {25, 50, 100, 200, 300, 500, 1000};
  int level = 1;
  for (const int step : kMilliseconds) level += round_trip >= absl::Milliseconds(step);
  return level;
}

int LossLevel(double loss) {
  static constexpr std::array<double, 7> kShares = {0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5};
  if (loss <= 0) return 0;
  int level = 1;
  for (const double step : kShares) level += loss >= step;
  return level;
}

std::string Sparkline(std::span<const int> levels, int columns) {
  static constexpr std::array<const char*, 9> kBars = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const size_t shown = std::min<size_t>(levels.size(), std::max(0, columns));
  std::string line(std::max(0, columns) - shown, ' ');
  for (const int level : levels.last(shown)) {
    absl::StrAppend(&line, level < 0 ? " " : kBars[std::min<size_t>(level, kBars.size() - 1)]);
  }
  return line;
}

}  // namespace mosh::mgmt::ctl
