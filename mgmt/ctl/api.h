// Calls to one agent, each with its deadline, failures in words. One thread.
#ifndef MGMT_CTL_API_H_
#define MGMT_CTL_API_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "mgmt/ctl/failure.h"
#include "mosh/fleet/v1/fleet_service.grpc.pb.h"

namespace mosh::mgmt::ctl {

// All nodes that the agent knows of.
inline constexpr char kAnyNode[] = "nodes/-";

class Api {
 public:
  using Stub = ::mosh::fleet::v1::FleetService::Stub;

  // `address` is only for messages.
  Api(const std::shared_ptr<grpc::Channel>& channel, std::string address, absl::Duration timeout)
      : stub_(::mosh::fleet::v1::FleetService::NewStub(channel)),
        address_(std::move(address)),
        timeout_(timeout) {}

  //   api.Call(&Api::Stub::GetNode, request)
  template <class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout_));
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (!status.ok()) return Explain(status);
    return response;
  }

  absl::Status Explain(const grpc::Status& status) const {
    return ExplainFailure(status, address_);
  }

  // All sessions, page by page, as one answer. `fields` empty: all but usage.
  absl::StatusOr<::mosh::fleet::v1::ListSessionsResponse> ListSessions(
      ::mosh::fleet::v1::ListSessionsRequest request);

  // For streams, which have no end that could be waited for: the first message has to come within
  // timeout().
  Stub* stub() { return stub_.get(); }
  absl::Duration timeout() const { return timeout_; }

 private:
  std::unique_ptr<Stub> stub_;
  std::string address_;
  absl::Duration timeout_;
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_API_H_
