#include "mgmt/ctl/run_top.h"

#include <algorithm>
#include <memory>

#include "mgmt/ctl/session_view.h"
#include "mgmt/ctl/session_watch.h"
#include "mgmt/ctl/top_controls.h"
#include "mgmt/ctl/top_model.h"
#include "mgmt/ctl/top_painter.h"

namespace mosh::mgmt::ctl {
namespace {

constexpr absl::Duration kSampleInterval = absl::Seconds(1);
// Changes come thousands a second; nobody sees more pictures than these.
constexpr absl::Duration kPictureInterval = absl::Milliseconds(100);

class Top {
 public:
  Top(Api& api, const std::string& parent, const std::string& filter,
      const Surroundings& surroundings)
      : api_(api), parent_(parent), surroundings_(surroundings), controls_(filter) {
    Watch();
  }

  absl::Status Run(LiveSignals& signals) {
    // Before the terminal is taken over: what can't begin is said on a quiet line.
    if (absl::Status status = AwaitSessions(signals); !status.ok() || quit_) return status;
    auto terminal = LiveTerminal::Open(surroundings_.terminal_in, surroundings_.terminal_out);
    if (!terminal.ok()) return terminal.status();
    absl::Time next_sample = surroundings_.now();
    absl::Time next_picture = next_sample;
    while (!quit_) {
      const absl::Time now = surroundings_.now();
      if (now >= next_sample) {
        model_.Sample();
        next_sample = std::max(next_sample + kSampleInterval, now);
        changed_ = true;
      }
      if (changed_ && now >= next_picture) {
        Draw(**terminal, now);
        next_picture = now + kPictureInterval;
      }
      absl::Time wake =
          std::min(next_sample, watch_ ? watch_->wake_time() : absl::InfiniteFuture());
      if (changed_) wake = std::min(wake, next_picture);
      const LiveTerminal::Ready ready =
          (*terminal)->Wait(signals, watch_ ? watch_->fd() : -1, wake - now);
      if (ready.signal) HandleSignals(signals);
      if (ready.typed) {
        HandleKeys(**terminal);
        next_picture = absl::InfinitePast();  // one waits for what one has typed
      }
      PollWatch().IgnoreError();  // it is on the screen
    }
    return absl::OkStatus();
  }

 private:
  void Watch() { watch_ = std::make_unique<SessionWatch>(&api_, parent_, controls_.filter()); }

  absl::Status AwaitSessions(LiveSignals& signals) {
    while (!heard_ && !quit_) {
      if (absl::Status status = PollWatch(); !status.ok()) return status;
      if (heard_) break;
      pollfd fds[] = {{signals.fd(), POLLIN, 0}, {watch_->fd(), POLLIN, 0}};
      const timespec timeout = absl::ToTimespec(
          std::max(watch_->wake_time() - surroundings_.now(), absl::ZeroDuration()));
      if (ppoll(fds, 2, &timeout, nullptr) > 0 && fds[0].revents != 0) HandleSignals(signals);
    }
    return absl::OkStatus();
  }

  // An error ends this watch: shown, unless it is the first and the caller says it.
  absl::Status PollWatch() {
    if (!watch_) return absl::OkStatus();
    absl::StatusOr<SessionWatch::News> news = watch_->Poll(surroundings_.now());
    if (!news.ok()) {
      watch_.reset();
      trouble_ = std::string(news.status().message());
      changed_ = true;
      return news.status();
    }
    if (news->anew) model_.BeginSnapshot();
    for (const auto& event : news->events) model_.Apply(event);
    if (!news->events.empty()) {
      heard_ = changed_ = true;
      trouble_.clear();
    }
    if (news->unreachable) {
      const std::string text = UnreachableText(news->unreachable->names());
      unreachable_ = text.empty() ? "" : text + " sessions may be missing here";
      changed_ = true;
    }
    if (!news->trouble.empty()) {
      trouble_ = news->trouble;
      changed_ = true;
    }
    return absl::OkStatus();
  }

  void HandleSignals(LiveSignals& signals) {
    while (const std::optional<int> signal = signals.Take()) {
      if (*signal != SIGWINCH) quit_ = true;
      changed_ = true;
    }
  }

  void HandleKeys(LiveTerminal& terminal) {
    const std::string bytes = terminal.Read();
    if (bytes.empty()) quit_ = true;
    for (const Key& key : DecodeKeys(bytes)) {
      switch (controls_.Handle(key, TopListRows(terminal.size().rows), model_)) {
        case TopAction::kQuit:
          quit_ = true;
          break;
        case TopAction::kFilter:
          trouble_.clear();
          Watch();
          break;
        case TopAction::kNone:
          break;
      }
    }
    changed_ = true;
  }

  void Draw(LiveTerminal& terminal, absl::Time now) {
    const term::Size size = terminal.size();
    const bool drawn = terminal.Write(
        DrawLines(PaintTop(model_, controls_,
                           {.columns = size.columns,
                            .rows = size.rows,
                            .colors = surroundings_.colors,
                            .now = now,
                            .trouble = trouble_.empty() ? unreachable_ : trouble_})));
    if (!drawn) quit_ = true;
    changed_ = false;
  }

  Api& api_;
  const std::string parent_;
  const Surroundings& surroundings_;
  TopModel model_;
  TopControls controls_;
  std::unique_ptr<SessionWatch> watch_;  // null: the agent refuses it
  std::string trouble_;
  std::string unreachable_;  // who, in words
  bool heard_ = false;
  bool changed_ = true;
  bool quit_ = false;
};

}  // namespace

absl::Status RunTop(Api& api, const std::string& parent, const std::string& filter,
                    const Surroundings& surroundings, LiveSignals& signals) {
  return Top(api, parent, filter, surroundings).Run(signals);
}

}  // namespace mosh::mgmt::ctl
