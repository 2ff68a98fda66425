#include "ssp/wire/instruction.h"

#include <algorithm>

#include "base/check.h"
#include "ssp/wire/instruction.pb.h"

namespace mosh::ssp {
namespace {

// A field reserved for one large diff is not kept for the small ones that follow.
constexpr size_t kKeepCapacity = size_t{64} << 10;

void Trim(std::string* buffer) {
  if (buffer->capacity() > kKeepCapacity) std::string().swap(*buffer);
}

}  // namespace

InstructionCodec::InstructionCodec()
    : outgoing_(std::make_unique<wire::InstructionMessage>()),
      incoming_(std::make_unique<wire::InstructionMessage>()) {}
InstructionCodec::~InstructionCodec() = default;
InstructionCodec::InstructionCodec(InstructionCodec&&) noexcept = default;
InstructionCodec& InstructionCodec::operator=(InstructionCodec&&) noexcept = default;

std::span<const uint8_t> InstructionCodec::Encode(const InstructionView& instruction,
                                                  std::span<const uint8_t> chaff) {
  CHECK(chaff.size() <= kMaxChaff);
  Trim(outgoing_->mutable_diff());
  Trim(&encoded_);
  outgoing_->set_protocol_version(kProtocolVersion);
  outgoing_->set_old_num(instruction.old_num.value);
  outgoing_->set_new_num(instruction.new_num.value);
  outgoing_->set_ack_num(instruction.ack_num.value);
  outgoing_->set_throwaway_num(instruction.throwaway_num.value);
  outgoing_->mutable_diff()->assign(instruction.diff.data(), instruction.diff.size());
  outgoing_->mutable_chaff()->assign(reinterpret_cast<const char*>(chaff.data()), chaff.size());
  outgoing_->clear_capabilities();
  if (!instruction.capabilities.empty()) {
    outgoing_->set_capabilities(instruction.capabilities.wire());
  }
  outgoing_->clear_incoming_loss();
  if (instruction.incoming_loss > 0) outgoing_->set_incoming_loss(instruction.incoming_loss);
  outgoing_->clear_incarnation();
  if (instruction.incarnation != 0) outgoing_->set_incarnation(instruction.incarnation);
  outgoing_->clear_predictions();
  if (instruction.predictions) {
    outgoing_->mutable_predictions()->set_shown(instruction.predictions->shown);
    outgoing_->mutable_predictions()->set_correct(instruction.predictions->correct);
    outgoing_->mutable_predictions()->set_wrong(instruction.predictions->wrong);
  }
  encoded_.resize(outgoing_->ByteSizeLong());
  CHECK(outgoing_->SerializeToArray(encoded_.data(), static_cast<int>(encoded_.size())));
  return {reinterpret_cast<const uint8_t*>(encoded_.data()), encoded_.size()};
}

InstructionCodec::Decoded InstructionCodec::Decode(std::span<const uint8_t> bytes,
                                                   InstructionView* out) {
  Trim(incoming_->mutable_diff());
  Trim(incoming_->mutable_chaff());
  if (!incoming_->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Decoded::kMalformed;
  }
  // A missing version reads as 0.
  if (incoming_->protocol_version() != kProtocolVersion) return Decoded::kVersionMismatch;
  const std::string& diff = incoming_->diff();
  *out = {.old_num = {incoming_->old_num()},
          .new_num = {incoming_->new_num()},
          .ack_num = {incoming_->ack_num()},
          .throwaway_num = {incoming_->throwaway_num()},
          .diff = absl::string_view(diff.data(), diff.size()),
          .capabilities = Capabilities::FromWire(incoming_->capabilities()),
          .incoming_loss = std::min<uint32_t>(incoming_->incoming_loss(), 100),
          .incarnation = incoming_->incarnation(),
          .predictions = std::nullopt};
  if (incoming_->has_predictions()) {
    const wire::PredictionsMessage& told = incoming_->predictions();
    out->predictions = {.shown = told.shown(), .correct = told.correct(), .wrong = told.wrong()};
  }
  return Decoded::kOk;
}

}  // namespace mosh::ssp
