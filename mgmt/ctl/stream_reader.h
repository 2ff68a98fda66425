// The messages of a server's stream as they come, for a loop that waits by poll(): a thread reads
// them, one at a time, and the next only when that one has been taken. So a slow loop slows the
// server down, and nothing queues up here.
#ifndef MGMT_CTL_STREAM_READER_H_
#define MGMT_CTL_STREAM_READER_H_

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/sync_stream.h"
#include "io/owned_fd.h"

namespace mosh::mgmt::ctl {

template <class Response>
class StreamReader {
 public:
  // Begins the call; runs in the thread.
  using Open = std::function<std::unique_ptr<grpc::ClientReader<Response>>(grpc::ClientContext*)>;

  explicit StreamReader(Open open)
      : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread_([this, open = std::move(open)] { Run(open); }) {}
  // Cancels the call.
  ~StreamReader() {
    context_.TryCancel();
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    taken_.notify_one();
    thread_.join();
  }
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  // Readable when Take() or end() has news.
  int fd() const { return event_.get(); }

  // The next message, if it has come.
  std::optional<Response> Take() {
    std::lock_guard lock(mutex_);
    uint64_t count;
    // Nothing to read is as good: the event only wakes the loop.
    (void)!read(event_.get(), &count, sizeof count);
    std::optional<Response> message = std::exchange(message_, std::nullopt);
    if (message) taken_.notify_one();
    if (end_) Notify();  // the end is news until somebody draws the consequence
    return message;
  }
  // How the stream has ended, once all its messages have been taken.
  std::optional<grpc::Status> end() {
    std::lock_guard lock(mutex_);
    return message_ ? std::nullopt : end_;
  }

 private:
  void Run(const Open& open) {
    const std::unique_ptr<grpc::ClientReader<Response>> reader = open(&context_);
    Response response;
    while (reader->Read(&response)) {
      std::unique_lock lock(mutex_);
      message_ = std::move(response);
      response.Clear();
      Notify();
      taken_.wait(lock, [this] { return !message_ || stopping_; });
      if (stopping_) break;
    }
    // After a cancellation there may be messages left, and Finish() wants them read.
    while (reader->Read(&response)) {
    }
    const grpc::Status status = reader->Finish();
    std::lock_guard lock(mutex_);
    end_ = status;
    Notify();
  }
  void Notify() {
    const uint64_t one = 1;
    (void)!write(event_.get(), &one, sizeof one);
  }

  grpc::ClientContext context_;
  io::OwnedFd event_;
  std::mutex mutex_;
  std::condition_variable taken_;
  std::optional<Response> message_;
  std::optional<grpc::Status> end_;
  bool stopping_ = false;
  std::thread thread_;
};

// Waits for a message or the end, at most `limit`. Whether there is news.
template <class Response>
bool WaitForNews(const StreamReader<Response>& reader, absl::Duration limit) {
  pollfd news = {.fd = reader.fd(), .events = POLLIN, .revents = 0};
  const timespec timeout = absl::ToTimespec(limit);
  return ppoll(&news, 1, limit == absl::InfiniteDuration() ? nullptr : &timeout, nullptr) > 0;
}

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_STREAM_READER_H_
