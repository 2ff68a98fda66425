// Stream: bytes in order, over a pipe, a pty master, a terminal or a Unix stream socket. Tty adds
// the window size.
#ifndef IO_STREAM_H_
#define IO_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/stop.h"
#include "io/task.h"

namespace mosh::io {

class Stream {
 public:
  virtual ~Stream() = default;

  // At least one byte, or 0 at the end (also: the other side of a pty or terminal is gone). Gives
  // what the kernel gives at once, from a pty 4 KiB at most: use it before asking for more, and the
  // kernel refills the pty meanwhile. Lets the rest of the loop have a turn for every 64 KiB,
  // however much there is to read. One reader at a time. kCancelled: `stop`, nothing was read.
  virtual Task<absl::StatusOr<size_t>> Read(std::span<uint8_t> buffer, StopToken stop) = 0;

  // Writes what fits, at least one byte unless `bytes` is empty, waiting for room if there is none.
  // One writer at a time. kCancelled: `stop`, nothing was written. kUnavailable: nobody reads any
  // more.
  virtual Task<absl::StatusOr<size_t>> Write(std::span<const uint8_t> bytes, StopToken stop) = 0;

  // The descriptor, for ioctls of the owner's own; -1 in simulation, unless a test has one.
  virtual int fd() const = 0;

  // Closes the descriptor. No Read or Write may be under way. Safe to call twice. A stream may also
  // be destroyed without it.
  virtual Task<void> Close() = 0;

  // Writes all of `bytes`, waiting as often as needed. After an error or kCancelled an unknown part
  // was written.
  Task<absl::Status> WriteAll(std::span<const uint8_t> bytes, StopToken stop);
};

struct WindowSize {
  uint16_t columns = 80;
  uint16_t rows = 24;
  uint16_t x_pixels = 0;
  uint16_t y_pixels = 0;
  friend bool operator==(const WindowSize&, const WindowSize&) = default;
};

// A terminal seen from either side: the user's own (client), or the master of a pty (server).
class Tty : public Stream {
 public:
  virtual absl::StatusOr<WindowSize> GetWindowSize() const = 0;
  // On a pty master: the programs inside get SIGWINCH if it changed.
  virtual absl::Status SetWindowSize(WindowSize size) = 0;
};

}  // namespace mosh::io

#endif  // IO_STREAM_H_
