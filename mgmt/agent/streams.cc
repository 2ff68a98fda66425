#include "mgmt/agent/streams.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "io/timer.h"
#include "mgmt/agent/errors.h"
#include "mgmt/model/watch.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::util::TimeUtil;

// A message of a watch has at most so many events; each is some hundred bytes.
constexpr size_t kMaxEvents = 500;
constexpr size_t kMaxBatchBytes = 512 * 1024;
// How often a watch looks for Hosts of this node that don't answer. Nodes tell of themselves.
constexpr std::chrono::seconds kLookForUnreachable{1};
constexpr int kAuditBatch = 200;
constexpr int kDefaultAuditCount = 100;
constexpr std::chrono::milliseconds kMinScreenInterval{10};
constexpr std::chrono::milliseconds kDefaultScreenInterval{50};
constexpr std::chrono::milliseconds kMaxScreenInterval = std::chrono::hours(1);

// Put behind a WatchSessionsResponse, it is part of it.
std::string UnreachableMessage(const std::vector<std::string>& names) {
  fleet::WatchSessionsResponse message;
  fleet::Unreachable* const unreachable = message.mutable_unreachable();
  for (const std::string& name : names) unreachable->add_names(name);
  return message.SerializeAsString();
}

}  // namespace

class Streams::Interest {
 public:
  Interest(bool wanted, int* count, std::function<void(bool)> tell)
      : count_(wanted ? count : nullptr), tell_(std::move(tell)) {
    if (count_ != nullptr && ++*count_ == 1) tell_(true);
  }
  ~Interest() {
    if (count_ != nullptr && --*count_ == 0) tell_(false);
  }
  Interest(const Interest&) = delete;
  Interest& operator=(const Interest&) = delete;

 private:
  int* const count_;
  const std::function<void(bool)> tell_;
};

void Streams::CountStreams() {
  if (metrics_ != nullptr) metrics_->SetStreams(watchers_.taken(), screens_.taken());
}

grpc::Status Streams::Stopped(const Call& call, absl::string_view resource_version) const {
  // A write may fail before gRPC says that the caller is gone.
  if ((call.caller_gone && *call.caller_gone) || !call.stop.stop_requested()) {
    return grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone");
  }
  return AgentStopping(resource_version);
}

io::Task<void> Streams::Run(io::StopToken stop) {
  io::Reactor* const reactor = calls_->context().reactor;
  FleetSessions* const fleet = calls_->context().fleet;
  calls_->context().directory->SetOnChange([this] { changed_.Set(); }, this);
  if (fleet != nullptr) fleet->SetOnChange([this] { changed_.Set(); });
  Instant next;
  while ((co_await changed_.Wait(stop)).ok()) {
    // At once after a while without changes.
    if (!(co_await reactor->Sleep(std::max(next, reactor->Now()), stop)).ok()) break;
    changed_.Reset();
    next = reactor->Now() + kFlushInterval;
    ++flushes_;
    flush_.Set();
    flush_.Reset();
  }
  calls_->context().directory->SetOnChange(nullptr, this);
  if (fleet != nullptr) fleet->SetOnChange(nullptr);
}

Streams::Done Streams::WatchSessions(Call* call, const fleet::WatchSessionsRequest* request,
                                     Sink<std::string>* sink) {
  const Calls::Context& context = calls_->context();
  call->resource = request->parent();
  View view;
  const grpc::Status named = calls_->ChooseView(*call, "parent", request->parent(), &view);
  if (!named.ok()) co_return named;
  Watch::Terms terms;
  absl::StatusOr<Filter> filter = Filter::Compile(request->filter());
  if (!filter.ok()) {
    co_return InvalidField(reason::kInvalidFilter, "filter", filter.status().message());
  }
  terms.filter = *std::move(filter);
  absl::StatusOr<ReadMask> mask = ReadMask::Parse(request->read_mask());
  if (!mask.ok()) {
    co_return InvalidField(reason::kInvalidFieldMask, "read_mask", mask.status().message());
  }
  terms.mask = *std::move(mask);
  const std::shared_ptr<const Policy> policy = context.policy();
  terms.visible = calls_->VisibleTo(call->caller);
  terms.prefix = view.prefix;
  const Place place(&watchers_, call->caller->name);
  if (!place.taken()) {
    co_return LimitExceeded("there are too many watchers", std::chrono::seconds(5));
  }
  const bool usage = terms.mask.wants_usage() || terms.filter.needs_usage();
  if (usage) co_await context.usage->Refresh();
  const Interest fresh(terms.mask.wants_measurements(), &fresh_watchers_,
                       [&context](bool wanted) { context.hosts->KeepFresh(wanted); });
  view.detail =
      DetailFor(terms.mask.wants_measurements() || terms.filter.needs_measurements());
  co_await calls_->OpenView(call, &view);
  absl::StatusOr<Watch> watch =
      Watch::Begin(view.directory, std::move(terms), request->resource_version());
  if (!watch.ok() && watch.status().code() == absl::StatusCode::kOutOfRange) {
    co_return ApiError(grpc::StatusCode::OUT_OF_RANGE, reason::kVersionTooOld,
                       absl::string_view(watch.status().message()));
  }
  if (!watch.ok()) {
    co_return InvalidField(reason::kInvalidArgument, "resource_version", watch.status().message());
  }

  Instant told_at = context.reactor->Now();
  std::optional<std::vector<std::string>> unreachable;  // as it was told
  uint64_t looked_version = 0;
  Instant looked_at;
  for (;;) {
    if (call->stop.stop_requested()) co_return Stopped(*call, watch->resource_version());
    if (call->still_known && !call->still_known()) co_return NoLongerKnown();
    // Sessions that he may not see any more, and those that he may now, don't change by that.
    if (context.policy() != policy) {
      co_return ApiError(grpc::StatusCode::OUT_OF_RANGE, reason::kVersionTooOld,
                         "there is a new policy; watch anew");
    }
    const uint64_t flush = flushes_;
    if (usage) co_await context.usage->Refresh();
    absl::StatusOr<Watch::Batch> batch = watch->Next(kMaxEvents, kMaxBatchBytes);
    if (!batch.ok()) {
      co_return ApiError(grpc::StatusCode::OUT_OF_RANGE, reason::kVersionTooOld,
                         absl::string_view(batch.status().message()));
    }
    if (batch->empty() && told_at + kBookmarkInterval <= context.reactor->Now()) {
      *batch = watch->Bookmark();
      told_at = context.reactor->Now();
    }
    const uint64_t version = view.fleet ? context.fleet->unreachable_version() : 0;
    if (!unreachable || version != looked_version ||
        context.reactor->Now() >= looked_at + kLookForUnreachable) {
      looked_at = context.reactor->Now();
      looked_version = version;
      std::vector<std::string> names = calls_->Unreachable(*call, view);
      if (unreachable != names) {
        unreachable = std::move(names);
        batch->response += UnreachableMessage(*unreachable);
      }
    }
    if (!batch->response.empty()) {
      const bool full = batch->events >= kMaxEvents || batch->response.size() >= kMaxBatchBytes;
      if (!co_await sink->Write(std::move(batch->response))) {
        co_return Stopped(*call, watch->resource_version());
      }
      told_at = context.reactor->Now();
      if (full) continue;
    }
    // What happened while it was being written.
    if (flush != flushes_) continue;
    io::Deadline bookmark(context.reactor, told_at + kBookmarkInterval, call->stop);
    (void)co_await flush_.Wait(bookmark.token());
  }
}

Streams::Done Streams::StreamScreen(Call* call, const fleet::StreamScreenRequest* request,
                                    Sink<fleet::ScreenFrame>* sink) {
  const Calls::Context& context = calls_->context();
  call->resource = request->name();
  call->reason = request->reason().substr(0, kMaxReasonBytes);
  if (request->reason().size() > kMaxReasonBytes) {
    co_return InvalidField(reason::kInvalidArgument, "reason", "has more than 1,000 bytes");
  }
  std::chrono::milliseconds interval = kDefaultScreenInterval;
  if (request->has_min_interval()) {
    interval = std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(request->min_interval()));
    if (interval < kMinScreenInterval || interval > kMaxScreenInterval) {
      co_return InvalidField(reason::kInvalidArgument, "min_interval",
                             "must be at least 10 ms, at most an hour");
    }
  }
  const Record* record = nullptr;
  grpc::Status found = calls_->Find(call, request->name(), Verb::kScreen, &record);
  if (!found.ok()) co_return found;
  const Place place(&screens_, call->caller->name);
  if (!place.taken()) {
    co_return LimitExceeded("there are too many who watch screens", std::chrono::seconds(5));
  }
  const std::string id = record->session->session_id();
  const std::string name = record->session->name();
  ScreenLink::Terms terms;
  terms.session_id = id;
  terms.interval = interval;
  terms.watcher = calls_->WatcherName(*call->caller, *record);
  // Nothing is seen before it is on record.
  if (call->recorder != nullptr && !(co_await call->recorder->Begin(call)).ok()) {
    co_return ApiError(grpc::StatusCode::INTERNAL, reason::kInternal,
                       "the audit log can't be written");
  }
  const Instant begun = context.reactor->Now();
  absl::StatusOr<std::unique_ptr<ScreenFeed>> feed =
      co_await context.hosts->WatchScreen(std::move(terms), kHostPatience, call->stop);
  std::shared_ptr<const Policy> policy = context.policy();
  absl::Status status = feed.status();
  uint64_t frames = 0;
  grpc::Status end;
  while (status.ok()) {
    absl::StatusOr<control::Frame> frame = co_await (*feed)->Next(call->stop);
    status = frame.status();
    if (!status.ok()) break;
    if (policy != context.policy()) {
      policy = context.policy();
      end = calls_->Find(call, name, Verb::kScreen, &record);
      if (!end.ok()) break;
    }
    if (call->still_known && !call->still_known()) {
      end = NoLongerKnown();
      break;
    }
    fleet::ScreenFrame message;
    *message.mutable_time() = TimeUtil::MicrosecondsToTimestamp(frame->at());
    message.mutable_size()->set_columns(static_cast<int32_t>(frame->size().columns()));
    message.mutable_size()->set_rows(static_cast<int32_t>(frame->size().rows()));
    message.set_restart(frame->restart());
    message.set_ansi(frame->ansi());
    ++frames;
    if (!co_await sink->Write(std::move(message))) status = absl::CancelledError("");
  }
  const std::chrono::duration<double> lasted = context.reactor->Now() - begun;
  call->detail =
      absl::StrCat("ended after ", static_cast<int64_t>(lasted.count()), " s, ", frames, " frames");
  if (!end.ok()) co_return end;
  if (call->stop.stop_requested() || status.code() == absl::StatusCode::kCancelled) {
    co_return Stopped(*call, "");
  }
  // Its Host went with it.
  if (status.code() == absl::StatusCode::kUnavailable && context.directory->Find(id) == nullptr) {
    co_return SessionNotFound(name);
  }
  co_return HostAnswer(status, name, "");
}

Streams::Done Streams::TailAudit(Call* call, const fleet::TailAuditRequest* request,
                                 Sink<fleet::AuditEntry>* sink) {
  call->resource = request->parent();
  const grpc::Status named = calls_->CheckOneNode(*call, "parent", request->parent());
  if (!named.ok()) co_return named;
  const auto allowed = [this, call] {
    return calls_->context().policy()->RightsOverNode(*call->caller).Has(Verb::kAudit);
  };
  if (!allowed()) {
    co_return PermissionDenied(Verb::kAudit, calls_->context().directory->node_name());
  }
  if (request->start_sequence() < 0 || request->count() < 0) {
    co_return InvalidField(reason::kInvalidArgument,
                           request->count() < 0 ? "count" : "start_sequence",
                           "must not be negative");
  }
  if (!audit_->enabled()) {
    co_return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kNoAuditLog,
                       "no audit log is kept on this node; see mosh-agent --audit-log");
  }
  const Place place(&watchers_, call->caller->name);
  if (!place.taken()) {
    co_return LimitExceeded("there are too many watchers", std::chrono::seconds(5));
  }
  int64_t next = request->start_sequence();
  // Of those there are; what follows is not counted.
  int64_t left = request->count();
  if (next == 0) {
    if (left == 0) left = kDefaultAuditCount;
    next = std::max<int64_t>(1, audit_->last_sequence() - left + 1);
  }
  const bool limited = left > 0 && !request->follow();
  for (;;) {
    if (call->stop.stop_requested()) co_return Stopped(*call, "");
    if (!allowed()) {
      co_return PermissionDenied(Verb::kAudit, calls_->context().directory->node_name());
    }
    if (call->still_known && !call->still_known()) co_return NoLongerKnown();
    const int wanted =
        limited ? static_cast<int>(std::min<int64_t>(left, kAuditBatch)) : kAuditBatch;
    const auto entries = co_await audit_->Read(next, wanted);
    if (!entries.ok()) {
      co_return ApiError(grpc::StatusCode::DATA_LOSS, reason::kInternal,
                         absl::string_view(entries.status().message()));
    }
    for (fleet::AuditEntry entry : *entries) {
      next = entry.sequence() + 1;
      entry.set_node(calls_->context().directory->node_name());
      const bool there = co_await sink->Write(std::move(entry));
      if (!there) co_return Stopped(*call, "");
    }
    left -= static_cast<int64_t>(entries->size());
    if (limited && left <= 0) co_return grpc::Status::OK;
    if (!entries->empty()) continue;
    if (!request->follow()) co_return grpc::Status::OK;
    (void)co_await audit_->WaitForMoreThan(next - 1, call->stop);
  }
}

}  // namespace mosh::mgmt
