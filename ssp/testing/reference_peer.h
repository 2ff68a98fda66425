// A peer that follows docs/spec/transport.md §10-§11 to the letter, as a stock one does: fixed
// collection time, strict frame interval, the walk that stops at the first old entry. Tests talk to
// it to see that ours gets along with stock and to compare delays and datagram counts on equal
// networks. It also watches what it receives and ends the test where a stock peer would be
// confused: one number with two contents, a base that was already given up.
//
// It has the interface of Transport as far as testing/pair.h uses it. Lower layers are shared with
// the real one.
#ifndef SSP_TESTING_REFERENCE_PEER_H_
#define SSP_TESTING_REFERENCE_PEER_H_

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/instant.h"
#include "crypto/random.h"
#include "crypto/session_cipher.h"
#include "ssp/instruction_channel.h"
#include "ssp/transport_config.h"
#include "ssp/types.h"

namespace mosh::ssp {

template <class Local, class Remote>
class ReferencePeer {
 public:
  // The collection time is the client's if the configuration collects nothing, else the server's.
  ReferencePeer(const TransportConfig& config, crypto::SessionCipher cipher,
                crypto::RandomSource* random, Local local, Remote remote, Instant now)
      : channel_(config, std::move(cipher), random),
        mindelay_(std::chrono::milliseconds(config.collection.at_most.count() == 0 ? 1 : 8)),
        now_(now),
        next_ack_(now),
        next_send_(now) {
    sent_.push_back({now, 0, std::move(local)});
    received_.push_back({0, std::move(remote)});
  }

  struct Received {
    bool authentic = false, newest = false, new_remote_state = false;
  };
  Received OnDatagram(std::span<uint8_t> datagram, EcnMark ecn, Instant now) {
    now_ = now;
    const auto packet = channel_.OnDatagram(datagram, ecn, now);
    Received result{packet.authentic, packet.newest, false};
    if (!packet.authentic) return result;
    CHECK(packet.problem == ReceiveProblem::kNone);
    if (packet.instruction) result.new_remote_state = OnInstruction(*packet.instruction);
    CalculateTimers();
    return result;
  }

  const Remote& remote() const { return received_.back().second; }
  StateNum remote_num() const { return {received_.back().first}; }
  void AcceptRemote() {
    const Remote oldest = received_.front().second;
    for (auto it = received_.rbegin(); it != received_.rend(); ++it) it->second.Subtract(oldest);
  }

  void OnLocalChange(Instant now, ChangeHint = ChangeHint::kBulk) {
    now_ = now;
    dirty_ = true;
    CalculateTimers();
  }
  void SetHasPeer(bool has_peer) { has_peer_ = has_peer; }
  Instant NextDeadline() const {
    return has_peer_ ? std::min(next_ack_, next_send_) : Instant::Max();
  }

  absl::Status OnDeadline(Instant now, Local& live, DatagramSink& sink) {
    now_ = now;
    if (!shutdown_) dirty_ = !(live == sent_.back().state);
    Rationalise(live);
    CalculateTimers();
    if (now < NextDeadline()) return absl::OkStatus();
    std::string diff = live.DiffFrom(sent_[assumed_].state);
    if (assumed_ != 0) {
      std::string from_known = live.DiffFrom(sent_[0].state);
      if (from_known.size() <= diff.size() ||
          (from_known.size() < 1000 && from_known.size() < diff.size() + 100)) {
        assumed_ = 0;
        diff = std::move(from_known);
      }
    }
    mindelay_start_.reset();
    if (diff.empty()) {
      if (now >= next_ack_) return SendEmptyAck(live, sink);
      next_send_ = Instant::Max();
      dirty_ = false;
      return absl::OkStatus();
    }
    return SendData(live, diff, sink);
  }

  void StartShutdown(Instant now) {
    now_ = now;
    if (!shutdown_) shutdown_started_ = now;
    shutdown_ = true;
    CalculateTimers();
  }
  bool shutdown_acknowledged() const { return sent_.front().num == kShutdownNum.value; }
  bool ShutdownTimedOut(Instant now) const {
    return shutdown_tries_ >= 16 || now - shutdown_started_ >= std::chrono::seconds(10);
  }
  bool counterparty_shutdown() const { return remote_num() == kShutdownNum; }
  bool shutdown_ack_sent() const { return shutdown_answered_; }
  Stats stats() const { return channel_.stats(); }
  std::chrono::nanoseconds send_interval() const { return channel_.rtt().send_interval(); }

 private:
  struct Sent {
    Instant time;
    uint64_t num;
    Local state;
  };

  bool OnInstruction(const InstructionView& in) {
    OnAck(in.ack_num.value);
    Watch(in);
    const auto same = [](uint64_t num) { return [num](const auto& r) { return r.first == num; }; };
    if (std::any_of(received_.begin(), received_.end(), same(in.new_num.value))) return false;
    const auto base = std::find_if(received_.begin(), received_.end(), same(in.old_num.value));
    if (base == received_.end()) return false;
    CHECK(in.throwaway_num <= in.old_num);
    Remote state = base->second;
    if (!in.diff.empty()) CHECK(state.Apply(in.diff).ok());
    while (received_.front().first < in.throwaway_num.value) received_.pop_front();
    if (received_.size() > 1024) return false;
    const auto place = std::find_if(received_.begin(), received_.end(),
                                    [&](const auto& r) { return r.first > in.new_num.value; });
    const bool newest = place == received_.end();
    received_.insert(place, {in.new_num.value, std::move(state)});
    if (!newest) return false;
    ack_num_ = in.new_num;
    last_heard_ = now_;
    if (!in.diff.empty()) pending_data_ack_ = true;
    return true;
  }

  // What a stock sender never does.
  void Watch(const InstructionView& in) {
    if (in.old_num == in.new_num) return;
    const std::pair<uint64_t, uint64_t> key(in.old_num.value, in.new_num.value);
    const auto [seen, fresh] = diffs_.emplace(key, std::string(in.diff.data(), in.diff.size()));
    if (!fresh) CHECK(seen->second == std::string(in.diff.data(), in.diff.size()));
    while (diffs_.size() > 4096) diffs_.erase(diffs_.begin());
  }

  void OnAck(uint64_t num) {
    const auto acked = std::find_if(sent_.begin(), sent_.end(),
                                    [num](const Sent& sent) { return sent.num == num; });
    if (acked != sent_.end()) sent_.erase(sent_.begin(), acked);
    if (assumed_ >= sent_.size()) assumed_ = sent_.size() - 1;
  }

  std::chrono::milliseconds Stale() const {
    return channel_.rtt().rto() + std::chrono::milliseconds(100);
  }

  void CalculateTimers() {
    const Instant now = now_;
    const auto interval = channel_.rtt().send_interval();
    assumed_ = 0;
    for (size_t i = 1; i < sent_.size() && now - sent_[i].time < Stale(); ++i) assumed_ = i;
    if (pending_data_ack_ && next_ack_ > now + std::chrono::milliseconds(100)) {
      next_ack_ = now + std::chrono::milliseconds(100);
    }
    const Instant last = sent_.back().time;
    const bool heard = last_heard_ && *last_heard_ + std::chrono::seconds(10) > now;
    const Local& current = sent_.back().state;
    if (dirty_) {
      if (!mindelay_start_) mindelay_start_ = now;
      next_send_ = std::max(*mindelay_start_ + mindelay_, last + interval);
    } else if (heard && !(current == sent_[assumed_].state)) {
      next_send_ = last + interval;
      if (mindelay_start_) next_send_ = std::max(next_send_, *mindelay_start_ + mindelay_);
    } else if (heard && !(current == sent_.front().state)) {
      next_send_ = last + Stale();
    } else {
      next_send_ = Instant::Max();
    }
    if (shutdown_ || ack_num_ == kShutdownNum) next_ack_ = last + interval;
  }

  void Rationalise(Local& live) {
    const Local known = sent_.front().state;
    live.Subtract(known);
    for (auto it = sent_.rbegin(); it != sent_.rend(); ++it) it->state.Subtract(known);
  }

  absl::Status SendData(const Local& live, const std::string& diff, DatagramSink& sink) {
    uint64_t num = live == sent_.back().state ? sent_.back().num : sent_.back().num + 1;
    if (shutdown_) num = kShutdownNum.value;
    const uint64_t old = sent_[assumed_].num;
    if (num == sent_.back().num) {
      sent_.back().time = now_;
    } else {
      Append(num, live);
    }
    return Send(old, num, diff, sink);
  }

  absl::Status SendEmptyAck(const Local& live, DatagramSink& sink) {
    const uint64_t num = shutdown_ ? kShutdownNum.value : sent_.back().num + 1;
    const uint64_t old = sent_[assumed_].num;
    if (num == sent_.back().num) {
      sent_.back().time = now_;
    } else {
      Append(num, live);
    }
    return Send(old, num, "", sink);
  }

  void Append(uint64_t num, const Local& live) {
    sent_.push_back({now_, num, live});
    if (sent_.size() > 32) sent_.erase(sent_.end() - 16);
  }

  absl::Status Send(uint64_t old, uint64_t num, const std::string& diff, DatagramSink& sink) {
    assumed_ = sent_.size() - 1;
    next_ack_ = now_ + std::chrono::seconds(3);
    next_send_ = Instant::Max();
    dirty_ = false;
    pending_data_ack_ = false;
    shutdown_tries_ += shutdown_;
    shutdown_answered_ |= ack_num_ == kShutdownNum;
    const absl::Status status = channel_.Send({.old_num = {old},
                                               .new_num = {num},
                                               .ack_num = ack_num_,
                                               .throwaway_num = {sent_.front().num},
                                               .diff = diff},
                                              now_, sink);
    CalculateTimers();
    return status;
  }

  InstructionChannel channel_;
  std::chrono::milliseconds mindelay_;
  Instant now_;
  std::deque<Sent> sent_;
  size_t assumed_ = 0;
  std::deque<std::pair<uint64_t, Remote>> received_;
  StateNum ack_num_{0};
  bool pending_data_ack_ = false;
  bool dirty_ = false;
  bool has_peer_ = true;
  Instant next_ack_, next_send_;
  std::optional<Instant> mindelay_start_, last_heard_;
  bool shutdown_ = false;
  Instant shutdown_started_;
  int shutdown_tries_ = 0;
  bool shutdown_answered_ = false;
  std::map<std::pair<uint64_t, uint64_t>, std::string> diffs_;
};

}  // namespace mosh::ssp

#endif  // SSP_TESTING_REFERENCE_PEER_H_
