#include "bench/measure.h"

#include <dirent.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mosh::bench {
namespace {

// The threads' folders under /proc/PID/task.
std::vector<std::string> TaskFolders(pid_t pid) {
  std::vector<std::string> folders;
  const std::string parent = absl::StrCat("/proc/", pid, "/task");
  if (DIR* dir = opendir(parent.c_str())) {
    while (const dirent* entry = readdir(dir)) {
      if (entry->d_name[0] != '.') folders.push_back(absl::StrCat(parent, "/", entry->d_name));
    }
    closedir(dir);
  }
  return folders;
}

// The number behind `key` in a file of "key: number" lines; 0 if there is none.
uint64_t NumberIn(const std::string& path, absl::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, key.size(), key.data(), key.size()) != 0) continue;
    uint64_t value = 0;
    std::istringstream(line.substr(key.size())) >> value;
    return value;
  }
  return 0;
}

}  // namespace

void Samples::AddAll(const Samples& other) {
  values_.insert(values_.end(), other.values_.begin(), other.values_.end());
}

double Samples::Mean() const {
  if (values_.empty()) return 0;
  return std::accumulate(values_.begin(), values_.end(), 0.0) / static_cast<double>(values_.size());
}

double Samples::Percentile(double p) const {
  if (values_.empty()) return 0;
  std::vector<double> sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const double rank = std::ceil(p / 100 * static_cast<double>(sorted.size()));
  return sorted[static_cast<size_t>(std::clamp(rank, 1.0, static_cast<double>(sorted.size()))) - 1];
}

uint64_t CpuNanos(pid_t pid) {
  uint64_t sum = 0;
  for (const std::string& task : TaskFolders(pid)) {
    std::ifstream file(task + "/schedstat");
    uint64_t nanos = 0;
    file >> nanos;
    sum += nanos;
  }
  return sum;
}

uint64_t PssKib(pid_t pid) {
  return NumberIn(absl::StrCat("/proc/", pid, "/smaps_rollup"), "Pss:");
}

uint64_t VoluntarySwitches(pid_t pid) {
  uint64_t sum = 0;
  for (const std::string& task : TaskFolders(pid))
    sum += NumberIn(task + "/status", "voluntary_ctxt_switches:");
  return sum;
}

double NowMillis() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void WaitUntil(std::vector<pollfd>& fds, double until) {
  const double left = std::max(0.0, until - NowMillis());
  timespec timeout{static_cast<time_t>(left / 1000),
                   static_cast<long>((left - std::floor(left / 1000) * 1000) * 1e6)};
  ppoll(fds.data(), fds.size(), std::isinf(until) ? nullptr : &timeout, nullptr);
}

}  // namespace mosh::bench
