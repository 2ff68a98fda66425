#include "ssp/receive_problem.h"

namespace mosh::ssp {

absl::string_view Describe(ReceiveProblem problem) {
  switch (problem) {
    case ReceiveProblem::kNone:
      return "nothing is wrong";
    case ReceiveProblem::kNotAuthentic:
      return "datagram did not authenticate";
    case ReceiveProblem::kMalformedPacket:
      return "authentic datagram is shorter than its header";
    case ReceiveProblem::kMalformedFragment:
      return "fragments contradict each other";
    case ReceiveProblem::kBadCompression:
      return "instruction is not a zlib stream of at most 4 MiB";
    case ReceiveProblem::kMalformedInstruction:
      return "instruction contradicts itself or is no instruction";
    case ReceiveProblem::kVersionMismatch:
      return "peer speaks another protocol version";
    case ReceiveProblem::kBadDiff:
      return "diff does not apply to its base state";
    case ReceiveProblem::kRefused:
      return "too many received states are waiting to be acknowledged";
  }
  return "unknown problem";
}

}  // namespace mosh::ssp
