// The files that sessions leave for `mosh --resume`: one for each, in a folder that only the user
// can read, and not in the runtime directory, which a restart of the machine empties.
//
// A file is replaced as a whole and is on the disk before a call returns. Whoever has a session
// holds the lock (flock) on its file for as long as the process lives, so that two never continue
// the same one. All functions block.
#ifndef CLIENT_RESUME_FILE_H_
#define CLIENT_RESUME_FILE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/resume_keeper.h"
#include "client/resume_state.h"
#include "client/wrapper/options.h"
#include "crypto/random.h"
#include "io/owned_fd.h"

namespace mosh::client {

// One session's file, as its client holds it.
class ResumeFile final : public ResumeKeeper {
 public:
  // For a session that begins; nothing is written before the first Lease. `state.next` and
  // `incarnation` don't matter. The key is wiped once it has been written.
  ResumeFile(std::string folder, std::string id, ResumeState state);

  // Takes a session over from a process that has gone. Errors: kNotFound; kFailedPrecondition, a
  // running client has it; kDataLoss and kResourceExhausted as ParseResumeState.
  static absl::StatusOr<std::unique_ptr<ResumeFile>> Open(const std::string& folder,
                                                          const std::string& id);

  const std::string& id() const { return id_; }
  // Whether there is something to resume.
  bool exists() const { return file_.valid(); }

  // What it holds. Only of one that exists.
  absl::StatusOr<ResumeState> Read() const;
  // Counts this process in and sets its first numbers aside; to be called once after Open, before
  // anything is sent.
  absl::StatusOr<ClientProcess> Begin();

  absl::Status Lease(crypto::SequenceNumber last) override;
  absl::Status Forget() override;

 private:
  ResumeFile(std::string folder, std::string id, io::OwnedFd file)
      : folder_(std::move(folder)), id_(std::move(id)), file_(std::move(file)) {}
  absl::Status Write(const ResumeState& state);

  std::string folder_;
  std::string id_;
  std::optional<ResumeState> unwritten_;
  io::OwnedFd file_;  // locked; invalid while there is none
};

// $XDG_STATE_HOME/mosh, else $HOME/.local/state/mosh. Empty if neither is set to an absolute path.
std::string ResumeFolder(const Environment& environment);
// An id that no file in the folder has.
std::string NewResumeId(const std::string& folder, crypto::RandomSource& random);

struct ResumableSession {
  std::string id;
  std::string path;
  bool in_use = false;  // by a running client
  absl::Status status;  // why it cannot be resumed; OK if it can
  std::string target;   // these if the status is OK
  absl::Time started;
};
// The latest first. An unreadable folder is an empty one.
std::vector<ResumableSession> ListResumable(const std::string& folder);

}  // namespace mosh::client

#endif  // CLIENT_RESUME_FILE_H_
