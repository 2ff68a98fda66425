// The words of the filter language. Source: AIP-160.
#ifndef MGMT_MODEL_FILTER_TOKENS_H_
#define MGMT_MODEL_FILTER_TOKENS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosh::mgmt {

// A text with wildcards: what stands between them. One piece: no wildcard.
struct Pattern {
  std::vector<std::string> pieces = {""};

  bool plain() const { return pieces.size() == 1; }
  // "*": just anything.
  bool anything() const { return pieces.size() == 2 && pieces[0].empty() && pieces[1].empty(); }
};

struct FilterToken {
  enum Kind { kEnd, kWord, kOpen, kClose, kMinus, kCompare };
  Kind kind = kEnd;
  size_t column = 0;  // where it begins, from 1
  std::string text;   // as written, of kWord without quotes; of kCompare the operator
  bool quoted = false;
  Pattern pattern;  // of kWord
};

// Ends with kEnd. kInvalidArgument: a quote isn't closed.
absl::StatusOr<std::vector<FilterToken>> FilterTokens(absl::string_view text);

// "column 8: there is no field usr"
absl::Status FilterError(size_t column, absl::string_view what);

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_FILTER_TOKENS_H_
