// Judges what a mosh client shows while somebody types, by a reference of the same keys typed one
// at a time into the same program without a network. Sans-IO; times are milliseconds of any clock.
//
// A key counts as shown at the first moment after it was typed at which every cell that it changes
// in the reference looks as after it, or as after one common later key that has been typed already;
// a key that moves nothing but the cursor, when the cursor is there. While they also look as they
// did since the last key that is known to be shown (a letter and the backspace that takes it back,
// say), nothing tells: then the next key that does show decides for these, too. A displayed cell is
// wrong if it looks as it never does in the reference between the state that the server has surely
// reached and the newest typed key. Renditions don't count, nor does row 0, where the notification
// bar appears.
#ifndef BENCH_TYPING_JUDGE_H_
#define BENCH_TYPING_JUDGE_H_

#include <optional>
#include <utility>
#include <vector>

namespace mosh::bench {

// What a terminal shows: one code point a cell (blank: a space), row by row.
struct Picture {
  int columns = 80;
  std::vector<char32_t> cells;
  int cursor = 0;  // index of its cell

  friend bool operator==(const Picture&, const Picture&) = default;
};

// What a key is, as far as judging needs to know.
struct KeyNature {
  // Its effect holds text that only the program knows: once that shows, the server's screen has
  // surely come so far.
  bool from_program = false;
  // The character of a password, which must never show; 0 otherwise.
  char32_t secret = 0;
};

// The states S_0 (before the first key), S_1, … of a program's screen, key by key.
class TypingReference {
 public:
  explicit TypingReference(Picture start);
  // Adds the state after the next key. `passing`: screens that were there on the way to it.
  void Add(Picture after, const std::vector<Picture>& passing, KeyNature nature);

  int keys() const { return static_cast<int>(states_.size()) - 1; }
  const Picture& state(int key) const { return states_[key]; }
  const KeyNature& nature(int key) const { return natures_[key]; }
  // Cells that differ between the states before and after the key (1…keys()), but for row 0.
  const std::vector<int>& changed(int key) const { return changed_[key]; }
  bool cursor_moves(int key) const { return states_[key - 1].cursor != states_[key].cursor; }
  // Does anything show that the key was typed?
  bool visible(int key) const { return !changed_[key].empty() || cursor_moves(key); }
  // Does the cell look like `value` at any time from state `from` to the end of key `to`?
  bool Occurs(int cell, char32_t value, int from, int to) const;
  // Are all cells (row 0 apart) as in this state?
  bool Matches(const Picture& picture, int state) const;

 private:
  struct Value {
    int key;
    char32_t value;
    bool passing;
  };
  std::vector<Picture> states_;
  std::vector<std::vector<int>> changed_;
  std::vector<KeyNature> natures_;
  std::vector<std::vector<Value>> history_;  // of each cell, oldest first
};

// One wrong cell, for whoever looks for its cause.
struct WrongCell {
  int cell = 0;
  char32_t shown = 0;
  char32_t expected = 0;  // after the newest typed key
  double since = 0, lasted = 0;
};

// What became of one key.
struct KeyVerdict {
  bool visible = false;
  double typed = 0;
  std::optional<double> shown;
  // Cells that turned wrong while this was the newest key.
  std::vector<WrongCell> wrong;
  double repair = 0;  // from the first wrong cell to the end of the last
  bool leak = false;  // one of them showed a character of a password
};

class TypingJudge {
 public:
  // `sure_after`: so long after a key was typed the server has surely answered it. The reference
  // outlives the judge.
  TypingJudge(const TypingReference* reference, double sure_after);

  // The next key was written to the client.
  void Typed(double now);
  // The client's screen now.
  void Look(const Picture& picture, double now);
  // No more looks: what is still wrong ends now, and what is undecided counts as not visible.
  void Finish(double now);

  int typed() const { return typed_; }
  bool Shown(int key) const { return !verdicts_[key].visible || verdicts_[key].shown.has_value(); }
  // Everything typed is on the screen, and nothing else.
  bool Settled() const;
  const KeyVerdict& verdict(int key) const { return verdicts_[key]; }

 private:
  struct Fault {
    int key = 0;  // newest one when it began; 0: the cell is not wrong
    WrongCell cell;
  };

  void Judge(double now);
  void JudgeKeys(double now);
  void AdvanceSure(double now);
  void JudgeCells(double now);
  void Close(int cell, double now);
  enum class Sight { kOther, kUndecided, kShown };
  // How the key's cells look; `base`: this state and what came before it have been shown.
  Sight SightOf(int key, int base) const;

  const TypingReference* reference_;
  const double sure_after_;
  Picture picture_;
  int typed_ = 0;
  int sure_ = 0;  // the server's screen has surely reached this state
  std::vector<KeyVerdict> verdicts_;
  std::vector<int> pending_;
  std::vector<Fault> faults_;  // of each cell
};

}  // namespace mosh::bench

#endif  // BENCH_TYPING_JUDGE_H_
