#include "mgmt/agent/errors.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace mosh::mgmt {
namespace {

constexpr char kDomain[] = "mosh.fleet.v1";
constexpr char kSessionType[] = "mosh.fleet.v1/Session";
constexpr char kNodeType[] = "mosh.fleet.v1/Node";
constexpr char kRecordingType[] = "mosh.fleet.v1/Recording";
constexpr char kOperationType[] = "mosh.fleet.v1/Operation";
constexpr char kPolicyType[] = "mosh.fleet.v1/LimitPolicy";
// Trailers have 8 KiB in all.
constexpr size_t kMaxMessage = 1000;

std::string Shortened(absl::string_view text) {
  if (text.size() <= kMaxMessage) return std::string(text);
  size_t end = kMaxMessage;
  // Not within a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), "…");
}

}  // namespace

ApiError::ApiError(grpc::StatusCode code, absl::string_view reason, absl::string_view message) {
  status_.set_code(static_cast<int>(code));
  status_.set_message(Shortened(message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(kDomain);
  status_.add_details()->PackFrom(info);
}

ApiError& ApiError::Metadata(absl::string_view key, absl::string_view value) {
  google::rpc::ErrorInfo info;
  status_.details(0).UnpackTo(&info);
  (*info.mutable_metadata())[std::string(key)] = Shortened(value);
  status_.mutable_details(0)->PackFrom(info);
  return *this;
}

ApiError& ApiError::Resource(absl::string_view type, absl::string_view name) {
  google::rpc::ResourceInfo info;
  info.set_resource_type(std::string(type));
  info.set_resource_name(Shortened(name));
  status_.add_details()->PackFrom(info);
  return *this;
}

ApiError& ApiError::BadField(absl::string_view field, absl::string_view description) {
  google::rpc::BadRequest bad;
  google::rpc::BadRequest::FieldViolation* violation = bad.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(Shortened(description));
  status_.add_details()->PackFrom(bad);
  return *this;
}

ApiError& ApiError::RetryAfter(std::chrono::milliseconds delay) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(delay.count() / 1000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(delay.count() % 1000) * 1'000'000);
  status_.add_details()->PackFrom(info);
  return *this;
}

ApiError::operator grpc::Status() const {
  return grpc::Status(static_cast<grpc::StatusCode>(status_.code()), status_.message(),
                      status_.SerializeAsString());
}

grpc::Status SessionNotFound(absl::string_view name) {
  return ApiError(grpc::StatusCode::NOT_FOUND, reason::kSessionNotFound,
                  absl::StrCat("there is no session ", name))
      .Resource(kSessionType, name);
}

grpc::Status ClientNotFound(absl::string_view session, absl::string_view client) {
  return ApiError(grpc::StatusCode::NOT_FOUND, reason::kClientNotFound,
                  absl::StrCat(session, " has no client ", client))
      .Resource(kSessionType, session);
}

grpc::Status NodeNotFound(absl::string_view name) {
  return ApiError(grpc::StatusCode::NOT_FOUND, reason::kNodeNotFound,
                  absl::StrCat("there is no ", name, " here"))
      .Resource(kNodeType, name);
}

grpc::Status NodeElsewhere(absl::string_view name, absl::string_view endpoint) {
  if (endpoint.empty()) {
    return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kNodeElsewhere,
                    absl::StrCat(name,
                                 " answers for itself, and its agent listens at no port that "
                                 "others could reach"))
        .Resource(kNodeType, name);
  }
  return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kNodeElsewhere,
                  absl::StrCat(name, " answers for itself: ask its agent at ", endpoint))
      .Metadata("endpoint", endpoint)
      .Resource(kNodeType, name);
}

grpc::Status NodeUnreachable(absl::string_view name, absl::string_view why) {
  return ApiError(grpc::StatusCode::UNAVAILABLE, reason::kNodeUnreachable,
                  absl::StrCat("the agent of ", name, " does not answer: ", why))
      .Resource(kNodeType, name)
      .RetryAfter(std::chrono::seconds(1));
}

grpc::Status RecordingNotFound(absl::string_view name) {
  return ApiError(grpc::StatusCode::NOT_FOUND, reason::kRecordingNotFound,
                  absl::StrCat("there is no recording ", name))
      .Resource(kRecordingType, name);
}

grpc::Status OperationNotFound(absl::string_view name) {
  return ApiError(grpc::StatusCode::NOT_FOUND, reason::kOperationNotFound,
                  absl::StrCat("there is no operation ", name))
      .Resource(kOperationType, name);
}

grpc::Status PolicyNotFound(absl::string_view name) {
  return ApiError(grpc::StatusCode::NOT_FOUND, reason::kPolicyNotFound,
                  absl::StrCat("there is no policy ", name))
      .Resource(kPolicyType, name);
}

grpc::Status PermissionDenied(Verb verb, absl::string_view resource) {
  return ApiError(grpc::StatusCode::PERMISSION_DENIED, reason::kPermissionDenied,
                  absl::StrCat("this needs the right \"", VerbName(verb), "\" over ", resource))
      .Metadata("verb", VerbName(verb));
}

grpc::Status InvalidField(absl::string_view why, absl::string_view field,
                          absl::string_view description) {
  return ApiError(grpc::StatusCode::INVALID_ARGUMENT, why, absl::StrCat(field, ": ", description))
      .BadField(field, description);
}

grpc::Status LimitExceeded(absl::string_view what, std::chrono::milliseconds retry_after) {
  return ApiError(grpc::StatusCode::RESOURCE_EXHAUSTED, reason::kLimitExceeded, what)
      .RetryAfter(retry_after);
}

grpc::Status AgentStopping(absl::string_view resource_version) {
  ApiError error(grpc::StatusCode::UNAVAILABLE, reason::kAgentStopping, "the agent is stopping");
  if (!resource_version.empty()) error.Metadata("resource_version", resource_version);
  error.RetryAfter(std::chrono::seconds(1));
  return error;
}

grpc::Status NoLongerKnown() {
  return ApiError(grpc::StatusCode::UNAUTHENTICATED, reason::kUnauthenticated,
                  "the certificate has expired or has been revoked");
}

grpc::Status HostAnswer(const absl::Status& status, absl::string_view session,
                        absl::string_view client) {
  const absl::string_view message = status.message();
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return grpc::Status::OK;
    case absl::StatusCode::kNotFound:
      return client.empty() ? SessionNotFound(session) : ClientNotFound(session, client);
    case absl::StatusCode::kInvalidArgument:
      return ApiError(grpc::StatusCode::INVALID_ARGUMENT, reason::kInvalidArgument,
                      absl::StrCat("the session's server refused it: ", message));
    case absl::StatusCode::kFailedPrecondition:
      return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kSessionEnding, message);
    case absl::StatusCode::kResourceExhausted:
      return LimitExceeded(message, std::chrono::seconds(1));
    case absl::StatusCode::kUnimplemented:
      return ApiError(grpc::StatusCode::UNIMPLEMENTED, reason::kUnsupportedByHost,
                      absl::StrCat("the server of ", session, " is too old for this"));
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kPermissionDenied:
      return ApiError(grpc::StatusCode::UNAVAILABLE, reason::kHostUnreachable,
                      absl::StrCat("the server of ", session, " does not answer: ", message))
          .RetryAfter(std::chrono::seconds(1));
    default:
      return ApiError(grpc::StatusCode::INTERNAL, reason::kInternal, message);
  }
}

absl::string_view CodeName(grpc::StatusCode code) {
  static constexpr absl::string_view kNames[] = {"OK",
                                                 "CANCELLED",
                                                 "UNKNOWN",
                                                 "INVALID_ARGUMENT",
                                                 "DEADLINE_EXCEEDED",
                                                 "NOT_FOUND",
                                                 "ALREADY_EXISTS",
                                                 "PERMISSION_DENIED",
                                                 "RESOURCE_EXHAUSTED",
                                                 "FAILED_PRECONDITION",
                                                 "ABORTED",
                                                 "OUT_OF_RANGE",
                                                 "UNIMPLEMENTED",
                                                 "INTERNAL",
                                                 "UNAVAILABLE",
                                                 "DATA_LOSS",
                                                 "UNAUTHENTICATED"};
  const int index = static_cast<int>(code);
  return index >= 0 && index < 17 ? kNames[index] : "UNKNOWN";
}

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(status.error_details()) || details.details_size() == 0 ||
      !details.details(0).UnpackTo(&info)) {
    return "";
  }
  return info.reason();
}

}  // namespace mosh::mgmt
