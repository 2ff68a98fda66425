#include "predict/engine.h"

#include <algorithm>
#include <string>
#include <utility>

#include "predict/policy.h"

namespace mosh::predict {

Engine::Engine(Settings settings) : settings_(settings) {
  if (settings_.overwrite) lessons_.usually = Typing::kOverwrites;
}

void Engine::BeginHiddenEpoch() {
  base_epoch_ = epoch_ = ++last_epoch_;
  in_doubt_ = false;
}

// --- Keys ---------------------------------------------------------------------------------------

void Engine::OnTyped(absl::string_view bytes, Instant now) {
  if (settings_.display == Display::kNever || !model_) return;
  for (const Key& key : parser_.Feed(bytes)) {
    Guess guess{.key = key, .answered_by = last_sent_ + 1, .typed_at = now};
    const bool character = key.kind == KeyKind::kCharacter;
    Append(std::move(guess));
    if (!character) continue;
    ++tally_.characters;
    if (shown() == guesses_.size()) ++tally_.shown_at_once;
  }
  if (guesses_.size() > policy::kMaxPending) Reset();
}

// Presses the guess's key on the model.
void Engine::Append(Guess guess) {
  guess.effect = model_->Press(guess.key);
  guess.line = model_->line();
  if (guess.effect.doubtful) ++epoch_;
  guess.epoch = epoch_;
  if (guess.effect.doubt_follows) ++epoch_;
  last_epoch_ = std::max(last_epoch_, epoch_);
  guesses_.push_back(std::move(guess));
}

void Engine::Reset() {
  guesses_.clear();
  BeginHiddenEpoch();
  lessons_.rows.clear();
  if (model_) Rebase(term::Screen(model_->base()));
}

// --- Screens ------------------------------------------------------------------------------------

void Engine::OnServerScreen(const term::Screen& screen, uint64_t echo_ack, Instant now) {
  if (settings_.display == Display::kNever) return;
  triggers_.Update(!guesses_.empty());
  if (!model_ || model_->base().size() != screen.size()) {
    guesses_.clear();
    lessons_.rows.clear();
    line_.line_start.reset();
    BeginHiddenEpoch();
    Rebase(screen);
    return;
  }
  size_t answered = 0;
  while (answered < guesses_.size() && guesses_[answered].answered_by <= echo_ack) ++answered;
  Agreement how = Agreement::kNo;
  size_t count = answered;
  for (; count <= guesses_.size(); ++count) {
    how = AgreesAfter(model_->base(), guesses_, count, screen);
    if (how != Agreement::kNo) break;
  }
  if (how != Agreement::kNo) {
    OnAgreement(screen, count, how, echo_ack, now);
  } else if (answered > 0 || guesses_.empty()) {
    OnContradiction(screen, answered);
  } else {
    in_doubt_ = true;
  }
  if (!guesses_.empty()) triggers_.OnPending(guesses_.front().typed_at, now);
}

void Engine::OnAgreement(const term::Screen& screen, size_t count, Agreement how, uint64_t echo_ack,
                         Instant now) {
  Credit(screen, count, echo_ack, now);
  Learn(screen, count);
  const bool waited = count == 0 && line_.wrap_pending;
  Drop(count);
  line_.wrap_pending = how == Agreement::kWaitsToWrap || waited;
  in_doubt_ = false;
  Rebase(screen);
}

// What was typed has had its answer, and it is another one than we thought; or the cursor has moved
// without a key. In both cases we do not know what program this is.
void Engine::OnContradiction(const term::Screen& screen, size_t answered) {
  CountWrong(screen, answered);
  answered += CountEchoedElsewhere(model_->base(), guesses_, answered, screen);
  Drop(answered);
  line_.wrap_pending = false;
  CheckLineStart(screen);
  lessons_.rows.clear();
  BeginHiddenEpoch();
  Rebase(screen);
}

// Echoes prove that what is typed may be shown. One that came before its echo ack proves it only if
// the key that began the uncertainty has been answered: what a program prints may look like an echo
// of what was typed ahead.
void Engine::Credit(const term::Screen& screen, size_t count, uint64_t echo_ack, Instant now) {
  bool unanswered_doubt = false;
  for (size_t i = 0; i < count; ++i) {
    const Guess& guess = guesses_[i];
    if (guess.effect.doubtful && guess.answered_by > echo_ack) unanswered_doubt = true;
    if (unanswered_doubt || !ShowsEcho(model_->base(), guess, screen)) continue;
    confirmed_ = std::max(confirmed_, guess.epoch);
    triggers_.OnConfirmed(guess.typed_at, now);
  }
}

void Engine::Learn(const term::Screen& screen, size_t count) {
  if (count == 0) return;
  for (const auto& [row, cells] : RowsAfter(guesses_, count)) {
    const std::optional<Typing> lesson = LessonOf(model_->base(), row, *cells, screen);
    if (lesson) lessons_.rows[row] = *lesson;
  }
  // A key that did nothing shows nothing.
  const Guess& last = guesses_[count - 1];
  const Position before =
      count > 1 ? guesses_[count - 2].effect.after
                : Position{model_->base().cursor().row, model_->base().cursor().column};
  if (last.effect.after == before && last.effect.row < 0) return;
  if (AgreesInEveryCell(model_->base(), guesses_, count, screen)) {
    lessons_.keys.OnCameTrue(last.key);
  } else {
    lessons_.keys.OnFailed(last.key);
  }
}

void Engine::CountWrong(const term::Screen& screen, size_t answered) {
  for (size_t i = 0; i < answered; ++i) {
    const Guess& guess = guesses_[i];
    lessons_.keys.OnFailed(guess.key);
    const bool visible = guess.effect.typed && !IsHidden(guess);
    if (visible && !IsOnScreen(model_->base(), guess, screen)) ++tally_.shown_wrong;
  }
}

void Engine::Drop(size_t count) {
  if (count == 0) return;
  const Guess& last = guesses_[count - 1];
  line_ = last.line;
  base_epoch_ = last.epoch;  // what doubt there was after it, the screen has resolved
  guesses_.erase(guesses_.begin(), guesses_.begin() + static_cast<ptrdiff_t>(count));
}

// Everything is guessed anew from this screen.
void Engine::Rebase(const term::Screen& screen) {
  model_.emplace(screen, line_, &lessons_);
  epoch_ = base_epoch_;
  Guesses keys = std::exchange(guesses_, {});
  for (Guess& guess : keys) Append(std::move(guess));
}

// The line that is being edited has moved, or is another one.
void Engine::CheckLineStart(const term::Screen& screen) {
  if (!line_.line_start) return;
  const Position start = *line_.line_start;
  bool same = start.row == screen.cursor().row && start.column <= screen.cursor().column;
  for (int column = 0; same && column < start.column; ++column) {
    same = SameGlyph(model_->base(), model_->base().cell(start.row, column), screen,
                     screen.cell(start.row, column));
  }
  if (!same) line_.line_start.reset();
}

// --- Time ---------------------------------------------------------------------------------------

void Engine::OnTime(Instant now) {
  if (settings_.display == Display::kNever) return;
  triggers_.Update(!guesses_.empty());
  if (!guesses_.empty()) triggers_.OnPending(guesses_.front().typed_at, now);
}

Instant Engine::NextDeadline(Instant now) const {
  if (guesses_.empty()) return Instant::Max();
  return triggers_.NextDeadline(guesses_.front().typed_at, now);
}

// --- Drawing ------------------------------------------------------------------------------------

size_t Engine::shown() const {
  if (settings_.display == Display::kNever) return 0;
  if (settings_.display == Display::kAdaptive && !triggers_.show()) return 0;
  if (in_doubt_ && !Trusting()) return 0;
  size_t count = 0;
  while (count < guesses_.size() && !IsHidden(guesses_[count])) ++count;
  return count;
}

void Engine::Apply(term::Screen& frame) const {
  const size_t count = shown();
  if (count == 0) return;
  for (const auto& [row, cells] : RowsAfter(guesses_, count)) {
    if (row < frame.rows()) DrawRow(row, *cells, frame);
  }
  const Position cursor = guesses_[count - 1].effect.after;
  if (cursor.row < frame.rows() && cursor.column < frame.columns()) {
    frame.SetCursorPosition(cursor.row, cursor.column);
  }
}

void Engine::DrawRow(int row, const RowModel& cells, term::Screen& frame) const {
  const term::Screen& base = model_->base();
  const int columns = std::min(cells.columns(), frame.columns());
  for (int column = 0; column < columns; ++column) {
    const ModelCell& guessed = cells[column];
    if (guessed.origin == Origin::kServer || guessed.origin == Origin::kUnknown) continue;
    if (guessed.cell.wide_tail()) continue;  // comes with its lead
    if (guessed.cell.wide() && column + 1 == columns) continue;
    const term::Cell& real = frame.cell(row, column);
    if (term::Screen::SameCell(base, guessed.cell, frame, real)) continue;
    term::Rendition rendition = base.rendition(guessed.cell);
    const bool flag = triggers_.flagging() && !(guessed.cell.blank() && real.blank());
    if (flag) rendition.set_underline(term::Underline::kSingle);
    const std::string text = guessed.cell.empty() ? "" : base.CellText(guessed.cell);
    frame.SetCellText(row, column, text, guessed.cell.wide(), rendition);
  }
}

}  // namespace mosh::predict
