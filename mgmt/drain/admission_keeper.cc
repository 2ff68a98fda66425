#include "mgmt/drain/admission_keeper.h"

#include <unistd.h>

#include <functional>

#include "absl/status/statusor.h"

namespace mosh::mgmt {

io::Task<void> AdmissionKeeper::Load() {
  using Read = absl::StatusOr<server::Admission>;
  std::function<Read()> job = [path = path_] { return server::ReadAdmission(path, geteuid()); };
  Read read = server::Admission();
  if (worker_ == nullptr) {
    read = job();
  } else {
    read = co_await worker_->Run<Read>(std::move(job));
  }
  if (read.ok()) now_ = *std::move(read);
}

io::Task<absl::Status> AdmissionKeeper::Write() {
  std::function<absl::Status()> job = [path = path_, admission = now_] {
    return server::WriteAdmission(path, admission);
  };
  absl::Status written;
  if (worker_ == nullptr) {
    written = job();
  } else {
    written = co_await worker_->Run<absl::Status>(std::move(job));
  }
  status_ = written;
  co_return written;
}

}  // namespace mosh::mgmt
