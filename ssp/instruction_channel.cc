#include "ssp/instruction_channel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "ssp/wire/fragment.h"
#include "ssp/wire/packet.h"

namespace mosh::ssp {
namespace {

// Everything around a slice of instruction (spec §4.2).
constexpr size_t kOverhead = crypto::kOverhead + kPacketHeaderSize + kFragmentHeaderSize;

// Each process of a client has fragment ids of its own, so that its fragments never complete
// those that an earlier one left at the server.
constexpr int kIncarnationShift = 40;

}  // namespace

InstructionChannel::InstructionChannel(const TransportConfig& config, crypto::SessionCipher cipher,
                                       crypto::RandomSource* random)
    : cipher_(std::move(cipher)),
      random_(random),
      codec_(config.codec ? config.codec : std::make_shared<Codec>()),
      fragmenter_({config.incarnation << kIncarnationShift}),
      limit_(config.family) {
  CHECK(random_ != nullptr);
}

InstructionChannel::Received InstructionChannel::OnDatagram(std::span<uint8_t> datagram,
                                                            EcnMark ecn, Instant now) {
  Received result;
  const size_t size = datagram.size();
  const auto opened = cipher_.Open(datagram);
  if (!opened.ok()) {
    ++stats_.auth_failures;
    result.problem = ReceiveProblem::kNotAuthentic;
    return result;
  }
  result.authentic = true;
  ++stats_.received.datagrams;
  stats_.received.bytes += size;
  const uint64_t sequence = opened->sequence.value;
  losses_.OnReceived(sequence);
  result.newest = sequence >= expected_sequence_;
  if (result.newest) {
    expected_sequence_ = sequence + 1;
  } else {
    ++stats_.out_of_order;
  }
  OnPacket(opened->plaintext, ecn, now, result);
  if (result.problem != ReceiveProblem::kNone) ++stats_.malformed;
  return result;
}

void InstructionChannel::OnPacket(std::span<const uint8_t> plaintext, EcnMark ecn, Instant now,
                                  Received& result) {
  const std::optional<Packet> packet = DecodePacket(plaintext);
  if (!packet) {
    result.problem = ReceiveProblem::kMalformedPacket;
    return;
  }
  if (result.newest) {
    if (ecn == EcnMark::kCongestion) ++stats_.congestion_marks;
    echo_.OnReceived(packet->timestamp, ecn, now);
    if (!packet->reply.is_none()) rtt_.AddSample(Timestamp16::At(now).Since(packet->reply));
  }
  result.problem = OnFragment(packet->payload, result.instruction);
}

ReceiveProblem InstructionChannel::OnFragment(std::span<const uint8_t> payload,
                                              std::optional<InstructionView>& complete) {
  const std::optional<Fragment> fragment = DecodeFragment(payload);
  if (!fragment) return ReceiveProblem::kMalformedFragment;
  const FragmentAssembler::Result assembled = assembler_.Add(*fragment);
  switch (assembled.outcome) {
    case FragmentAssembler::Outcome::kIncomplete:
      return ReceiveProblem::kNone;
    case FragmentAssembler::Outcome::kContradiction:
      return ReceiveProblem::kMalformedFragment;
    case FragmentAssembler::Outcome::kComplete:
      break;
  }
  const auto unpacked = codec_->Decompress(assembled.instruction);
  if (!unpacked) return ReceiveProblem::kBadCompression;
  InstructionView instruction;
  switch (instructions_.Decode(*unpacked, &instruction)) {
    case InstructionCodec::Decoded::kMalformed:
      return ReceiveProblem::kMalformedInstruction;
    case InstructionCodec::Decoded::kVersionMismatch:
      return ReceiveProblem::kVersionMismatch;
    case InstructionCodec::Decoded::kOk:
      break;
  }
  ++stats_.received.instructions;
  if (instruction.diff.empty()) ++stats_.received.empty_acks;
  complete = instruction;
  return ReceiveProblem::kNone;
}

absl::Status InstructionChannel::Send(const InstructionView& instruction, Instant now,
                                      DatagramSink& sink) {
  CHECK(instruction.diff.size() <= kMaxDiffBytes);
  std::array<uint8_t, 1 + kMaxChaff> noise;
  random_->Fill(noise);
  const auto chaff = std::span<const uint8_t>(noise).subspan(1, noise[0] % (kMaxChaff + 1));

  const size_t slice_limit = limit_.At(now) - kOverhead;
  const FragmentId id = fragmenter_.IdFor(instruction, chaff, slice_limit);
  const auto compressed = codec_->Compress(instructions_.Encode(instruction, chaff));
  ++stats_.sent.instructions;
  if (instruction.diff.empty()) ++stats_.sent.empty_acks;

  absl::Status status;
  Fragmenter::Cut(id, compressed, slice_limit, [&](const Fragment& fragment) {
    if (!status.ok()) return;
    std::array<uint8_t, PayloadLimit::kIpv4> buffer;
    const auto datagram = std::span<uint8_t>(buffer).first(kOverhead + fragment.slice.size());
    const auto packet = datagram.subspan<crypto::kNonceSize, kPacketHeaderSize>();
    const auto header =
        datagram.subspan<crypto::kNonceSize + kPacketHeaderSize, kFragmentHeaderSize>();
    EncodePacketHeader(Timestamp16::At(now), echo_.Take(now), packet);
    EncodeFragmentHeader(fragment, header);
    std::copy(fragment.slice.begin(), fragment.slice.end(), header.end());
    status = cipher_.Seal(datagram);
    if (!status.ok()) return;
    ++stats_.sent.datagrams;
    stats_.sent.bytes += datagram.size();
    sink.Send(datagram);
  });
  return status;
}

void InstructionChannel::OnPeerReplaced() {
  rtt_ = RttEstimator();
  losses_ = LossMeter();
}

void InstructionChannel::OnDatagramTooBig(Instant now) {
  ++stats_.too_big;
  limit_.OnTooBig(now);
}

double InstructionChannel::IncomingLossRate() const {
  return std::max(losses_.rate(), losses_.long_rate());
}

Stats InstructionChannel::stats() const {
  Stats stats = stats_;
  stats.lost_incoming = losses_.lost();
  stats.incoming_loss_rate = losses_.rate();
  return stats;
}

}  // namespace mosh::ssp
