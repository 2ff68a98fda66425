// What programs print, in five kinds, for flood benchmarks: seeded, so that every run and every
// peer gets the same bytes.
#ifndef BENCH_PAYLOAD_H_
#define BENCH_PAYLOAD_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosh::bench {

// "plain" ASCII lines, "utf8" Cyrillic and wide CJK lines, "colour" an SGR for each word, "cursor"
// short texts at random positions, "region" scrolling inside changing regions.
const std::vector<absl::string_view>& PayloadKinds();

// About `size` bytes of `kind` for an 80x24 terminal, ending between two escape sequences.
// Repeating it is again valid output. Empty for an unknown kind.
std::string MakePayload(absl::string_view kind, size_t size);

}  // namespace mosh::bench

#endif  // BENCH_PAYLOAD_H_
