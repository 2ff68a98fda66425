// A recording's file from an agent. What there is of it already is not fetched again.
#ifndef MGMT_CTL_DOWNLOAD_H_
#define MGMT_CTL_DOWNLOAD_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "mgmt/ctl/api.h"
#include "mosh/fleet/v1/recording_service.pb.h"

namespace mosh::mgmt::ctl {

// Into `path`, by way of `path`.part, which stays if it is cut off: the next call goes on with it.
// At the end its SHA-256 must be the recording's. kAlreadyExists: there is a file of that name.
absl::StatusOr<::mosh::fleet::v1::Recording> DownloadRecording(
    Api& api, const ::mosh::fleet::v1::DownloadRecordingRequest& request, const std::string& path,
    const std::function<void(int64_t done, int64_t size)>& progress);

// "[#####     ]  50%  1.2 MiB of 2.4 MiB". Pure.
std::string ProgressBar(int64_t done, int64_t size);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_DOWNLOAD_H_
