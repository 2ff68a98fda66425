// The session's entry in utmp, and a look at the others. Source: docs/spec/cli.md §3.4.
//
// libutempter starts a privileged helper and waits for it, which would stop the server's loop for
// milliseconds; and a server that is killed can't tidy up after itself. So a small process of its
// own, the keeper, does both: it waits on a socket for new texts, and when the server is gone,
// however it went, it removes the entry and leaves. Where libutempter's helper is missing, or there
// is no utmp on this machine, the keeper leaves at once and nothing else changes.
#ifndef SERVER_UTMP_H_
#define SERVER_UTMP_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/attachment_record.h"
#include "server/utmp_text.h"

namespace mosh::server {

class UtmpRecord final : public AttachmentRecord {
 public:
  // Enters the terminal of this pty master as a detached session of process `server` and keeps the
  // entry until this object or the process is gone. `in_child` runs in the keeper first: there it
  // must forget what the keeper shouldn't hold.
  static std::unique_ptr<UtmpRecord> Create(int pty_master, pid_t server,
                                            const std::function<void()>& in_child);
  // Gives the keeper a moment to finish.
  ~UtmpRecord() override;
  UtmpRecord(const UtmpRecord&) = delete;
  UtmpRecord& operator=(const UtmpRecord&) = delete;

  void Attached(absl::string_view client_address) override;
  void Detached() override;

 private:
  UtmpRecord(int socket, pid_t keeper, pid_t server)
      : socket_(socket), keeper_(keeper), server_(server) {}
  void Tell(const std::string& text);

  int socket_;    // to the keeper; -1: there is none
  pid_t keeper_;  // a child of this process; -1: there is none
  pid_t server_;
};

// All user entries of utmp. Empty if it can't be read.
std::vector<UtmpEntry> ReadUtmp();

}  // namespace mosh::server

#endif  // SERVER_UTMP_H_
