#include "mgmt/ctl/api.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

absl::StatusOr<fleet::ListSessionsResponse> Api::ListSessions(fleet::ListSessionsRequest request) {
  request.set_parent(kAnyNode);
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

}  // namespace mosh::mgmt::ctl
