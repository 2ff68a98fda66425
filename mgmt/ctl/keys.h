// Keys from the bytes that a terminal sends. Pure.
#ifndef MGMT_CTL_KEYS_H_
#define MGMT_CTL_KEYS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosh::mgmt::ctl {

struct Key {
  enum Kind {
    kText,
    kEnter,
    kEscape,
    kBackspace,
    kInterrupt,
    kUp,
    kDown,
    kLeft,
    kRight,
    kPageUp,
    kPageDown,
    kHome,
    kEnd
  };
  Kind kind = kText;
  std::string text;  // of kText: one character
  friend bool operator==(const Key&, const Key&) = default;
};

// Of bytes that were read at once: an ESC at their end is the key. What is no key is left out.
std::vector<Key> DecodeKeys(absl::string_view bytes);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_KEYS_H_
