#include "bench/typing_judge.h"

#include <algorithm>

#include "base/check.h"

namespace mosh::bench {
namespace {

// A client's frame may be read in two pieces. Nobody sees what is gone so soon.
constexpr double kGlimpse = 2;

}  // namespace

TypingReference::TypingReference(Picture start) : changed_(1), natures_(1) {
  history_.resize(start.cells.size());
  for (size_t i = 0; i < start.cells.size(); ++i)
    history_[i].push_back({.key = 0, .value = start.cells[i], .passing = false});
  states_.push_back(std::move(start));
}

void TypingReference::Add(Picture after, const std::vector<Picture>& passing, KeyNature nature) {
  const Picture& before = states_.back();
  CHECK(after.cells.size() == before.cells.size());
  const int key = static_cast<int>(states_.size());
  std::vector<int> changed;
  for (size_t i = static_cast<size_t>(after.columns); i < after.cells.size(); ++i) {
    for (const Picture& picture : passing) {
      if (picture.cells[i] != before.cells[i] && picture.cells[i] != after.cells[i])
        history_[i].push_back({.key = key, .value = picture.cells[i], .passing = true});
    }
    if (after.cells[i] == before.cells[i]) continue;
    history_[i].push_back({.key = key, .value = after.cells[i], .passing = false});
    changed.push_back(static_cast<int>(i));
  }
  changed_.push_back(std::move(changed));
  natures_.push_back(nature);
  states_.push_back(std::move(after));
}

bool TypingReference::Occurs(int cell, char32_t value, int from, int to) const {
  const std::vector<Value>& history = history_[cell];
  for (auto v = history.rbegin(); v != history.rend(); ++v) {
    if (v->key > to) continue;
    if (v->value == value && (v->key >= from || !v->passing)) return true;
    // What it was in state `from` itself; anything earlier is over.
    if (v->key <= from && !v->passing) return false;
  }
  return false;
}

bool TypingReference::Matches(const Picture& picture, int state) const {
  const Picture& wanted = states_[state];
  return std::equal(wanted.cells.begin() + wanted.columns, wanted.cells.end(),
                    picture.cells.begin() + wanted.columns, picture.cells.end());
}

TypingJudge::TypingJudge(const TypingReference* reference, double sure_after)
    : reference_(reference),
      sure_after_(sure_after),
      picture_(reference->state(0)),
      verdicts_(static_cast<size_t>(reference->keys()) + 1),
      faults_(picture_.cells.size()) {
  for (int key = 1; key <= reference->keys(); ++key)
    verdicts_[key].visible = reference->visible(key);
}

void TypingJudge::Typed(double now) {
  CHECK(typed_ < reference_->keys());
  ++typed_;
  verdicts_[typed_].typed = now;
  if (verdicts_[typed_].visible) pending_.push_back(typed_);
  Judge(now);
}

void TypingJudge::Look(const Picture& picture, double now) {
  picture_ = picture;
  Judge(now);
}

void TypingJudge::Finish(double now) {
  for (size_t cell = 0; cell < faults_.size(); ++cell) Close(static_cast<int>(cell), now);
  const int base = pending_.empty() ? 0 : pending_.front() - 1;
  for (const int key : pending_) verdicts_[key].visible = SightOf(key, base) != Sight::kUndecided;
}

bool TypingJudge::Settled() const {
  return reference_->Matches(picture_, typed_) &&
         picture_.cursor == reference_->state(typed_).cursor;
}

void TypingJudge::Judge(double now) {
  JudgeKeys(now);
  AdvanceSure(now);
  JudgeCells(now);
}

TypingJudge::Sight TypingJudge::SightOf(int key, int base) const {
  const std::vector<int>& changed = reference_->changed(key);
  const auto looks_as = [&](int state) {
    const Picture& wanted = reference_->state(state);
    if (changed.empty()) return picture_.cursor == wanted.cursor;
    return std::all_of(changed.begin(), changed.end(),
                       [&](int cell) { return picture_.cells[cell] == wanted.cells[cell]; });
  };
  const auto any = [&](int from, int to) {
    while (from <= to && !looks_as(from)) ++from;
    return from <= to;
  };
  if (!any(key, typed_)) return Sight::kOther;
  return any(base, key - 1) ? Sight::kUndecided : Sight::kShown;
}

void TypingJudge::JudgeKeys(double now) {
  // What is shown may decide about others.
  for (size_t before = 0; before != pending_.size() && !pending_.empty();) {
    before = pending_.size();
    const int base = pending_.front() - 1;
    // Newest first: an undecided key is as good as shown once a later one is.
    bool later_shown = false;
    for (auto key = pending_.rbegin(); key != pending_.rend(); ++key) {
      const Sight sight = SightOf(*key, base);
      if (sight == Sight::kOther || (sight == Sight::kUndecided && !later_shown)) continue;
      verdicts_[*key].shown = now;
      later_shown = true;
    }
    std::erase_if(pending_, [&](int key) { return verdicts_[key].shown.has_value(); });
  }
}

void TypingJudge::AdvanceSure(double now) {
  const auto matches = [&](int state) { return reference_->Matches(picture_, state); };
  for (int key = typed_; key > sure_; --key) {
    bool reached = now - verdicts_[key].typed > sure_after_;
    if (!reached && reference_->nature(key).from_program) {
      // Such a state, and none that the server may still be in.
      int state = sure_;
      while (state <= typed_ && !matches(state)) ++state;
      reached = state >= key && state <= typed_;
    }
    if (!reached) continue;
    sure_ = key;
    return;
  }
}

void TypingJudge::JudgeCells(double now) {
  const Picture& newest = reference_->state(typed_);
  for (size_t i = static_cast<size_t>(picture_.columns); i < picture_.cells.size(); ++i) {
    const int cell = static_cast<int>(i);
    const char32_t shown = picture_.cells[i];
    const bool wrong = shown != newest.cells[i] && !reference_->Occurs(cell, shown, sure_, typed_);
    Fault& fault = faults_[i];
    if (fault.key != 0 && (!wrong || shown != fault.cell.shown)) Close(cell, now);
    if (!wrong || fault.key != 0) continue;
    fault = {.key = typed_,
             .cell = {.cell = cell, .shown = shown, .expected = newest.cells[i], .since = now}};
  }
}

void TypingJudge::Close(int cell, double now) {
  Fault fault = std::exchange(faults_[cell], Fault());
  fault.cell.lasted = now - fault.cell.since;
  if (fault.key == 0 || fault.cell.lasted < kGlimpse) return;
  KeyVerdict& verdict = verdicts_[fault.key];
  for (int key = 1; key <= fault.key; ++key)
    verdict.leak |= reference_->nature(key).secret == fault.cell.shown;
  verdict.wrong.push_back(fault.cell);
  double first = fault.cell.since;
  for (const WrongCell& wrong : verdict.wrong) first = std::min(first, wrong.since);
  verdict.repair = now - first;
}

}  // namespace mosh::bench
