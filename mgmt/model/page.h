// Pages of a list (AIP-158). A token says behind which key (model/order.h) the next page begins, so
// sessions that come and go meanwhile neither repeat nor hide others. It is bound to the request
// whose answer it came with.
#ifndef MGMT_MODEL_PAGE_H_
#define MGMT_MODEL_PAGE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

constexpr int kDefaultPageSize = 1'000;
constexpr int kMaxPageSize = 10'000;

// What a page_size means. kInvalidArgument: it is negative.
absl::StatusOr<int> PageSize(int32_t asked);

// Of everything in the request but the token and the size, which may change from page to page.
uint64_t ListFingerprint(const fleet::ListSessionsRequest& request);
uint64_t ListFingerprint(const fleet::ListNodesRequest& request);

std::string MakePageToken(absl::string_view after_key, uint64_t fingerprint);
// The key. An empty token is the beginning: an empty key, which is before all others.
// kInvalidArgument: it is no token, or one of another request.
absl::StatusOr<std::string> ReadPageToken(absl::string_view token, uint64_t fingerprint);

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_PAGE_H_
