#include "mgmt/recording/recording_store.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::util::TimeUtil;

// "20261129-174500-1a2b3c4d"
std::string NewId(absl::Time now) {
  std::random_device random;
  return absl::StrCat(absl::FormatTime("%Y%m%d-%H%M%S", now, absl::UTCTimeZone()), "-",
                      absl::Hex(random(), absl::kZeroPad8));
}

}  // namespace

template <class T>
io::Task<T> RecordingStore::Run(std::function<T()> job) {
  if (context_.worker == nullptr) co_return job();
  co_return co_await context_.worker->Run<T>(std::move(job));
}

io::Task<absl::Status> RecordingStore::Load(bool lock) {
  struct Loaded {
    absl::Status status;
    bool locked = false;
    std::vector<fleet::Recording> recordings;
    std::vector<std::string> problems;
  };
  io::Task<Loaded> work = Run<Loaded>([this, lock, now = context_.wall_clock()] {
    Loaded result;
    if (lock) result.status = directory_.Lock();
    if (!result.status.ok()) return result;
    result.locked = directory_.locked();
    absl::StatusOr<std::vector<fleet::Recording>> read =
        directory_.Read(context_.node, now, &result.problems);
    result.status = read.status();
    if (read.ok()) result.recordings = *std::move(read);
    return result;
  });
  Loaded loaded = co_await std::move(work);
  if (!loaded.status.ok()) co_return loaded.status;
  // Two that load at the same time: the first may have begun a recording meanwhile.
  if (locked_) co_return absl::OkStatus();
  locked_ = loaded.locked;
  problems_ = std::move(loaded.problems);
  all_.clear();
  bytes_ = 0;
  for (fleet::Recording& recording : loaded.recordings) {
    bytes_ += recording.size_bytes();
    std::string id = RecordingIdOf(recording.name());
    all_.insert_or_assign(std::move(id), std::move(recording));
  }
  co_return absl::OkStatus();
}

io::Task<absl::Status> RecordingStore::Look() {
  if (locked_) co_return absl::OkStatus();
  co_return co_await Load(/*lock=*/false);
}

io::Task<absl::Status> RecordingStore::PrepareToWrite() {
  if (locked_) co_return absl::OkStatus();
  co_return co_await Load(/*lock=*/true);
}

io::Task<absl::Status> RecordingStore::TakeOver() {
  const absl::Status looked = co_await Look();
  if (!looked.ok() || all_.empty()) co_return looked;
  co_return co_await PrepareToWrite();
}

const fleet::Recording* RecordingStore::Find(const std::string& id) const {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

io::Task<absl::StatusOr<RecordingStore::Open>> RecordingStore::Create(fleet::Recording recording,
                                                                      std::string header) {
  const absl::Time now = context_.wall_clock();
  Open made;
  made.id = NewId(now);
  recording.set_name(absl::StrCat(context_.node, "/recordings/", made.id));
  recording.set_state(fleet::Recording::RECORDING);
  *recording.mutable_start_time() = TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(now));
  const int64_t size = static_cast<int64_t>(header.size());
  recording.set_size_bytes(size);
  bytes_ += size;
  using File = absl::StatusOr<std::unique_ptr<RecordingFile>>;
  // Facts first: a file that nobody knows of would stay for ever.
  io::Task<File> work = Run<File>([this, recording, header = std::move(header), id = made.id] {
    const absl::Status written = directory_.WriteFacts(recording);
    File created = written.ok() ? RecordingFile::Create(directory_.path(), id) : File(written);
    if (created.ok()) {
      const absl::Status begun = (*created)->Append(header);
      if (!begun.ok()) created = begun;
    }
    if (!created.ok()) (void)directory_.Remove(id);
    return created;
  });
  File file = co_await std::move(work);
  if (!file.ok()) {
    bytes_ -= size;
    co_return file.status();
  }
  made.file = *std::move(file);
  all_.insert_or_assign(made.id, std::move(recording));
  co_return std::move(made);
}

io::Task<absl::Status> RecordingStore::Append(Open* open, std::string lines, int frames) {
  const int64_t size = static_cast<int64_t>(lines.size());
  if (size > room()) co_return absl::ResourceExhaustedError("the recordings' directory is full");
  bytes_ += size;
  io::Task<absl::Status> work = Run<absl::Status>(
      [file = open->file.get(), lines = std::move(lines)] { return file->Append(lines); });
  const absl::Status status = co_await std::move(work);
  if (!status.ok()) {
    bytes_ -= size;
    co_return status;
  }
  fleet::Recording& recording = all_[open->id];
  recording.set_size_bytes(recording.size_bytes() + size);
  recording.set_frame_count(recording.frame_count() + frames);
  co_return absl::OkStatus();
}

io::Task<void> RecordingStore::Finish(Open* open, fleet::Recording::State state, std::string why) {
  fleet::Recording ended = all_[open->id];
  ended.set_state(state);
  ended.set_end_reason(std::move(why));
  *ended.mutable_end_time() =
      TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(context_.wall_clock()));
  ended.set_sha256(open->file->sha256());
  io::Task<fleet::Recording> work =
      Run<fleet::Recording>([this, file = open->file.get(), ended]() mutable {
        const absl::Status synced = file->Sync();
        if (!synced.ok()) {
          ended.set_state(fleet::Recording::FAILED);
          ended.set_end_reason(
              absl::StrCat(ended.end_reason(), "; ", absl::string_view(synced.message())));
        }
        // Where even that isn't written, the next agent finds out by itself.
        (void)directory_.WriteFacts(ended);
        return ended;
      });
  ended = co_await std::move(work);
  open->file.reset();
  all_[open->id] = std::move(ended);
}

io::Task<absl::Status> RecordingStore::Remove(std::string id) {
  io::Task<absl::Status> work = Run<absl::Status>([this, id] { return directory_.Remove(id); });
  const absl::Status removed = co_await std::move(work);
  if (!removed.ok()) co_return removed;
  const auto found = all_.find(id);
  if (found != all_.end()) {
    bytes_ -= found->second.size_bytes();
    all_.erase(found);
  }
  co_return absl::OkStatus();
}

io::Task<absl::StatusOr<std::shared_ptr<io::OwnedFd>>> RecordingStore::OpenCast(std::string id) {
  using Opened = absl::StatusOr<std::shared_ptr<io::OwnedFd>>;
  io::Task<Opened> work = Run<Opened>([this, id]() -> Opened {
    absl::StatusOr<io::OwnedFd> fd = directory_.OpenCast(id);
    if (!fd.ok()) return fd.status();
    return std::make_shared<io::OwnedFd>(*std::move(fd));
  });
  co_return co_await std::move(work);
}

io::Task<absl::StatusOr<std::string>> RecordingStore::ReadPart(std::shared_ptr<io::OwnedFd> fd,
                                                               int64_t offset, size_t max) {
  io::Task<absl::StatusOr<std::string>> work = Run<absl::StatusOr<std::string>>(
      [fd, offset, max] { return mgmt::ReadPart(fd->get(), offset, max); });
  co_return co_await std::move(work);
}

}  // namespace mosh::mgmt
