#include "io/stream.h"

namespace mosh::io {

Task<absl::Status> Stream::WriteAll(std::span<const uint8_t> bytes, StopToken stop) {
  while (!bytes.empty()) {
    const absl::StatusOr<size_t> written = co_await Write(bytes, stop);
    if (!written.ok()) co_return written.status();
    bytes = bytes.subspan(*written);
  }
  co_return absl::OkStatus();
}

}  // namespace mosh::io
