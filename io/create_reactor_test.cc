#include "io/create_reactor.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>

#include "gtest/gtest.h"

namespace mosh::io {
namespace {

using std::chrono_literals::operator""ms;

std::string NameOf(const absl::StatusOr<std::unique_ptr<Reactor>>& reactor) {
  if (!reactor.ok()) return std::string(reactor.status().message());
  return std::string((*reactor)->name());
}

Task<void> SleepABit(Reactor* reactor) {
  (co_await reactor->Sleep(reactor->Now() + 1ms, {})).IgnoreError();
}

// Runs `check` in a child in which io_uring_setup fails with `error`. Returns its result.
int WithoutIoUring(int error, const std::function<bool()>& check) {
  const pid_t pid = fork();
  if (pid == 0) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    const bool loaded =
        filter != nullptr &&
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), SCMP_SYS(io_uring_setup), 0) == 0 &&
        seccomp_load(filter) == 0;
    _exit(!loaded ? 2 : (check() ? 0 : 1));
  }
  int status = -1;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(CreateReactor, FallsBackWhereIoUringIsRefused) {
  unsetenv("MOSH_IO_BACKEND");
  for (const int error : {EPERM, ENOSYS, ENOMEM}) {
    EXPECT_EQ(WithoutIoUring(error,
                             [] {
                               absl::StatusOr<std::unique_ptr<Reactor>> reactor = CreateReactor();
                               if (NameOf(reactor) != "epoll") return false;
                               (*reactor)->Run(SleepABit(reactor->get()));
                               return true;
                             }),
              0)
        << error;
  }
}

TEST(CreateReactor, ANamedBackendThatIsRefusedIsAnError) {
  EXPECT_EQ(
      WithoutIoUring(
          EPERM,
          [] {
            setenv("MOSH_IO_BACKEND", "io_uring", 1);
            return CreateReactor().status() ==
                   absl::UnavailableError(
                       "io_uring isn't available here: io_uring_setup: Operation not permitted");
          }),
      0);
}

TEST(CreateReactor, ObeysTheEnvironment) {
  setenv("MOSH_IO_BACKEND", "epoll", 1);
  EXPECT_EQ(NameOf(CreateReactor()), "epoll");
  setenv("MOSH_IO_BACKEND", "io_uring", 1);
  EXPECT_EQ(NameOf(CreateReactor()), "io_uring");
  setenv("MOSH_IO_BACKEND", "kqueue", 1);
  EXPECT_EQ(CreateReactor().status().code(), absl::StatusCode::kInvalidArgument);
  unsetenv("MOSH_IO_BACKEND");
}

TEST(CreateReactor, PrefersIoUring) {
  unsetenv("MOSH_IO_BACKEND");
  EXPECT_EQ(NameOf(CreateReactor()), "io_uring");
}

}  // namespace
}  // namespace mosh::io
