#include "server/utmp.h"

#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utempter.h>
#include <utmpx.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>

namespace mosh::server {
namespace {

constexpr int kLongestGoodbyeMillis = 200;

// The keeper takes what there is before each of its slow steps, so its socket fills only when
// hundreds of sessions begin or end at once. Then the server waits, but not for ever.
constexpr timeval kLongestWait = {.tv_sec = 0, .tv_usec = 100'000};

struct Message {
  uint32_t id;
  char text[sizeof(utmpx::ut_host)];  // longer ones are cut anyway; empty: the entry goes
};

// The text as of a Message, which need not end in a zero.
std::string TextOf(const Message& message) {
  return std::string(message.text, strnlen(message.text, sizeof message.text));
}

// --- In the keeper ---

struct Entry {
  int master = -1;
  bool present = false;
  bool changed = false;
  std::string text;
};

constexpr int kSocket = 3;

// False: the server is gone. Waits only if `wait`.
bool Receive(std::map<uint32_t, Entry>& entries, bool wait) {
  while (true) {
    Message message = {};
    iovec data = {&message, sizeof message};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr header = {};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t size = recvmsg(kSocket, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return true;
    if (size <= 0) return false;
    wait = false;
    Entry& entry = entries[message.id];
    entry.text = TextOf(message);
    entry.changed = true;
    const cmsghdr* const right = CMSG_FIRSTHDR(&header);
    if (right != nullptr && right->cmsg_type == SCM_RIGHTS) {
      memcpy(&entry.master, CMSG_DATA(right), sizeof entry.master);
    }
  }
}

// False: there is no helper, or no utmp.
bool Update(Entry& entry) {
  entry.changed = false;
  if (entry.present) utempter_remove_record(entry.master);
  entry.present = !entry.text.empty() && utempter_add_record(entry.master, entry.text.c_str()) == 1;
  return entry.present || entry.text.empty();
}

[[noreturn]] void KeepRecords(int socket) {
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
  if (high_socket < 0) _exit(1);
  dup2(high_socket, kSocket);
  fcntl(kSocket, F_SETFD, FD_CLOEXEC);
  close_range(kSocket + 1, ~0u, 0);

  std::map<uint32_t, Entry> entries;
  const auto changed = [&entries] {
    return std::find_if(entries.begin(), entries.end(),
                        [](const auto& item) { return item.second.changed; });
  };
  while (Receive(entries, changed() == entries.end())) {
    const auto next = changed();
    if (next == entries.end()) continue;
    if (!Update(next->second)) break;
    if (!next->second.text.empty()) continue;
    close(next->second.master);
    entries.erase(next);
  }
  for (auto& [id, entry] : entries) {
    entry.text.clear();
    Update(entry);
  }
  _exit(0);
}

}  // namespace

// --- In the server ---

class UtmpKeeper::Record final : public AttachmentRecord {
 public:
  Record(UtmpKeeper* keeper, uint32_t id) : keeper_(keeper), id_(id) {}
  ~Record() override { keeper_->Tell(id_, "", -1); }
  void Attached(absl::string_view client_address) override {
    keeper_->Tell(id_, AttachedText(client_address, keeper_->server_), -1);
  }
  void Detached() override { keeper_->Tell(id_, DetachedText(keeper_->server_), -1); }

 private:
  UtmpKeeper* keeper_;
  uint32_t id_;
};

std::unique_ptr<UtmpKeeper> UtmpKeeper::Start(pid_t server, const std::function<void()>& in_child) {
  int sockets[2];
  if (access(_PATH_UTMP, F_OK) != 0 ||
      socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return std::unique_ptr<UtmpKeeper>(new UtmpKeeper(-1, -1, server));
  }
  const pid_t keeper = fork();
  if (keeper == 0) {
    in_child();
    close(sockets[0]);
    KeepRecords(sockets[1]);
  }
  close(sockets[1]);
  setsockopt(sockets[0], SOL_SOCKET, SO_SNDTIMEO, &kLongestWait, sizeof kLongestWait);
  return std::unique_ptr<UtmpKeeper>(new UtmpKeeper(sockets[0], keeper, server));
}

UtmpKeeper::~UtmpKeeper() {
  if (socket_ >= 0) close(socket_);
  // Its work takes a few milliseconds. A keeper that is stuck finishes, or not, on its own.
  const timespec millisecond = {0, 1'000'000};
  for (int waited = 0; keeper_ > 0 && waited < kLongestGoodbyeMillis; ++waited) {
    if (waitpid(keeper_, nullptr, WNOHANG) != 0) return;
    nanosleep(&millisecond, nullptr);
  }
}

std::unique_ptr<AttachmentRecord> UtmpKeeper::Keep(int pty_master) {
  auto record = std::make_unique<Record>(this, next_id_++);
  Tell(next_id_ - 1, DetachedText(server_), pty_master);
  return record;
}

void UtmpKeeper::Tell(uint32_t id, absl::string_view text, int pty_master) {
  if (socket_ < 0) return;
  Message message = {.id = id, .text = {}};
  std::copy_n(text.data(), std::min(text.size(), sizeof message.text), message.text);
  iovec data = {&message, sizeof message};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (pty_master >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const right = CMSG_FIRSTHDR(&header);
    right->cmsg_level = SOL_SOCKET;
    right->cmsg_type = SCM_RIGHTS;
    right->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(right), &pty_master, sizeof pty_master);
  }
  const ssize_t sent = sendmsg(socket_, &header, MSG_NOSIGNAL);
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
