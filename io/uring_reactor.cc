#include "io/uring_reactor.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "io/status.h"
#include "io/udp_kernel.h"
#include "io/uring_udp_socket.h"

namespace mosh::io {
namespace {

// A program has a handful of operations under way, each session of a host two more. Small: the ring
// is memory that every process pays for, and a full one only costs an early submit (the kernel
// keeps completions that don't fit).
constexpr unsigned kSubmissions = 32;

}  // namespace

absl::StatusOr<std::unique_ptr<Reactor>> UringReactor::Create() {
  std::unique_ptr<UringReactor> reactor(new UringReactor());
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL;
  const int error = io_uring_queue_init_params(kSubmissions, &reactor->ring_, &params);
  if (error < 0) {
    reactor->ring_.ring_fd = -1;
    return absl::UnavailableError(absl::StrCat("io_uring isn't available here: ",
                                               ErrnoStatus(-error, "io_uring_setup").message()));
  }
  constexpr unsigned kNeeded = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP | IORING_FEAT_CQE_SKIP;
  if ((params.features & kNeeded) != kNeeded) {
    return absl::UnavailableError("io_uring isn't available here: this kernel's is too old");
  }
  return reactor;
}

UringReactor::~UringReactor() {
  buffers_.reset();
  if (ring_.ring_fd >= 0) io_uring_queue_exit(&ring_);
}

absl::StatusOr<std::unique_ptr<UdpSocket>> UringReactor::MakeSocket(OwnedFd fd) {
  if (buffers_ == nullptr) {
    absl::StatusOr<std::unique_ptr<UringBuffers>> buffers = UringBuffers::Create(&ring_);
    if (!buffers.ok()) return buffers.status();
    buffers_ = *std::move(buffers);
  }
  return std::unique_ptr<UdpSocket>(new UringUdpSocket(this, std::move(fd)));
}

absl::StatusOr<std::unique_ptr<UdpSocket>> UringReactor::BindUdp(const SocketAddress& local,
                                                                 const UdpOptions& options) {
  absl::StatusOr<OwnedFd> fd = OpenUdp(local, options);
  if (!fd.ok()) return fd.status();
  return MakeSocket(*std::move(fd));
}

absl::StatusOr<std::unique_ptr<UdpSocket>> UringReactor::AdoptUdp(OwnedFd fd,
                                                                  const UdpOptions& options) {
  if (absl::Status s = ConfigureUdp(fd.get(), options); !s.ok()) return s;
  return MakeSocket(std::move(fd));
}

io_uring_sqe* UringReactor::NextSqe() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  while (sqe == nullptr) {
    const int submitted = io_uring_submit(&ring_);
    CHECK(submitted >= 0 || submitted == -EINTR || submitted == -EAGAIN || submitted == -EBUSY);
    sqe = io_uring_get_sqe(&ring_);
  }
  return sqe;
}

void UringReactor::StartPoll(PollOp* op) {
  io_uring_sqe* sqe = NextSqe();
  io_uring_prep_poll_add(sqe, op->fd(), op->events());
  io_uring_sqe_set_data(sqe, static_cast<Completion*>(op));
}

void UringReactor::CancelPoll(PollOp* op) { Cancel(op); }

void UringReactor::Cancel(Completion* completion) {
  io_uring_sqe* sqe = NextSqe();
  io_uring_prep_cancel(sqe, completion, 0);
  // Its own success or failure says nothing: what was to be cancelled completes in any case.
  io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
  io_uring_sqe_set_data(sqe, nullptr);
}

void UringReactor::StartReceive(int fd, msghdr* message, Completion* completion) {
  io_uring_sqe* sqe = NextSqe();
  io_uring_prep_recvmsg_multishot(sqe, fd, message, 0);
  sqe->buf_group = UringBuffers::kGroup;
  io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  io_uring_sqe_set_data(sqe, completion);
}

void UringReactor::WaitForBuffer(UringUdpSocket* socket) { starved_.PushBack(socket); }

void UringReactor::RecycleBuffer(uint32_t buffer) {
  buffers_->Recycle(buffer);
  while (!starved_.empty()) starved_.PopFront()->Rearm();
}

void UringReactor::Reap() {
  // One at a time: a completion may submit, and that may bring more completions.
  io_uring_cqe* cqe;
  while (io_uring_peek_cqe(&ring_, &cqe) == 0) {
    auto* completion = static_cast<Completion*>(io_uring_cqe_get_data(cqe));
    const int32_t result = cqe->res;
    const uint32_t flags = cqe->flags;
    io_uring_cqe_seen(&ring_, cqe);
    if (completion != nullptr) completion->OnCompletion(result, flags);
  }
}

void UringReactor::PollKernel(Instant deadline, std::chrono::nanoseconds gather) {
  // Of datagrams no more can come than there are buffers.
  unsigned enough = 1;
  if (gather.count() != 0) {
    enough = UringBuffers::kCount;
    if (deadline > Now()) deadline = std::min(deadline, ReadClock() + gather);
  }
  int result;
  if (deadline <= Now()) {
    result = io_uring_submit_and_get_events(&ring_);
  } else if (deadline == Instant::Max()) {
    result = io_uring_submit_and_wait(&ring_, 1);
  } else {
    const std::chrono::nanoseconds left =
        std::max(deadline - ReadClock(), std::chrono::nanoseconds(0));
    __kernel_timespec timeout{.tv_sec = left.count() / 1'000'000'000,
                              .tv_nsec = left.count() % 1'000'000'000};
    io_uring_cqe* cqe;
    result = io_uring_submit_and_wait_timeout(&ring_, &cqe, enough, &timeout, nullptr);
  }
  CHECK(result >= 0 || result == -ETIME || result == -EINTR || result == -EAGAIN ||
        result == -EBUSY);
  Reap();
}

}  // namespace mosh::io
