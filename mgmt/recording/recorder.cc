#include "mgmt/recording/recorder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "io/timer.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::util::TimeUtil;

// What is kept free for the last line.
constexpr int64_t kRoomForEnd = 1024;
// Of a message within it.
constexpr size_t kMaxWhy = 100;

}  // namespace

io::Task<void> Recorder::Run(io::StopToken stop) {
  io::Scope scope;
  scope_ = &scope;
  io::Event never;
  (void)co_await never.Wait(stop);
  scope_ = nullptr;
  for (const auto& [id, running] : running_) {
    if (running->why.empty()) running->why = "the agent was stopped";
    running->stop.RequestStop();
  }
  co_await scope.Join();
}

io::Task<absl::StatusOr<fleet::Recording>> Recorder::Start(fleet::Recording wanted,
                                                           std::unique_ptr<ScreenFeed> screen,
                                                           io::StopToken stop) {
  absl::StatusOr<server::control::Frame> first = co_await screen->Next(stop);
  if (!first.ok()) co_return first.status();
  if (scope_ == nullptr) co_return absl::CancelledError("the agent is stopping");
  const Instant begun = reactor_->Now();
  CastWriter cast({.start = store_->Now(), .title = wanted.title()}, *first);
  absl::StatusOr<RecordingStore::Open> open = co_await store_->Create(wanted, cast.header());
  if (!open.ok()) co_return open.status();
  const std::string id = open->id;
  std::shared_ptr<Running> running(new Running{.open = *std::move(open),
                                               .screen = std::move(screen),
                                               .cast = std::move(cast),
                                               .limits = std::move(wanted),
                                               .begun = begun});
  if (scope_ == nullptr) {
    co_await store_->Finish(&running->open, fleet::Recording::FINISHED, "the agent was stopped");
    co_return absl::CancelledError("the agent is stopping");
  }
  running_[id] = running;
  scope_->Spawn(Record(running, *std::move(first)));
  co_return *store_->Find(id);
}

io::Task<absl::Status> Recorder::Stop(std::string id, std::string why, io::StopToken stop) {
  const auto found = running_.find(id);
  if (found == running_.end()) co_return absl::OkStatus();
  const std::shared_ptr<Running> running = found->second;
  if (running->why.empty()) running->why = std::move(why);
  running->stop.RequestStop();
  const absl::Status waited = co_await running->done.Wait(stop);
  co_return waited;
}

io::Task<void> Recorder::Record(std::shared_ptr<Running> running, server::control::Frame first) {
  End end = co_await WriteFrames(running.get(), std::move(first));
  // The connection to the Host ends here, and with it what the session's users are shown.
  running->screen.reset();
  const std::string last =
      running->cast.End(end.why.substr(0, kMaxWhy), reactor_->Now() - running->begun);
  if (end.state == fleet::Recording::FINISHED) {
    (void)co_await store_->Append(&running->open, last, 0);
  }
  const std::string id = running->open.id;
  co_await store_->Finish(&running->open, end.state, std::move(end.why));
  const fleet::Recording* const ended = store_->Find(id);
  const bool failed = ended == nullptr || ended->state() == fleet::Recording::FAILED;
  ++(failed ? counts_.failed : counts_.finished);
  running_.erase(id);
  running->done.Set();
}

io::Task<Recorder::End> Recorder::WriteFrames(Running* running, server::control::Frame frame) {
  const std::chrono::nanoseconds patience(
      TimeUtil::DurationToNanoseconds(running->limits.max_duration()));
  io::Deadline limit(reactor_, running->begun + patience, running->stop.token());
  const int64_t max_bytes = running->limits.max_bytes() - kRoomForEnd;
  for (;;) {
    std::string lines = running->cast.Add(frame, reactor_->Now() - running->begun);
    const int64_t size = static_cast<int64_t>(lines.size());
    if (running->open.file->size() + size > max_bytes) {
      co_return End{.why = "it has reached its largest size"};
    }
    if (store_->room() < size + kRoomForEnd) {
      co_return End{.why = "the directory of recordings is full"};
    }
    const int frames = frame.has_ansi() ? 1 : 0;
    const absl::Status written = co_await store_->Append(&running->open, std::move(lines), frames);
    if (!written.ok()) {
      co_return End{fleet::Recording::FAILED, std::string(written.message())};
    }
    counts_.bytes += size;
    absl::StatusOr<server::control::Frame> next = co_await running->screen->Next(limit.token());
    if (!next.ok()) co_return EndOf(next.status(), *running, limit.expired());
    frame = *std::move(next);
  }
}

Recorder::End Recorder::EndOf(const absl::Status& status, const Running& running, bool expired) {
  if (expired) return {.why = "it has reached its longest time"};
  if (running.stop.stop_requested()) return {.why = running.why};
  if (status.code() == absl::StatusCode::kNotFound) return {.why = "the session has ended"};
  if (status.code() == absl::StatusCode::kUnavailable) {
    return {.why = "the session's server is gone"};
  }
  return {fleet::Recording::FAILED, absl::StrCat("the session's server told nonsense: ",
                                                 absl::string_view(status.message()))};
}

}  // namespace mosh::mgmt
