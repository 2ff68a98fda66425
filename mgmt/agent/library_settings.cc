#include "mgmt/agent/library_settings.h"

#include <openssl/ssl.h>

#include "absl/synchronization/mutex.h"

namespace mosh::mgmt {
namespace {

// The two tickets that OpenSSL 3 sends to go on with a TLS session are two fifths of a server's
// time for a handshake, and callers by gRPC don't keep them. gRPC has no option for it. Called at
// the end of SSL_new, when all else is set.
void NoTickets(void* ssl, void*, CRYPTO_EX_DATA*, int, long, void*) {
  SSL_set_num_tickets(static_cast<SSL*>(ssl), 0);
}

}  // namespace

void SetUpLibraries() {
  // Debian's Abseil looks for deadlocks in gRPC, at a tenth of our time.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  SSL_get_ex_new_index(0, nullptr, NoTickets, nullptr, nullptr);
}

}  // namespace mosh::mgmt
