#include "client/painter.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace mosh::client {
namespace {

// CAN: ends whatever sequence an unfinished frame left open.
constexpr char kAbandonSequence = '\x18';

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

void Painter::Invalidate(absl::string_view prefix) {
  shown_.reset();
  absl::StrAppend(&prefix_, prefix);
  wanted_.Set();
}

std::string Painter::NextFrame(const term::Screen& screen) {
  std::string frame = std::exchange(prefix_, {});
  absl::StrAppend(&frame, term::RenderFrame(shown_ ? &*shown_ : nullptr, screen, options_));
  shown_ = screen;
  return frame;
}

io::Task<void> Painter::Write(std::string bytes, io::StopToken stop) {
  if (bytes.empty() || broken_) co_return;
  writing_ = true;
  const absl::Status status = co_await output_->WriteAll(Bytes(bytes), stop);
  writing_ = false;
  if (!status.ok()) {
    shown_.reset();
    prefix_.assign(1, kAbandonSequence);
    // Cancelled: the caller's patience is over.
    if (!absl::IsCancelled(status)) {
      broken_ = true;
      broken_event_->Set();
    }
  }
  idle_.Set();
}

io::Task<void> Painter::Run(io::StopToken stop) {
  while (true) {
    const absl::Status wanted = co_await wanted_.Wait(stop);
    if (!wanted.ok() || stop.stop_requested()) co_return;
    wanted_.Reset();
    std::string frame = NextFrame(compose_());
    co_await Write(std::move(frame), stop);
  }
}

io::Task<void> Painter::WaitIdle(io::StopToken stop) {
  while (writing_) {
    idle_.Reset();
    const absl::Status idle = co_await idle_.Wait(stop);
    if (!idle.ok()) co_return;
  }
}

io::Task<void> Painter::Finish(term::Screen last, std::string text, io::StopToken stop) {
  std::string bytes = NextFrame(last);
  absl::StrAppend(&bytes, text);
  co_await Write(std::move(bytes), stop);
  shown_.reset();
}

}  // namespace mosh::client
