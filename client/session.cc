#include "client/session.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "term/cell.h"

namespace mosh::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Hint = predict::NotificationBar::Hint;

// docs/spec/transport.md §5.
constexpr milliseconds kConnectBanner{250};
constexpr milliseconds kConnectTimeout{15000};
// How long a terminal that takes no more bytes may hold up the end or a suspension.
constexpr seconds kTerminalPatience{1};
constexpr seconds kReportEvery{1};
constexpr size_t kReadSize = 16384;
// In a row: then the terminal is taken for gone.

constexpr char kSuspendText[] = "\n\x1b[37;44m[mosh is suspended.]\x1b[m\n";

}  // namespace

Session::Session(io::Reactor* reactor, const SessionTerminal& terminal, SessionConfig config,
                 crypto::SessionKey key, crypto::RandomSource* random)
    : reactor_(reactor),
      terminal_(terminal),
      config_(std::move(config)),
      start_(reactor->Now()),
      window_(WindowSize()),
      connection_(reactor, config_.server, key, random, window_, &wake_, config_.process,
                  config_.keeper),
      bar_(start_),
      predictor_(config_.prediction),
      keys_(config_.escape_key),
      painter_(
          terminal.output, config_.render, [this] { return Compose(); }, &wake_) {
  bar_.SetQuitKey(config_.escape_key.Name());
}

io::Task<SessionEnd> Session::Run(io::StopToken stop) {
  auto signals =
      reactor_->WatchSignals({SIGWINCH, SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCONT, SIGTSTP});
  if (!signals.ok()) fatal_ = absl::StrCat("Error: ", signals.status().message());
  if (const absl::Status opened = connection_.Open(); !opened.ok()) {
    fatal_ = absl::StrCat("Network exception: ", opened.message());
  }

  io::Scope scope(stop);
  if (signals.ok()) scope.Spawn(ReadSignals(signals->get(), scope.token()));
  painter_.Invalidate(config_.start_string);
  StartTerminal();

  io::Timer timer(reactor_, &wake_);
  std::optional<SessionEnd> end;
  while (true) {
    end = Turn();
    if (end.has_value()) break;
    if (suspend_wanted_) {
      co_await Suspend();
      continue;
    }
    timer.Arm(NextDeadline(reactor_->Now()));
    const absl::Status woken = co_await wake_.Wait(stop);
    if (!woken.ok()) {
      end = End(SessionEnd::Kind::kNotAcknowledged);
      break;
    }
    wake_.Reset();
  }
  co_await StopTerminal();
  co_await WriteEnd();
  co_await scope.CancelAndJoin();
  co_await connection_.Close();
  co_return *std::move(end);
}

// --- The terminal -------------------------------------------------------------------------------

term::Size Session::WindowSize() const {
  const absl::StatusOr<io::WindowSize> size = terminal_.window->GetWindowSize();
  // Some serial lines and containers say 0x0.
  if (!size.ok() || size->columns == 0 || size->rows == 0) return {80, 24};
  return term::ClampSize({size->columns, size->rows});
}

void Session::StartTerminal() {
  terminal_scope_.emplace();
  terminal_scope_->Spawn(ReadKeys(terminal_scope_->token()));
  terminal_scope_->Spawn(painter_.Run(terminal_scope_->token()));
}

io::Task<void> Session::StopTerminal() {
  io::Deadline patience(reactor_, reactor_->Now() + kTerminalPatience, {});
  co_await painter_.WaitIdle(patience.token());
  co_await terminal_scope_->CancelAndJoin();
}

io::Task<void> Session::WriteEnd() {
  term::Screen last = connection_.transport().remote().screen();
  last.Resize(window_, term::Cell());
  last.SetCursorVisible(true);
  io::Deadline patience(reactor_, reactor_->Now() + kTerminalPatience, {});
  std::string text = config_.end_string;
  co_await painter_.Finish(std::move(last), std::move(text), patience.token());
}

io::Task<void> Session::Suspend() {
  suspend_wanted_ = false;
  // No read may be left at the kernel: it would take the shell's input.
  co_await StopTerminal();
  co_await WriteEnd();
  terminal_.control->LeaveRaw();
  io::Deadline patience(reactor_, reactor_->Now() + kTerminalPatience, {});
  std::string text = kSuspendText;
  co_await painter_.Write(std::move(text), patience.token());
  // What continues us comes as a signal, too; Suspend does its work already.
  own_stop_ = true;
  terminal_.control->StopProcessGroup();
  terminal_.control->EnterRaw();
  painter_.Invalidate(config_.start_string);
  OnWindowChange();
  StartTerminal();
}

term::Screen Session::Compose() const {
  term::Screen screen = connection_.transport().remote().screen();
  predictor_.Apply(screen);
  // The server's answer to a resize takes a round trip; until then what doesn't fit is not shown.
  const term::Size fitting = {std::min(screen.columns(), window_.columns),
                              std::min(screen.rows(), window_.rows)};
  if (!(fitting == screen.size())) screen.Resize(fitting, term::Cell());
  bar_.Draw(reactor_->Now(), screen);
  predict::PrefixTitle(config_.title_prefix, screen);
  return screen;
}

// --- The user -----------------------------------------------------------------------------------

io::Task<void> Session::ReadKeys(io::StopToken stop) {
  std::array<uint8_t, kReadSize> buffer;
  while (true) {
    const absl::StatusOr<size_t> count = co_await terminal_.input->Read(buffer, stop);
    if (absl::IsCancelled(count.status())) co_return;
    if (!count.ok()) Log(absl::StrCat("terminal: ", count.status().message()));
    if (!count.ok() || *count == 0) break;
    OnTyped({reinterpret_cast<const char*>(buffer.data()), *count});
    if (suspend_wanted_) co_return;
  }
  Quit("Exiting...");
}

void Session::OnTyped(absl::string_view bytes) {
  const Instant now = reactor_->Now();
  ShowPredictor(now);
  for (const KeyEvent& event : keys_.Feed(bytes)) {
    switch (event.kind) {
      case KeyEvent::Kind::kSend:
        if (quitting_) break;
        predictor_.SetLastSentState(connection_.transport().sent_num().value);
        predictor_.OnTyped(event.bytes, now);
        connection_.Type(event.bytes);
        painter_.Request();
        break;
      case KeyEvent::Kind::kShowHelp:
        if (!quitting_) bar_.ShowPermanently(keys_.key().HelpLine(), Hint::kNone);
        break;
      case KeyEvent::Kind::kHideHelp:
        if (!quitting_ && bar_.message() == keys_.key().HelpLine()) bar_.Clear();
        break;
      case KeyEvent::Kind::kQuit:
        QuitOnRequest("Exiting on user request...");
        break;
      case KeyEvent::Kind::kSuspend:
        suspend_wanted_ = true;
        break;
      case KeyEvent::Kind::kRepaint:
        painter_.Invalidate("");
        break;
    }
  }
  // What was typed leaves now; the rest of the turn can follow.
  PumpConnection();
  wake_.Set();
}

// Not with every key: it would make each datagram longer.
void Session::ReportPredictions(Instant now) {
  if (now < report_at_) return;
  const predict::Tally& tally = predictor_.tally();
  const ssp::Predictions predictions = {
      .shown = tally.shown, .correct = tally.correct, .wrong = tally.wrong};
  if (predictions == reported_) return;
  reported_ = predictions;
  report_at_ = now + kReportEvery;
  connection_.SetPredictions(predictions);
}

void Session::PumpConnection() {
  ReportPredictions(reactor_->Now());
  const absl::Status sent = connection_.Pump();
  if (!sent.ok()) fatal_ = absl::StrCat("Crypto exception: ", sent.message());
}

void Session::QuitOnRequest(absl::string_view why) {
  ++quit_requests_;
  Quit(why);
}

void Session::Quit(absl::string_view why) {
  quitting_ = true;
  bar_.ShowPermanently(why, Hint::kQuit);
  gave_up_ = config_.process.incarnation > 0 && !connection_.connected();
  if (!gave_up_) connection_.StartShutdown();
  wake_.Set();
}

io::Task<void> Session::ReadSignals(io::SignalSource* signals, io::StopToken stop) {
  while (true) {
    const absl::StatusOr<int> signal = co_await signals->Next(stop);
    if (!signal.ok()) co_return;
    OnSignal(*signal);
    wake_.Set();
  }
}

void Session::OnSignal(int signal) {
  switch (signal) {
    case SIGWINCH:
      OnWindowChange();
      break;
    case SIGCONT:
      if (std::exchange(own_stop_, false)) break;
      // Whoever stopped us without asking may have used the terminal since.
      terminal_.control->EnterRaw();
      painter_.Invalidate(config_.start_string);
      break;
    case SIGTSTP:
      suspend_wanted_ = true;
      break;
    case SIGTERM:
    case SIGINT:
      QuitOnRequest("Signal received, shutting down...");
      break;
    default:
      Quit("Signal received, shutting down...");
  }
}

void Session::OnWindowChange() {
  const term::Size size = WindowSize();
  if (size == window_) return;
  window_ = size;
  if (!quitting_) connection_.Resize(size);
  predictor_.Reset();
  // The terminal has moved lines about as it pleased.
  painter_.Invalidate("");
  wake_.Set();
}

// --- One turn -----------------------------------------------------------------------------------

std::optional<SessionEnd> Session::Turn() {
  const Instant now = reactor_->Now();
  bar_.Expire(now);
  TakeNetworkNews(now);
  if (predictor_.NextDeadline(now) <= now) {
    predictor_.OnTime(now);
    painter_.Request();
  }
  UpdateConnectBanner(now);
  if (painter_.broken() && !quitting_) Quit("Exiting...");
  PumpConnection();
  if (std::optional<SessionEnd> end = FindEnd(now)) return end;
  TakeSendNews(now);
  if (std::string text = bar_.Text(now); text != shown_bar_) {
    shown_bar_ = std::move(text);
    painter_.Request();
  }
  return std::nullopt;
}

// A passing remark may replace another one, but not what waits for the user or says goodbye.
void Session::Remark(absl::string_view text, Instant now) {
  if (bar_.is_permanent() && bar_.message() != BannerText()) return;
  bar_.ShowNetworkError(text, now);
}

void Session::TakeSendNews(Instant now) {
  const Connection::SendOutcome outcome = connection_.TakeSendOutcome();
  if (!outcome.error.empty()) {
    last_network_error_ = outcome.error;
    Remark(outcome.error, now);
  } else if (outcome.worked) {
    last_network_error_.clear();
    bar_.OnNetworkWorks(now);
  }
}

void Session::ShowPredictor(Instant now) {
  const Connection::Transport& transport = connection_.transport();
  predictor_.SetSendInterval(transport.send_interval());
  if (!connection_.connected() || transport.remote_num() == predicted_from_) return;
  predicted_from_ = transport.remote_num();
  const sync::HostState& shown = transport.remote();
  predictor_.OnServerScreen(shown.screen(), shown.echo_ack(), now, shown.terminal_modes());
}

void Session::TakeNetworkNews(Instant now) {
  const Connection::Transport& transport = connection_.transport();
  if (connection_.TakeNewScreen()) {
    bar_.OnServerHeard(transport.last_new_state_at());
    ShowPredictor(now);
    painter_.Request();
  }
  if (transport.last_ack_of_send_at().has_value()) bar_.OnReply(*transport.last_ack_of_send_at());
  if (const std::string problem = connection_.TakeProblem(); !problem.empty()) Remark(problem, now);
  if (!was_connected_ && connection_.connected()) {
    was_connected_ = true;
    Log(absl::StrCat("first screen after ", (now - start_) / milliseconds(1), " ms"));
  }
  if (!told_trouble_ && !connection_.keeping_trouble().ok()) {
    told_trouble_ = true;
    Log(absl::StrCat("this session cannot be resumed: ", connection_.keeping_trouble().message()));
  }
}

std::string Session::BannerText() const {
  return absl::StrCat("Nothing received from server on UDP port ", config_.server.port(), ".");
}

void Session::UpdateConnectBanner(Instant now) {
  if (quitting_) return;
  if (connection_.connected()) {
    if (bar_.message() == BannerText()) bar_.Clear();
  } else if (now - start_ >= kConnectTimeout) {
    Quit("Timed out waiting for server...");
  } else if (now - start_ >= kConnectBanner && bar_.message().empty()) {
    bar_.ShowPermanently(BannerText(), Hint::kQuit);
  }
}

std::optional<SessionEnd> Session::FindEnd(Instant now) const {
  const Connection::Transport& transport = connection_.transport();
  if (!fatal_.empty()) {
    SessionEnd end = End(SessionEnd::Kind::kFatal);
    end.error = fatal_;
    return end;
  }
  if (transport.shutdown_in_progress() && transport.shutdown_acknowledged()) {
    return End(SessionEnd::Kind::kClean);
  }
  // The server's last words have been answered.
  if (transport.counterparty_shutdown() && transport.shutdown_ack_sent()) {
    return End(SessionEnd::Kind::kClean);
  }
  if (gave_up_ || quit_requests_ > 1 ||
      (transport.shutdown_in_progress() && transport.ShutdownTimedOut(now))) {
    return End(connection_.connected() ? SessionEnd::Kind::kNotAcknowledged
                                       : SessionEnd::Kind::kNeverConnected);
  }
  return std::nullopt;
}

SessionEnd Session::End(SessionEnd::Kind kind) const {
  const ssp::Stats stats = connection_.transport().stats();
  Log(absl::StrCat("sent ", stats.sent.datagrams, " datagrams, ", stats.sent.bytes,
                   " bytes; received ", stats.received.datagrams, " datagrams, ",
                   stats.received.bytes, " bytes; not authentic ", stats.auth_failures,
                   "; retransmissions ", stats.retransmissions, "; port changes ",
                   connection_.hops()));
  return {.kind = kind,
          .error = "",
          .foreign_datagrams = stats.auth_failures,
          .last_network_error = last_network_error_};
}

Instant Session::NextDeadline(Instant now) const {
  Instant deadline =
      std::min({connection_.NextDeadline(), bar_.NextDeadline(now), predictor_.NextDeadline(now)});
  if (!connection_.connected() && !quitting_) {
    if (bar_.message().empty()) deadline = std::min(deadline, start_ + kConnectBanner);
    deadline = std::min(deadline, start_ + kConnectTimeout);
  }
  return deadline;
}

}  // namespace mosh::client
