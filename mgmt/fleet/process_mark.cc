#include "mgmt/fleet/process_mark.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace mosh::mgmt {
namespace {

// Longer texts are none of ours.
constexpr size_t kMaxText = 1'000;

struct Running {
  char state = 0;  // 'Z': it has ended, and nobody has asked how
  uint64_t start = 0;
};

// Of proc(5)'s stat, whose second field is a name in parentheses that may hold anything.
std::optional<Running> Look(int64_t pid) {
  std::ifstream in(absl::StrCat("/proc/", pid, "/stat"));
  std::string text;
  if (!std::getline(in, text)) return std::nullopt;
  const size_t name_end = text.rfind(") ");
  if (name_end == std::string::npos) return std::nullopt;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(text).substr(name_end + 2), ' ');
  constexpr size_t kState = 0, kStart = 19;
  Running running;
  if (fields.size() <= kStart || fields[kState].empty() ||
      !absl::SimpleAtoi(fields[kStart], &running.start)) {
    return std::nullopt;
  }
  running.state = fields[kState][0];
  return running;
}

// One word, whatever the machine calls itself.
std::string Word(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return !absl::ascii_isgraph(c); }, '?');
  return text;
}

}  // namespace

ProcessMark MarkOfThisProcess(std::string instance) {
  ProcessMark mark;
  mark.instance = Word(std::move(instance));
  char hostname[256] = "";
  gethostname(hostname, sizeof hostname - 1);
  mark.host = Word(hostname);
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::getline(in, mark.boot);
  mark.boot = Word(mark.boot);
  struct stat facts;
  if (stat("/proc/self/ns/pid", &facts) == 0) mark.pid_namespace = facts.st_ino;
  mark.pid = getpid();
  if (const std::optional<Running> own = Look(mark.pid)) mark.start = own->start;
  return mark;
}

std::string ToText(const ProcessMark& mark) {
  return absl::StrCat(mark.instance, " host=", mark.host, " boot=", mark.boot,
                      " pidns=", mark.pid_namespace, " pid=", mark.pid, " start=", mark.start);
}

std::optional<ProcessMark> ParseProcessMark(absl::string_view text) {
  if (text.empty() || text.size() > kMaxText) return std::nullopt;
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  ProcessMark mark;
  mark.instance = Word(std::string(words[0]));
  if (mark.instance.empty()) return std::nullopt;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(words[i], absl::MaxSplits('=', 1));
    const auto& [key, value] = parts;
    bool good = true;
    if (key == "host") mark.host = Word(std::string(value));
    if (key == "boot") mark.boot = Word(std::string(value));
    if (key == "pidns") good = absl::SimpleAtoi(value, &mark.pid_namespace);
    if (key == "pid")
      good = absl::SimpleAtoi(value, &mark.pid) && mark.pid > 0 && mark.pid <= INT32_MAX;
    if (key == "start") good = absl::SimpleAtoi(value, &mark.start);
    if (!good) return std::nullopt;
  }
  return mark;
}

bool HasEnded(const ProcessMark& mark, const ProcessMark& own) {
  const bool here = !mark.boot.empty() && mark.boot == own.boot && mark.pid_namespace != 0 &&
                    mark.pid_namespace == own.pid_namespace;
  if (!here || mark.pid <= 0 || mark.start == 0) return false;
  // The kernel tells this of processes too that /proc hides from us.
  if (kill(static_cast<pid_t>(mark.pid), 0) != 0 && errno == ESRCH) return true;
  const std::optional<Running> running = Look(mark.pid);
  return running && (running->start != mark.start || running->state == 'Z');
}

}  // namespace mosh::mgmt
