#include "predict/testing/traces.h"

#include <array>
#include <cmath>
#include <random>

#include "absl/strings/string_view.h"
#include "predict/testing/editor.h"
#include "predict/testing/form.h"
#include "predict/testing/mail_reader.h"
#include "predict/testing/shell.h"

namespace mosh::predict {
namespace {

constexpr std::array<absl::string_view, 12> kWords = {
    "the", "editor", "of", "river", "and", "seven", "was", "under", "a", "notes", "with", "light"};
constexpr std::array<absl::string_view, 8> kCommands = {
    "ls -la",           "cd /tmp",          "make tset\x7f\x7f\x7f\x65st",
    "git status",       "vim notes.txt",    "grep -rn x .",
    "echo hello world", "cat /etc/hostname"};

// A hand at the keyboard: gaps about 170 ms, now and then a pause to think or to read.
class Hand {
 public:
  explicit Hand(uint64_t seed) : random_(seed) {}

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  void Key(absl::string_view bytes) {
    const double gap = 170 * std::exp(0.45 * gauss_(random_));
    keys_.push_back({static_cast<int>(gap) + std::exchange(pause_, 0), std::string(bytes)});
  }
  void Text(absl::string_view text) {
    for (const char c : text) Key(absl::string_view(&c, 1));
  }
  void Times(int count, absl::string_view bytes) {
    for (; count > 0; --count) Key(bytes);
  }
  void Think() { pause_ = 400 + static_cast<int>(Below(1200)); }
  // Sometimes with a slip.
  void Prose(int words) {
    for (int i = 0; i < words; ++i) {
      if (i > 0) Key(" ");
      const absl::string_view word = kWords[Below(kWords.size())];
      if (Below(12) == 0) {
        Text("xq");
        Times(2, "\x7f");
      }
      Text(word);
    }
  }
  std::vector<TimedKey> Done() { return std::move(keys_); }

 private:
  std::mt19937_64 random_;
  std::normal_distribution<double> gauss_;
  int pause_ = 0;
  std::vector<TimedKey> keys_;
};

std::vector<TimedKey> Commands(uint64_t seed) {
  Hand hand(seed);
  for (int i = 0; i < 12; ++i) {
    hand.Text(kCommands[hand.Below(kCommands.size())]);
    hand.Key("\r");
    if (hand.Below(4) > 0) hand.Think();
  }
  return hand.Done();
}

std::vector<TimedKey> LineEditing(uint64_t seed) {
  Hand hand(seed);
  for (int i = 0; i < 10; ++i) {
    hand.Prose(4);
    switch (hand.Below(6)) {
      case 0:
        hand.Key("\x01");
        hand.Text("sudo ");
        hand.Key("\x05");
        break;
      case 1:
        hand.Times(6, "\x1b[D");
        hand.Text("in");
        hand.Times(2, "\x1b[C");
        hand.Key("\x7f");
        break;
      case 2:
        hand.Times(2, "\x17");
        hand.Prose(2);
        break;
      case 3:
        hand.Times(2,
                   "\x1b"
                   "b");
        hand.Key("\x0b");
        hand.Text("end");
        break;
      case 4:
        hand.Key("\x1b[H");
        hand.Text("a ");
        hand.Key("\x1b[F");
        break;
      case 5:
        hand.Key("\x15");
        hand.Prose(3);
        break;
    }
    hand.Key("\r");
    hand.Think();
  }
  return hand.Done();
}

std::vector<TimedKey> ModalEditing(uint64_t seed) {
  Hand hand(seed);
  for (int i = 0; i < 6; ++i) {
    static constexpr std::array<absl::string_view, 4> kInserts = {"o", "i", "A", "o"};
    hand.Key(kInserts[hand.Below(kInserts.size())]);
    hand.Prose(6);
    if (hand.Below(2) == 0) {
      hand.Key("\r");
      hand.Prose(5);
    }
    hand.Key("\x1b");
    hand.Think();
    // One draw a statement: compilers differ in the order of arguments.
    const int rows = 2 + static_cast<int>(hand.Below(4));
    hand.Times(rows, hand.Below(2) == 0 ? "j" : "k");
    const int columns = static_cast<int>(hand.Below(5));
    hand.Times(columns, hand.Below(2) == 0 ? "l" : "h");
    if (hand.Below(3) == 0) hand.Times(3, "x");
    if (hand.Below(4) == 0) hand.Text("dd");
  }
  return hand.Done();
}

std::vector<TimedKey> ModelessEditing(uint64_t seed) {
  Hand hand(seed);
  for (int i = 0; i < 8; ++i) {
    hand.Prose(7);
    hand.Key("\r");
    if (hand.Below(3) > 0) continue;
    hand.Think();
    hand.Times(1 + static_cast<int>(hand.Below(3)), "\x1b[A");
    hand.Times(static_cast<int>(hand.Below(6)), "\x1b[C");
    hand.Prose(1);
    hand.Times(1 + static_cast<int>(hand.Below(3)), "\x1b[B");
  }
  return hand.Done();
}

std::vector<TimedKey> ReadingMail(uint64_t seed) {
  Hand hand(seed);
  for (int i = 0; i < 10; ++i) {
    const int messages = 3 + static_cast<int>(hand.Below(6));
    hand.Times(messages, hand.Below(3) > 0 ? "j" : "k");
    hand.Key("\r");
    hand.Think();
    hand.Times(static_cast<int>(hand.Below(3)), " ");
    hand.Key("q");
  }
  return hand.Done();
}

std::vector<TimedKey> FillingIn(uint64_t seed) {
  Hand hand(seed);
  for (int i = 0; i < 12; ++i) {
    hand.Prose(2);
    hand.Key("\t");
    if (hand.Below(2) == 0) hand.Think();
  }
  return hand.Done();
}

std::unique_ptr<Program> MakeShell(uint64_t seed, const ShellStyle& style) {
  return std::make_unique<Shell>(seed, style);
}

std::vector<std::string> SomeLines(uint64_t seed) {
  Hand hand(seed);
  std::vector<std::string> lines;
  for (uint64_t i = 5 + hand.Below(30); i > 0; --i) {
    std::string line;
    for (uint64_t words = hand.Below(9); words > 0; --words) {
      if (!line.empty()) line += ' ';
      line.append(kWords[hand.Below(kWords.size())].data());
    }
    if (hand.Below(8) == 0) line += ' ';  // which nobody sees
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

const std::vector<Kind>& Kinds() {
  static const auto* const kinds = new std::vector<Kind>{
      {"shell", [](uint64_t seed) { return MakeShell(seed, {}); }, Commands},
      {"dressed shell",
       [](uint64_t seed) {
         return MakeShell(seed, {.right_prompt = "[main] 12:00", .suggests = true});
       },
       Commands},
      {"line editing", [](uint64_t seed) { return MakeShell(seed, {}); }, LineEditing},
      {"modal editor",
       [](uint64_t seed) {
         return std::make_unique<Editor>(Editor::Kind::kModal, SomeLines(seed));
       },
       ModalEditing},
      {"modeless editor",
       [](uint64_t) {
         return std::make_unique<Editor>(Editor::Kind::kModeless, std::vector<std::string>(1));
       },
       ModelessEditing},
      {"mail reader", [](uint64_t) { return std::make_unique<MailReader>(); }, ReadingMail},
      {"form", [](uint64_t) { return std::make_unique<Form>(); }, FillingIn},
  };
  return *kinds;
}

}  // namespace mosh::predict
