#include "mgmt/agent/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "absl/status/status.h"

namespace mosh::mgmt {

absl::StatusOr<std::unique_ptr<Mailbox>> Mailbox::Create(io::Reactor* reactor) {
  io::OwnedFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  return std::unique_ptr<Mailbox>(new Mailbox(reactor, std::move(wake)));
}

bool Mailbox::Post(std::function<void()> letter) {
  // Held to the end: when the loop has run the letter, nothing of this call is left to do.
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return false;
  const bool first = letters_.empty();
  letters_.push_back(std::move(letter));
  if (first) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
  }
  return true;
}

bool Mailbox::RunLetters() {
  std::vector<std::function<void()>> letters;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    letters.swap(letters_);
  }
  for (std::function<void()>& letter : letters) {
    letter();
    letter = nullptr;
  }
  return !letters.empty();
}

io::Task<void> Mailbox::Run(io::StopToken stop) {
  while ((co_await reactor_->WaitReadable(wake_.get(), stop)).ok()) {
    // Before the letters: what is posted from now on wakes anew.
    uint64_t count;
    [[maybe_unused]] const ssize_t got = read(wake_.get(), &count, sizeof count);
    RunLetters();
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
  }
  while (RunLetters()) {
  }
}

}  // namespace mosh::mgmt
