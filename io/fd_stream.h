// FdStream: Stream and Tty over a descriptor of a real reactor. Internal to io/.
#ifndef IO_FD_STREAM_H_
#define IO_FD_STREAM_H_

#include <memory>

#include "absl/status/statusor.h"
#include "io/kernel_reactor.h"
#include "io/owned_fd.h"
#include "io/stream.h"

namespace mosh::io {

class FdStream final : public Tty {
 public:
  static absl::StatusOr<std::unique_ptr<Tty>> Open(KernelReactor* reactor, OwnedFd fd);

  // For a terminal whose file description others share. O_NONBLOCK would hit them too (the shell,
  // after us), so the terminal is opened a second time; where that isn't allowed, the shared one is
  // used with small writes and only when it has room.
  static absl::StatusOr<std::unique_ptr<Tty>> OpenShared(KernelReactor* reactor, int shared_fd);

  ~FdStream() override;

  Task<absl::StatusOr<size_t>> Read(std::span<uint8_t> buffer, StopToken stop) override;
  Task<absl::StatusOr<size_t>> Write(std::span<const uint8_t> bytes, StopToken stop) override;
  int fd() const override { return fd_.get(); }
  Task<void> Close() override;
  absl::StatusOr<WindowSize> GetWindowSize() const override;
  absl::Status SetWindowSize(WindowSize size) override;

 private:
  FdStream(KernelReactor* reactor, OwnedFd fd, bool blocking)
      : reactor_(reactor), fd_(std::move(fd)), blocking_(blocking) {}

  bool HasInput() const;

  KernelReactor* reactor_;
  OwnedFd fd_;
  // Reads and writes of this description may block: one at a time, and only after a poll said so.
  const bool blocking_;
  // The last Read() took so much that more is there, or will be in a moment.
  bool more_expected_ = false;
  size_t taken_in_turn_ = 0;  // bytes, by reads that did not let the loop have a turn
};

}  // namespace mosh::io

#endif  // IO_FD_STREAM_H_
