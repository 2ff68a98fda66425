#include "bench/typing_replay.h"

#include <vector>

#include "predict/engine.h"
#include "term/screen.h"

namespace mosh::bench {
namespace {

// Answers each key with what the program answered when it was recorded.
class Recorded final : public predict::Program {
 public:
  explicit Recorded(const std::vector<ProgramAnswer>* answers) : answers_(*answers) {}

  void Start() override { print(0, answers_[0].output, nullptr); }
  void OnInput(absl::string_view) override { print(0, answers_[++answered_].output, nullptr); }
  term::TerminalModes modes() const override { return answers_[answered_].modes; }

 private:
  const std::vector<ProgramAnswer>& answers_;
  size_t answered_ = 0;
};

// No trace draws clusters.
char32_t CodePointOf(const term::Cell& cell) {
  return cell.blank() || cell.wide_tail() || cell.is_cluster() ? U' ' : cell.code_point();
}

Picture PictureOf(const term::Screen& screen) {
  Picture picture;
  picture.columns = screen.columns();
  for (int row = 0; row < screen.rows(); ++row) {
    for (int column = 0; column < screen.columns(); ++column)
      picture.cells.push_back(CodePointOf(screen.cell(row, column)));
  }
  picture.cursor = screen.cursor().row * screen.columns() + screen.cursor().column;
  return picture;
}

}  // namespace

Replay ReplayTrace(const PreparedTrace& prepared, const predict::Line& line, uint64_t seed,
                   double sure_after) {
  const std::vector<TraceKey>& keys = prepared.trace.keys;
  Recorded program(&prepared.answers);
  predict::Typist typist(seed, line, {}, &program);
  program.Start();
  typist.RunFor(4000 + 3 * line.round_trip_ms);
  const auto now = [&] { return static_cast<double>(typist.now().millis()); };
  Replay replay = {.judge = TypingJudge(prepared.reference.get(), sure_after), .start = now()};
  replay.judge.Look(PictureOf(typist.Shown()), now());
  typist.on_frame = [&](const term::Screen&, const term::Screen& shown) {
    replay.judge.Look(PictureOf(shown), now());
  };
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].awaits) {
      const double patience = now() + sure_after;
      while (!replay.judge.Shown(static_cast<int>(i)) && now() < patience) typist.RunFor(1);
    }
    typist.RunFor(static_cast<int>(keys[i].gap));
    replay.judge.Typed(now());
    typist.Type(keys[i].bytes);
  }
  typist.RunFor(15'000 + 5 * line.round_trip_ms);
  replay.end = now();
  replay.complete = replay.judge.Settled();
  replay.judge.Finish(replay.end);
  return replay;
}

}  // namespace mosh::bench
