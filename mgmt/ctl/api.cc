#include "mgmt/ctl/api.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

absl::StatusOr<Api*> Api::Elsewhere(const grpc::Status& status) {
  const std::string endpoint = opener_ == nullptr ? "" : EndpointElsewhere(status);
  if (endpoint.empty()) return nullptr;
  return At(endpoint);
}

absl::StatusOr<Api*> Api::At(const std::string& endpoint) {
  if (opener_ == nullptr) return absl::UnavailableError("other nodes can't be asked from here");
  std::unique_ptr<Api>& other = others_[endpoint];
  if (other == nullptr) {
    const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = opener_(endpoint);
    if (!channel.ok()) {
      return absl::Status(
          channel.status().code(),
          absl::StrCat("that is on another node: ", absl::string_view(channel.status().message())));
    }
    // Who is sent on is not sent on again.
    other = std::make_unique<Api>(*channel, endpoint, timeout_);
  }
  return other.get();
}

absl::StatusOr<fleet::ListSessionsResponse> Api::ListSessions(fleet::ListSessionsRequest request) {
  if (request.parent().empty()) request.set_parent(kAnyNode);
  request.set_page_size(1000);
  fleet::ListSessionsResponse all;
  do {
    absl::StatusOr<fleet::ListSessionsResponse> page = Call(&Stub::ListSessions, request);
    if (!page.ok()) return page.status();
    request.set_page_token(page->next_page_token());
    page->clear_next_page_token();
    // Numbers and names of the last page are the newest.
    all.clear_total_size();
    all.clear_unreachable();
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  return all;
}

absl::StatusOr<fleet::ListRecordingsResponse> Api::ListRecordings(const std::string& node,
                                                                  const std::string& session) {
  fleet::ListRecordingsRequest request;
  request.set_parent(node);
  request.set_page_size(1000);
  request.set_session(session);
  return CallAllPages(&RecordingStub::ListRecordings, std::move(request));
}

}  // namespace mosh::mgmt::ctl
