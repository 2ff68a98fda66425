#include "mgmt/agent/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/time_util.h"
#include "io/owned_fd.h"

namespace mosh::mgmt {
namespace {

struct Stat {
  pid_t session;
  ProcessUsage usage;
};

// proc(5): "pid (comm) state ppid pgrp session …"; comm may hold anything, also parentheses.
bool ParseStat(absl::string_view text, Stat* stat) {
  const size_t end = text.rfind(')');
  if (end == absl::string_view::npos) return false;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(text.substr(end + 1), ' ', absl::SkipEmpty());
  if (fields.size() < 22) return false;
  // fields[0] is the third of the manual's.
  int64_t session, user_ticks, system_ticks, pages;
  if (!absl::SimpleAtoi(fields[3], &session) || !absl::SimpleAtoi(fields[11], &user_ticks) ||
      !absl::SimpleAtoi(fields[12], &system_ticks) || !absl::SimpleAtoi(fields[21], &pages)) {
    return false;
  }
  static const int64_t ticks_per_second = sysconf(_SC_CLK_TCK);
  static const int64_t page_size = sysconf(_SC_PAGESIZE);
  stat->session = static_cast<pid_t>(session);
  stat->usage.cpu_time =
      std::chrono::microseconds((user_ticks + system_ticks) * 1'000'000 / ticks_per_second);
  stat->usage.memory_bytes = static_cast<uint64_t>(pages * page_size);
  stat->usage.processes = 1;
  return true;
}

}  // namespace

UsageSnapshot ReadUsage(const std::string& proc) {
  UsageSnapshot snapshot;
  DIR* const directory = opendir(proc.c_str());
  if (directory == nullptr) return snapshot;
  while (const dirent* const entry = readdir(directory)) {
    int64_t pid;
    if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
    const io::OwnedFd file(
        openat(dirfd(directory), absl::StrCat(pid, "/stat").c_str(), O_RDONLY | O_CLOEXEC));
    char text[1024];
    const ssize_t length = file.valid() ? read(file.get(), text, sizeof text) : -1;
    Stat stat;
    if (length <= 0 || !ParseStat({text, static_cast<size_t>(length)}, &stat)) continue;
    snapshot.by_process[static_cast<pid_t>(pid)] = stat.usage;
    ProcessUsage& sum = snapshot.by_session[stat.session];
    sum.cpu_time += stat.usage.cpu_time;
    sum.memory_bytes += stat.usage.memory_bytes;
    sum.processes += 1;
  }
  closedir(directory);
  return snapshot;
}

io::Task<void> UsageCache::Refresh() {
  if (worker_ == nullptr) co_return;
  while (!any_ || read_at_ + kMaxAge <= reactor_->Now()) {
    if (reading_) {
      (void)co_await read_.Wait();
      continue;
    }
    reading_ = true;
    read_.Reset();
    io::Task<UsageSnapshot> work = worker_->Run<UsageSnapshot>([] { return ReadUsage("/proc"); });
    snapshot_ = co_await std::move(work);
    any_ = true;
    read_at_ = reactor_->Now();
    reading_ = false;
    read_.Set();
  }
}

void UsageCache::AddTo(fleet::Session* session) const {
  // Its program leads its terminal session.
  const auto found = snapshot_.by_session.find(session->pid());
  if (session->pid() == 0 || found == snapshot_.by_session.end()) return;
  fleet::Usage* usage = session->mutable_usage();
  *usage->mutable_cpu_time() =
      google::protobuf::util::TimeUtil::MicrosecondsToDuration(found->second.cpu_time.count());
  usage->set_memory_bytes(found->second.memory_bytes);
  usage->set_process_count(found->second.processes);
}

const ProcessUsage* UsageCache::OfProcess(pid_t pid) const {
  const auto found = snapshot_.by_process.find(pid);
  return found == snapshot_.by_process.end() ? nullptr : &found->second;
}

}  // namespace mosh::mgmt
