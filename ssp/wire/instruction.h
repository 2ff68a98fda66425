// The instruction: "from state old_num you get new_num by this diff; I have ack_num of yours;
// forget mine before throwaway_num". Source: docs/spec/transport.md §9.1. Encoding and decoding
// only, as protobuf, uncompressed.
//
// The codec reuses its memory, so that a steady exchange allocates nothing; keep one per
// connection. Unknown fields are ignored. Fields of our own are in docs/extensions.md.
#ifndef SSP_WIRE_INSTRUCTION_H_
#define SSP_WIRE_INSTRUCTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/strings/string_view.h"
#include "ssp/capabilities.h"
#include "ssp/predictions.h"
#include "ssp/types.h"

namespace mosh::ssp {

namespace wire {
class InstructionMessage;
}

inline constexpr uint32_t kProtocolVersion = 2;
inline constexpr size_t kMaxChaff = 16;

struct InstructionView {
  StateNum old_num;
  StateNum new_num;
  StateNum ack_num;
  StateNum throwaway_num;
  absl::string_view diff;
  Capabilities capabilities;   // announced; empty: nothing is said about them
  uint32_t incoming_loss = 0;  // per cent of the receiver's datagrams that don't arrive
  uint64_t incarnation = 0;    // of the client's process; 0: the session's first, as all of stock's
  std::optional<Predictions> predictions;  // of the client; nothing: nothing is said about them
};

class InstructionCodec {
 public:
  InstructionCodec();
  ~InstructionCodec();
  InstructionCodec(InstructionCodec&&) noexcept;
  InstructionCodec& operator=(InstructionCodec&&) noexcept;

  // Valid until the next Encode. `chaff` blurs the length (spec §8).
  std::span<const uint8_t> Encode(const InstructionView& instruction,
                                  std::span<const uint8_t> chaff);

  enum class Decoded : uint8_t { kOk, kMalformed, kVersionMismatch };
  // On kOk `out` is filled; its diff is valid until the next Decode.
  Decoded Decode(std::span<const uint8_t> bytes, InstructionView* out);

 private:
  std::unique_ptr<wire::InstructionMessage> outgoing_;
  std::unique_ptr<wire::InstructionMessage> incoming_;
  std::string encoded_;
};

}  // namespace mosh::ssp

#endif  // SSP_WIRE_INSTRUCTION_H_
