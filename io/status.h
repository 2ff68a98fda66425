// Errors of system calls as absl::Status: "sendmsg: Network is unreachable", the same text on every
// backend.
#ifndef IO_STATUS_H_
#define IO_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace mosh::io {

// `error` is an errno value other than 0. The codes callers act upon:
//   kResourceExhausted  EAGAIN, ENOBUFS, ENOMEM, EMFILE, ENFILE    try later
//   kOutOfRange         EMSGSIZE                                   datagram too big for the path or
//   socket kUnavailable        ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, ECONNREFUSED, EPIPE,
//   ECONNRESET, ... kPermissionDenied   EPERM, EACCES kAlreadyExists      EADDRINUSE, EEXIST
//   kNotFound           ENOENT, ENODEV, ESRCH, EADDRNOTAVAIL
//   kCancelled          ECANCELED
//   kUnimplemented      ENOSYS, EOPNOTSUPP, EAFNOSUPPORT, ...
//   kInvalidArgument    EINVAL, EBADF, ...
//   kUnknown            the rest
absl::Status ErrnoStatus(int error, absl::string_view call);

// What a wait gives whose stop token stopped.
absl::Status StoppedStatus();

}  // namespace mosh::io

#endif  // IO_STATUS_H_
