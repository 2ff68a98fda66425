// The member functions of Transport; include ssp/transport.h instead.
#ifndef SSP_TRANSPORT_INL_H_
#define SSP_TRANSPORT_INL_H_

#include "ssp/transport.h"

namespace mosh::ssp {

template <LocalState Local, RemoteState Remote>
auto Transport<Local, Remote>::OnDatagram(std::span<uint8_t> datagram, EcnMark ecn, Instant now)
    -> Received {
  const InstructionChannel::Received packet = channel_.OnDatagram(datagram, ecn, now);
  Received result{
      .authentic = packet.authentic, .newest = packet.newest, .problem = packet.problem};
  if (packet.instruction) OnInstruction(*packet.instruction, packet.newest, now, result);
  if (packet.authentic) UpdatePath(now);
  return result;
}

template <LocalState Local, RemoteState Remote>
void Transport<Local, Remote>::UpdatePath(Instant now) {
  std::optional<double> outgoing;
  if (peer_capabilities_.Has(Capability::kLossReports)) {
    outgoing = peer_loss_rate_;
    // At first both ends know little; a path that loses one way usually loses the other way too.
    if (channel_.losses().young()) outgoing = std::max(*outgoing, channel_.IncomingLossRate());
  }
  sender_.OnPathUpdate({.incoming_losses = channel_.losses().lost(),
                        .incoming_loss_rate = channel_.IncomingLossRate(),
                        .outgoing_loss_rate = outgoing,
                        .untried = channel_.losses().untried(),
                        .late_acks = capabilities_.Has(Capability::kLongAckDelay) &&
                                     peer_capabilities_.Has(Capability::kLongAckDelay)},
                       now, channel_.path());
}

template <LocalState Local, RemoteState Remote>
void Transport<Local, Remote>::OnInstruction(const InstructionView& instruction, bool newest,
                                             Instant now, Received& result) {
  if (instruction.incarnation != incarnation_) {
    if (!IsFromSuccessor(instruction, newest)) {
      ++channel_.mutable_stats().other_incarnations;
      return;
    }
    BeginAnew(instruction.incarnation, now, result);
  }
  if (!instruction.capabilities.empty()) peer_capabilities_ = instruction.capabilities;
  if (newest) peer_loss_rate_ = instruction.incoming_loss / 100.0;
  if (newest && instruction.predictions) peer_predictions_ = instruction.predictions;
  sender_.OnAck(instruction.ack_num, now);
  last_ack_of_send_at_ = sender_.acked_sent_at();
  const bool has_data = !instruction.diff.empty();
  switch (receiver_.OnInstruction(instruction, now)) {
    case ReceiveOutcome::kNewest:
      if (has_data) ++channel_.mutable_stats().states_received;
      result.new_remote_state = true;
      result.heartbeat = !has_data && instruction.new_num != kShutdownNum;
      last_new_state_at_ = now;
      sender_.OnRemoteState(instruction.new_num, has_data, now, channel_.path());
      break;
    case ReceiveOutcome::kDuplicate:
      // The peer repeats what is here already: our acknowledgement got lost. A replayed or doubled
      // datagram proves nothing of the kind.
      ++channel_.mutable_stats().duplicates;
      if (newest && instruction.new_num == receiver_.newest_num()) {
        sender_.OnRepeatedState(instruction.new_num, has_data, now, channel_.path());
      }
      break;
    case ReceiveOutcome::kLate:
      if (has_data) ++channel_.mutable_stats().states_received;
      break;
    case ReceiveOutcome::kUnknownBase:
      ++channel_.mutable_stats().unknown_bases;
      break;
    case ReceiveOutcome::kContradictory:
      ++channel_.mutable_stats().malformed;
      result.problem = ReceiveProblem::kMalformedInstruction;
      break;
    case ReceiveOutcome::kBadDiff:
      ++channel_.mutable_stats().malformed;
      result.problem = ReceiveProblem::kBadDiff;
      break;
    case ReceiveOutcome::kRefused:
      ++channel_.mutable_stats().refused_states;
      result.problem = ReceiveProblem::kRefused;
      break;
  }
}

template <LocalState Local, RemoteState Remote>
bool Transport<Local, Remote>::IsFromSuccessor(const InstructionView& instruction,
                                               bool newest) const {
  // A client that said goodbye has no successor.
  return beginning_.has_value() && newest && instruction.incarnation > incarnation_ &&
         !counterparty_shutdown();
}

template <LocalState Local, RemoteState Remote>
void Transport<Local, Remote>::BeginAnew(uint64_t incarnation, Instant now, Received& result) {
  incarnation_ = incarnation;
  peer_capabilities_ = Capabilities();
  peer_loss_rate_ = 0;
  peer_predictions_.reset();
  last_ack_of_send_at_.reset();
  result.left_behind = receiver_.newest();
  channel_.OnPeerReplaced();
  const bool shutting_down = sender_.shutdown_in_progress();
  sender_ = Sender<Local>(beginning_->config, kMaxDiffBytes, beginning_->local, now);
  receiver_ = Receiver<Remote>(beginning_->config, beginning_->remote);
  if (shutting_down) sender_.StartShutdown(now);
}

template <LocalState Local, RemoteState Remote>
Instant Transport<Local, Remote>::NextDeadline() const {
  if (!fatal_.ok()) return Instant::Max();
  if (!has_peer_) return sender_.ShutdownGivesUpAt(channel_.path());
  return sender_.NextDeadline(channel_.path());
}

template <LocalState Local, RemoteState Remote>
absl::Status Transport<Local, Remote>::OnDeadline(Instant now, Local& live, DatagramSink& sink) {
  if (!fatal_.ok()) return fatal_;
  if (now < NextDeadline()) return absl::OkStatus();
  if (!has_peer_) {
    sender_.GiveUp();  // the only deadline there is
    return absl::OkStatus();
  }
  const StateNum before_poll = sender_.last_num();
  std::optional<InstructionView> outgoing = sender_.Poll(now, live, channel_.path());
  if (!outgoing) return absl::OkStatus();
  const bool new_state = outgoing->new_num > before_poll && !outgoing->diff.empty();
  if (new_state) ++channel_.mutable_stats().states_sent;
  // Every instruction up to the first acknowledgement says it, so who acknowledges any has read it.
  if (sender_.acked_num() == StateNum{0}) outgoing->capabilities = capabilities_;
  outgoing->incarnation = incarnation_;
  if (peer_capabilities_.Has(Capability::kLossReports)) {
    outgoing->incoming_loss = static_cast<uint32_t>(std::ceil(channel_.IncomingLossRate() * 100));
  }
  if (predictions_ && peer_capabilities_.Has(Capability::kPredictionReports) &&
      sender_.acked_num() < predictions_known_at_) {
    outgoing->predictions = predictions_;
  }
  const Stats::Direction before = channel_.stats().sent;
  fatal_ = channel_.Send(*outgoing, now, sink);
  if (sender_.last_was_copy()) {
    constexpr size_t kHeaders = 28;  // of IP and UDP
    const Stats::Direction after = channel_.stats().sent;
    sender_.OnCopySent(after.bytes - before.bytes + kHeaders * (after.datagrams - before.datagrams),
                       now);
  }
  return fatal_;
}

template <LocalState Local, RemoteState Remote>
Stats Transport<Local, Remote>::stats() const {
  Stats stats = channel_.stats();
  stats.retransmissions = sender_.retransmissions();
  stats.redundant_copies = sender_.redundant_copies();
  stats.unsendable_diffs = sender_.unsendable_diffs();
  return stats;
}

}  // namespace mosh::ssp

#endif  // SSP_TRANSPORT_INL_H_
