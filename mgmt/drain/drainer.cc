#include "mgmt/drain/drainer.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "google/rpc/status.pb.h"
#include "io/timer.h"
#include "mgmt/agent/run_some.h"
#include "mgmt/drain/countdown.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;
using google::protobuf::util::TimeUtil;
using std::chrono::nanoseconds;

// How often it is looked whether sessions are left.
constexpr nanoseconds kLook = 500ms;
// For goodbyes, and then for what is ended by force.
constexpr nanoseconds kGoodbyePatience = 10s;
constexpr nanoseconds kForcePatience = 5s;
// For all notices, or requests to end, together.
constexpr nanoseconds kNoticePatience = 10s;
constexpr nanoseconds kEndPatience = 30s;
// Who was to be ended while no agent ran has so long after it is there again.
constexpr absl::Duration kAfterResuming = absl::Seconds(30);
// Hosts that are asked at the same time.
constexpr int kConcurrency = 64;
// "The drain was called off" stays so long.
constexpr int kRelief_s = 10;

google::protobuf::Timestamp ToMessage(absl::Time time) {
  return TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}
absl::Time FromMessage(const google::protobuf::Timestamp& time) {
  return absl::FromUnixMicros(TimeUtil::TimestampToMicroseconds(time));
}

std::string Closed(const fleet::DrainNodeMetadata& drain) {
  return drain.message().empty() ? "this machine is being drained"
                                 : absl::StrCat("this machine is being drained. ", drain.message());
}

control::Request Notice(const std::string& id, absl::string_view text, std::chrono::seconds time) {
  control::Request request;
  request.mutable_notify()->set_session_id(id);
  request.mutable_notify()->set_text(std::string(text));
  request.mutable_notify()->set_seconds(static_cast<uint32_t>(time.count()));
  return request;
}

}  // namespace

int Drainer::Left() const {
  return static_cast<int>(context_.directory->size()) + context_.world->Unreachable();
}

void Drainer::SetState(fleet::Node::State state, absl::Time since) {
  state_ = state;
  state_time_ = since;
  if (on_state_change_ != nullptr) on_state_change_(state, since);
}

io::Task<void> Drainer::Load() {
  const fleet::Operation* newest = nullptr;
  for (const auto& [id, operation] : context_.operations->all()) {
    fleet::DrainNodeMetadata drain;
    // The newest, but one that goes on comes before all: clocks are set back, too.
    if (!operation.metadata().UnpackTo(&drain)) continue;
    if (newest != nullptr && !newest->done() && operation.done()) continue;
    newest = &operation;
    operation_id_ = id;
    drain_ = drain;
  }
  const absl::Time now = context_.wall_clock();
  const bool closed = context_.admission->now().closed.has_value();
  if (newest != nullptr && !newest->done()) {
    running_ = true;
    resumed_ = true;
    context_.admission->SetClosed(Closed(drain_));
    SetState(fleet::Node::DRAINING, FromMessage(drain_.start_time()));
    wake_.Set();
    co_await context_.world->Note(
        absl::StrCat("goes on with ", context_.operations->NameOf(operation_id_)));
  } else if (closed && newest != nullptr && newest->has_error()) {
    // The agent ended between the two steps of a cancellation.
    operation_id_.clear();
    context_.admission->SetClosed(std::nullopt);
    SetState(fleet::Node::READY, now);
  } else if (closed) {
    SetState(fleet::Node::DRAINED, newest != nullptr ? FromMessage(drain_.end_time()) : now);
  } else {
    operation_id_.clear();
    SetState(fleet::Node::READY, now);
  }
}

io::Task<absl::StatusOr<fleet::Operation>> Drainer::Start(Terms terms) {
  if (running_ || starting_) {
    co_return absl::FailedPreconditionError(absl::StrCat(
        "this node is being drained already: ", context_.operations->NameOf(operation_id_)));
  }
  starting_ = true;
  const absl::Time now = context_.wall_clock();
  fleet::DrainNodeMetadata drain;
  drain.set_state(fleet::DrainNodeMetadata::WAITING);
  *drain.mutable_start_time() = ToMessage(now);
  *drain.mutable_deadline() = ToMessage(now + absl::FromChrono(terms.grace));
  drain.set_at_end(terms.at_end);
  drain.set_message(terms.message);
  drain.set_reason(terms.reason);
  drain.set_started_by(terms.started_by);
  drain.set_initial_session_count(Left());
  drain.set_session_count(Left());
  fleet::Operation operation;
  operation.mutable_metadata()->PackFrom(drain);
  const std::string id = Operations::NewId(now);
  const std::string before = operation_id_;
  const std::optional<std::string> closed_before = context_.admission->now().closed;
  operation_id_ = id;
  // First that it is to be done, then the door: whatever happens in between, the next agent goes
  // on with it.
  absl::Status written = co_await context_.operations->Put(id, operation);
  if (written.ok()) {
    context_.admission->SetClosed(Closed(drain));
    written = co_await context_.admission->Write();
  }
  starting_ = false;
  if (!written.ok()) {
    operation_id_ = before;
    context_.admission->SetClosed(closed_before);
    co_await context_.operations->Drop(id);
    co_return absl::InternalError(
        absl::StrCat("nothing was done: ", absl::string_view(written.message())));
  }
  drain_ = std::move(drain);
  resumed_ = false;
  running_ = true;
  SetState(fleet::Node::DRAINING, now);
  wake_.Set();
  co_return Describe(*context_.operations->Find(id));
}

io::Task<absl::Status> Drainer::Undrain(std::string by, io::StopToken stop) {
  if (running_) {
    cancelled_by_ = std::move(by);
    if (cancel_ != nullptr) cancel_->RequestStop();
    finished_.Reset();
    const absl::Status waited = co_await finished_.Wait(stop);
    if (!waited.ok()) co_return waited;
    // One that was just about to end has done so.
    if (state_ == fleet::Node::READY) co_return absl::OkStatus();
  }
  if (starting_) co_return absl::FailedPreconditionError("a drain is just beginning; try again");
  if (state_ == fleet::Node::READY) co_return absl::OkStatus();
  const std::optional<std::string> before = context_.admission->now().closed;
  context_.admission->SetClosed(std::nullopt);
  const absl::Status written = co_await context_.admission->Write();
  if (!written.ok()) {
    context_.admission->SetClosed(before);
    co_return absl::InternalError(written.message());
  }
  operation_id_.clear();
  SetState(fleet::Node::READY, context_.wall_clock());
  co_return absl::OkStatus();
}

fleet::Operation Drainer::Describe(const fleet::Operation& operation) const {
  fleet::Operation now = operation;
  fleet::DrainNodeMetadata drain;
  if (operation.done() || !operation.metadata().UnpackTo(&drain)) return now;
  drain.set_session_count(Left());
  now.mutable_metadata()->PackFrom(drain);
  return now;
}

io::Task<void> Drainer::Save() {
  fleet::Operation operation;
  operation.mutable_metadata()->PackFrom(drain_);
  // If it can't be written it is done once more after the agent's next start: no harm.
  (void)co_await context_.operations->Put(operation_id_, std::move(operation));
}

io::Task<void> Drainer::Run(io::StopToken stop) {
  while (!stop.stop_requested()) {
    const absl::Status woken = co_await wake_.Wait(stop);
    if (!woken.ok()) co_return;
    wake_.Reset();
    if (running_) co_await Drain(stop);
  }
}

io::Task<void> Drainer::Drain(io::StopToken stop) {
  io::StopSource source(stop);
  const io::StopToken either = source.token();
  if (!cancelled_by_.empty()) source.RequestStop();
  cancel_ = &source;
  // The wall clock only says how much was left when it was read; what it does meanwhile is its own
  // affair.
  const absl::Duration left = FromMessage(drain_.deadline()) - context_.wall_clock();
  const absl::Duration whole = FromMessage(drain_.deadline()) - FromMessage(drain_.start_time());
  const absl::Duration least = resumed_ ? std::min(whole, kAfterResuming) : absl::ZeroDuration();
  const Instant end = context_.reactor->Now() + absl::ToChronoNanoseconds(std::min(
                                                    std::max(left, least), std::max(whole, least)));
  if (drain_.state() == fleet::DrainNodeMetadata::WAITING) co_await WaitForUsers(end, either);
  if (!either.stop_requested()) {
    // As of now; by a drain that goes on after a restart, as of then.
    if (drain_.state() == fleet::DrainNodeMetadata::WAITING) drain_.set_session_count(Left());
    const int to_end = drain_.session_count();
    if (drain_.at_end() == fleet::TERMINATE && Left() > 0) {
      drain_.set_state(fleet::DrainNodeMetadata::ENDING);
      co_await Save();
      co_await EndSessions(either);
    }
    if (!either.stop_requested()) {
      fleet::DrainNodeResponse response;
      response.set_left_count(Left());
      response.set_terminated_count(std::max(0, to_end - Left()));
      response.set_ended_count(std::max(0, drain_.initial_session_count() - to_end));
      if (drain_.at_end() != fleet::TERMINATE) response.set_terminated_count(0);
      fleet::Operation operation;
      operation.mutable_response()->PackFrom(response);
      co_await Finish(std::move(operation));
    }
  }
  if (running_ && !cancelled_by_.empty()) {
    fleet::Operation operation;
    operation.mutable_error()->set_code(1);  // CANCELLED
    operation.mutable_error()->set_message(absl::StrCat("cancelled by ", cancelled_by_));
    co_await Finish(std::move(operation));
    Question relief = [](const std::string& id) {
      return Notice(id, "The draining of this machine was called off: this session goes on.",
                    std::chrono::seconds(kRelief_s));
    };
    co_await TellAll(std::move(relief), kNoticePatience, stop);
  }
  cancel_ = nullptr;
}

io::Task<void> Drainer::WaitForUsers(Instant end, io::StopToken stop) {
  io::Reactor* const reactor = context_.reactor;
  Instant next_notice = reactor->Now();
  while (!stop.stop_requested() && Left() > 0 && reactor->Now() < end) {
    if (reactor->Now() >= next_notice) {
      const nanoseconds left = end - reactor->Now();
      const DrainNotice notice = NoticeAt(left, drain_.at_end(), drain_.message());
      next_notice = end - NextNoticeAt(left);
      Question warning = [notice](const std::string& id) {
        return Notice(id, notice.text, notice.show_for);
      };
      co_await TellAll(std::move(warning), kNoticePatience, stop);
    }
    const Instant next = std::min({end, next_notice, reactor->Now() + kLook});
    (void)co_await reactor->Sleep(next, stop);
  }
}

io::Task<void> Drainer::EndSessions(io::StopToken stop) {
  // First politely.
  for (int force = 0; force < 2; ++force) {
    Question end = [force](const std::string& id) {
      control::Request request;
      request.mutable_terminate()->set_session_id(id);
      request.mutable_terminate()->set_at_once(force != 0);
      return request;
    };
    co_await TellAll(std::move(end), kEndPatience, stop);
    const nanoseconds patience = force != 0 ? kForcePatience : kGoodbyePatience;
    const bool empty = co_await WaitUntilEmpty(patience, stop);
    if (empty || stop.stop_requested()) co_return;
  }
}

io::Task<bool> Drainer::WaitUntilEmpty(nanoseconds patience, io::StopToken stop) {
  const Instant end = context_.reactor->Now() + patience;
  while (Left() > 0 && context_.reactor->Now() < end && !stop.stop_requested()) {
    const Instant next = std::min(end, context_.reactor->Now() + kLook / 5);
    (void)co_await context_.reactor->Sleep(next, stop);
  }
  co_return Left() == 0;
}

io::Task<void> Drainer::TellAll(Question make, nanoseconds patience, io::StopToken stop) {
  io::Deadline limit(context_.reactor, context_.reactor->Now() + patience, stop);
  std::vector<io::Task<absl::Status>> tasks;
  for (const auto& [name, record] : context_.directory->records()) {
    const std::string& id = record->session->session_id();
    tasks.push_back(context_.world->Ask(id, make(id), limit.token()));
  }
  co_await RunSome(std::move(tasks), kConcurrency);
}

io::Task<void> Drainer::Finish(fleet::Operation operation) {
  const absl::Time now = context_.wall_clock();
  const bool cancelled = operation.has_error();
  drain_.set_state(fleet::DrainNodeMetadata::ENDED);
  drain_.set_session_count(Left());
  *drain_.mutable_end_time() = ToMessage(now);
  operation.set_done(true);
  operation.mutable_metadata()->PackFrom(drain_);
  const std::string id = operation_id_;
  fleet::DrainNodeResponse response;
  operation.response().UnpackTo(&response);
  const std::string outcome =
      cancelled
          ? "cancelled"
          : absl::StrCat(response.ended_count(), " sessions ended, ", response.terminated_count(),
                         " were terminated, ", response.left_count(), " are left");
  // The operation first: to the next agent one that is cancelled says that the door is to be open.
  (void)co_await context_.operations->Put(id, std::move(operation));
  bool opened = false;
  if (cancelled) {
    context_.admission->SetClosed(std::nullopt);
    const absl::Status written = co_await context_.admission->Write();
    opened = written.ok();
    if (!opened) context_.admission->SetClosed(Closed(drain_));
  }
  if (opened) operation_id_.clear();
  running_ = false;
  cancelled_by_.clear();
  SetState(opened ? fleet::Node::READY : fleet::Node::DRAINED, now);
  finished_.Set();
  co_await context_.world->Note(
      absl::StrCat(context_.operations->NameOf(id), " has ended: ", outcome));
}

}  // namespace mosh::mgmt
