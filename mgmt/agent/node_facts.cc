#include "mgmt/agent/node_facts.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/version.h"
#include "google/protobuf/util/time_util.h"
#include "mgmt/model/utf8.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::util::TimeUtil;

std::string OsName() {
  std::ifstream in("/etc/os-release");
  for (std::string line; std::getline(in, line);) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, "PRETTY_NAME=")) continue;
    absl::ConsumePrefix(&rest, "\"");
    absl::ConsumeSuffix(&rest, "\"");
    return ValidUtf8(rest);
  }
  return "Linux";
}

uint64_t MemoryAvailable() {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, "MemAvailable:")) continue;
    absl::ConsumeSuffix(&rest, "kB");
    uint64_t kilobytes;
    if (absl::SimpleAtoi(rest, &kilobytes)) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

OwnUse UseOfThisProcess() {
  OwnUse use;
  rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    use.cpu_time = std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  }
  std::ifstream in("/proc/self/statm");
  uint64_t total = 0, resident = 0;
  in >> total >> resident;
  use.memory_bytes = resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return use;
}

NodeFacts::NodeFacts(const std::string& node) {
  fixed_.set_name(node);
  char hostname[256] = "";
  gethostname(hostname, sizeof hostname - 1);
  fixed_.set_hostname(ValidUtf8(hostname));
  fixed_.set_os(OsName());
  fixed_.set_agent_version(MOSH_FLEET_VERSION);
  const absl::Time now = absl::Now();
  *fixed_.mutable_agent_start_time() = TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(now));
  struct sysinfo info;
  if (sysinfo(&info) == 0) {
    *fixed_.mutable_boot_time() =
        TimeUtil::SecondsToTimestamp(absl::ToUnixSeconds(now) - info.uptime);
    fixed_.set_memory_bytes(uint64_t{info.totalram} * info.mem_unit);
  }
  fixed_.set_cpu_count(static_cast<int32_t>(sysconf(_SC_NPROCESSORS_ONLN)));
}

fleet::Node NodeFacts::Identity() const {
  fleet::Node node;
  node.set_name(fixed_.name());
  node.set_hostname(fixed_.hostname());
  node.set_os(fixed_.os());
  node.set_agent_version(fixed_.agent_version());
  *node.mutable_agent_start_time() = fixed_.agent_start_time();
  if (fixed_.has_boot_time()) *node.mutable_boot_time() = fixed_.boot_time();
  return node;
}

void NodeFacts::AddTo(fleet::Node* node) const {
  node->MergeFrom(fixed_);
  node->set_memory_available_bytes(MemoryAvailable());
  double load = 0;
  if (getloadavg(&load, 1) == 1) node->set_load_average_1m(load);
  const OwnUse own = UseOfThisProcess();
  *node->mutable_agent_cpu_time() = TimeUtil::MicrosecondsToDuration(own.cpu_time.count());
  node->set_agent_memory_bytes(own.memory_bytes);
}

}  // namespace mosh::mgmt
