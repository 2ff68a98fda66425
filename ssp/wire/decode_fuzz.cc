// Any plaintext: packet, fragment, instruction. Whatever decodes must encode to something that
// decodes to the same.
#include "base/check.h"
#include "ssp/wire/fragment.h"
#include "ssp/wire/instruction.h"
#include "ssp/wire/packet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mosh::ssp;
  const auto packet = DecodePacket({data, size});
  if (!packet) return 0;
  const auto fragment = DecodeFragment(packet->payload);
  if (!fragment) return 0;
  uint8_t header[kFragmentHeaderSize];
  EncodeFragmentHeader(*fragment, header);
  CHECK(std::equal(header, header + sizeof(header), packet->payload.begin()));
  InstructionCodec codec;
  InstructionView view;
  if (codec.Decode(fragment->slice, &view) != InstructionCodec::Decoded::kOk) return 0;
  const auto encoded = codec.Encode(view, {});
  const std::string diff(view.diff.data(), view.diff.size());
  InstructionView again;
  CHECK(codec.Decode(encoded, &again) == InstructionCodec::Decoded::kOk);
  CHECK(again.diff == diff);
  CHECK(again.new_num == view.new_num);
  CHECK(again.capabilities == view.capabilities);
  CHECK(again.incoming_loss == view.incoming_loss);
  CHECK(again.incarnation == view.incarnation);
  CHECK(again.predictions == view.predictions);
  return 0;
}
