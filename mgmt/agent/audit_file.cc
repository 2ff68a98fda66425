#include "mgmt/agent/audit_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mosh::mgmt {
namespace {

constexpr int64_t kIndexStep = 256;
constexpr size_t kChunk = 256 * 1024;

// Each whole line from `from` on, with the place where it begins, until `take` returns false. Gives
// what is left after the last newline.
absl::StatusOr<size_t> ForEachLine(int fd, off_t from,
                                   const std::function<bool(off_t, absl::string_view)>& take) {
  std::string buffer;
  off_t start = from;  // of the buffer
  std::string chunk(kChunk, '\0');
  for (;;) {
    const ssize_t got =
        pread(fd, chunk.data(), chunk.size(), start + static_cast<off_t>(buffer.size()));
    if (got < 0) return absl::ErrnoToStatus(errno, "reading the audit log");
    if (got == 0) return buffer.size();
    buffer.append(chunk.data(), static_cast<size_t>(got));
    size_t begin = 0;
    for (size_t end; (end = buffer.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const absl::string_view line(buffer.data() + begin, end - begin);
      if (!take(start + static_cast<off_t>(begin), line)) return size_t{0};
    }
    buffer.erase(0, begin);
    start += static_cast<off_t>(begin);
  }
}

// Of all lines. `visit` is told where each begins.
absl::StatusOr<size_t> CheckAll(int fd, const std::string& path, AuditChain* chain,
                                const std::function<void(off_t)>& visit) {
  absl::Status bad;
  int64_t number = 0;
  const absl::StatusOr<size_t> rest = ForEachLine(fd, 0, [&](off_t offset, absl::string_view line) {
    ++number;
    bad = chain->Check(line);
    if (bad.ok()) visit(offset);
    return bad.ok();
  });
  if (!bad.ok()) {
    return absl::Status(
        bad.code(), absl::StrCat(path, ", line ", number, ": ", absl::string_view(bad.message())));
  }
  return rest;
}

absl::Status WriteAll(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "writing the audit log");
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditFile>> AuditFile::Open(const std::string& path) {
  const std::string lock_path = absl::StrCat(path, ".lock");
  io::OwnedFd lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return absl::ErrnoToStatus(errno, lock_path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " belongs to another mosh-agent that runs: give this one its own --audit-log"));
  }
  io::OwnedFd file(open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return absl::ErrnoToStatus(errno, path);
  struct stat facts;
  if (fstat(file.get(), &facts) != 0) return absl::ErrnoToStatus(errno, path);
  if (!S_ISREG(facts.st_mode) || facts.st_uid != geteuid() || (facts.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " must be a file of the agent's user with mode 0600"));
  }
  std::unique_ptr<AuditFile> log(new AuditFile(std::move(lock), std::move(file)));
  const absl::Status loaded = log->Load(path);
  if (!loaded.ok()) return loaded;
  return log;
}

absl::Status AuditFile::Load(const std::string& path) {
  int64_t entry = 0;
  const absl::StatusOr<size_t> rest = CheckAll(file_.get(), path, &chain_, [&](off_t offset) {
    if (entry++ % kIndexStep == 0) index_.push_back(offset);
  });
  if (!rest.ok()) return rest.status();
  size_ = lseek(file_.get(), 0, SEEK_END) - static_cast<off_t>(*rest);
  if (*rest == 0) return absl::OkStatus();
  repaired_ = absl::StrCat("cut off ", *rest, " bytes of an entry that was never finished");
  if (ftruncate(file_.get(), size_) != 0) return absl::ErrnoToStatus(errno, path);
  return absl::OkStatus();
}

absl::Status AuditFile::Append(std::vector<fleet::AuditEntry>* entries) {
  if (broken_)
    return absl::DataLossError("the audit log's end is broken; see to it and start anew");
  AuditChain chain = chain_;
  std::string text;
  std::vector<off_t> index;
  for (fleet::AuditEntry& entry : *entries) {
    if (chain.sequence % kIndexStep == 0) index.push_back(size_ + static_cast<off_t>(text.size()));
    text += chain.Append(&entry);
  }
  absl::Status status = WriteAll(file_.get(), text);
  if (status.ok() && fdatasync(file_.get()) != 0) {
    status = absl::ErrnoToStatus(errno, "writing the audit log to the disk");
  }
  if (!status.ok()) {
    // Nobody is told that any of them is there, so none may be.
    if (ftruncate(file_.get(), size_) != 0) broken_ = true;
    return status;
  }
  chain_ = chain;
  size_ += static_cast<off_t>(text.size());
  index_.insert(index_.end(), index.begin(), index.end());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<fleet::AuditEntry>> AuditFile::Read(int64_t start_sequence,
                                                               int max_count) const {
  std::vector<fleet::AuditEntry> entries;
  if (start_sequence < 1 || start_sequence > chain_.sequence || max_count < 1) return entries;
  absl::Status bad;
  const absl::StatusOr<size_t> rest =
      ForEachLine(file_.get(), index_[static_cast<size_t>((start_sequence - 1) / kIndexStep)],
                  [&](off_t offset, absl::string_view line) {
                    if (offset >= size_) return false;
                    absl::StatusOr<fleet::AuditEntry> entry = ParseAuditLine(line);
                    if (!entry.ok()) {
                      bad = entry.status();
                      return false;
                    }
                    if (entry->sequence() >= start_sequence) entries.push_back(*std::move(entry));
                    return static_cast<int>(entries.size()) < max_count;
                  });
  if (!bad.ok()) return bad;
  if (!rest.ok()) return rest.status();
  return entries;
}

absl::StatusOr<AuditChain> VerifyAuditFile(const std::string& path) {
  const io::OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return absl::ErrnoToStatus(errno, path);
  AuditChain chain;
  const absl::StatusOr<size_t> rest = CheckAll(file.get(), path, &chain, [](off_t) {});
  if (!rest.ok()) return rest.status();
  if (*rest > 0) {
    return absl::DataLossError(
        absl::StrCat(path, ": the last ", *rest, " bytes are an entry that was never finished"));
  }
  return chain;
}

}  // namespace mosh::mgmt
