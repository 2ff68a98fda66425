#include "predict/engine.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "predict/form_ring.h"
#include "predict/modal_commands.h"
#include "predict/policy.h"
#include "predict/teaching.h"

namespace mosh::predict {
namespace {

// After it a question may be asked.
bool LeadsElsewhere(const Effect& effect) { return effect.doubtful || effect.asks_again; }

size_t FirstAfterDoubt(const Guesses& guesses) {
  size_t first = guesses.size();
  while (first > 0 && !LeadsElsewhere(guesses[first - 1].effect)) --first;
  return first;
}

// The last of the first `count` keys after which a question may be asked; 0 if none is such a key.
size_t LastDoubt(const Guesses& guesses, size_t count) {
  while (count > 0 && !LeadsElsewhere(guesses[count - 1].effect)) --count;
  return count == 0 ? 0 : count - 1;
}

bool IsRaw(const std::optional<term::TerminalModes>& modes) { return modes && !modes->canonical; }

std::optional<Prompt> PromptOf(const std::optional<term::TerminalModes>& modes,
                               const term::Screen& screen, Position at) {
  if (!IsRaw(modes)) return std::nullopt;
  std::optional<std::string> text = QuestionBefore(screen, at);
  if (!text) return std::nullopt;
  return Prompt{modes->foreground, *std::move(text)};
}

// The cursor is behind something like "Folder: ".
bool AsksSomething(const term::Screen& screen) {
  static constexpr char32_t kEnds[] = {':', '?', ']', ')', '=', '/'};
  const term::Cursor& cursor = screen.cursor();
  for (int column = cursor.column - 1; column >= std::max(0, cursor.column - 2); --column) {
    const term::Cell& cell = screen.cell(cursor.row, column);
    if (cell.blank()) continue;
    if (cell.is_cluster()) return false;
    return EndsPrompt(cell) ||
           std::find(std::begin(kEnds), std::end(kEnds), cell.code_point()) != std::end(kEnds);
  }
  return false;
}

}  // namespace

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
    const bool certain = certain_ && !in_doubt_;
    Append(std::move(guess));
    NoteDeparture(guesses_.back(), certain);
  }
  if (guesses_.size() > policy::kMaxPending) Reset();
  NoteShown();
}

// Presses the guess's key on the model.
void Engine::Append(Guess guess) {
  guess.effect = model_->Press(guess.key);
  guess.line = model_->line();
  if (guess.effect.doubtful) ++epoch_;
  certain_ = certain_ && !guess.effect.doubtful;
  guess.epoch = epoch_;
  guess.certain = certain_;
  if (guess.effect.doubt_follows || guess.effect.asks_again) ++epoch_;
  guess.next_epoch = epoch_;
  certain_ = certain_ && !guess.effect.doubt_follows;
  last_epoch_ = std::max(last_epoch_, epoch_);
  guesses_.push_back(std::move(guess));
}

void Engine::NoteDeparture(const Guess& guess, bool certain_before) {
  if (!LeadsElsewhere(guess.effect)) return;
  // While another is unanswered, the screens may be what that one leads to.
  const bool only = std::count_if(guesses_.begin(), guesses_.end(),
                                  [](const Guess& one) { return LeadsElsewhere(one.effect); }) == 1;
  const bool accounted = std::exchange(accounted_, false) && certain_before && only && Raw();
  // An answer to a question without echo goes to who asks it, and then there is the first program's
  // prompt again, or another question.
  const bool secret =
      Secret() && certain_before && only && departure_ && guess.key.kind == KeyKind::kReturn;
  if (!accounted && !secret) return departure_.reset();
  const uint64_t program = secret ? departure_->program : modes_->foreground;
  const int row = guesses_.size() > 1 ? guesses_[guesses_.size() - 2].effect.after.row
                                      : model_->base().cursor().row;
  departure_ = {program, row, model_->base()};
}

void Engine::NoteDepartureBelatedly() {
  if (!accounted_ || departure_ || !Raw()) return;
  // If another program has the terminal by now, the key may have led to it already.
  if (!modes_before_ || modes_before_->foreground != modes_->foreground) return;
  const auto leads_elsewhere = [](const Guess& guess) { return LeadsElsewhere(guess.effect); };
  const auto key = std::find_if(guesses_.begin(), guesses_.end(), leads_elsewhere);
  if (key == guesses_.end() || std::any_of(key + 1, guesses_.end(), leads_elsewhere)) return;
  Position from = {model_->base().cursor().row, model_->base().cursor().column};
  if (key != guesses_.begin()) {
    const Guess& before = *std::prev(key);
    if (!before.certain || before.effect.doubt_follows) return;
    from = before.effect.after;
  }
  accounted_ = false;
  departure_ = {modes_->foreground, from.row, model_->base()};
}

void Engine::Reset() {
  guesses_.clear();
  departure_.reset();
  BeginHiddenEpoch();
  lessons_.rows.clear();
  if (model_) Rebase(term::Screen(model_->base()));
}

// --- Screens ------------------------------------------------------------------------------------

void Engine::OnServerScreen(const term::Screen& screen, uint64_t echo_ack, Instant now,
                            const std::optional<term::TerminalModes>& modes) {
  if (settings_.display == Display::kNever) return;
  triggers_.Update(!guesses_.empty());
  // Echo may end without any other sign.
  const bool other_modes = modes != modes_;
  if (modes && modes_ && modes->foreground != modes_->foreground) ForgetProgram();
  modes_before_ = std::exchange(modes_, modes);
  if (!model_ || model_->base().size() != screen.size()) {
    guesses_.clear();
    departure_.reset();
    ForgetPlaces();
    BeginHiddenEpoch();
    Rebase(screen);
    return;
  }
  size_t answered = 0;
  while (answered < guesses_.size() && guesses_[answered].answered_by <= echo_ack) ++answered;
  if (!lessons_.jumps.empty() && !OnlyFieldsDiffer(model_->base(), screen, lessons_.jumps))
    lessons_.jumps.OnOtherLooks();
  LearnModeLine(model_->base(), line_.mood, guesses_, screen, lessons_);
  RecogniseEditor(screen, modes_ && modes_->canonical, lessons_);
  size_t count = 0;
  Agreement how = Find(screen, answered, &count);
  if (how == Agreement::kNo) how = Reconsider(screen, answered, &count);
  const std::optional<size_t> before_prompt = CountBeforeKnownPrompt(screen, answered);
  // Something else than a known prompt has taken what was typed.
  if (!before_prompt && !Secret() && answered > FirstAfterDoubt(guesses_)) departure_.reset();
  if (how != Agreement::kNo) {
    OnAgreement(screen, count, how, echo_ack, now);
  } else if (answered > 0 || before_prompt || guesses_.empty()) {
    OnContradiction(screen, std::max(answered, before_prompt.value_or(0)), answered);
  } else {
    in_doubt_ = true;
  }
  if (other_modes || Secret()) {
    const bool doubt = in_doubt_;
    BeginHiddenEpoch();
    Rebase(term::Screen(model_->base()));
    in_doubt_ = doubt;
  }
  if (before_prompt) ShowAtKnownPrompt();
  if (!guesses_.empty()) triggers_.OnPending(guesses_.front().typed_at, now);
  NoteShown();
}

// The cursor and the text before it may fit several numbers of keys, if some key changed only what
// is behind it; then what the rows say counts.
Agreement Engine::Find(const term::Screen& screen, size_t first, size_t* count) const {
  Agreement found = Agreement::kNo;
  for (size_t keys = first; keys <= guesses_.size(); ++keys) {
    const Agreement how = AgreesAfter(model_->base(), guesses_, keys, screen);
    if (how == Agreement::kNo) continue;
    const bool in_all = AgreesInEveryRow(model_->base(), guesses_, keys, screen);
    if (in_all || found == Agreement::kNo) {
      found = how;
      *count = keys;
    }
    if (in_all) break;
  }
  return found;
}

// More than that nothing happened, and in every cell.
bool Engine::Persuades(const term::Screen& screen, size_t count) const {
  if (count == 0 || !AgreesInEveryCell(model_->base(), guesses_, count, screen)) return false;
  const term::Cursor& before = model_->base().cursor();
  const term::Cursor& after = screen.cursor();
  return before.row != after.row || before.column != after.column ||
         guesses_[count - 1].line.entered_by != 0;
}

Agreement Engine::Reconsider(const term::Screen& screen, size_t answered, size_t* count) {
  if (guesses_.empty() || guesses_.size() > policy::kMostReconsidered) return Agreement::kNo;
  if (Secret() || !HasTextBelow(model_->base())) return Agreement::kNo;
  const term::Screen base = model_->base();
  const Mood mood = line_.mood;
  const std::optional<int> bottom = lessons_.text_bottom;
  const auto breaks_line = [](const Guess& guess) {
    return guess.key.kind == KeyKind::kReturn || OpensLine(guess.key.character);
  };
  const bool breaks =
      !lessons_.editor && std::any_of(guesses_.begin(), guesses_.end(), breaks_line);
  std::vector<std::optional<int>> bottoms = {bottom};
  for (int lines = 1; breaks && lines <= policy::kMostStatusLines; ++lines) {
    bottoms.emplace_back(base.rows() - 1 - lines);
  }
  const std::vector<size_t> wrong = DrawnWrong(screen, answered);
  BlamePrompt(screen, answered);
  for (const Mood other : {mood, mood == Mood::kTyping ? Mood::kCommands : Mood::kTyping}) {
    for (const std::optional<int>& lower : bottoms) {
      if ((other == mood && lower == bottom) || (lower && *lower < 1)) continue;
      line_.mood = other;
      lessons_.text_bottom = lower;
      Rebase(base);
      const Agreement how = Find(screen, std::max<size_t>(answered, 1), count);
      if (how == Agreement::kNo || !Persuades(screen, *count)) continue;
      CountWrong(wrong);
      return how;
    }
  }
  line_.mood = mood;
  lessons_.text_bottom = bottom;
  Rebase(base);
  return Agreement::kNo;
}

// Rows of a screen of another size are other rows, or none.
void Engine::ForgetPlaces() {
  lessons_.rows.clear();
  lessons_.text_bottom.reset();
  lessons_.editor.reset();
  lessons_.jumps = JumpMemory();
  lessons_.mode_lines.clear();
  line_.line_start.reset();
}

void Engine::ForgetProgram() {
  line_.mood = Mood::kTyping;
  lessons_.text_bottom.reset();
  lessons_.editor.reset();
}

void Engine::OnAgreement(const term::Screen& screen, size_t count, Agreement how, uint64_t echo_ack,
                         Instant now) {
  CountRight(count);
  Credit(screen, count, echo_ack, now);
  LearnEditor(screen, count);
  Learn(screen, count);
  if (count > 0 && guesses_[count - 1].effect.alternative) {
    lessons_.edge = how == Agreement::kWaitsToWrap ? Edge::kWaits : Edge::kWraps;
  }
  const bool waited = count == 0 && line_.wrap_pending;
  Drop(count);
  line_.wrap_pending = how == Agreement::kWaitsToWrap || waited;
  in_doubt_ = false;
  Rebase(screen);
  NoteDepartureBelatedly();
}

// What was typed has had its answer, and it is another one than we thought; or the cursor has moved
// without a key. In both cases we do not know what program this is.
void Engine::OnContradiction(const term::Screen& screen, size_t gone, size_t answered) {
  BlamePrompt(screen, answered);
  Blame(answered);
  const size_t echoed = CountEchoedElsewhere(model_->base(), guesses_, gone, screen);
  const std::optional<Position> jumped_to =
      LearnJump(model_->base(), guesses_, gone, screen, lessons_);
  gone += echoed;
  CountWrong(DrawnWrong(screen, gone));
  CountRight(gone);
  const std::optional<Position> line_start = line_.line_start;
  Drop(gone);
  accounted_ = false;
  // Where a line was to begin that is elsewhere tells nothing; a prompt does.
  if (line_.line_start != line_start) line_.line_start.reset();
  const Position typed_from = {screen.cursor().row,
                               screen.cursor().column - static_cast<int>(echoed)};
  if (typed_from.column > 0 && PromptBefore(screen, typed_from)) line_.line_start = typed_from;
  if (jumped_to) line_.first_typed = *jumped_to;
  line_.wrap_pending = false;
  if (AsksSomething(screen)) line_.mood = Mood::kTyping;
  if (const std::optional<Mood> mood = MoodInVi(screen, lessons_)) line_.mood = *mood;
  line_.entered_by = 0;
  CheckLineStart(screen);
  lessons_.rows.clear();
  BeginHiddenEpoch();
  Rebase(screen);
}

// Echoes prove that what is typed may be shown. One that came before its echo ack proves it only if
// the key that began the uncertainty has been answered: what a program prints may look like an echo
// of what was typed ahead.
void Engine::Credit(const term::Screen& screen, size_t count, uint64_t echo_ack, Instant now) {
  const size_t last_doubt = LastDoubt(guesses_, count);
  if (count > 0 && LeadsElsewhere(guesses_[last_doubt].effect)) accounted_ = false;
  if (Secret()) return;
  bool unanswered_doubt = false;
  for (size_t i = 0; i < count; ++i) {
    const Guess& guess = guesses_[i];
    if (guess.effect.doubtful && guess.answered_by > echo_ack) unanswered_doubt = true;
    if (unanswered_doubt || !ShowsEcho(model_->base(), guess, screen)) continue;
    confirmed_ = std::max(confirmed_, guess.epoch);
    triggers_.OnConfirmed(guess.typed_at, now);
    lessons_.keys.OnCameTrue(guess.effect.proves);
    if (i >= last_doubt) accounted_ = true;
    const std::optional<Position> asked = guess.line.first_typed;
    if (!asked || asked->row != guess.effect.typed->row || *asked > *guess.effect.typed) continue;
    // Of the program that asked. If another has the terminal by now, this may be its doing.
    const auto prompt = PromptOf(modes_before_, model_->base(), *asked);
    if (prompt && Raw() && modes_->foreground == prompt->program) prompts_.OnEchoed(*prompt);
  }
}

void Engine::Learn(const term::Screen& screen, size_t count) {
  if (count == 0) return;
  LearnFiller(guesses_, count, screen, lessons_);
  for (const auto& [row, cells] : RowsAfter(guesses_, count)) {
    const std::optional<Typing> lesson = LessonOf(model_->base(), row, *cells, screen);
    if (lesson) lessons_.usually = lessons_.rows[row] = *lesson;
  }
  if (!AgreesInEveryCell(model_->base(), guesses_, count, screen)) {
    return lessons_.keys.OnFailed(guesses_[count - 1].effect.spelling);
  }
  const size_t last_doubt = LastDoubt(guesses_, count);
  Position before = {model_->base().cursor().row, model_->base().cursor().column};
  for (size_t i = 0; i < count; ++i) {
    const Guess& guess = guesses_[i];
    // A key that did nothing shows nothing; and one after which text is typed is proved by an echo.
    const bool did = !(guess.effect.after == before) || !guess.effect.rows.empty();
    if (guess.effect.discreet && guess.certain && did && i >= last_doubt) accounted_ = true;
    if (did && guess.line.entered_by == 0) lessons_.keys.OnCameTrue(guess.effect.spelling);
    lessons_.jumps.OnSeen(guess.effect.jumped_by, before.row, guess.effect.after);
    before = guess.effect.after;
  }
}

// From now on what is drawn is to be counted, once it is answered.
void Engine::NoteShown() {
  const size_t count = shown();
  for (size_t i = 0; i < count; ++i) {
    if (guesses_[i].drawn || !guesses_[i].effect.typed) continue;
    guesses_[i].drawn = true;
    ++tally_.shown;
  }
}

std::vector<size_t> Engine::DrawnWrong(const term::Screen& screen, size_t count) const {
  std::vector<size_t> wrong;
  for (size_t i = 0; i < count; ++i) {
    const Guess& guess = guesses_[i];
    if (!guess.drawn || !guess.effect.typed) continue;
    if (!IsOnScreen(model_->base(), guess, screen)) wrong.push_back(i);
  }
  return wrong;
}

void Engine::CountWrong(const std::vector<size_t>& guesses) {
  for (const size_t i : guesses) guesses_[i].drawn = false;
  tally_.wrong += guesses.size();
}

void Engine::CountRight(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (std::exchange(guesses_[i].drawn, false) && guesses_[i].effect.typed) ++tally_.correct;
  }
}

// Where a line was believed to begin nothing came of its first key.
void Engine::BlamePrompt(const term::Screen& screen, size_t answered) {
  if (answered == 0 || !guesses_[0].effect.begins_line) return;
  const bool nothing_came = screen.cursor().row == model_->base().cursor().row &&
                            screen.cursor().column == model_->base().cursor().column;
  const auto prompt = PromptOf(modes_before_, model_->base(), *guesses_[0].effect.typed);
  if (prompt && nothing_came) prompts_.OnFailed(*prompt);
}

// Return went to the next row's start in a full screen: this may be an editor, if lines below went
// down with it.
void Engine::LearnEditor(const term::Screen& screen, size_t count) {
  if (count == 0 || lessons_.text_bottom) return;
  size_t at = 0;
  while (at < count && guesses_[at].key.kind != KeyKind::kReturn) ++at;
  if (at == count) return;
  if (guesses_.size() > policy::kMostReconsidered || !HasTextBelow(model_->base())) return;
  const term::Screen base = model_->base();
  for (int lines = 1; lines <= policy::kMostStatusLines && lines < base.rows() - 1; ++lines) {
    lessons_.text_bottom = base.rows() - 1 - lines;
    Rebase(base);
    if (guesses_[at].effect.spelling == kBreakLine &&
        AgreesAfter(base, guesses_, count, screen) != Agreement::kNo &&
        AgreesInEveryCell(base, guesses_, count, screen)) {
      return;
    }
  }
  lessons_.text_bottom.reset();
  Rebase(base);
}

// Who is trusted and was not right. Among keys that may have done anything it is one of those.
void Engine::Blame(size_t answered) {
  const auto end = guesses_.begin() + static_cast<ptrdiff_t>(answered);
  const bool doubtful =
      std::any_of(guesses_.begin(), end, [](const Guess& guess) { return guess.effect.doubtful; });
  for (auto guess = guesses_.begin(); guess != end; ++guess) {
    if (doubtful && !guess->effect.doubtful) continue;
    lessons_.keys.OnFailed(guess->effect.spelling);
    lessons_.keys.OnFailed(guess->effect.proves);
    if (guess->effect.jumped_by != 0) lessons_.jumps.Clear();
    if (guess->effect.alternative) lessons_.edge = Edge::kUnknown;
  }
}

void Engine::Drop(size_t count) {
  if (count == 0) return;
  const Guess& last = guesses_[count - 1];
  line_ = last.line;
  // What doubt there was about its effect, the screen has resolved.
  base_epoch_ = last.effect.asks_again ? last.next_epoch : last.epoch;
  guesses_.erase(guesses_.begin(), guesses_.begin() + static_cast<ptrdiff_t>(count));
}

// Everything is guessed anew from this screen.
void Engine::Rebase(const term::Screen& screen) {
  const auto echoes = [&](Position at) {
    const std::optional<Prompt> label = PromptOf(modes_, screen, at);
    return label && prompts_.Trusts(*label);
  };
  lessons_.all_fields_echo = AllFieldsEcho(screen, lessons_.jumps, echoes);
  model_.emplace(screen, line_, &lessons_);
  epoch_ = base_epoch_;
  certain_ = true;
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

// --- Prompts ------------------------------------------------------------------------------------

// A program that is slow to answer still has its last prompt on the screen, and what is typed then
// may go to the next one.
bool Engine::HasMovedOn(const term::Screen& screen) const {
  const int row = screen.cursor().row;
  if (row != departure_->row) return true;
  for (int above = 0; above < row; ++above) {
    if (!term::Screen::SameRow(departure_->screen, above, screen, above)) return true;
  }
  return false;
}

// What was typed after the departure may have been echoed behind the prompt already.
std::optional<size_t> Engine::CountBeforeKnownPrompt(const term::Screen& screen,
                                                     size_t answered) const {
  if (!departure_ || !Raw() || departure_->program != modes_->foreground) return std::nullopt;
  if (!HasMovedOn(screen)) return std::nullopt;
  const size_t first = FirstAfterDoubt(guesses_);
  // Behind a full field: the key before that one may have led here already.
  if (first > answered && guesses_[first - 1].effect.typed) return std::nullopt;
  const term::Cursor& cursor = screen.cursor();
  for (size_t echoed = 0; first + echoed <= guesses_.size(); ++echoed) {
    const Position at = {cursor.row, cursor.column - static_cast<int>(echoed)};
    if (at.column < 0) break;
    if (echoed > 0) {
      const Effect& effect = guesses_[first + echoed - 1].effect;
      if (!effect.typed || effect.glyph.wide() || effect.glyph.is_cluster()) break;
    }
    bool same = true;
    for (size_t i = 0; same && i < echoed; ++i) {
      same = SameGlyph(model_->base(), guesses_[first + i].effect.glyph, screen,
                       screen.cell(at.row, at.column + static_cast<int>(i)));
    }
    // Other keys that are answered went elsewhere; and in a form those that are not may have filled
    // another field, unless the key that led here is known to lead here.
    if (!same || first + echoed < answered) continue;
    const bool as_known = first > 0 && guesses_[first - 1].effect.jumped_by != 0 &&
                          guesses_[first - 1].effect.after == at;
    const bool all_seen = first + echoed == guesses_.size();
    if (!all_seen && !as_known && !PromptBefore(screen, at)) continue;
    const std::optional<Prompt> prompt = PromptOf(modes_, screen, at);
    if (prompt && prompts_.Trusts(*prompt)) return first + echoed;
  }
  return std::nullopt;
}

// The key that was sent off has been dealt with, and the program that took it asks again as it did
// when it echoed.
void Engine::ShowAtKnownPrompt() {
  const term::Screen& screen = model_->base();
  departure_.reset();
  accounted_ = true;
  in_doubt_ = false;
  const std::optional<Position> start = line_.line_start;
  line_ = {.fresh_line = !start, .after_return = true, .line_start = start};
  confirmed_ = base_epoch_;
  Rebase(term::Screen(screen));
}

// --- Time ---------------------------------------------------------------------------------------

void Engine::OnTime(Instant now) {
  if (settings_.display == Display::kNever) return;
  triggers_.Update(!guesses_.empty());
  if (!guesses_.empty()) triggers_.OnPending(guesses_.front().typed_at, now);
  NoteShown();
}

Instant Engine::NextDeadline(Instant now) const {
  if (guesses_.empty()) return Instant::Max();
  return triggers_.NextDeadline(guesses_.front().typed_at, now);
}

// --- Drawing ------------------------------------------------------------------------------------

size_t Engine::shown() const {
  if (settings_.display == Display::kNever) return 0;
  if (settings_.display == Display::kAdaptive && !triggers_.show()) return 0;
  if (Secret()) return 0;
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
