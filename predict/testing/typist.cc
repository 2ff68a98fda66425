#include "predict/testing/typist.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace mosh::predict {
namespace {

constexpr int kEchoAckMs = 50;
constexpr int kMinInterval = 20;
constexpr int kMaxInterval = 250;

int SendIntervalMs(const Line& line) {
  return std::clamp((line.round_trip_ms + 1) / 2, kMinInterval, kMaxInterval);
}

}  // namespace

Typist::Typist(uint64_t seed, Line line, Settings settings, Program* program, term::Size size)
    : random_(seed),
      line_(line),
      program_(program),
      terminal_(size, term::Dialect::kProgram),
      engine_(settings),
      received_(size) {
  engine_.SetSendInterval(std::chrono::milliseconds(SendIntervalMs(line)));
  engine_.OnServerScreen(received_, 0, now_);
  program_->print = [this](int milliseconds, std::string bytes, std::function<void()> then) {
    At(milliseconds, [this, bytes = std::move(bytes), then = std::move(then)] {
      terminal_.Feed(bytes);
      if (then) then();
      OnServerChange();
    });
  };
}

void Typist::At(int milliseconds, std::function<void()> run) {
  events_.push({now_ + std::chrono::milliseconds(milliseconds), order_++, std::move(run)});
}

int Typist::OneWay() {
  const int jitter = line_.jitter_ms == 0
                         ? 0
                         : static_cast<int>(random_() % static_cast<uint64_t>(line_.jitter_ms));
  return line_.round_trip_ms / 2 + jitter;
}

bool Typist::Lost() { return static_cast<double>(random_() >> 11) * 0x1p-53 < line_.loss; }

void Typist::RunFor(int milliseconds) {
  const Instant end = now_ + std::chrono::milliseconds(milliseconds);
  while (true) {
    const Instant next = events_.empty() ? Instant::Max() : events_.top().at;
    const Instant deadline = std::max(now_, engine_.NextDeadline(now_));
    if (std::min(next, deadline) > end) break;
    if (deadline < next) {
      now_ = deadline;
      engine_.OnTime(now_);
      Frame();
      continue;
    }
    now_ = next;
    const std::function<void()> run = events_.top().run;
    events_.pop();
    run();
  }
  now_ = end;
}

void Typist::Type(absl::string_view bytes) {
  engine_.SetLastSentState(typed_.size());
  const term::Screen before = Shown();
  engine_.OnTyped(bytes, now_);
  typed_.emplace_back(bytes);
  ++keys_;
  if (!Shown().ShowsSameAs(before)) ++seen_;
  SendKeys(typed_.size());
  Frame();
}

// A state that gets lost is sent again after a while, or comes along with a later one.
void Typist::SendKeys(uint64_t state) {
  if (Lost()) {
    At(line_.round_trip_ms + 150, [this, state] {
      if (applied_ < state) SendKeys(typed_.size());
    });
    return;
  }
  At(OneWay(), [this, state] { OnServerInput(state); });
}

void Typist::OnServerInput(uint64_t state) {
  while (applied_ < state) program_->OnInput(typed_[applied_++]);
  At(kEchoAckMs, [this, state] {
    if (state <= echo_ack_) return;
    echo_ack_ = state;
    OnServerChange();
  });
  OnServerChange();
}

void Typist::OnServerChange() {
  ++version_;
  if (frame_due_) return;
  frame_due_ = true;
  const Instant earliest = last_frame_ + std::chrono::milliseconds(SendIntervalMs(line_));
  const int wait = static_cast<int>(std::max<int64_t>(0, earliest.millis() - now_.millis()));
  At(std::max(wait, 1), [this] {
    frame_due_ = false;
    last_frame_ = now_;
    SendFrame();
  });
}

void Typist::SendFrame() {
  const uint64_t version = version_;
  if (Lost()) {
    At(line_.round_trip_ms + 150, [this, version] {
      if (received_version_ < version) SendFrame();
    });
    return;
  }
  const auto screen = std::make_shared<const term::Screen>(terminal_.Snapshot());
  std::optional<term::TerminalModes> modes;
  if (line_.tells_modes) modes = program_->modes();
  At(OneWay(), [this, version, screen, modes, ack = echo_ack_] {
    if (version <= received_version_) return;
    received_version_ = version;
    received_ack_ = ack;
    received_ = *screen;
    engine_.OnServerScreen(received_, ack, now_, modes);
    Frame();
  });
}

term::Screen Typist::Shown() const {
  term::Screen frame = received_;
  engine_.Apply(frame);
  return frame;
}

void Typist::Frame() {
  if (on_frame) on_frame(received_, Shown());
}

}  // namespace mosh::predict
