#include "io/fd_stream.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "io/ready_queue.h"
#include "io/status.h"

namespace mosh::io {
namespace {

// A read that takes less than this has emptied the descriptor, or nearly: asking again for EAGAIN
// would cost a system call for every key. A flooding pty gives pieces of up to 4095 bytes.
constexpr size_t kSmallRead = 512;
// Nearly all that one read of a pty can give.
constexpr size_t kLargeRead = 3072;

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

FdStream::ReadResult FdStream::ReadAvailable(std::span<uint8_t> buffer) {
  ReadResult result{};
  more_expected_ = false;
  bool refill_likely = false;
  while (result.taken < buffer.size()) {
    const std::span<uint8_t> room = buffer.subspan(result.taken);
    const ssize_t n = read(fd_.get(), room.data(), room.size());
    if (n > 0) {
      result.taken += static_cast<size_t>(n);
      if (blocking_ || (static_cast<size_t>(n) < kSmallRead && n < std::ssize(room))) return result;
      refill_likely = static_cast<size_t>(n) >= kLargeRead;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    // A flooding pty is refilled 4 KiB at a time by a kernel thread, which often waits for this
    // very processor. Letting it run costs less than going to sleep and being woken for each piece.
    if (n < 0 && errno == EAGAIN && std::exchange(refill_likely, false)) {
      sched_yield();
      continue;
    }
    // EIO: a pty whose other side is closed, or a terminal that hung up.
    result.end = n == 0 || errno == EIO;
    result.error = result.end ? 0 : errno;
    return result;
  }
  more_expected_ = true;
  return result;
}

Task<absl::StatusOr<size_t>> FdStream::Read(std::span<uint8_t> buffer, StopToken stop) {
  if (stop.stop_requested()) co_return StoppedStatus();
  CHECK(!buffer.empty());
  // Always a turn of the loop between two reads: a flooding descriptor must not starve the others.
  bool poll = !more_expected_ || blocking_;
  if (!poll) co_await Yield();
  for (;;) {
    if (poll) {
      const absl::Status ready = co_await PollOp(reactor_, fd_.get(), POLLIN, stop);
      if (!ready.ok()) co_return ready;
    }
    const ReadResult result = ReadAvailable(buffer);
    if (result.taken != 0 || result.end) co_return result.taken;
    if (result.error != EAGAIN) co_return ErrnoStatus(result.error, "read");
    poll = true;
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
