#include "server/gate/log.h"

#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace mosh::server::gate {
namespace {

// syslog(3)'s numbers.
int Priority(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return 3;
    case LogLevel::kWarning:
      return 4;
    case LogLevel::kInfo:
      return 6;
    case LogLevel::kDebug:
      return 7;
  }
  return 6;
}

}  // namespace

Log Log::OfProcess(LogLevel least) { return Log(least, getenv("JOURNAL_STREAM") != nullptr); }

void Log::Write(LogLevel level, absl::string_view text) const {
  if (level > least_) return;
  const std::string line = journal_ ? absl::StrCat("<", Priority(level), ">", text, "\n")
                                    : absl::StrCat("moshd: ", text, "\n");
  // There is nowhere to complain to.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace mosh::server::gate
