// Text from programs as protobuf's strings want it: without valid UTF-8 it would give up the whole
// message.
#ifndef MGMT_MODEL_UTF8_H_
#define MGMT_MODEL_UTF8_H_

#include <string>

#include "absl/strings/string_view.h"

namespace mosh::mgmt {

// Each byte that belongs to no character, and each NUL, becomes U+FFFD. Source: Unicode 15, table
// 3-7.
std::string ValidUtf8(absl::string_view text);

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_UTF8_H_
