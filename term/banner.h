// A line over the top row of a picture, in the way the user has known since mosh's "Last contact".
#ifndef TERM_BANNER_H_
#define TERM_BANNER_H_

#include "absl/strings/string_view.h"
#include "term/screen.h"

namespace mosh::term {

// Overwrites the whole top row, and hides a cursor that is in it. Controls in the text are left
// out; what doesn't fit is cut off.
void DrawBanner(absl::string_view text, Screen& screen);

}  // namespace mosh::term

#endif  // TERM_BANNER_H_
