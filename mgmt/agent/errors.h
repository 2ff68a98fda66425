// Every error that the API tells, with its details (AIP-193): a google.rpc.Status in the trailers,
// whose first detail is an ErrorInfo of the domain "mosh.fleet.v1". One table for reasons, and the
// one place where a Host's answer becomes an answer of ours. Pure.
#ifndef MGMT_AGENT_ERRORS_H_
#define MGMT_AGENT_ERRORS_H_

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"
#include "mgmt/agent/verbs.h"

namespace mosh::mgmt {

namespace reason {
inline constexpr char kSessionNotFound[] = "SESSION_NOT_FOUND";
inline constexpr char kClientNotFound[] = "CLIENT_NOT_FOUND";
inline constexpr char kNodeNotFound[] = "NODE_NOT_FOUND";
inline constexpr char kNodeElsewhere[] = "NODE_ELSEWHERE";
inline constexpr char kNodeUnreachable[] = "NODE_UNREACHABLE";
inline constexpr char kNodeNotLost[] = "NODE_NOT_LOST";
inline constexpr char kRegistryUnavailable[] = "REGISTRY_UNAVAILABLE";
inline constexpr char kInvalidName[] = "INVALID_NAME";
inline constexpr char kInvalidFilter[] = "INVALID_FILTER";
inline constexpr char kInvalidOrderBy[] = "INVALID_ORDER_BY";
inline constexpr char kInvalidPageToken[] = "INVALID_PAGE_TOKEN";
inline constexpr char kInvalidFieldMask[] = "INVALID_FIELD_MASK";
inline constexpr char kInvalidArgument[] = "INVALID_ARGUMENT";
inline constexpr char kPermissionDenied[] = "PERMISSION_DENIED";
inline constexpr char kEtagMismatch[] = "ETAG_MISMATCH";
inline constexpr char kRequestIdReused[] = "REQUEST_ID_REUSED";
inline constexpr char kVersionTooOld[] = "VERSION_TOO_OLD";
inline constexpr char kHostUnreachable[] = "HOST_UNREACHABLE";
inline constexpr char kLimitExceeded[] = "LIMIT_EXCEEDED";
inline constexpr char kAgentStopping[] = "AGENT_STOPPING";
inline constexpr char kNotOwner[] = "NOT_OWNER";
inline constexpr char kUnsupportedByHost[] = "UNSUPPORTED_BY_HOST";
inline constexpr char kSessionEnding[] = "SESSION_ENDING";
inline constexpr char kUnauthenticated[] = "UNAUTHENTICATED";
inline constexpr char kNoAuditLog[] = "NO_AUDIT_LOG";
inline constexpr char kRecordingNotFound[] = "RECORDING_NOT_FOUND";
inline constexpr char kRecordingRunning[] = "RECORDING_RUNNING";
inline constexpr char kRecordingsUnavailable[] = "RECORDINGS_UNAVAILABLE";
inline constexpr char kOperationNotFound[] = "OPERATION_NOT_FOUND";
inline constexpr char kPolicyNotFound[] = "POLICY_NOT_FOUND";
inline constexpr char kDrainRunning[] = "DRAIN_RUNNING";
inline constexpr char kStateUnavailable[] = "STATE_UNAVAILABLE";
inline constexpr char kInternal[] = "INTERNAL";
}  // namespace reason

// Makes one.
class ApiError {
 public:
  ApiError(grpc::StatusCode code, absl::string_view reason, absl::string_view message);
  // Of the ErrorInfo.
  ApiError& Metadata(absl::string_view key, absl::string_view value);
  ApiError& Resource(absl::string_view type, absl::string_view name);
  ApiError& BadField(absl::string_view field, absl::string_view description);
  ApiError& RetryAfter(std::chrono::milliseconds delay);
  operator grpc::Status() const;  // NOLINT: that is what it is for

 private:
  google::rpc::Status status_;
};

// Those that are told in many places.
grpc::Status SessionNotFound(absl::string_view name);
grpc::Status ClientNotFound(absl::string_view session, absl::string_view client);
grpc::Status NodeNotFound(absl::string_view name);
// Another node's affair; its agent is at `endpoint`, or nowhere if that is empty.
grpc::Status NodeElsewhere(absl::string_view name, absl::string_view endpoint);
// Its agent doesn't answer this one, or not what it was asked.
grpc::Status NodeUnreachable(absl::string_view name, absl::string_view why);
grpc::Status RecordingNotFound(absl::string_view name);
grpc::Status OperationNotFound(absl::string_view name);
grpc::Status PolicyNotFound(absl::string_view name);
grpc::Status PermissionDenied(Verb verb, absl::string_view resource);
// `why` is one of INVALID_…
grpc::Status InvalidField(absl::string_view why, absl::string_view field,
                          absl::string_view description);
grpc::Status LimitExceeded(absl::string_view what, std::chrono::milliseconds retry_after);
// `resource_version`: where a watch can go on; empty if there is nothing to go on from.
grpc::Status AgentStopping(absl::string_view resource_version);
// The certificate doesn't hold any more.
grpc::Status NoLongerKnown();

// What a Host answered to a request about the session, or what became of the attempt to ask it.
grpc::Status HostAnswer(const absl::Status& status, absl::string_view session,
                        absl::string_view client);

// "NOT_FOUND", for metrics and people.
absl::string_view CodeName(grpc::StatusCode code);
// The reason in a status made here; empty if there is none.
std::string ReasonOf(const grpc::Status& status);

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_ERRORS_H_
