#include "io/sim/sim_stream.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "base/check.h"
#include "io/ready_queue.h"
#include "io/sim/sim_world.h"
#include "io/status.h"

namespace mosh::io::sim {

void SimPeer::Feed(absl::string_view bytes) {
  input_.append(bytes.data(), bytes.size());
  if (!bytes.empty()) readable_.Set();
}

void SimPeer::Hangup() {
  hung_up_ = true;
  readable_.Set();
  room_.Set();
}

void SimPeer::Exit(ExitStatus status) {
  if (std::exchange(exited_, true)) return;
  exit_status_ = status;
  exit_event_.Set();
  Hangup();
}

void SimPeer::Signal(int signal) {
  if (on_signal) {
    on_signal(signal);
  } else {
    Exit({.signaled = true, .value = signal});
  }
}

class SimTty final : public Tty {
 public:
  SimTty(SimWorld* world, std::shared_ptr<SimPeer> peer, bool is_pty_master)
      : world_(world), peer_(std::move(peer)), is_pty_master_(is_pty_master) {}
  ~SimTty() override { CloseNow(); }

  Task<absl::StatusOr<size_t>> Read(std::span<uint8_t> buffer, StopToken stop) override {
    if (stop.stop_requested()) co_return StoppedStatus();
    CHECK(!buffer.empty());
    co_await Yield();
    while (peer_->input_.empty() && !peer_->hung_up_) {
      peer_->readable_.Reset();
      const absl::Status ready = co_await peer_->readable_.Wait(stop);
      if (!ready.ok()) co_return ready;
    }
    const size_t n = std::min(buffer.size(), peer_->input_.size());
    std::memcpy(buffer.data(), peer_->input_.data(), n);
    peer_->input_.erase(0, n);
    world_->Trace("read", buffer.first(n));
    co_return n;
  }

  Task<absl::StatusOr<size_t>> Write(std::span<const uint8_t> bytes, StopToken stop) override {
    if (stop.stop_requested()) co_return StoppedStatus();
    if (bytes.empty()) co_return size_t{0};
    while (peer_->output_.size() >= peer_->capacity_ && !peer_->hung_up_) {
      peer_->room_.Reset();
      const absl::Status ready = co_await peer_->room_.Wait(stop);
      if (!ready.ok()) co_return ready;
    }
    if (peer_->hung_up_) co_return ErrnoStatus(EIO, "write");
    const size_t n = std::min(bytes.size(), peer_->capacity_ - peer_->output_.size());
    peer_->output_.append(reinterpret_cast<const char*>(bytes.data()), n);
    world_->Trace("write", bytes.first(n));
    if (peer_->on_output) peer_->on_output();
    co_return n;
  }

  int fd() const override { return peer_->modes_fd_; }

  Task<void> Close() override {
    CloseNow();
    co_return;
  }

  absl::StatusOr<WindowSize> GetWindowSize() const override { return peer_->size_; }

  absl::Status SetWindowSize(WindowSize size) override {
    if (peer_->size_ == size) return absl::OkStatus();
    peer_->size_ = size;
    if (peer_->on_resize) peer_->on_resize(size);
    return absl::OkStatus();
  }

 private:
  void CloseNow() {
    if (std::exchange(peer_->closed_, true)) return;
    if (is_pty_master_ && !peer_->exited_) peer_->Signal(SIGHUP);
  }

  SimWorld* world_;
  std::shared_ptr<SimPeer> peer_;
  const bool is_pty_master_;
};

class SimChild final : public Child {
 public:
  SimChild(pid_t pid, std::shared_ptr<SimPeer> peer) : pid_(pid), peer_(std::move(peer)) {}

  pid_t pid() const override { return pid_; }

  Task<absl::StatusOr<ExitStatus>> Wait(StopToken stop) override {
    const absl::Status ready = co_await peer_->exit_event_.Wait(stop);
    if (!ready.ok()) co_return ready;
    co_return peer_->exit_status_;
  }

  absl::Status Kill(int signal) override {
    if (peer_->exited_) return ErrnoStatus(ESRCH, "kill");
    peer_->Signal(signal);
    return absl::OkStatus();
  }

 private:
  pid_t pid_;
  std::shared_ptr<SimPeer> peer_;
};

SimTtyPair MakeSimTty(SimWorld* world, WindowSize size) {
  auto peer = std::make_shared<SimPeer>(world);
  peer->set_window_size(size);
  return {std::make_unique<SimTty>(world, peer, false), peer};
}

SimPty MakeSimPty(SimWorld* world, WindowSize size) {
  auto peer = std::make_shared<SimPeer>(world);
  peer->set_window_size(size);
  PtyProcess process{.master = std::make_unique<SimTty>(world, peer, true),
                     .child = std::make_unique<SimChild>(world->NextPid(), peer),
                     .slave_path = "/dev/pts/0"};
  return {std::move(process), peer};
}

}  // namespace mosh::io::sim
