#include "mgmt/link/host_finder.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "io/owned_fd.h"
#include "io/timer.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;

// Without any news.
constexpr auto kSlowLook = 30s;
constexpr auto kLookWithoutInotify = 2s;
// A socket is made in several steps, and a user who makes and removes files keeps nobody busy.
constexpr auto kSettle = 50ms;
constexpr auto kBetweenLooks = 100ms;
// Of the time, looking takes no larger part than one in so many.
constexpr int kPartOfTime = 20;
// Looks that follow each other because directories appeared meanwhile.
constexpr int kMaxRepeats = 3;

class Inotify {
 public:
  Inotify() : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

  int fd() const { return fd_.get(); }
  bool works() const { return fd_.valid() && !refused_; }

  // Watches exactly these. True: some are new, and something may have happened in them before.
  bool Set(const std::vector<WatchedDirectory>& directories) {
    if (!fd_.valid()) return false;
    std::multimap<int, std::string> wanted;
    bool news = false;
    refused_ = false;
    for (const WatchedDirectory& directory : directories) {
      const int watch = inotify_add_watch(
          fd_.get(), directory.path.c_str(),
          IN_CREATE | IN_DELETE | IN_MOVE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
      if (watch < 0) {
        refused_ |= errno == ENOSPC || errno == ENOMEM;
        continue;
      }
      news |= watches_.count(watch) == 0;
      wanted.emplace(watch, directory.prefix);
    }
    for (const auto& [watch, prefix] : watches_) {
      if (wanted.count(watch) == 0) inotify_rm_watch(fd_.get(), watch);
    }
    watches_ = std::move(wanted);
    return news;
  }

  // Takes all there is. Whether anything of it matters.
  bool Read() {
    bool matters = false;
    alignas(inotify_event) std::array<char, 16 * 1024> buffer;
    ssize_t size;
    while ((size = read(fd_.get(), buffer.data(), buffer.size())) > 0) {
      for (ssize_t at = 0; at < size;) {
        inotify_event event;
        std::memcpy(&event, buffer.data() + at, sizeof event);
        const char* const name = buffer.data() + at + sizeof event;
        matters |= Matters(event, event.len > 0 ? absl::string_view(name) : "");
        at += static_cast<ssize_t>(sizeof event + event.len);
      }
    }
    return matters;
  }

 private:
  bool Matters(const inotify_event& event, absl::string_view name) {
    // The directory is gone; one in its place is another.
    if ((event.mask & IN_IGNORED) != 0) return watches_.erase(event.wd) > 0;
    if (name.empty()) return true;
    const auto [first, last] = watches_.equal_range(event.wd);
    for (auto it = first; it != last; ++it) {
      if (absl::StartsWith(name, it->second)) return true;
    }
    return false;
  }

  const io::OwnedFd fd_;
  bool refused_ = false;
  std::multimap<int, std::string> watches_;  // which names matter
};

// Waits for something that matters, at most until `latest`.
io::Task<void> WaitForNews(io::Reactor* reactor, Inotify* inotify, Instant latest,
                           io::StopToken stop) {
  io::Deadline limit(reactor, latest, stop);
  while (true) {
    const absl::Status ready = co_await reactor->WaitReadable(inotify->fd(), limit.token());
    if (!ready.ok() || inotify->Read()) co_return;
  }
}

}  // namespace

HostFinder::HostFinder(io::Reactor* reactor, HostPlaces places,
                       std::function<void(const HostScan&)> on_scan)
    : reactor_(reactor), places_(std::move(places)), on_scan_(std::move(on_scan)) {}

io::Task<void> HostFinder::Run(io::StopToken stop) {
  Inotify inotify;
  while (!stop.stop_requested()) {
    const auto began = std::chrono::steady_clock::now();
    HostScan scan = FindHostSockets(places_);
    for (int i = 0; inotify.Set(scan.watched) && i < kMaxRepeats; ++i) {
      scan = FindHostSockets(places_);
    }
    on_scan_(scan);
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - began;
    const Instant looked = reactor_->Now();
    if (inotify.works()) {
      co_await WaitForNews(reactor_, &inotify, looked + kSlowLook, stop);
      const Instant settled = reactor_->Now() + kSettle;
      const Instant next =
          looked + std::max<std::chrono::nanoseconds>(kBetweenLooks, kPartOfTime * took);
      [[maybe_unused]] const absl::Status slept =
          co_await reactor_->Sleep(std::max(settled, next), stop);
      inotify.Read();
    } else {
      [[maybe_unused]] const absl::Status slept =
          co_await reactor_->Sleep(looked + kLookWithoutInotify, stop);
    }
  }
}

}  // namespace mosh::mgmt
