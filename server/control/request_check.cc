#include "server/control/request_check.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace mosh::server {
namespace {

// Ids are made by Hosts and are far shorter.
constexpr size_t kMaxIdSize = 64;

absl::Status Invalid(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::Status CheckId(absl::string_view name, absl::string_view id, bool may_be_empty) {
  if (id.empty() && !may_be_empty) return Invalid(absl::StrCat(name, " is missing"));
  if (id.size() > kMaxIdSize) return Invalid(absl::StrCat(name, " is too long"));
  for (const char c : id) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      return Invalid(absl::StrCat(name, " may hold letters and digits only"));
    }
  }
  return absl::OkStatus();
}

// What exec and chdir take.
bool HasNul(absl::string_view text) { return text.find('\0') != absl::string_view::npos; }

absl::Status CheckNewSession(const control::NewSession& request) {
  if (request.command_size() > 0 && request.command(0).empty()) {
    return Invalid("command: its first word is empty");
  }
  for (const std::string& word : request.command()) {
    if (HasNul(word)) return Invalid("command: a word holds a NUL");
  }
  for (const std::string& assignment : request.environment()) {
    const size_t equals = assignment.find('=');
    if (equals == 0 || equals == std::string::npos || HasNul(assignment)) {
      return Invalid("environment: an entry is not NAME=value");
    }
  }
  if (HasNul(request.directory())) return Invalid("directory: holds a NUL");
  if (request.verbosity() > kMaxVerbosity) {
    return Invalid(absl::StrCat("verbosity: at most ", kMaxVerbosity));
  }
  return absl::OkStatus();
}

absl::Status CheckNotify(const control::Notify& request) {
  if (request.text().empty()) return Invalid("text is missing");
  if (request.text().size() > kMaxNoticeSize) {
    return Invalid(absl::StrCat("text: at most ", kMaxNoticeSize, " bytes"));
  }
  if (request.seconds() > kMaxNoticeSeconds) {
    return Invalid(absl::StrCat("seconds: at most ", kMaxNoticeSeconds));
  }
  return CheckId("session_id", request.session_id(), false);
}

absl::Status CheckHold(const control::Hold& request) {
  if (request.text().size() > kMaxNoticeSize) {
    return Invalid(absl::StrCat("text: at most ", kMaxNoticeSize, " bytes"));
  }
  return CheckId("session_id", request.session_id(), false);
}

absl::Status CheckSetWatched(const control::SetWatched& request) {
  if (request.watcher_size() > kMaxWatchers) {
    return Invalid(absl::StrCat("watcher: at most ", kMaxWatchers));
  }
  for (const std::string& watcher : request.watcher()) {
    if (watcher.empty()) return Invalid("watcher: a name is empty");
    if (watcher.size() > kMaxWatcherSize) {
      return Invalid(absl::StrCat("watcher: at most ", kMaxWatcherSize, " bytes"));
    }
  }
  return CheckId("session_id", request.session_id(), false);
}

absl::Status CheckSubscribeScreen(const control::SubscribeScreen& request) {
  const uint32_t interval = request.interval_ms();
  if (interval != 0 && (interval < kMinScreenIntervalMs || interval > kMaxScreenIntervalMs)) {
    return Invalid(
        absl::StrCat("interval_ms: ", kMinScreenIntervalMs, " to ", kMaxScreenIntervalMs));
  }
  return CheckId("session_id", request.session_id(), false);
}

absl::Status CheckLimits(const control::Limits& limits) {
  for (const uint32_t seconds :
       {limits.idle_seconds(), limits.lifetime_seconds(), limits.detached_seconds()}) {
    if (seconds > kMaxLimitSeconds) {
      return Invalid(absl::StrCat("limits: at most ", kMaxLimitSeconds, " seconds"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRequest(const control::Request& request) {
  switch (request.what_case()) {
    case control::Request::kNewSession:
      return CheckNewSession(request.new_session());
    case control::Request::kListSessions:
    case control::Request::kSubscribe:
    case control::Request::kUnsubscribe:
    case control::Request::kGetHost:
      return absl::OkStatus();
    case control::Request::kSetLimits:
      return CheckLimits(request.set_limits().limits());
    case control::Request::kAttach:
      return CheckId("session_id", request.attach().session_id(), true);
    case control::Request::kDetach: {
      const absl::Status status = CheckId("session_id", request.detach().session_id(), false);
      return status.ok() ? CheckId("client_id", request.detach().client_id(), true) : status;
    }
    case control::Request::kTerminate:
      return CheckId("session_id", request.terminate().session_id(), false);
    case control::Request::kNotify:
      return CheckNotify(request.notify());
    case control::Request::kTakeSnapshot:
      if (request.take_snapshot().history_lines() > kMaxHistoryLines) {
        return Invalid(absl::StrCat("history_lines: at most ", kMaxHistoryLines));
      }
      return CheckId("session_id", request.take_snapshot().session_id(), false);
    case control::Request::kGetSession:
      return CheckId("session_id", request.get_session().session_id(), false);
    case control::Request::kHold:
      return CheckHold(request.hold());
    case control::Request::kSetWatched:
      return CheckSetWatched(request.set_watched());
    case control::Request::kSubscribeScreen:
      return CheckSubscribeScreen(request.subscribe_screen());
    case control::Request::kSubscribeScreenAndInput:
      return CheckSubscribeScreen(request.subscribe_screen_and_input());
    case control::Request::WHAT_NOT_SET:
      break;
  }
  return absl::UnimplementedError("this version of mosh-server doesn't know the request");
}

}  // namespace mosh::server
