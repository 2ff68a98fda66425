#include "bench/report.h"

#include <cstdio>

#include "absl/strings/str_format.h"

namespace mosh::bench {
namespace {

// Three significant digits are what such measurements are worth.
std::string Number(double value) {
  if (value >= 100 || value == 0) return absl::StrFormat("%.0f", value);
  if (value >= 10) return absl::StrFormat("%.1f", value);
  return absl::StrFormat("%.2f", value);
}

}  // namespace

void Report::Section(absl::string_view title) {
  std::printf(
      "\n### %.*s\n\n| figure | unit | ours | stock | ours / stock | note "
      "|\n|---|---|---:|---:|---:|---|\n",
      static_cast<int>(title.size()), title.data());
  std::fflush(stdout);
}

void Report::Add(absl::string_view figure, absl::string_view unit, double ours, double stock,
                 absl::string_view note) {
  const std::string ratio = stock > 0 ? absl::StrFormat("%.3f", ours / stock) : "–";
  absl::PrintF("| %s | %s | %s | %s | %s | %s |\n", figure, unit, Number(ours), Number(stock),
               ratio, note);
  std::fflush(stdout);
}

}  // namespace mosh::bench
