#include "client/wrapper/proxy_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace mosh::client {
namespace {

// One direction of the relay: read when empty, write when full.
class Pipe {
 public:
  Pipe(int from, int to, bool to_is_socket) : from_(from), to_(to), to_is_socket_(to_is_socket) {}

  bool done() const { return done_; }
  pollfd Wanted() const {
    if (done_) return {-1, 0, 0};
    return length_ == 0 ? pollfd{from_, POLLIN, 0} : pollfd{to_, POLLOUT, 0};
  }
  void OnReady() { length_ == 0 ? Fill() : Drain(); }

 private:
  void Fill() {
    const ssize_t count = read(from_, buffer_.data(), buffer_.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) return End();
    start_ = 0;
    length_ = static_cast<size_t>(count);
  }
  void Drain() {
    const ssize_t count = write(to_, buffer_.data() + start_, length_);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count < 0) return End();
    start_ += static_cast<size_t>(count);
    length_ -= static_cast<size_t>(count);
  }
  // The other direction goes on: this end only says that no more will come.
  void End() {
    done_ = true;
    if (to_is_socket_)
      shutdown(to_, SHUT_WR);
    else
      close(to_);
  }

  const int from_;
  const int to_;
  const bool to_is_socket_;
  bool done_ = false;
  size_t start_ = 0;
  size_t length_ = 0;
  std::array<char, 16384> buffer_;
};

void Relay(int socket, ProxyStreams streams) {
  Pipe up(streams.input, socket, true);
  Pipe down(socket, streams.output, false);
  while (!up.done() || !down.done()) {
    std::array<pollfd, 2> waiting = {up.Wanted(), down.Wanted()};
    if (poll(waiting.data(), waiting.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (waiting[0].revents != 0) up.OnReady();
    if (waiting[1].revents != 0) down.OnReady();
    // Nobody reads the server's answers any more: whatever ssh still says has no purpose.
    if (down.done()) return;
  }
}

}  // namespace

absl::Status RunProxyHelper(absl::string_view host, absl::string_view port,
                            absl::string_view family, const Lookup& lookup, ProxyStreams streams) {
  signal(SIGHUP, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  const auto addresses = Resolve(host, port, family, lookup);
  if (!addresses.ok()) return addresses.status();
  std::string last_error;
  for (const ResolvedAddress& address : *addresses) {
    const int fd = socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd >= 0 &&
        connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0) {
      const std::string line = absl::StrCat("MOSH IP ", address.numeric, "\n");
      if (write(streams.report, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        close(fd);
        return absl::DataLossError(absl::StrCat("Could not tell the address ", address.numeric));
      }
      Relay(fd, streams);
      close(fd);
      return absl::OkStatus();
    }
    last_error = absl::StrCat(address.numeric, ": ", std::strerror(errno));
    if (fd >= 0) close(fd);
  }
  return absl::UnavailableError(
      absl::StrCat("Could not connect to ", host, ", last tried ", last_error));
}

}  // namespace mosh::client
