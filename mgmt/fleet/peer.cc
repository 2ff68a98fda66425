#include "mgmt/fleet/peer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "io/timer.h"
#include "mgmt/model/mask.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;
using Nanos = std::chrono::nanoseconds;

constexpr Nanos kFirstPause = 500ms, kLongestPause = 30s;
// A stream that held so long was a good one.
constexpr Nanos kGoodStream = 10s;
// For the first message of a stream, connecting and all.
constexpr Nanos kFirstMessage = 10s;
// A node has no more than a part of the loop's time, whatever it tells: so much for each event, in
// the long run.
constexpr Nanos kPriceOfEvent = 100us, kCredit = 2s;

}  // namespace

Peer::Peer(const Context* context, Directory* directory, PeerAddress address)
    : context_(context),
      address_(std::move(address)),
      replica_(directory, address_.node, context->max_sessions),
      lost_at_(context->reactor->Now()) {}

void Peer::SetMeasured(bool wanted) {
  measurements_wanted_ = wanted;
  if (ask_anew_ != nullptr && AsksForMeasurements() != asked_for_measurements_) {
    ask_anew_->RequestStop();
  }
}

io::Task<void> Peer::Run(Instant begin, io::StopToken stop) {
  Nanos pause = kFirstPause;
  if (!(co_await context_->reactor->Sleep(begin, stop)).ok()) co_return;
  while (!stop.stop_requested()) {
    const Instant began = context_->reactor->Now();
    const bool resumed = !replica_.version().empty();
    io::StopSource ask_anew(stop);
    ask_anew_ = &ask_anew;
    const grpc::Status ended = co_await Follow(ask_anew.token());
    ask_anew_ = nullptr;
    if (stop.stop_requested()) break;
    if (ask_anew.stop_requested()) continue;
    if (ended.error_code() == grpc::StatusCode::INVALID_ARGUMENT && !asked_for_measurements_) {
      mask_refused_ = true;
      continue;
    }
    const Instant now = context_->reactor->Now();
    if (state_ == State::kSynced) lost_at_ = now;
    if (ended.error_code() == grpc::StatusCode::OUT_OF_RANGE) {
      replica_.ForgetVersion();
      // Another run of the node's agent, most likely.
      if (resumed) {
        if (state_ == State::kSynced) SetState(State::kConnecting, "");
        continue;
      }
    }
    SetState(State::kUnreachable, ended.error_message());
    ForgetIfTooOld();
    if (now - began >= kGoodStream) pause = kFirstPause;
    // Those who lost the same node don't come back all at once.
    const bool going_on =
        co_await Pause(std::chrono::duration_cast<Nanos>(pause * (0.5 + context_->random())), stop);
    if (!going_on) break;
    pause = std::min(pause * 2, kLongestPause);
  }
  previous_ = nullptr;
}

io::Task<bool> Peer::Pause(Nanos pause, io::StopToken stop) {
  const Instant end = context_->reactor->Now() + pause;
  for (;;) {
    const bool forgets = replica_.count() > 0;
    const Instant wake = forgets ? std::min(end, lost_at_ + kGrace) : end;
    io::Deadline limit(context_->reactor, wake, stop);
    const absl::Status nudged = co_await nudge_.Wait(limit.token());
    if (stop.stop_requested()) co_return false;
    ForgetIfTooOld();
    if (nudged.ok() || context_->reactor->Now() >= end) break;
  }
  nudge_.Reset();
  co_return true;
}

void Peer::ForgetIfTooOld() {
  if (replica_.count() == 0 || context_->reactor->Now() < lost_at_ + kGrace) return;
  replica_.Forget();
  context_->on_change();
}

io::Task<grpc::Status> Peer::Follow(io::StopToken stop) {
  io::Reactor* const reactor = context_->reactor;
  asked_for_measurements_ = AsksForMeasurements();
  fleet::WatchSessionsRequest request;
  request.set_parent(address_.node);
  if (!asked_for_measurements_) {
    measured_ = false;
    *request.mutable_read_mask() = AllButMeasurements();
  } else if (!measured_) {
    // A stream that goes on would tell none of a session that doesn't change.
    replica_.ForgetVersion();
  }
  replica_.Begin();
  request.set_resource_version(replica_.version());
  std::unique_ptr<PeerWatch> watch = context_->calls->Watch(address_, request);
  Instant limit_at = reactor->Now() + kFirstMessage;
  std::vector<std::string> unreachable = replica_.unreachable();
  for (;;) {
    fleet::WatchSessionsResponse response;
    grpc::Status status;
    bool late;
    {
      io::Deadline limit(reactor, limit_at, stop);
      status = co_await watch->Next(&response, limit.token());
      late = limit.expired();
    }
    // It has kept the connection for this one.
    previous_ = nullptr;
    if (stop.stop_requested()) {
      previous_ = std::move(watch);
      co_return status;
    }
    if (!status.ok() && late) {
      co_return grpc::Status(grpc::StatusCode::UNAVAILABLE, "it does not answer");
    }
    if (!status.ok()) co_return status;
    limit_at = Instant::Max();
    const int events = response.events_size();
    replica_.Apply(&response);
    if (!replica_.complaint().empty() && replica_.complaint() != complained_) {
      complained_ = replica_.complaint();
      context_->complain(
          absl::StrCat(address_.node, " at ", address_.endpoint, " tells ", complained_));
    }
    if (replica_.unreachable() != unreachable) {
      unreachable = replica_.unreachable();
      context_->on_change();
    }
    const bool measured = asked_for_measurements_ && replica_.synced();
    if (replica_.synced() && (state_ != State::kSynced || measured != measured_)) {
      measured_ = measured;
      SetState(State::kSynced, "");
    }
    const Instant now = reactor->Now();
    paid_ = std::max(paid_, now - kCredit) + kPriceOfEvent * events;
    if (paid_ <= now) continue;
    const absl::Status slept = co_await reactor->Sleep(paid_, stop);
    if (slept.ok()) continue;
    previous_ = std::move(watch);
    co_return grpc::Status(grpc::StatusCode::CANCELLED, "");
  }
}

void Peer::SetState(State state, std::string problem) {
  problem_ = std::move(problem);
  state_ = state;
  context_->on_change();
}

}  // namespace mosh::mgmt
