#include "mgmt/ctl/failure.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {
namespace {

struct Hint {
  absl::string_view reason;  // of ErrorInfo, domain mosh.fleet.v1
  absl::string_view text;
};

constexpr Hint kHints[] = {
    {"SESSION_NOT_FOUND", "`moshctl ls` shows the sessions that you may see."},
    {"CLIENT_NOT_FOUND", "`moshctl describe ID` shows the session's clients."},
    {"NODE_NOT_FOUND", "`moshctl nodes` shows the nodes."},
    {"NODE_ELSEWHERE", "Ask that node's agent: --server HOST:PORT with --tls-cert and --tls-key."},
    {"NODE_UNREACHABLE", "`moshctl nodes` shows the nodes; --server asks one of them directly."},
    {"INVALID_FILTER", "A filter looks like: user = \"alice\" AND state = DETACHED"},
    {"INVALID_ORDER_BY", "An order looks like: create_time desc, user"},
    {"PERMISSION_DENIED",
     "Ask the machine's administrator for a role that includes it, or do it as the session's user "
     "or root."},
    {"NOT_OWNER", "Only the session's own user gets that, at the agent's Unix socket."},
    {"ETAG_MISMATCH", "The session has changed meanwhile; look at it again."},
    {"VERSION_TOO_OLD", "Watch anew."},
    {"HOST_UNREACHABLE",
     "Its server doesn't answer; `moshctl nodes` shows what the agent could not do."},
    {"LIMIT_EXCEEDED", "Try again later, or ask for less."},
    {"RECORDING_NOT_FOUND", "`moshctl record ls` shows the recordings that you may see."},
    {"RECORDINGS_UNAVAILABLE", "See docs/recording.md for what an agent needs to record."},
    {"AGENT_STOPPING", "The agent is being stopped; try again in a moment."},
    {"UNSUPPORTED_BY_HOST",
     "The session's server is too old for it; a session begun with the present one can."},
};

absl::string_view HintFor(absl::string_view reason) {
  for (const Hint& hint : kHints) {
    if (hint.reason == reason) return hint.text;
  }
  return "";
}

// Lines to follow `message`: what it doesn't say itself, then what to do.
std::string Details(const grpc::Status& status, absl::string_view message) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return "";
  std::string text;
  absl::string_view hint;
  const auto add = [&text](absl::string_view line) { absl::StrAppend(&text, "\n  ", line); };
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        const std::string line =
            Harmless(absl::StrCat(violation.field(), ": ", violation.description()));
        if (line != message) add(line);
      }
    } else if (any.UnpackTo(&retry)) {
      add(absl::StrCat("It may work again in ",
                       ShortDuration(absl::Seconds(retry.retry_delay().seconds()) +
                                     absl::Nanoseconds(retry.retry_delay().nanos())),
                       "."));
    } else if (any.UnpackTo(&info)) {
      if (info.domain() == "mosh.fleet.v1") hint = HintFor(info.reason());
    }
  }
  if (!hint.empty()) add(hint);
  return text;
}

}  // namespace

std::string EndpointElsewhere(const grpc::Status& status) {
  google::rpc::Status details;
  if (status.error_code() != grpc::StatusCode::FAILED_PRECONDITION ||
      !details.ParseFromString(status.error_details())) {
    return "";
  }
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::ErrorInfo info;
    if (!any.UnpackTo(&info) || info.domain() != "mosh.fleet.v1" ||
        info.reason() != "NODE_ELSEWHERE") {
      continue;
    }
    const auto endpoint = info.metadata().find("endpoint");
    return endpoint == info.metadata().end() ? "" : endpoint->second;
  }
  return "";
}

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kDone;
    case absl::StatusCode::kInvalidArgument:
      return kUsage;
    case absl::StatusCode::kNotFound:
      return kNotFound;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return kRefused;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return kUnreachable;
    default:
      return kFailed;
  }
}

absl::Status ExplainFailure(const grpc::Status& status, absl::string_view server) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  const std::string message = Harmless(status.error_message());
  const std::string details = Details(status, message);
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      if (!details.empty()) break;  // the agent itself says so
      return absl::Status(
          code, absl::StrCat(
                    "can't reach the agent at ", server, ": ", message,
                    "\n  Is mosh-agent running there? --server or MOSHCTL_SERVER names another."));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::Status(
          code, absl::StrCat("no answer from ", server, " in time\n  --timeout allows for more."));
    case grpc::StatusCode::UNIMPLEMENTED:
      if (!details.empty()) break;
      return absl::Status(code, absl::StrCat("the agent at ", server, " doesn't know this: ",
                                             message, "\n  It may be older than this moshctl."));
    default:
      break;
  }
  return absl::Status(
      code, absl::StrCat(message.empty() ? "the agent gave no reason" : message, details));
}

}  // namespace mosh::mgmt::ctl
