// Chooses the backend of a real reactor: io_uring where the kernel lets us, else epoll.
#ifndef IO_CREATE_REACTOR_H_
#define IO_CREATE_REACTOR_H_

#include <memory>

#include "absl/status/statusor.h"
#include "io/reactor.h"

namespace mosh::io {

enum class Backend : uint8_t { kIoUring, kEpoll };

// $MOSH_IO_BACKEND ("io_uring" or "epoll") or, without it, io_uring with a fall-back on epoll when
// the kernel refuses (old kernel, seccomp, kernel.io_uring_disabled, locked memory). A named
// backend that is refused is an error, and so is another value of the variable. Also sets SIGPIPE
// to ignored: a broken pipe is an error value here.
absl::StatusOr<std::unique_ptr<Reactor>> CreateReactor();

// Exactly this backend, or kUnavailable with the reason.
absl::StatusOr<std::unique_ptr<Reactor>> CreateReactor(Backend backend);

}  // namespace mosh::io

#endif  // IO_CREATE_REACTOR_H_
