#include "io/status.h"

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace mosh::io {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
      return absl::StatusCode::kResourceExhausted;
    case EMSGSIZE:
      return absl::StatusCode::kOutOfRange;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENETRESET:
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case EPIPE:
    case EIO:
    case ENXIO:
      return absl::StatusCode::kUnavailable;
    case EPERM:
    case EACCES:
      return absl::StatusCode::kPermissionDenied;
    case EADDRINUSE:
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case ENOENT:
    case ENODEV:
    case ESRCH:
    case EADDRNOTAVAIL:
      return absl::StatusCode::kNotFound;
    case ECANCELED:
      return absl::StatusCode::kCancelled;
    case ENOSYS:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
      return absl::StatusCode::kUnimplemented;
    case EINVAL:
    case EBADF:
    case ENOTTY:
    case ENOTSOCK:
    case ENOTDIR:
    case ENAMETOOLONG:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kUnknown;
  }
}

}  // namespace

absl::Status ErrnoStatus(int error, absl::string_view call) {
  return absl::Status(CodeOf(error),
                      absl::StrCat(call, ": ", std::generic_category().message(error)));
}

absl::Status StoppedStatus() { return absl::CancelledError("stop requested"); }

}  // namespace mosh::io
