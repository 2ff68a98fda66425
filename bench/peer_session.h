// One session of one peer (ours with ours, or stock with stock), instrumented: the client in a
// terminal, the server, and, if a network is named, the relay between them.
#ifndef BENCH_PEER_SESSION_H_
#define BENCH_PEER_SESSION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "e2e/mosh_session.h"
#include "term/terminal.h"

namespace mosh::bench {

enum class Peer { kOurs, kStock };

absl::string_view PeerName(Peer peer);
// Paths of the programs.
std::string ClientProgram(Peer peer);
std::string ServerProgram(Peer peer);
// What both programs start with: prediction off.
e2e::Environment PeerEnvironment();

// The benchmarked program inside the session, with its arguments.
std::vector<std::string> Workload(const std::vector<std::string>& arguments);

class PeerSession {
 public:
  struct Options {
    std::vector<std::string> command;
    std::string net;  // netem profile; "" = straight over loopback, no relay
  };
  // Starts the server, the relay and the client. Aborts with a message if one doesn't start.
  PeerSession(Peer peer, const Options& options);
  ~PeerSession();
  PeerSession(const PeerSession&) = delete;
  PeerSession& operator=(const PeerSession&) = delete;

  e2e::TerminalProgram& terminal() { return *terminal_; }
  e2e::RelayProcess& relay() { return *relay_; }
  pid_t server_pid() const { return server_.process.pid(); }
  pid_t client_pid() { return terminal_->process().pid(); }
  // When the client was started (NowMillis()).
  double client_started() const { return client_started_; }

  // The user's screen, as far as output has been pumped. Our own emulator: the independent one
  // costs too much per look.
  const term::Screen& screen();
  // Pumps until the top row's text is `text`. Aborts with the screen on stderr after two minutes.
  void AwaitTopRow(absl::string_view text);

 private:
  std::string mark_;
  e2e::StartedServer server_;
  std::unique_ptr<e2e::RelayProcess> relay_;
  std::unique_ptr<e2e::TerminalProgram> terminal_;
  double client_started_ = 0;
  term::Terminal emulator_;
  size_t fed_ = 0;
};

}  // namespace mosh::bench

#endif  // BENCH_PEER_SESSION_H_
