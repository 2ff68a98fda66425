#include "server/session.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/secret_prompt.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;

// An echo or a prompt: little, and by itself.
constexpr size_t kSmallOutput = 1024;
constexpr auto kQuietBefore = 5ms;

// Who erases the display (ED, ECMA-48 8.3.39) is about to paint a new picture; alone, the empty
// screen would flicker and cost a datagram.
bool BeginsPicture(absl::string_view bytes) {
  return absl::StrContains(bytes, "\x1b[2J") || absl::StrContains(bytes, "\x1b[J");
}

std::span<const uint8_t> Bytes(absl::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

Session::Session(io::Reactor* reactor, term::Size size, std::span<uint8_t> read_buffer,
                 Listener* listener, const term::HistoryLimits& history)
    : reactor_(reactor),
      read_buffer_(read_buffer),
      listener_(listener),
      terminal_(size, term::Dialect::kProgram),
      last_output_(reactor->Now()) {
  terminal_.KeepHistory(history);
}

void Session::Start(std::unique_ptr<io::Tty> pty) {
  pty_ = std::move(pty);
  ResizePty(terminal_.screen().size());
  scope_.Spawn(ReadProgram(scope_.token()));
  scope_.Spawn(WriteProgram(scope_.token()));
}

void Session::Fail(const absl::Status& why) {
  terminal_.Feed(absl::StrCat("mosh-server: ", absl::string_view(why.message()), "\r\n"));
  End();
}

io::Task<void> Session::Close() {
  co_await scope_.CancelAndJoin();
  if (pty_ != nullptr) co_await pty_->Close();
}

io::Task<void> Session::ReadProgram(io::StopToken stop) {
  while (true) {
    const absl::StatusOr<size_t> size = co_await pty_->Read(read_buffer_, stop);
    if (stop.stop_requested()) co_return;
    if (!size.ok() || *size == 0) break;
    OnOutput(absl::string_view(reinterpret_cast<const char*>(read_buffer_.data()), *size));
  }
  End();
}

void Session::OnOutput(absl::string_view bytes) {
  const Instant now = reactor_->Now();
  const bool isolated = !answering_line_ && bytes.size() <= kSmallOutput &&
                        now - last_output_ >= kQuietBefore && !BeginsPicture(bytes);
  last_output_ = now;
  terminal_.Feed(bytes);
  if (terminal_.history() != nullptr && terminal_.history()->compressible()) {
    compress_at_ = now + kIdleBeforeCompressing;
  }
  QueueInput(terminal_.TakeReplies());
  TrackHold(now);
  if (!holds_screen()) {
    listener_->OnScreenChange(isolated ? ssp::ChangeHint::kIsolated : ssp::ChangeHint::kBulk);
  }
}

void Session::TrackHold(Instant now) {
  if (!terminal_.synchronized_output()) {
    hold_until_.reset();
    hold_expired_ = false;
  } else if (!hold_until_ && !hold_expired_) {
    hold_until_ = now + kLongestHold;
  }
}

io::Task<void> Session::WriteProgram(io::StopToken stop) {
  std::string writing;
  while ((co_await queue_filled_.Wait(stop)).ok()) {
    queue_filled_.Reset();
    while (!queue_.empty()) {
      writing = std::exchange(queue_, std::string());
      writing_bytes_ = writing.size();
      while (writing_bytes_ > 0) {
        const absl::string_view rest =
            absl::string_view(writing).substr(writing.size() - writing_bytes_);
        const absl::StatusOr<size_t> written = co_await pty_->Write(Bytes(rest), stop);
        if (stop.stop_requested()) co_return;
        if (!written.ok()) {
          // Nobody reads any more. The read side still shows what the program said last, and then
          // ends the session.
          deaf_ = true;
          queue_.clear();
          writing_bytes_ = 0;
          co_return;
        }
        writing_bytes_ -= *written;
        if (was_full_ && WantsInput()) {
          was_full_ = false;
          listener_->OnInputRoom();
        }
      }
    }
  }
}

void Session::QueueInput(absl::string_view bytes) {
  if (bytes.empty() || ended_ || deaf_) return;
  queue_.append(bytes.data(), bytes.size());
  if (!WantsInput()) was_full_ = true;
  queue_filled_.Set();
}

void Session::Apply(std::span<const sync::UserEvent> events) {
  for (size_t i = 0; i < events.size(); ++i) {
    if (const std::string* bytes = std::get_if<std::string>(&events[i])) {
      QueueInput(translator_.Translate(*bytes, terminal_.application_cursor_keys()));
      answering_line_ = bytes->find_first_of("\r\n") != std::string::npos;
      continue;
    }
    const bool last_of_run =
        i + 1 == events.size() || !std::holds_alternative<term::Size>(events[i + 1]);
    if (last_of_run) Resize(std::get<term::Size>(events[i]));
  }
  flush_at_ =
      translator_.holding() ? reactor_->Now() + term::InputTranslator::kHoldTime : Instant::Max();
}

void Session::Resize(term::Size size) {
  // A peer may ask for anything. What no screen can have changes nothing.
  if (size.columns < 1 || size.rows < 1) return;
  if (size.columns > term::kMaxColumns || size.rows > term::kMaxRows) return;
  if (pty_ != nullptr && !ResizePty(size) && !ended_) return End();
  terminal_.Resize(size);
  listener_->OnScreenChange(ssp::ChangeHint::kBulk);
}

bool Session::ResizePty(term::Size size) {
  const absl::StatusOr<io::WindowSize> before = pty_->GetWindowSize();
  io::WindowSize window = before.ok() ? *before : io::WindowSize();
  window.columns = static_cast<uint16_t>(size.columns);
  window.rows = static_cast<uint16_t>(size.rows);
  return pty_->SetWindowSize(window).ok();
}

void Session::End() {
  if (ended_) return;
  ended_ = true;
  queue_.clear();
  hold_until_.reset();
  listener_->OnScreenChange(ssp::ChangeHint::kIsolated);
  listener_->OnProgramEnd();
}

std::optional<term::TerminalModes> Session::ReadTerminalModes() const {
  termios settings;
  if (pty_ == nullptr || tcgetattr(pty_->fd(), &settings) != 0) return std::nullopt;
  const pid_t foreground = tcgetpgrp(pty_->fd());
  return term::TerminalModes{.echo = (settings.c_lflag & ECHO) != 0,
                             .canonical = (settings.c_lflag & ICANON) != 0,
                             .foreground = static_cast<uint64_t>(foreground > 0 ? foreground : 0)};
}

bool Session::MayTellInput() const {
  termios settings;
  return pty_ != nullptr && tcgetattr(pty_->fd(), &settings) == 0 && !AsksForSecret(settings);
}

Instant Session::NextDeadline() const {
  return std::min({flush_at_, hold_until_.value_or(Instant::Max()), compress_at_});
}

void Session::OnDeadline(Instant now) {
  if (now >= flush_at_) {
    flush_at_ = Instant::Max();
    QueueInput(translator_.Flush());
  }
  if (now >= compress_at_) {
    compress_at_ = Instant::Max();
    terminal_.CompressHistory();
  }
  if (hold_until_ && now >= *hold_until_) {
    hold_until_.reset();
    hold_expired_ = true;
    listener_->OnScreenChange(ssp::ChangeHint::kIsolated);
  }
}

}  // namespace mosh::server
