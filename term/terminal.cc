#include "term/terminal.h"

#include <utility>

#include "term/emulator.h"

namespace mosh::term {

Terminal::Terminal(Size size, Dialect dialect) : Terminal(Screen(size), dialect) {}
Terminal::Terminal(Screen screen, Dialect dialect)
    : emulator_(std::make_unique<Emulator>(std::move(screen), dialect)) {}
Terminal::Terminal(Terminal&&) noexcept = default;
Terminal& Terminal::operator=(Terminal&&) noexcept = default;
Terminal::~Terminal() = default;

void Terminal::Feed(absl::string_view bytes) { emulator_->Feed(bytes); }
void Terminal::Resize(Size size) { emulator_->Resize(size); }
const Screen& Terminal::screen() const { return emulator_->screen_; }
Screen Terminal::TakeScreen() && { return std::move(emulator_->screen_); }
std::string Terminal::TakeReplies() { return std::exchange(emulator_->replies_, {}); }
bool Terminal::application_cursor_keys() const { return emulator_->application_cursor_; }
bool Terminal::synchronized_output() const { return emulator_->synchronized_; }
uint64_t Terminal::change_count() const { return emulator_->change_count_; }

void Terminal::KeepHistory(const HistoryLimits& limits) {
  emulator_->history_ = limits.lines > 0 ? std::make_unique<History>(limits) : nullptr;
}
const History* Terminal::history() const { return emulator_->history_.get(); }
void Terminal::CompressHistory() {
  if (emulator_->history_ != nullptr) emulator_->history_->Compress();
}

Terminal::Details Terminal::details() const {
  return {emulator_->pending_wrap_, emulator_->origin_, emulator_->autowrap_, emulator_->insert_,
          emulator_->top_,          emulator_->bottom_, emulator_->alternate_};
}

}  // namespace mosh::term
