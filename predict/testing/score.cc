#include "predict/testing/score.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "predict/row_model.h"
#include "term/terminal.h"

namespace mosh::predict {
namespace {

constexpr term::Size kSize = {80, 24};

bool SameCursor(const term::Screen& a, const term::Screen& b) {
  return a.cursor().row == b.cursor().row && a.cursor().column == b.cursor().column;
}

bool SameText(const term::Screen& a, const term::Screen& b, int row, int column) {
  return SameGlyph(a, a.cell(row, column), b, b.cell(row, column));
}

// The screen after each key, and before the first.
std::vector<term::Screen> Reference(const std::vector<TimedKey>& keys, Program* program) {
  term::Terminal terminal(kSize, term::Dialect::kProgram);
  program->print = [&](int, std::string bytes, std::function<void()> then) {
    terminal.Feed(bytes);
    if (then) then();
  };
  program->Start();
  std::vector<term::Screen> screens = {terminal.Snapshot()};
  for (const TimedKey& key : keys) {
    program->OnInput(key.bytes);
    screens.push_back(terminal.Snapshot());
  }
  return screens;
}

// What this key changed is to be seen.
bool Shows(const term::Screen& shown, const term::Screen& before, const term::Screen& after) {
  bool text = false;
  for (int row = 0; row < kSize.rows; ++row) {
    for (int column = 0; column < kSize.columns; ++column) {
      if (SameText(before, after, row, column)) continue;
      text = true;
      if (!SameText(shown, after, row, column)) return false;
    }
  }
  return text || SameCursor(shown, after);
}

bool Changes(const term::Screen& before, const term::Screen& after) {
  if (!SameCursor(before, after)) return true;
  for (int row = 0; row < kSize.rows; ++row) {
    for (int column = 0; column < kSize.columns; ++column) {
      if (!SameText(before, after, row, column)) return true;
    }
  }
  return false;
}

bool ShowsWrong(const term::Screen& shown, const term::Screen& server,
                const std::vector<term::Screen>& reference, size_t first, size_t last) {
  for (int row = 0; row < kSize.rows; ++row) {
    if (shown.row(row).SharesStorageWith(server.row(row))) continue;
    for (int column = 0; column < kSize.columns; ++column) {
      bool right = SameText(shown, server, row, column);
      for (size_t i = first; !right && i <= last; ++i) {
        right = SameText(shown, reference[i], row, column);
      }
      if (!right) return true;
    }
  }
  return false;
}

std::string Name(absl::string_view bytes) {
  if (bytes.size() == 1 && bytes[0] > ' ' && bytes[0] < 0x7F) return "c";
  return absl::CHexEscape(bytes);
}

}  // namespace

Score& Score::operator+=(const Score& other) {
  keys += other.keys;
  shown += other.shown;
  wrong += other.wrong;
  for (const auto& [name, count] : other.hidden) hidden[name] += count;
  return *this;
}

Score Play(uint64_t seed, const Line& line, const Settings& settings,
           const std::vector<TimedKey>& keys, Program* reference, Program* live) {
  const std::vector<term::Screen> screens = Reference(keys, reference);
  Typist typist(seed, line, settings, live, kSize);
  live->Start();
  typist.RunFor(3 * line.round_trip_ms + 1000);
  Score score;
  size_t typed = 0;
  bool wrong = false;
  typist.on_frame = [&](const term::Screen& server, const term::Screen& shown) {
    const bool now_wrong = ShowsWrong(shown, server, screens, typist.answered(), typed);
    if (now_wrong && !std::exchange(wrong, true)) ++score.wrong;
  };
  for (size_t i = 0; i < keys.size(); ++i) {
    typist.RunFor(keys[i].pause_ms);
    typed = i + 1;
    wrong = false;
    typist.Type(keys[i].bytes);
    if (!Changes(screens[i], screens[i + 1])) continue;
    ++score.keys;
    if (Shows(typist.Shown(), screens[i], screens[i + 1])) {
      ++score.shown;
    } else {
      ++score.hidden[absl::StrCat(i > 0 ? Name(keys[i - 1].bytes) : "", " then ",
                                  Name(keys[i].bytes))];
    }
  }
  typist.RunFor(20 * line.round_trip_ms + 10'000);
  return score;
}

}  // namespace mosh::predict
