// What a session needs of whoever keeps its secrets beyond this process (docs/extensions.md): so
// that another process can continue it after a crash, without ever using a sequence number twice.
// Really a file (client/resume_file.h).
#ifndef CLIENT_RESUME_KEEPER_H_
#define CLIENT_RESUME_KEEPER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "crypto/nonce.h"

namespace mosh::client {

// Where a process begins in its session. Only the first one begins at the key's route tag.
struct ClientProcess {
  uint64_t incarnation = 0;  // how many there were before
  // Of later ones: the sequence numbers that have been set aside for them.
  crypto::SequenceNumber first;
  crypto::SequenceNumber last;
};

class ResumeKeeper {
 public:
  virtual ~ResumeKeeper() = default;

  // Sets aside all sequence numbers up to `last` for this process, so that a later one begins
  // beyond. Once it has returned OK they may be used, whatever happens to the machine. After an
  // error what was set aside is either this or what was before.
  virtual absl::Status Lease(crypto::SequenceNumber last) = 0;
  // Nobody is to continue the session. After an error somebody still could.
  virtual absl::Status Forget() = 0;
};

}  // namespace mosh::client

#endif  // CLIENT_RESUME_KEEPER_H_
