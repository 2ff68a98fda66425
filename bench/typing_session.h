// One session that is typed into: server, network and client, all driven from outside by one poll
// loop, so that many run at once and their times are exact.
#ifndef BENCH_TYPING_SESSION_H_
#define BENCH_TYPING_SESSION_H_

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "bench/peer_session.h"
#include "bench/typing_judge.h"
#include "bench/typing_reference.h"
#include "bench/typing_trace.h"
#include "e2e/terminal_program.h"
#include "netem/relay/relay.h"

namespace mosh::bench {

struct TypingPairing {
  Peer client, server;
  std::string name;  // "ours", "stock", "ours-stock" (client, server), "stock-ours"
};
const std::vector<TypingPairing>& TypingPairings();

struct Traffic {
  double datagrams_up = 0, datagrams_down = 0, bytes_up = 0, bytes_down = 0;
};

class TypingSession {
 public:
  struct Options {
    TypingPairing pairing;
    const Trace* trace;                // outlives the session
    const TypingReference* reference;  // and this
    netem::PathConditions conditions;
    uint64_t seed = 1;
    double sure_after = 0;  // see TypingJudge
    e2e::Environment environment;
  };
  // Starts the programs; aborts with a message if one doesn't start.
  explicit TypingSession(const Options& options);
  ~TypingSession();
  TypingSession(const TypingSession&) = delete;
  TypingSession& operator=(const TypingSession&) = delete;

  // The screen shows the program's start.
  bool Ready() const;
  // From `now` on, Turn types.
  void StartTyping(double now);
  // Everything is typed and the screen looks as it should.
  bool Complete() const;
  void Finish(double now);

  void AppendPollFds(std::vector<pollfd>* fds) const;
  // When Turn is to be called at the latest, in ms of NowMillis().
  double Wake() const;
  void Turn(double now);

  const Options& options() const { return options_; }
  const TypingJudge& judge() const { return judge_; }
  // While typing, up to Finish.
  const Traffic& traffic() const { return traffic_; }
  Picture CurrentPicture() const;
  const e2e::VtermScreen& screen() const { return terminal_->screen(); }
  std::string Describe() { return terminal_->Describe(); }

 private:
  bool ReadOutput();
  void TypeNext();
  Traffic Counters() const;

  Options options_;
  TypingJudge judge_;
  std::string mark_;
  e2e::StartedServer server_;
  std::unique_ptr<netem::Relay> relay_;
  std::unique_ptr<e2e::TerminalProgram> terminal_;
  Picture picture_;
  size_t read_ = 0;
  bool typing_ = false;
  size_t next_ = 0;      // key to type
  double next_due_ = 0;  // infinite: waits until the key before is shown
  Traffic before_, traffic_;
};

}  // namespace mosh::bench

#endif  // BENCH_TYPING_SESSION_H_
