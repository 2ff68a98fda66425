// Once: what all calls that change something have in common. It notes for the audit log what the
// call is about and why, and makes a repetition of a request, by its request_id (AIP-155), do
// nothing and get the first one's answer. Loop thread only.
#ifndef MGMT_AGENT_ONCE_H_
#define MGMT_AGENT_ONCE_H_

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"
#include "io/reactor.h"
#include "io/task.h"
#include "mgmt/agent/call.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/request_ids.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

class Once {
 public:
  explicit Once(io::Reactor* reactor) : reactor_(reactor) {}

  // Runs `(part->*act)(call, request, response)` unless the request is a repetition. Requests that
  // only validate are never remembered. `resource` is what the request names.
  template <class Part, class Request, class Response>
  io::Task<grpc::Status> Run(Call* call, std::string resource, const Request* request,
                             Response* response, Part* part,
                             io::Task<grpc::Status> (Part::*act)(Call*, const Request*,
                                                                 Response*)) {
    bool remember = !request->request_id().empty();
    if constexpr (requires { request->validate_only(); }) {
      if (request->validate_only()) {
        call->detail = "only to validate";
        remember = false;
      }
    }
    const grpc::Status noted =
        Note(call, std::move(resource), request->reason(), request->request_id());
    if (!noted.ok()) co_return noted;
    if (!remember) co_return co_await (part->*act)(call, request, response);

    const size_t fingerprint =
        absl::HashOf(absl::string_view(call->method->name), request->SerializeAsString());
    const std::string caller = call->caller->name;
    const RequestIds::Begun begun =
        ids_.Begin(caller, request->request_id(), fingerprint, reactor_->Now());
    // A key is given once.
    constexpr bool kSecret = std::is_same_v<Response, fleet::AttachTicket>;
    if (begun.first) {
      const grpc::Status status = co_await (part->*act)(call, request, response);
      ids_.Finish(caller, request->request_id(), begun.answer.get(), status,
                  kSecret ? "" : response->SerializeAsString());
      co_return status;
    }
    call->detail = "a repetition";
    if (begun.answer->fingerprint != fingerprint) {
      ApiError error(grpc::StatusCode::INVALID_ARGUMENT, reason::kRequestIdReused,
                     "this request_id was another request's within the last ten minutes");
      error.BadField("request_id", "was another request's");
      co_return error;
    }
    const absl::Status waited = co_await begun.answer->done.Wait(call->stop);
    if (!waited.ok()) co_return AgentStopping("");
    if (kSecret && begun.answer->status.ok()) {
      co_return ApiError(grpc::StatusCode::ALREADY_EXISTS, reason::kRequestIdReused,
                         "the ticket of this request was given before; its key is not kept");
    }
    response->ParseFromString(begun.answer->response);
    co_return begun.answer->status;
  }

 private:
  static grpc::Status Note(Call* call, std::string resource, const std::string& why,
                           const std::string& request_id);

  io::Reactor* const reactor_;
  RequestIds ids_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_ONCE_H_
