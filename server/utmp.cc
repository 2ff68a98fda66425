#include "server/utmp.h"

#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utempter.h>
#include <utmpx.h>

#include <algorithm>
#include <cerrno>

namespace mosh::server {
namespace {

// A host text is cut to utmp's field anyway.
constexpr size_t kLongestText = sizeof(utmpx::ut_host);

constexpr int kLongestGoodbyeMillis = 200;

[[noreturn]] void KeepRecord(int pty_master, int socket) {
  // Only the end of the server ends the keeper: signals for a group or for a name aren't meant for
  // it.
  for (int signal_number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGPIPE}) {
    signal(signal_number, SIG_IGN);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  prctl(PR_SET_NAME, "mosh-utmp");
  // No other descriptor of the server may stay open here.
  const int high_socket = fcntl(socket, F_DUPFD_CLOEXEC, 10);
  const int high_master = fcntl(pty_master, F_DUPFD_CLOEXEC, 10);
  if (high_socket < 0 || high_master < 0) _exit(1);
  dup2(high_socket, 3);
  dup2(high_master, 4);
  fcntl(3, F_SETFD, FD_CLOEXEC);
  fcntl(4, F_SETFD, FD_CLOEXEC);
  close_range(5, ~0u, 0);

  bool present = false;
  char text[kLongestText + 1];
  while (true) {
    const ssize_t size = recv(3, text, kLongestText, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text[size] = '\0';
    if (present) utempter_remove_record(4);
    present = utempter_add_record(4, text) == 1;
    if (!present) break;
  }
  if (present) utempter_remove_record(4);
  _exit(0);
}

}  // namespace

std::unique_ptr<UtmpRecord> UtmpRecord::Create(int pty_master, pid_t server,
                                               const std::function<void()>& in_child) {
  int sockets[2];
  if (access(_PATH_UTMP, F_OK) != 0 ||
      socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return std::unique_ptr<UtmpRecord>(new UtmpRecord(-1, -1, server));
  }
  const pid_t keeper = fork();
  if (keeper == 0) {
    in_child();
    close(sockets[0]);
    KeepRecord(pty_master, sockets[1]);
  }
  close(sockets[1]);
  auto record = std::unique_ptr<UtmpRecord>(new UtmpRecord(sockets[0], keeper, server));
  record->Detached();
  return record;
}

UtmpRecord::~UtmpRecord() {
  if (socket_ >= 0) close(socket_);
  // Its work takes a few milliseconds. A keeper that is stuck finishes, or not, on its own.
  const timespec millisecond = {0, 1'000'000};
  for (int waited = 0; keeper_ > 0 && waited < kLongestGoodbyeMillis; ++waited) {
    if (waitpid(keeper_, nullptr, WNOHANG) != 0) return;
    nanosleep(&millisecond, nullptr);
  }
}

void UtmpRecord::Attached(absl::string_view client_address) {
  Tell(AttachedText(client_address, server_));
}

void UtmpRecord::Detached() { Tell(DetachedText(server_)); }

void UtmpRecord::Tell(const std::string& text) {
  if (socket_ < 0) return;
  const ssize_t sent =
      send(socket_, text.data(), std::min(text.size(), kLongestText), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {  // the keeper found no utmp to keep
    close(socket_);
    socket_ = -1;
    if (keeper_ > 0 && waitpid(keeper_, nullptr, WNOHANG) == keeper_) keeper_ = -1;
  }
}

std::vector<UtmpEntry> ReadUtmp() {
  std::vector<UtmpEntry> entries;
  setutxent();
  while (const utmpx* entry = getutxent()) {
    if (entry->ut_type != USER_PROCESS) continue;
    entries.push_back(
        {std::string(entry->ut_user, strnlen(entry->ut_user, sizeof entry->ut_user)),
         std::string(entry->ut_host, strnlen(entry->ut_host, sizeof entry->ut_host)),
         std::string(entry->ut_line, strnlen(entry->ut_line, sizeof entry->ut_line))});
  }
  endutxent();
  return entries;
}

}  // namespace mosh::server
