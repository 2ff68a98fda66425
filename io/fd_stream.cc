#include "io/fd_stream.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "io/ready_queue.h"
#include "io/status.h"

namespace mosh::io {
namespace {

// A read that takes less than this has emptied the descriptor: looking again would cost a system
// call for every key. A flooding pty gives pieces of up to 4095 bytes.
constexpr size_t kSmallRead = 512;
// How long to look again and again after a larger one. A kernel thread refills a flooding pty, in
// a few microseconds and mostly on another processor; going to sleep and being woken takes longer.
constexpr std::chrono::microseconds kRefillTime{20};

// Then the rest of the loop has a turn: a flooding descriptor must not starve the others.
constexpr size_t kMostInTurn = size_t{64} << 10;

// What a terminal that polls as writable takes without blocking.
constexpr size_t kBlockingWrite = 256;

}  // namespace

absl::StatusOr<std::unique_ptr<Tty>> FdStream::Open(KernelReactor* reactor, OwnedFd fd) {
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0) return ErrnoStatus(errno, "fcntl");
  if ((flags & O_NONBLOCK) == 0 && fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) < 0) {
    return ErrnoStatus(errno, "fcntl");
  }
  return std::unique_ptr<Tty>(new FdStream(reactor, std::move(fd), /*blocking=*/false));
}

absl::StatusOr<std::unique_ptr<Tty>> FdStream::OpenShared(KernelReactor* reactor, int shared_fd) {
  struct stat shared, reopened;
  if (fstat(shared_fd, &shared) != 0) return ErrnoStatus(errno, "fstat");
  if (isatty(shared_fd) == 0) return ErrnoStatus(errno, "isatty");
  const std::string path = "/proc/self/fd/" + std::to_string(shared_fd);
  OwnedFd own(open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (own.valid() && fstat(own.get(), &reopened) == 0 && reopened.st_rdev == shared.st_rdev) {
    return std::unique_ptr<Tty>(new FdStream(reactor, std::move(own), /*blocking=*/false));
  }
  OwnedFd duplicate(fcntl(shared_fd, F_DUPFD_CLOEXEC, 3));
  if (!duplicate.valid()) return ErrnoStatus(errno, "fcntl");
  return std::unique_ptr<Tty>(new FdStream(reactor, std::move(duplicate), /*blocking=*/true));
}

FdStream::~FdStream() {
  if (fd_.valid()) reactor_->ForgetFd(fd_.get());
}

// Unlike read() and poll(), this never waits for the kernel's refilling thread.
bool FdStream::HasInput() const {
  int available = 0;
  return ioctl(fd_.get(), FIONREAD, &available) != 0 || available > 0;
}

Task<absl::StatusOr<size_t>> FdStream::Read(std::span<uint8_t> buffer, StopToken stop) {
  if (stop.stop_requested()) co_return StoppedStatus();
  CHECK(!buffer.empty());
  bool poll = true;
  if (more_expected_) {
    poll = !HasInput();
    if (poll || taken_in_turn_ >= kMostInTurn) {
      taken_in_turn_ = 0;
      co_await Yield();
      const Instant give_up = reactor_->Now() + kRefillTime;
      while ((poll = !HasInput()) && reactor_->Now() < give_up) co_await Yield();
    }
    more_expected_ = false;
  }
  for (;;) {
    if (poll) {
      taken_in_turn_ = 0;
      const absl::Status ready = co_await PollOp(reactor_, fd_.get(), POLLIN, stop);
      if (!ready.ok()) co_return ready;
    }
    const ssize_t n = read(fd_.get(), buffer.data(), buffer.size());
    if (n > 0) {
      taken_in_turn_ += static_cast<size_t>(n);
      more_expected_ =
          !blocking_ && (static_cast<size_t>(n) >= kSmallRead || n == std::ssize(buffer));
      co_return static_cast<size_t>(n);
    }
    // EIO: a pty whose other side is closed, or a terminal that hung up.
    if (n == 0 || errno == EIO) co_return size_t{0};
    if (errno != EAGAIN && errno != EINTR) co_return ErrnoStatus(errno, "read");
    poll = errno == EAGAIN || blocking_;
  }
}

Task<absl::StatusOr<size_t>> FdStream::Write(std::span<const uint8_t> bytes, StopToken stop) {
  if (stop.stop_requested()) co_return StoppedStatus();
  if (bytes.empty()) co_return size_t{0};
  bool poll = blocking_;
  for (;;) {
    if (poll) {
      const absl::Status ready = co_await PollOp(reactor_, fd_.get(), POLLOUT, stop);
      if (!ready.ok()) co_return ready;
    }
    const size_t size = blocking_ ? std::min(bytes.size(), kBlockingWrite) : bytes.size();
    const ssize_t n = write(fd_.get(), bytes.data(), size);
    if (n >= 0) co_return static_cast<size_t>(n);
    if (errno != EAGAIN && errno != EINTR) co_return ErrnoStatus(errno, "write");
    poll = errno == EAGAIN || blocking_;
  }
}

Task<void> FdStream::Close() {
  if (fd_.valid()) reactor_->ForgetFd(fd_.get());
  fd_.Reset();
  co_return;
}

absl::StatusOr<WindowSize> FdStream::GetWindowSize() const {
  winsize size;
  if (ioctl(fd_.get(), TIOCGWINSZ, &size) != 0) return ErrnoStatus(errno, "TIOCGWINSZ");
  return WindowSize{size.ws_col, size.ws_row, size.ws_xpixel, size.ws_ypixel};
}

absl::Status FdStream::SetWindowSize(WindowSize size) {
  const winsize raw{.ws_row = size.rows,
                    .ws_col = size.columns,
                    .ws_xpixel = size.x_pixels,
                    .ws_ypixel = size.y_pixels};
  if (ioctl(fd_.get(), TIOCSWINSZ, &raw) != 0) return ErrnoStatus(errno, "TIOCSWINSZ");
  return absl::OkStatus();
}

}  // namespace mosh::io
