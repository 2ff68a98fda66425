#include "io/create_reactor.h"

#include <signal.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "io/epoll_reactor.h"
#include "io/uring_reactor.h"

namespace mosh::io {
namespace {

void PrepareSignals() {
  signal(SIGPIPE, SIG_IGN);
  // An inherited "ignore" would make the kernel reap children before we could ask how they ended.
  struct sigaction children;
  if (sigaction(SIGCHLD, nullptr, &children) == 0 && children.sa_handler == SIG_IGN) {
    signal(SIGCHLD, SIG_DFL);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reactor>> CreateReactor(Backend backend) {
  PrepareSignals();
  return backend == Backend::kIoUring ? UringReactor::Create() : EpollReactor::Create();
}

absl::StatusOr<std::unique_ptr<Reactor>> CreateReactor() {
  const char* variable = getenv("MOSH_IO_BACKEND");
  const absl::string_view wish = variable != nullptr ? variable : "";
  if (wish == "io_uring") return CreateReactor(Backend::kIoUring);
  if (wish == "epoll") return CreateReactor(Backend::kEpoll);
  if (!wish.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("MOSH_IO_BACKEND is \"", wish, "\"; it can be io_uring or epoll, or unset"));
  }
  absl::StatusOr<std::unique_ptr<Reactor>> reactor = CreateReactor(Backend::kIoUring);
  return reactor.ok() ? std::move(reactor) : CreateReactor(Backend::kEpoll);
}

}  // namespace mosh::io
