// Decides when a server with one client should end by itself or by a signal. Source:
// docs/spec/cli.md §3.5. Pure: time and signals come in, wishes come out; carrying them out is the
// Host's business.
#ifndef SERVER_LIFETIME_H_
#define SERVER_LIFETIME_H_

#include <string>

#include "base/instant.h"
#include "server/timeouts.h"

namespace mosh::server {

class Lifetime {
 public:
  enum class Wish {
    kStay,
    kShutDown,  // say goodbye to the client if one is attached, else leave
    kLeave,     // at once
  };
  struct Decision {
    Wish wish = Wish::kStay;
    std::string message;  // a line for stderr, without its end; may be empty
  };

  Lifetime(const Timeouts& timeouts, Instant start);

  // A new state of the client came in; its empty acknowledgements are such, too.
  void OnClientState(Instant now);
  // SIGTERM, SIGINT or SIGUSR1; others change nothing.
  Decision OnSignal(int signal, bool shutting_down, Instant now);
  // To be asked whenever NextDeadline() has passed; harmless at other times.
  Decision OnTime(bool shutting_down, Instant now);
  // When time alone may change the answer. Max(): never.
  Instant NextDeadline(bool shutting_down) const;

 private:
  int64_t SecondsSilent(Instant now) const;

  Timeouts timeouts_;
  bool contacted_ = false;
  Instant last_client_state_;  // the start, before there was one
};

}  // namespace mosh::server

#endif  // SERVER_LIFETIME_H_
