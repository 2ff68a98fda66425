// Why a datagram did not advance anything. None is fatal: the datagram is dropped and the session
// goes on.
#ifndef SSP_RECEIVE_PROBLEM_H_
#define SSP_RECEIVE_PROBLEM_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace mosh::ssp {

enum class ReceiveProblem : uint8_t {
  kNone,
  kNotAuthentic,          // not from the peer: count it, show it to nobody
  kMalformedPacket,       // authentic from here on: shorter than its header
  kMalformedFragment,     // no fragment header, or fragments that contradict each other
  kBadCompression,        // not a zlib stream, or one that would unpack to more than 4 MiB
  kMalformedInstruction,  // not an instruction, or one whose state numbers contradict each other
  kVersionMismatch,       // the peer speaks another protocol version
  kBadDiff,               // the state object rejected the diff
  kRefused,               // a bound on kept states was reached; the peer will try again
};

// One line for a log.
absl::string_view Describe(ReceiveProblem problem);

}  // namespace mosh::ssp

#endif  // SSP_RECEIVE_PROBLEM_H_
