#include "mgmt/agent/recordings.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/time_util.h"
#include "io/attributes.h"
#include "io/timer.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/limits.h"
#include "mgmt/model/fingerprint.h"
#include "mgmt/model/page.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::util::TimeUtil;

constexpr int kMaxRunning = 64;
constexpr int kMaxDownloads = 16;
constexpr int64_t kMinBytes = 64 * 1024;
constexpr int64_t kDefaultBytes = 256 * 1024 * 1024;
constexpr int64_t kDefaultSeconds = 86'400;
constexpr int64_t kMaxSeconds = 31 * 86'400;
constexpr size_t kMaxTitleBytes = 200;
constexpr std::chrono::milliseconds kInterval{50};
constexpr size_t kPart = 256 * 1024;
// Less than what gRPC's clients take by default, which is 4 MiB.
constexpr size_t kMaxListBytes = 3'500'000;

// Of the limits in a request, or what they are without.
grpc::Status TakeLimits(const fleet::StartRecordingRequest& request, fleet::Recording* wanted) {
  wanted->set_max_bytes(request.max_bytes() == 0 ? kDefaultBytes : request.max_bytes());
  if (wanted->max_bytes() < kMinBytes) {
    return InvalidField(reason::kInvalidArgument, "max_bytes", "must be at least 65,536");
  }
  google::protobuf::Duration* const duration = wanted->mutable_max_duration();
  duration->set_seconds(kDefaultSeconds);
  if (request.has_max_duration()) *duration = request.max_duration();
  if (duration->seconds() < 0 || duration->nanos() < 0 || duration->nanos() > 999'999'999 ||
      duration->seconds() + (duration->nanos() > 0) < 1 || duration->seconds() >= kMaxSeconds) {
    return InvalidField(reason::kInvalidArgument, "max_duration",
                        "must be more than nothing and less than 31 days");
  }
  return grpc::Status::OK;
}

grpc::Status NoneKept(absl::string_view why) {
  return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kRecordingsUnavailable, why);
}

// Of what the store says.
grpc::Status StoreAnswer(const absl::Status& status) {
  const absl::string_view message = status.message();
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return grpc::Status::OK;
    case absl::StatusCode::kCancelled:
      return AgentStopping("");
    case absl::StatusCode::kFailedPrecondition:
      return NoneKept(message);
    case absl::StatusCode::kResourceExhausted:
      return LimitExceeded(message, std::chrono::minutes(1));
    default:
      return ApiError(grpc::StatusCode::INTERNAL, reason::kInternal, message);
  }
}

grpc::Status StillRunning(absl::string_view name, absl::string_view hint) {
  return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kRecordingRunning,
                  absl::StrCat(name, " is still being made", hint));
}

// One more while it lives.
class Counted {
 public:
  explicit Counted(int* count) : count_(count) { ++*count_; }
  ~Counted() { --*count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  int* const count_;
};

}  // namespace

MOSH_CORO_WRAPPER Recordings::Done Recordings::StartRecording(
    Call* call, const fleet::StartRecordingRequest* request, fleet::Recording* response) {
  return once_.Run(call, request->session(), request, response, this, &Recordings::Start);
}
MOSH_CORO_WRAPPER Recordings::Done Recordings::StopRecording(
    Call* call, const fleet::StopRecordingRequest* request, fleet::Recording* response) {
  return once_.Run(call, request->name(), request, response, this, &Recordings::Stop);
}
MOSH_CORO_WRAPPER Recordings::Done Recordings::DeleteRecording(
    Call* call, const fleet::DeleteRecordingRequest* request,
    fleet::DeleteRecordingResponse* response) {
  return once_.Run(call, request->name(), request, response, this, &Recordings::Delete);
}

Recordings::Done Recordings::Look() {
  if (context_.store == nullptr) {
    co_return NoneKept("this agent keeps no recordings; see mosh-agent --recordings");
  }
  co_return StoreAnswer(co_await context_.store->Look());
}

Recordings::Access Recordings::AccessTo(const Caller& caller,
                                        const fleet::Recording& recording) const {
  const std::shared_ptr<const Policy> policy = context_.calls->context().policy();
  // By a grant, whoever has that uid now.
  const Verbs rights = policy->RightsOver(caller, std::nullopt, recording.user());
  if (rights.Has(Verb::kRecord) && (!recording.has_input() || rights.Has(Verb::kRecordInput))) {
    return {true, true};
  }
  // The owner of the session, who may keep what he made himself.
  if (!caller.uid || *caller.uid != recording.uid()) return {};
  const bool own = recording.started_by() == caller.name;
  return {own || !recording.quiet(), own};
}

grpc::Status Recordings::Find(Call* call, absl::string_view name, bool to_change,
                              std::string* id) const {
  call->resource = std::string(name);
  const std::string found_id = RecordingIdOf(name);
  if (found_id.empty()) {
    return InvalidField(reason::kInvalidName, "name", "must be nodes/NODE/recordings/RECORDING");
  }
  const fleet::Recording* const found = context_.store->Find(found_id);
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  const std::string node = absl::StrCat("nodes/", parts[1]);
  if (parts[1] != "-" && node != context_.calls->context().directory->node_name()) {
    return context_.calls->Elsewhere(*call, node, RecordingNotFound(name));
  }
  if (found == nullptr || (parts[1] != "-" && found->name() != name)) {
    return RecordingNotFound(name);
  }
  const Access access = AccessTo(*call->caller, *found);
  if (!access.read) {
    call->detail = "hidden from the caller";
    return RecordingNotFound(name);
  }
  call->resource = found->name();
  if (to_change && !access.change) return PermissionDenied(Verb::kRecord, found->name());
  *id = found_id;
  return grpc::Status::OK;
}

grpc::Status Recordings::RoomForAnother() const {
  if (context_.recorder->running() + starting_ >= kMaxRunning) {
    return LimitExceeded("too many recordings are being made", std::chrono::minutes(1));
  }
  if (context_.store->room() < kMinBytes) {
    return LimitExceeded("the directory of recordings is full: delete some",
                         std::chrono::minutes(1));
  }
  return grpc::Status::OK;
}

Recordings::Done Recordings::Start(Call* call, const fleet::StartRecordingRequest* request,
                                   fleet::Recording* response) {
  const grpc::Status looked = co_await Look();
  if (!looked.ok()) co_return looked;
  const Calls::Context& context = context_.calls->context();
  if (request->title().size() > kMaxTitleBytes ||
      std::any_of(request->title().begin(), request->title().end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
    co_return InvalidField(reason::kInvalidArgument, "title", "must be one line of 200 bytes");
  }
  fleet::Recording wanted;
  const grpc::Status limits = TakeLimits(*request, &wanted);
  if (!limits.ok()) co_return limits;
  const Record* record = nullptr;
  const grpc::Status found = context_.calls->Find(call, request->session(), Verb::kRecord, &record);
  if (!found.ok()) co_return found;
  const bool with_input = request->record_input();
  if (with_input) call->detail = "with input";
  if (with_input &&
      !context_.calls->RightsOver(*call->caller, record->owner).Has(Verb::kRecordInput)) {
    co_return PermissionDenied(Verb::kRecordInput, call->resource);
  }
  if (!context_.lasting) {
    co_return NoneKept("an agent that ends with its command can't record; run mosh-agent");
  }
  const std::string id = record->session->session_id();
  const std::string watcher = context_.calls->WatcherName(*call->caller, *record);
  wanted.set_session(record->session->name());
  wanted.set_user(record->session->user());
  wanted.set_uid(record->owner.uid);
  wanted.set_title(request->title());
  wanted.set_reason(request->reason());
  wanted.set_started_by(call->caller->name);
  wanted.set_has_input(with_input);
  wanted.set_quiet(watcher.empty() && call->caller->uid != record->owner.uid);

  const grpc::Status prepared = StoreAnswer(co_await context_.store->PrepareToWrite());
  if (!prepared.ok()) co_return prepared;
  const grpc::Status room = RoomForAnother();
  if (!room.ok() || request->validate_only()) co_return room;
  const Counted counted(&starting_);
  // Nothing is seen before it is on record.
  if (call->recorder != nullptr && !(co_await call->recorder->Begin(call)).ok()) {
    co_return ApiError(grpc::StatusCode::INTERNAL, reason::kInternal,
                       "the audit log can't be written");
  }
  ScreenLink::Terms terms;
  terms.session_id = id;
  terms.interval = kInterval;
  terms.with_input = with_input;
  if (!watcher.empty()) {
    terms.watcher = absl::StrCat(watcher, with_input ? " (recording with input)" : " (recording)");
  }
  absl::StatusOr<std::unique_ptr<ScreenFeed>> feed =
      co_await context.hosts->WatchScreen(std::move(terms), kHostPatience, call->stop);
  if (!feed.ok()) co_return HostAnswer(feed.status(), wanted.session(), "");
  absl::StatusOr<fleet::Recording> started =
      co_await context_.recorder->Start(std::move(wanted), *std::move(feed), call->stop);
  if (!started.ok()) co_return StoreAnswer(started.status());
  *response = *std::move(started);
  call->detail = absl::StrCat(response->name(), with_input ? ", with input" : "");
  co_return grpc::Status::OK;
}

Recordings::Done Recordings::Stop(Call* call, const fleet::StopRecordingRequest* request,
                                  fleet::Recording* response) {
  const grpc::Status looked = co_await Look();
  if (!looked.ok()) co_return looked;
  std::string id;
  const grpc::Status found = Find(call, request->name(), /*to_change=*/true, &id);
  if (!found.ok()) co_return found;
  if (context_.store->Find(id)->state() == fleet::Recording::RECORDING &&
      !request->validate_only()) {
    if (!context_.recorder->IsRunning(id)) {
      co_return StillRunning(call->resource, ", by another agent");
    }
    io::Deadline limit(context_.calls->context().reactor, call->deadline, call->stop);
    const absl::Status stopped = co_await context_.recorder->Stop(
        id, absl::StrCat("stopped by ", call->caller->name), limit.token());
    if (limit.expired()) {
      co_return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "it is being written");
    }
    if (!stopped.ok()) co_return AgentStopping("");
  }
  const fleet::Recording* const recording = context_.store->Find(id);
  if (recording == nullptr) co_return RecordingNotFound(call->resource);
  *response = *recording;
  co_return grpc::Status::OK;
}

Recordings::Done Recordings::Delete(Call* call, const fleet::DeleteRecordingRequest* request,
                                    fleet::DeleteRecordingResponse*) {
  const grpc::Status looked = co_await Look();
  if (!looked.ok()) co_return looked;
  std::string id;
  grpc::Status found = Find(call, request->name(), /*to_change=*/true, &id);
  if (!found.ok()) co_return found;
  const grpc::Status prepared = StoreAnswer(co_await context_.store->PrepareToWrite());
  if (!prepared.ok()) co_return prepared;
  found = Find(call, request->name(), /*to_change=*/true, &id);
  if (!found.ok()) co_return found;
  if (context_.store->Find(id)->state() == fleet::Recording::RECORDING) {
    co_return StillRunning(call->resource, ": stop it first");
  }
  if (request->validate_only()) co_return grpc::Status::OK;
  co_return StoreAnswer(co_await context_.store->Remove(id));
}

Recordings::Done Recordings::ListRecordings(Call* call, const fleet::ListRecordingsRequest* request,
                                            fleet::ListRecordingsResponse* response) {
  call->resource = request->parent();
  const grpc::Status named = context_.calls->CheckOneNode(*call, "parent", request->parent());
  if (!named.ok()) co_return named;
  const absl::StatusOr<int> page_size = PageSize(request->page_size());
  if (!page_size.ok()) {
    co_return InvalidField(reason::kInvalidArgument, "page_size", page_size.status().message());
  }
  const uint64_t fingerprint =
      Fingerprint(absl::StrCat("recordings ", request->parent(), " ", request->session()));
  const absl::StatusOr<std::string> after = ReadPageToken(request->page_token(), fingerprint);
  if (!after.ok()) {
    co_return InvalidField(reason::kInvalidPageToken, "page_token", after.status().message());
  }
  const grpc::Status looked = co_await Look();
  if (!looked.ok()) co_return looked;

  const auto& all = context_.store->all();
  size_t bytes = 0;
  std::string last;
  int32_t total = 0;
  bool full = false;
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    const auto& [id, recording] = *it;
    if (!request->session().empty() && recording.session() != request->session()) continue;
    if (!AccessTo(*call->caller, recording).read) continue;
    ++total;
    if (full || (!after->empty() && id >= *after)) continue;
    if (response->recordings_size() == *page_size || bytes > kMaxListBytes) {
      full = true;
      continue;
    }
    *response->add_recordings() = recording;
    bytes += recording.ByteSizeLong() + 8;
    last = id;
  }
  if (full) response->set_next_page_token(MakePageToken(last, fingerprint));
  response->set_total_size(total);
  co_return grpc::Status::OK;
}

Recordings::Done Recordings::GetRecording(Call* call, const fleet::GetRecordingRequest* request,
                                          fleet::Recording* response) {
  call->resource = request->name();
  const grpc::Status looked = co_await Look();
  if (!looked.ok()) co_return looked;
  std::string id;
  const grpc::Status found = Find(call, request->name(), /*to_change=*/false, &id);
  if (found.ok()) *response = *context_.store->Find(id);
  co_return found;
}

Recordings::Done Recordings::DownloadRecording(Call* call,
                                               const fleet::DownloadRecordingRequest* request,
                                               Sink<fleet::DownloadRecordingResponse>* sink) {
  call->resource = request->name();
  call->reason = request->reason().substr(0, kMaxReasonBytes);
  if (request->reason().size() > kMaxReasonBytes) {
    co_return InvalidField(reason::kInvalidArgument, "reason", "has more than 1,000 bytes");
  }
  const grpc::Status looked = co_await Look();
  if (!looked.ok()) co_return looked;
  std::string id;
  const grpc::Status found = Find(call, request->name(), /*to_change=*/false, &id);
  if (!found.ok()) co_return found;
  fleet::DownloadRecordingResponse head;
  *head.mutable_recording() = *context_.store->Find(id);
  if (head.recording().state() == fleet::Recording::RECORDING) {
    co_return StillRunning(call->resource, ": stop it first");
  }
  const int64_t size = head.recording().size_bytes();
  int64_t offset = request->offset();
  if (offset < 0 || offset > size) {
    co_return ApiError(grpc::StatusCode::OUT_OF_RANGE, reason::kInvalidArgument,
                       absl::StrCat("offset: the recording has ", size, " bytes"))
        .BadField("offset", "is not in the file");
  }
  if (downloads_ >= kMaxDownloads) {
    co_return LimitExceeded("there are too many downloads", std::chrono::seconds(5));
  }
  const Counted counted(&downloads_);
  if (call->recorder != nullptr && !(co_await call->recorder->Begin(call)).ok()) {
    co_return ApiError(grpc::StatusCode::INTERNAL, reason::kInternal,
                       "the audit log can't be written");
  }
  // From here on the file may be deleted; who has begun gets it whole.
  const absl::StatusOr<std::shared_ptr<io::OwnedFd>> fd = co_await context_.store->OpenCast(id);
  if (!fd.ok() && fd.status().code() == absl::StatusCode::kNotFound) {
    co_return RecordingNotFound(call->resource);
  }
  if (!fd.ok()) co_return StoreAnswer(fd.status());
  head.set_offset(offset);
  bool there = co_await sink->Write(std::move(head));
  while (there && offset < size && !call->stop.stop_requested()) {
    if (call->still_known && !call->still_known()) co_return NoLongerKnown();
    const size_t wanted = static_cast<size_t>(std::min<int64_t>(kPart, size - offset));
    absl::StatusOr<std::string> part = co_await context_.store->ReadPart(*fd, offset, wanted);
    if (!part.ok()) co_return StoreAnswer(part.status());
    if (part->size() != wanted) {
      co_return ApiError(grpc::StatusCode::DATA_LOSS, reason::kInternal,
                         "the file is shorter than it was");
    }
    fleet::DownloadRecordingResponse message;
    message.set_offset(offset);
    message.set_data(*std::move(part));
    offset += static_cast<int64_t>(wanted);
    there = co_await sink->Write(std::move(message));
  }
  call->detail = absl::StrCat("bytes ", request->offset(), " to ", offset, " of ", size);
  if (there && offset == size) co_return grpc::Status::OK;
  if ((call->caller_gone && *call->caller_gone) || !call->stop.stop_requested()) {
    co_return grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone");
  }
  co_return AgentStopping("");
}

}  // namespace mosh::mgmt
