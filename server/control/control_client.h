// The asking side of a control connection, for programs that do one thing at a time: blocking, with
// a deadline on everything.
//
//   absl::StatusOr<ControlClient> client = ControlClient::Connect(path, deadline);
//   control::Request request;
//   request.mutable_list_sessions();
//   absl::StatusOr<std::vector<control::Reply>> replies = client->Ask(std::move(request),
//   deadline);
#ifndef SERVER_CONTROL_CONTROL_CLIENT_H_
#define SERVER_CONTROL_CONTROL_CLIENT_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/owned_fd.h"
#include "server/control/control.pb.h"

namespace mosh::server {

class ControlClient {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // kNotFound, kUnavailable: nobody listens there. kPermissionDenied: who does is neither this user
  // nor root, and must not be told anything. kDeadlineExceeded.
  static absl::StatusOr<ControlClient> Connect(const std::string& path, Deadline deadline);
  // A connected seqpacket socket, whoever is at its other end.
  explicit ControlClient(io::OwnedFd fd) : fd_(std::move(fd)) {}

  // Sends one request; sets its id.
  absl::Status Send(control::Request* request, Deadline deadline);
  // The next reply to the request sent last; replies to others are passed over. An error it carries
  // is returned as such; replies of a list come one by one, `more` is set in all but the last.
  absl::StatusOr<control::Reply> Receive(Deadline deadline);
  // Sends, and receives all replies, until there are no more. Not for Subscribe, which has no end.
  absl::StatusOr<std::vector<control::Reply>> Ask(control::Request request, Deadline deadline);

 private:
  io::OwnedFd fd_;
  uint64_t last_id_ = 0;
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_CONTROL_CLIENT_H_
