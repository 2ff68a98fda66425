#include "mgmt/model/page.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "mgmt/model/fingerprint.h"

namespace mosh::mgmt {
namespace {

constexpr size_t kFingerprintSize = 8;

std::string Prefix(uint64_t fingerprint) {
  std::string bytes;
  for (size_t i = 0; i < kFingerprintSize; ++i) {
    bytes.push_back(static_cast<char>(fingerprint >> (8 * i)));
  }
  return bytes;
}

template <class Request>
uint64_t FingerprintOfRest(Request request) {
  request.clear_page_size();
  request.clear_page_token();
  return Fingerprint(request.SerializeAsString());
}

}  // namespace

absl::StatusOr<int> PageSize(int32_t asked) {
  if (asked < 0) return absl::InvalidArgumentError("page_size is negative");
  return asked == 0 ? kDefaultPageSize : std::min<int>(asked, kMaxPageSize);
}

uint64_t ListFingerprint(const fleet::ListSessionsRequest& request) {
  return FingerprintOfRest(request);
}

uint64_t ListFingerprint(const fleet::ListNodesRequest& request) {
  return FingerprintOfRest(request);
}

std::string MakePageToken(absl::string_view after_key, uint64_t fingerprint) {
  return absl::WebSafeBase64Escape(Prefix(fingerprint) + std::string(after_key));
}

absl::StatusOr<std::string> ReadPageToken(absl::string_view token, uint64_t fingerprint) {
  if (token.empty()) return std::string();
  std::string bytes;
  // Behind the fingerprint there is at least a name.
  if (!absl::WebSafeBase64Unescape(token, &bytes) || bytes.size() <= kFingerprintSize) {
    return absl::InvalidArgumentError("page_token is none");
  }
  if (bytes.substr(0, kFingerprintSize) != Prefix(fingerprint)) {
    return absl::InvalidArgumentError(
        "page_token comes from a request with another parent, filter, order_by or read_mask");
  }
  return bytes.substr(kFingerprintSize);
}

}  // namespace mosh::mgmt
