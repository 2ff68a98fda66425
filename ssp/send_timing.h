// When the next instruction is due, as far as no sent state needs looking at: collecting changes,
// pacing, delayed acknowledgement, heartbeat. Retransmission is SentLog's, shutting down
// ShutdownTimer's. Source: docs/spec/transport.md §11.4, §11.5, with the collection and pacing of
// TransportConfig in place of stock's fixed ones.
//
// Answers are instants; Instant::Max() means never. Pure: a timer table, no callbacks.
#ifndef SSP_SEND_TIMING_H_
#define SSP_SEND_TIMING_H_

#include <chrono>

#include "base/instant.h"
#include "ssp/pacer.h"
#include "ssp/path.h"
#include "ssp/transport_config.h"
#include "ssp/types.h"

namespace mosh::ssp {

class SendTiming {
 public:
  static constexpr std::chrono::milliseconds kDelayedAck{100};  // data is acknowledged so late
  static constexpr std::chrono::milliseconds kMostSlack{12};  // or so much later, see OnRemoteData

  // A background change waits so long for something to ride with, and until all credits are back,
  // so that it takes none from what somebody waits for.
  static constexpr std::chrono::milliseconds kBackgroundWait{40};

  // A first send is due at once.
  SendTiming(const TransportConfig& config, Instant now);

  // The local object may have changed.
  void OnLocalChange(Instant now, ChangeHint hint);
  // It was looked at, and all of it has been sent.
  void OnAllSent();
  // There is more to send, and it has waited long enough.
  void OnHeldBack(Instant now) { change_due_ = now; }
  // Nobody waits for any of it.
  bool background() const { return background_; }
  bool change_pending() const { return change_due_ != Instant::Max(); }

  // Data of the peer's came: acknowledge it after `delay`, or with whatever is sent before. The
  // peer waits for that plus its RTO; where that leaves room, a little more delay lets more
  // acknowledgements ride on the next key.
  void OnRemoteData(Instant now, std::chrono::nanoseconds delay, const Path& path);
  // Data is still to be acknowledged.
  bool ack_pending() const { return delayed_ack_due_ != Instant::Max(); }
  // The peer said that it is there, and no more: a heartbeat that is due soon goes along.
  void OnPeerHeartbeat(Instant now);
  // The peer needs an answer, for it has no other way to learn something: as soon as pacing allows.
  void OnAnswerWanted(Instant now);

  // An instruction left, with an acknowledgement as every instruction.
  void OnSent(Instant now, const Path& path);
  // The same for one that pacing doesn't count.
  void OnCopySent(Instant now);

  // When the pending change is due: collected and paced.
  Instant ChangeDue(const Path& path) const;
  // When a wanted answer is due: paced.
  Instant AnswerDue(const Path& path) const;
  // When to send even without a change: heartbeat, delayed acknowledgement or answer.
  Instant AckDue(const Path& path) const;
  // When pacing allows an instruction.
  Instant ReadyAt(const Path& path) const { return pacer_.ReadyAt(path.frame_interval); }

 private:
  CollectionPolicy collection_;
  HeartbeatPolicy heartbeat_;
  Pacer pacer_;

  Instant change_due_ = Instant::Max();  // end of collection; Max: nothing pending
  Instant first_change_;                 // of the pending ones
  Instant last_change_;
  bool background_ = false;  // of the pending ones all are kBackground
  bool changed_before_ = false;
  // Whether the last isolated change was soon followed by another: an application that writes its
  // echo in pieces. Waiting for the rest then saves a datagram for little time.
  bool echo_comes_in_pieces_ = false;
  bool left_alone_ = false;  // an isolated change was let go, and nothing has followed it yet

  Instant heartbeat_due_;
  Instant delayed_ack_due_ = Instant::Max();
  Instant answer_due_ = Instant::Max();
};

}  // namespace mosh::ssp

#endif  // SSP_SEND_TIMING_H_
