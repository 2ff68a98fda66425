#include "io/epoll_reactor.h"

#include <sys/epoll.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "io/epoll_udp_socket.h"
#include "io/status.h"
#include "io/udp_kernel.h"

namespace mosh::io {
namespace {
constexpr int kEventsPerWait = 64;
}  // namespace

absl::StatusOr<std::unique_ptr<Reactor>> EpollReactor::Create() {
  OwnedFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return ErrnoStatus(errno, "epoll_create1");
  return std::unique_ptr<Reactor>(new EpollReactor(std::move(epoll)));
}

EpollReactor::~EpollReactor() {
  for (const Interest& interest : interests_) {
    CHECK(interest.reader == nullptr);
    CHECK(interest.writer == nullptr);
  }
}

absl::StatusOr<std::unique_ptr<UdpSocket>> EpollReactor::BindUdp(const SocketAddress& local,
                                                                 const UdpOptions& options) {
  absl::StatusOr<OwnedFd> fd = OpenUdp(local, options);
  if (!fd.ok()) return fd.status();
  return std::unique_ptr<UdpSocket>(new EpollUdpSocket(this, *std::move(fd)));
}

absl::StatusOr<std::unique_ptr<UdpSocket>> EpollReactor::AdoptUdp(OwnedFd fd,
                                                                  const UdpOptions& options) {
  if (absl::Status s = ConfigureUdp(fd.get(), options); !s.ok()) return s;
  return std::unique_ptr<UdpSocket>(new EpollUdpSocket(this, std::move(fd)));
}

void EpollReactor::MarkChanged(int fd) {
  Interest& interest = interests_[fd];
  if (std::exchange(interest.changed, true)) return;
  changed_.push_back(fd);
}

void EpollReactor::StartPoll(PollOp* op) {
  CHECK(op->fd() >= 0);
  if (static_cast<size_t>(op->fd()) >= interests_.size()) interests_.resize(op->fd() + 1);
  Interest& interest = interests_[op->fd()];
  PollOp*& slot = op->events() == POLLIN ? interest.reader : interest.writer;
  CHECK(slot == nullptr);  // one reader and one writer at a time
  slot = op;
  MarkChanged(op->fd());
}

void EpollReactor::CancelPoll(PollOp* op) {
  Interest& interest = interests_[op->fd()];
  Complete(op->events() == POLLIN ? &interest.reader : &interest.writer, -ECANCELED);
  MarkChanged(op->fd());
}

void EpollReactor::Complete(PollOp** op, int32_t result) {
  if (*op != nullptr) std::exchange(*op, nullptr)->OnCompletion(result, 0);
}

void EpollReactor::ForgetFd(int fd) {
  if (fd < 0 || static_cast<size_t>(fd) >= interests_.size()) return;
  Interest& interest = interests_[fd];
  CHECK(interest.reader == nullptr);
  CHECK(interest.writer == nullptr);
  if (interest.asked != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  interest.asked = 0;
}

void EpollReactor::OnWaitEnd(int fd) {
  // A wait that was stopped before it began may be for a descriptor we never heard of.
  if (fd < 0 || static_cast<size_t>(fd) >= interests_.size()) return;
  const Interest& interest = interests_[fd];
  if (interest.reader == nullptr && interest.writer == nullptr) ForgetFd(fd);
}

void EpollReactor::AskKernel() {
  for (const int fd : changed_) {
    Interest& interest = interests_[fd];
    interest.changed = false;
    const uint32_t wanted = (interest.reader != nullptr ? uint32_t{EPOLLIN} : 0) |
                            (interest.writer != nullptr ? uint32_t{EPOLLOUT} : 0);
    if (wanted == interest.asked) continue;
    epoll_event event{};
    event.events = wanted;
    event.data.fd = fd;
    const int operation =
        wanted == 0 ? EPOLL_CTL_DEL : (interest.asked == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
    if (epoll_ctl(epoll_.get(), operation, fd, &event) == 0 || wanted == 0) {
      interest.asked = wanted;
      continue;
    }
    // EPERM: a file that is always ready. Anything else is an answer too.
    interest.asked = 0;
    const int32_t result = errno == EPERM ? 1 : -errno;
    Complete(&interest.reader, result);
    Complete(&interest.writer, result);
  }
  changed_.clear();
}

int EpollReactor::Wait(Instant deadline) {
  std::array<epoll_event, kEventsPerWait> events;
  const std::chrono::nanoseconds left =
      std::max(deadline - ReadClock(), std::chrono::nanoseconds(0));
  const bool forever = deadline == Instant::Max();
  int n = -1;
  if (nanoseconds_) {
    const timespec timeout{.tv_sec = left.count() / 1'000'000'000,
                           .tv_nsec = left.count() % 1'000'000'000};
    n = epoll_pwait2(epoll_.get(), events.data(), events.size(), forever ? nullptr : &timeout,
                     nullptr);
    // Old kernels, and old seccomp profiles.
    if (n < 0 && errno != EINTR) nanoseconds_ = false;
  }
  if (!nanoseconds_) {
    const int64_t millis = std::min<int64_t>((left.count() + 999'999) / 1'000'000, 1 << 30);
    n = epoll_wait(epoll_.get(), events.data(), events.size(),
                   forever ? -1 : static_cast<int>(millis));
  }
  for (int i = 0; i < n; ++i) {
    const int fd = events[i].data.fd;
    Interest& interest = interests_[fd];
    const uint32_t happened = events[i].events;
    const bool broken = (happened & (EPOLLERR | EPOLLHUP)) != 0;
    if (broken || (happened & EPOLLIN) != 0) Complete(&interest.reader, 1);
    if (broken || (happened & EPOLLOUT) != 0) Complete(&interest.writer, 1);
    MarkChanged(fd);
  }
  return n;
}

void EpollReactor::PollKernel(Instant deadline, std::chrono::nanoseconds gather) {
  AskKernel();
  if (!ready_.empty()) deadline = Now();
  if (gather.count() != 0 && deadline > Now()) {
    if (Wait(Now()) > 0) return;
    const std::chrono::nanoseconds left =
        std::clamp(deadline - ReadClock(), std::chrono::nanoseconds(0), gather);
    const timespec pause{.tv_sec = 0, .tv_nsec = left.count()};
    nanosleep(&pause, nullptr);
    deadline = Now();
  }
  Wait(deadline);
}

}  // namespace mosh::io
