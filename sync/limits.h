// Bounds on what a peer may ask for, so that no message can exhaust memory or abort a stock peer.
#ifndef SYNC_LIMITS_H_
#define SYNC_LIMITS_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "term/size.h"

namespace mosh::sync {

// kInvalidArgument unless a term::Screen can have this size.
inline absl::Status CheckSize(int columns, int rows) {
  if (term::ClampSize({columns, rows}) == term::Size{columns, rows}) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("resize to ", columns, "x", rows, " is out of range"));
}

}  // namespace mosh::sync

#endif  // SYNC_LIMITS_H_
