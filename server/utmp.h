// Sessions' entries in utmp, and a look at the others. Source: docs/spec/cli.md §3.4.
//
// libutempter starts a privileged helper and waits for it, which would stop the server's loop for
// milliseconds; and a server that is killed can't tidy up after itself. So a small process of its
// own, the keeper, does both for all sessions of a server: it waits on a socket for new texts, and
// when the server is gone, however it went, it removes the entries and leaves. Where libutempter's
// helper is missing, or there is no utmp on this machine, the keeper leaves and nothing else
// changes.
#ifndef SERVER_UTMP_H_
#define SERVER_UTMP_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/attachment_record.h"
#include "server/utmp_text.h"

namespace mosh::server {

class UtmpKeeper {
 public:
  // Starts the keeper of process `server`; before its reactor, whose rings it mustn't inherit.
  // `in_child` runs in the keeper first: there it must forget what the keeper shouldn't hold.
  static std::unique_ptr<UtmpKeeper> Start(pid_t server, const std::function<void()>& in_child);
  // Gives the keeper a moment to finish.
  ~UtmpKeeper();
  UtmpKeeper(const UtmpKeeper&) = delete;
  UtmpKeeper& operator=(const UtmpKeeper&) = delete;

  // Enters the terminal of this pty master as a detached session, and keeps the entry until the
  // record, which must not outlive the keeper, or the server is gone. The keeper holds a copy of
  // the descriptor for so long.
  std::unique_ptr<AttachmentRecord> Keep(int pty_master);

 private:
  class Record;

  UtmpKeeper(int socket, pid_t keeper, pid_t server)
      : socket_(socket), keeper_(keeper), server_(server) {}
  // An empty text: the entry goes. `pty_master`: -1, or that of a new entry.
  void Tell(uint32_t id, absl::string_view text, int pty_master);

  int socket_;    // to the keeper; -1: there is none
  pid_t keeper_;  // a child of this process; -1: there is none
  pid_t server_;
  uint32_t next_id_ = 0;
};

// All user entries of utmp. Empty if it can't be read.
std::vector<UtmpEntry> ReadUtmp();

}  // namespace mosh::server

#endif  // SERVER_UTMP_H_
