// The master of a pty that this process opened itself, as the Tty a Session wants: a reactor's
// Stream plus the window size.
#ifndef SERVER_PTY_MASTER_H_
#define SERVER_PTY_MASTER_H_

#include <sys/ioctl.h>

#include <cerrno>
#include <memory>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/attributes.h"
#include "io/status.h"
#include "io/stream.h"

namespace mosh::server {

class PtyMaster final : public io::Tty {
 public:
  // `stream` reads and writes the master.
  explicit PtyMaster(std::unique_ptr<io::Stream> stream) : stream_(std::move(stream)) {}

  MOSH_CORO_WRAPPER io::Task<absl::StatusOr<size_t>> Read(std::span<uint8_t> buffer,
                                                          io::StopToken stop) override {
    return stream_->Read(buffer, stop);
  }
  MOSH_CORO_WRAPPER io::Task<absl::StatusOr<size_t>> Write(std::span<const uint8_t> bytes,
                                                           io::StopToken stop) override {
    return stream_->Write(bytes, stop);
  }
  MOSH_CORO_WRAPPER io::Task<void> Close() override { return stream_->Close(); }
  int fd() const override { return stream_->fd(); }

  absl::StatusOr<io::WindowSize> GetWindowSize() const override {
    winsize size;
    if (ioctl(fd(), TIOCGWINSZ, &size) != 0) return io::ErrnoStatus(errno, "TIOCGWINSZ");
    return io::WindowSize{size.ws_col, size.ws_row, size.ws_xpixel, size.ws_ypixel};
  }
  absl::Status SetWindowSize(io::WindowSize size) override {
    const winsize wanted = {size.rows, size.columns, size.x_pixels, size.y_pixels};
    if (ioctl(fd(), TIOCSWINSZ, &wanted) != 0) return io::ErrnoStatus(errno, "TIOCSWINSZ");
    return absl::OkStatus();
  }

 private:
  std::unique_ptr<io::Stream> stream_;
};

}  // namespace mosh::server

#endif  // SERVER_PTY_MASTER_H_
