#include "term/width.h"

namespace mosh::term {
namespace internal {

#include "term/unicode/width_table.inc"

}  // namespace internal

const char kUnicodeVersion[] = MOSH_TERM_UNICODE_VERSION;

}  // namespace mosh::term
