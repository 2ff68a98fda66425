// One session of the client: keys in, screens out, from the first datagram to the goodbye
// (docs/spec/cli.md §4, docs/spec/transport.md §13).
//
//   tty ─▶ EscapeMachine ─▶ Connection ◀──▶ server
//                               │ newest screen
//   tty ◀─ Painter ◀─ copy + predict::Engine + NotificationBar + title prefix
//
// Sees the world only through io::Reactor, streams and TerminalControl, so that simulation runs it
// whole.
#ifndef CLIENT_SESSION_H_
#define CLIENT_SESSION_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "client/connection.h"
#include "client/escape_key.h"
#include "client/exit_texts.h"
#include "client/painter.h"
#include "client/resume_keeper.h"
#include "client/terminal_guard.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/address.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/signals.h"
#include "io/stream.h"
#include "io/task.h"
#include "io/timer.h"
#include "predict/engine.h"
#include "predict/notification.h"
#include "ssp/predictions.h"
#include "term/renderer.h"

namespace mosh::client {

struct SessionConfig {
  io::SocketAddress server;
  EscapeKey escape_key = EscapeKey::FromEnvironment(std::nullopt);
  std::string title_prefix = "[mosh] ";
  predict::Settings prediction;
  term::RenderOptions render;                  // what the terminal understands
  std::string start_string;                    // written at the start and after a suspension
  std::string end_string;                      // written at the end and before a suspension
  std::function<void(absl::string_view)> log;  // -v; may be empty
  ClientProcess process;                       // which of the session's this is
  ResumeKeeper* keeper = nullptr;  // for the next one; may be null, outlives the session
};

// What a session needs of its terminal. All outlive it; they may be one object.
struct SessionTerminal {
  io::Stream* input;
  io::Stream* output;
  const io::Tty* window;
  TerminalControl* control;
};

class Session {
 public:
  // The terminal is raw when Run begins and is left raw: the caller gives it back.
  Session(io::Reactor* reactor, const SessionTerminal& terminal, SessionConfig config,
          crypto::SessionKey key, crypto::RandomSource* random);

  // To the end of the session. `stop` ends it without a goodbye.
  io::Task<SessionEnd> Run(io::StopToken stop);

  // For tests and simulation.
  const Connection& connection() const { return connection_; }
  const predict::NotificationBar& bar() const { return bar_; }
  const predict::Engine& predictor() const { return predictor_; }

 private:
  io::Task<void> ReadKeys(io::StopToken stop);
  io::Task<void> ReadSignals(io::SignalSource* signals, io::StopToken stop);
  void OnTyped(absl::string_view bytes);
  void OnSignal(int signal);
  void OnWindowChange();
  term::Size WindowSize() const;

  // One pass over everything that may have changed; the session's end, if this is it.
  std::optional<SessionEnd> Turn();
  std::optional<SessionEnd> FindEnd(Instant now) const;
  SessionEnd End(SessionEnd::Kind kind) const;
  void UpdateConnectBanner(Instant now);
  void TakeNetworkNews(Instant now);
  // Guesses are judged by, and made from, the newest screen: before keys, and before painting.
  void ShowPredictor(Instant now);
  void TakeSendNews(Instant now);
  void Remark(absl::string_view text, Instant now);
  void ReportPredictions(Instant now);
  void PumpConnection();
  Instant NextDeadline(Instant now) const;
  // Begins the goodbye. A session that was to be continued and was not found gets none: the server
  // might hear it later.
  void Quit(absl::string_view why);
  // The same, from somebody who can ask again: then the session ends without waiting for an answer.
  void QuitOnRequest(absl::string_view why);
  std::string BannerText() const;
  term::Screen Compose() const;
  void Log(absl::string_view text) const {
    if (config_.log) config_.log(text);
  }

  void StartTerminal();
  // Lets the painter finish, for a moment; then nothing reads or writes the terminal.
  io::Task<void> StopTerminal();
  io::Task<void> WriteEnd();
  io::Task<void> Suspend();

  io::Reactor* reactor_;
  SessionTerminal terminal_;
  SessionConfig config_;
  io::Event wake_;
  Instant start_;
  term::Size window_;
  Connection connection_;
  predict::NotificationBar bar_;
  predict::Engine predictor_;
  ssp::Predictions reported_;
  Instant report_at_;             // not before
  ssp::StateNum predicted_from_;  // the state that predictor_ saw last
  EscapeMachine keys_;
  Painter painter_;
  std::optional<io::Scope> terminal_scope_;
  std::string shown_bar_;
  std::string last_network_error_;
  bool quitting_ = false;
  bool gave_up_ = false;  // leaving without a goodbye
  int quit_requests_ = 0;
  bool suspend_wanted_ = false;
  bool own_stop_ = false;  // stopped by Suspend, and the SIGCONT after it not yet seen
  bool was_connected_ = false;
  bool told_trouble_ = false;  // with keeping the session
  std::string fatal_;          // "Crypto exception: …"; empty while all is well
};

}  // namespace mosh::client

#endif  // CLIENT_SESSION_H_
