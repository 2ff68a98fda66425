// Text for a terminal: made harmless, measured and cut by columns. Pure.
#ifndef MGMT_CTL_TEXT_H_
#define MGMT_CTL_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace mosh::mgmt::ctl {

// Text that programs or other people wrote, fit for a terminal: what is no printable character, or
// would turn the direction of what follows, becomes '?'. Whatever the bytes, the result is one line
// of UTF-8.
std::string Harmless(absl::string_view text);

// Columns that harmless text takes.
int TextWidth(absl::string_view text);

// At most `columns` of it. Cut characters leave no trace: a table has no room for one.
std::string CutTo(absl::string_view text, int columns);

// Exactly `columns`: cut, or filled up with blanks.
std::string FitTo(absl::string_view text, int columns);

// "12 s", "5 min", "3 h", "4 d"; nothing is shorter than 0 s.
std::string RoughDuration(absl::Duration duration);

// "0.4 ms", "23 ms", "1.2 s".
std::string ShortDuration(absl::Duration duration);

// "512 B", "1.2 KiB", "34 MiB".
std::string ByteCount(uint64_t bytes);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_TEXT_H_
