#include "mgmt/agent/audit.h"

#include <utility>

namespace mosh::mgmt {

Audit::Audit(Worker* worker, std::unique_ptr<AuditFile> file)
    : worker_(worker), file_(std::move(file)) {
  if (file_ != nullptr) last_sequence_ = file_->last_sequence();
}

io::Task<absl::Status> Audit::Record(fleet::AuditEntry entry) {
  if (file_ == nullptr) co_return absl::OkStatus();
  const bool first = gathering_ == nullptr;
  if (first) gathering_ = std::make_shared<Batch>();
  const std::shared_ptr<Batch> batch = gathering_;
  batch->entries.push_back(std::move(entry));
  if (!first) {
    (void)co_await batch->done.Wait();
    co_return batch->status;
  }
  // Who began a batch writes it, as soon as the one before is written.
  while (writing_) {
    idle_.Reset();
    (void)co_await idle_.Wait();
  }
  writing_ = true;
  gathering_ = nullptr;
  io::Task<absl::Status> work =
      worker_->Run<absl::Status>([this, batch] { return file_->Append(&batch->entries); });
  batch->status = co_await std::move(work);
  writing_ = false;
  idle_.Set();
  failing_ = !batch->status.ok();
  if (failing_) {
    ++failures_;
  } else {
    last_sequence_ = batch->entries.back().sequence();
    more_.Set();
    more_.Reset();
  }
  batch->done.Set();
  co_return batch->status;
}

io::Task<absl::StatusOr<std::vector<fleet::AuditEntry>>> Audit::Read(int64_t start_sequence,
                                                                     int max_count) {
  using Entries = absl::StatusOr<std::vector<fleet::AuditEntry>>;
  if (file_ == nullptr) co_return absl::FailedPreconditionError("no audit log is kept here");
  io::Task<Entries> work = worker_->Run<Entries>(
      [this, start_sequence, max_count] { return file_->Read(start_sequence, max_count); });
  co_return co_await std::move(work);
}

io::Task<absl::Status> Audit::WaitForMoreThan(int64_t sequence, io::StopToken stop) {
  while (last_sequence_ <= sequence) {
    const absl::Status waited = co_await more_.Wait(stop);
    if (!waited.ok()) co_return waited;
  }
  co_return absl::OkStatus();
}

}  // namespace mosh::mgmt
