// Carries whole instructions over sealed datagrams: chaff, protobuf, compression, fragments,
// timestamps, encryption, in this order out and backwards in. It decides nothing about what to send
// or when. Source: docs/spec/transport.md §2-§9.
#ifndef SSP_INSTRUCTION_CHANNEL_H_
#define SSP_INSTRUCTION_CHANNEL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "base/instant.h"
#include "crypto/nonce.h"
#include "crypto/random.h"
#include "crypto/session_cipher.h"
#include "ssp/compression.h"
#include "ssp/fragment_assembler.h"
#include "ssp/fragmenter.h"
#include "ssp/loss_meter.h"
#include "ssp/path.h"
#include "ssp/payload_limit.h"
#include "ssp/receive_problem.h"
#include "ssp/rtt_estimator.h"
#include "ssp/stats.h"
#include "ssp/timestamp_echo.h"
#include "ssp/transport_config.h"
#include "ssp/types.h"
#include "ssp/wire/instruction.h"

namespace mosh::ssp {

class InstructionChannel {
 public:
  // `random` makes the chaff and must outlive the channel.
  InstructionChannel(const TransportConfig& config, crypto::SessionCipher cipher,
                     crypto::RandomSource* random);

  struct Received {
    bool authentic = false;
    bool newest = false;  // later than every datagram before
    ReceiveProblem problem = ReceiveProblem::kNone;
    // Set when this datagram completed an instruction. Its diff is valid until the next OnDatagram.
    std::optional<InstructionView> instruction;
  };
  // Decrypts in place. Only an authentic and newest datagram changes timestamps and the round-trip
  // estimate.
  Received OnDatagram(std::span<uint8_t> datagram, EcnMark ecn, Instant now);

  // Whether OnDatagram() would find it authentic; changes nothing.
  bool Authenticates(std::span<const uint8_t> datagram) { return cipher_.Authenticates(datagram); }

  // Hands the instruction's datagrams to the sink. The diff has at most kMaxDiffBytes. Fails when
  // the key is used up.
  absl::Status Send(const InstructionView& instruction, Instant now, DatagramSink& sink);

  // What the next datagram will have, and the last that any may have (crypto::SessionCipher).
  crypto::SequenceNumber next_sequence() const { return cipher_.next_sequence(); }
  void AllowSequencesUpTo(crypto::SequenceNumber last) { cipher_.AllowSequencesUpTo(last); }

  // The peer is another process from now on: what was measured of the old one means nothing.
  void OnPeerReplaced();
  void OnDatagramTooBig(Instant now);
  void SetAddressFamily(AddressFamily family) { limit_.SetFamily(family); }

  const RttEstimator& rtt() const { return rtt_; }
  Path path() const {
    return {rtt_.send_interval(), rtt_.rto(), rtt_.srtt(), rtt_.latest(), rtt_.has_sample()};
  }
  // Of the peer's datagrams.
  const LossMeter& losses() const { return losses_; }
  // How bad it is lately. Of the last few and of the last few hundred datagrams, whichever share is
  // larger: few of them say little, and a path that lost so many will do so again.
  double IncomingLossRate() const;
  Stats stats() const;
  Stats& mutable_stats() { return stats_; }

 private:
  void OnPacket(std::span<const uint8_t> plaintext, EcnMark ecn, Instant now, Received& result);
  ReceiveProblem OnFragment(std::span<const uint8_t> payload,
                            std::optional<InstructionView>& complete);

  crypto::SessionCipher cipher_;
  crypto::RandomSource* random_;
  std::shared_ptr<Codec> codec_;
  InstructionCodec instructions_;
  Fragmenter fragmenter_;
  FragmentAssembler assembler_;
  PayloadLimit limit_;
  TimestampEcho echo_;
  RttEstimator rtt_;
  LossMeter losses_;
  Stats stats_;
  uint64_t expected_sequence_ = 0;
};

// The largest diff that fits the 4 MiB of an unpacked instruction beside the other fields.
inline constexpr size_t kMaxDiffBytes = kMaxInflated - 256;

}  // namespace mosh::ssp

#endif  // SSP_INSTRUCTION_CHANNEL_H_
