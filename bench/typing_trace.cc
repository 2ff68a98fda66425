#include "bench/typing_trace.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "e2e/tools.h"
#include "netem/link.h"

namespace mosh::bench {
namespace {

using netem::Random;

constexpr std::array<absl::string_view, 48> kWords = {
    "the",    "packet", "lost", "and",    "queue",  "is",      "full",   "of",
    "late",   "keys",   "we",   "should", "look",   "at",      "server", "again",
    "before", "noon",   "it",   "was",    "never",  "quite",   "clear",  "what",
    "went",   "wrong",  "with", "this",   "branch", "merge",   "later",  "today",
    "build",  "passes", "but",  "tests",  "still",  "fail",    "once",   "an",
    "hour",   "please", "send", "new",    "notes",  "network", "slow",   "window",
};

// Mistakes that people make: the neighbouring key.
char Neighbour(char c) {
  constexpr absl::string_view kRows = "qwertyuiop asdfghjkl zxcvbnm";
  const size_t at = kRows.find(c);
  return at != absl::string_view::npos && at + 1 < kRows.size() && kRows[at + 1] != ' '
             ? kRows[at + 1]
             : 'e';
}

class Typist {
 public:
  explicit Typist(unsigned seed) : random_(seed * 1000003ULL + 17) {}

  size_t size() const { return keys_.size(); }
  std::vector<TraceKey> Take() { return std::move(keys_); }
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }
  absl::string_view Word() { return kWords[random_.Below(kWords.size())]; }
  std::string Words(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) absl::StrAppend(&text, i == 0 ? "" : " ", Word());
    return text;
  }

  // `from_program`: what it shows could not be known without the program.
  void Press(absl::string_view bytes, absl::string_view label, absl::string_view kind,
             bool from_program = false) {
    keys_.push_back({.bytes = std::string(bytes),
                     .label = std::string(label),
                     .kind = std::string(kind),
                     .gap = Gap() + pause_,
                     .awaits = awaits_,
                     .nature = {.from_program = from_program}});
    awaits_ = false;
    pause_ = 0;
  }
  void PressTimes(int times, absl::string_view bytes, absl::string_view label,
                  absl::string_view kind) {
    for (int i = 0; i < times; ++i) Press(bytes, label, kind);
  }
  void Type(absl::string_view text, absl::string_view kind) {
    for (size_t i = 0; i < text.size(); ++i) Letter(text[i], kind);
  }
  // Now and then a wrong letter, taken back.
  void TypeHumanly(absl::string_view text, absl::string_view kind) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != ' ' && Below(25) == 0) {
        Letter(Neighbour(text[i]), kind);
        Backspace();
      }
      Letter(text[i], kind);
    }
  }
  void Secret(absl::string_view text) {
    for (const char c : text) {
      Press(std::string(1, c), "*", "password");
      keys_.back().nature.secret = static_cast<char32_t>(c);
    }
  }
  void Return(absl::string_view kind, bool from_program) {
    Press("\r", "return", kind, from_program);
  }
  void Backspace(absl::string_view kind = "backspace") { Press("\x7f", "backspace", kind); }
  void Left(int times = 1) { PressTimes(times, "\x1b[D", "left", "left/right"); }
  void Right(int times = 1) { PressTimes(times, "\x1b[C", "right", "left/right"); }
  // Before the next key: wait for the one before to be shown, then look for `millis`.
  void LookFirst(double millis) {
    awaits_ = true;
    pause_ = millis;
  }
  void Think(double millis) { pause_ = millis; }

 private:
  void Letter(char c, absl::string_view kind) {
    const std::string text(1, c);
    Press(text, c == ' ' ? "space" : text, kind);
  }
  double Normal() {
    const double u = 1 - random_.Unit(), v = random_.Unit();
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * M_PI * v);
  }
  // Log-normal: 170 ms is the median, some bursts are faster, and now and then there is a pause.
  double Gap() {
    if (burst_ == 0 && Below(12) == 0) burst_ = 3 + static_cast<int>(Below(4));
    if (burst_ > 0) {
      --burst_;
      return 70 * std::exp(0.3 * Normal());
    }
    if (Below(40) == 0) return 900 * std::exp(0.4 * Normal());
    return 170 * std::exp(0.45 * Normal());
  }

  Random random_;
  std::vector<TraceKey> keys_;
  int burst_ = 0;
  bool awaits_ = false;
  double pause_ = 0;
};

// What a client can work out by itself is another matter soon after a key whose effect it can't:
// says so in the kind.
void TellWhatCameBefore(std::vector<TraceKey>& keys) {
  constexpr int kSoon = 3;
  constexpr absl::string_view kPlain[] = {"append",    "insert",           "overwrite",
                                          "backspace", "backspace inside", "left/right"};
  std::string before = "start";
  int since = 0;
  for (TraceKey& key : keys) {
    if (std::find(std::begin(kPlain), std::end(kPlain), key.kind) == std::end(kPlain)) {
      before = key.kind;
      since = 0;
    } else if (++since <= kSoon) {
      absl::StrAppend(&key.kind, " after ", before);
    }
  }
}

// Each of these types one round of its trace; rounds are repeated until it is long enough.

// A shell, its prompt at the bottom as it mostly is: every line scrolls.
void ShellRound(Typist& t) {
  for (int line = 0; line < 3; ++line) {
    t.TypeHumanly(absl::StrCat("echo ", t.Words(5)), "append");
    t.Return("return", true);
  }
  t.TypeHumanly("ls", "append");
  t.Return("return", true);
  t.Think(600);
  t.TypeHumanly(absl::StrCat("# ", t.Words(15)), "append");
  t.Return("return", true);
}

void EditRound(Typist& t) {
  t.Type(absl::StrCat("echo ", t.Words(4)), "append");
  t.Left(5);
  t.Type(t.Word(), "insert");
  t.PressTimes(2, "\x7f", "backspace", "backspace inside");
  t.Right(3);
  t.Press("\x01", "^A", "home/end");
  t.Right(5);
  t.Type(absl::StrCat(t.Word(), " "), "insert");
  t.Press("\x05", "^E", "home/end");
  t.Type(absl::StrCat(" ", t.Word()), "append");
  t.PressTimes(2,
               "\x1b"
               "b",
               "M-b", "word motion");
  t.Type("no", "insert");
  t.Press(
      "\x1b"
      "f",
      "M-f", "word motion");
  t.Press("\x0b", "^K", "kill");
  t.Type(absl::StrCat(" ", t.Word()), "append");
  t.Press("\x17", "^W", "kill");
  t.Type(t.Word(), "append");
  t.Press("\x1b[H", "home", "home/end");
  t.Press("\x1b[F", "end", "home/end");
  t.Return("return", true);
  t.Think(300);
  t.Press("\x1b[A", "up", "history");
  t.PressTimes(4, "\x7f", "backspace", "backspace");
  t.Type(t.Word(), "append");
  t.Press("\x15", "^U", "kill");
  t.Type("true", "append");
  t.Return("return", false);
}

void VimRound(Typist& t) {
  t.Press("o", "o", "command");
  t.TypeHumanly(t.Words(5), "append");
  t.Return("return", false);
  t.TypeHumanly(t.Words(3), "append");
  t.Press("\x1b", "esc", "escape");
  t.Press("k", "k", "motion");
  t.Press("0", "0", "motion");
  t.PressTimes(3, "w", "w", "motion");
  t.PressTimes(3, "l", "l", "motion");
  t.Press("i", "i", "command");
  t.Type(absl::StrCat(t.Word(), " "), "insert");
  t.PressTimes(2, "\x7f", "backspace", "backspace inside");
  t.Press("\x1b", "esc", "escape");
  t.PressTimes(2, "b", "b", "motion");
  t.Press("x", "x", "command");
  t.Press("A", "A", "command");
  t.TypeHumanly(absl::StrCat(" ", t.Words(2)), "append");
  t.Press("\x1b", "esc", "escape");
  t.PressTimes(2, "j", "j", "motion");
}

void NanoRound(Typist& t) {
  t.TypeHumanly(t.Words(6), "append");
  t.Return("return", false);
  t.TypeHumanly(t.Words(3), "append");
  t.Left(4);
  t.Type(absl::StrCat(t.Word(), " "), "insert");
  t.PressTimes(2, "\x7f", "backspace", "backspace inside");
  t.Press("\x1b[A", "up", "up/down");
  t.Press("\x05", "^E", "home/end");
  t.Type(absl::StrCat(" ", t.Word()), "append");
  t.Press("\x01", "^A", "home/end");
  t.Type("so ", "insert");
  t.Press("\x1b[B", "down", "up/down");
  t.Press("\x05", "^E", "home/end");
  t.Return("return", false);
}

void PagerRound(Typist& t) {
  const auto page = [&t](absl::string_view bytes, absl::string_view label) {
    t.Think(500);
    t.Press(bytes, label, "page", true);
  };
  page(" ", "space");
  page(" ", "space");
  for (int i = 0; i < 5; ++i) t.Press("j", "j", "scroll", true);
  for (int i = 0; i < 3; ++i) t.Press("k", "k", "scroll", true);
  t.Think(400);
  t.Press("/", "/", "command");
  t.Type(absl::StrCat("line ", 200 + t.Below(100)), "append");
  t.Return("return", true);
  page("b", "b");
  page("g", "g");
  page("d", "d");
  page("u", "u");
  page("G", "G");
  page("g", "g");
}

std::string RandomSecret(Typist& t) {
  constexpr absl::string_view kCharacters = "QXZJKV2345789";
  std::string text;
  for (int i = 0; i < 10; ++i) text += kCharacters[t.Below(kCharacters.size())];
  return text;
}

// Prompts without echo, after a shell's line. People wait for the prompt.
void PasswordRound(Typist& t) {
  for (const absl::string_view program : {"./login", "./unlock"}) {
    t.Type(program, "append");
    t.Return("return", true);
    t.LookFirst(400);
    t.Secret(RandomSecret(t));
    t.Return("return", true);
    t.LookFirst(400);
  }
}

void SuggestRound(Typist& t) {
  t.Type("git st", "append");
  t.Press("\x1b[C", "right", "accept");
  t.Return("return", true);
  t.Type("git commit -m ", "append");
  t.TypeHumanly(t.Words(4), "append");
  t.Return("return", true);
  t.Type("make t", "append");
  t.PressTimes(3, "\x7f", "backspace", "backspace");
  t.Type("e test", "append");
  t.Return("return", true);
  t.TypeHumanly(t.Words(2), "append");
  t.Left(3);
  t.Type(t.Word(), "insert");
  t.Press("\x15", "^U", "kill");
}

void MailRound(Typist& t) {
  t.PressTimes(3, "j", "j", "motion");
  t.Think(400);
  t.Return("open", true);
  t.Think(900);
  t.Press(" ", "space", "page", true);
  t.Think(700);
  t.Press("q", "q", "close", true);
  t.PressTimes(2, "j", "j", "motion");
  t.Press("k", "k", "motion");
  t.Press("m", "m", "command");
  t.LookFirst(200);
  t.TypeHumanly(absl::StrCat(t.Word(), "@example.org"), "append");
  t.Return("return", false);
  t.TypeHumanly(t.Words(3), "append");
  t.Return("return", true);
  t.Press("c", "c", "command");
  t.Type(absl::StrCat("lists-", t.Word()), "append");
  t.Return("open", true);
}

void FormRound(Typist& t) {
  t.Type("smith", "overwrite");
  t.Press("\t", "tab", "next field");
  t.Type("anna", "overwrite");
  t.PressTimes(2, "\x7f", "backspace", "backspace");
  t.Type("ja", "overwrite");
  t.Press("\t", "tab", "next field");
  t.Type("19770401", "overwrite");  // fills the field: the next one follows by itself
  t.Type(t.Word(), "overwrite");
  t.Left(2);
  t.Type("oo", "overwrite");
  t.Press("\t", "tab", "next field");
  t.Type(t.Words(2), "overwrite");
  t.Press("\t", "tab", "next field");
}

struct TraceKind {
  absl::string_view name;
  void (*round)(Typist&);
  // The shell line that becomes the program; it begins in the traces' folder with a clean screen.
  std::function<std::string(const TracePrograms&)> program;
};

std::string Bash(const std::string& start) {
  return absl::StrCat("export PS1='dev@host:~$ '; ", start, "exec /bin/bash --norc --noprofile -i");
}

const std::vector<TraceKind>& TraceKinds() {
  using P = const TracePrograms&;
  static const auto* kinds = new std::vector<TraceKind>{
      {"shell", ShellRound,
       [](P) { return Bash("for i in {1..22}; do echo earlier output $i; done; echo;"); }},
      {"edit", EditRound, [](P) { return Bash("echo; echo;"); }},
      {"vim", VimRound,
       [](P) {
         return absl::StrCat(
             "exec ", e2e::RequireTool("vim"),
             " -u NONE -i NONE -N -n --cmd 'set ttimeout ttimeoutlen=20' +3 notes.txt");
       }},
      {"nano", NanoRound,
       // Hung up on, it saves what it has beside the file.
       [](P) {
         return absl::StrCat("cp notes.txt \"$HOME\"; cd \"$HOME\"; exec ",
                             e2e::RequireTool("nano"), " -I +3 notes.txt");
       }},
      {"pager", PagerRound,
       [](P) {
         return absl::StrCat("export LESSHISTFILE=-; exec ", e2e::RequireTool("less"),
                             " lines.txt");
       }},
      {"password", PasswordRound, [](P) { return Bash("echo; echo;"); }},
      {"suggest", SuggestRound, [](P p) { return absl::StrCat("exec ", p.app, " suggest"); }},
      {"mail", MailRound, [](P p) { return absl::StrCat("exec ", p.app, " mail"); }},
      {"form", FormRound, [](P p) { return absl::StrCat("exec ", p.app, " form"); }},
  };
  return *kinds;
}

}  // namespace

const std::vector<std::string>& TraceNames() {
  static const auto* names = [] {
    auto* list = new std::vector<std::string>;
    for (const TraceKind& kind : TraceKinds()) list->emplace_back(kind.name);
    return list;
  }();
  return *names;
}

Trace MakeTrace(absl::string_view name, unsigned seed, int length, const TracePrograms& programs) {
  for (const TraceKind& kind : TraceKinds()) {
    if (kind.name != name) continue;
    Typist typist(seed);
    while (typist.size() < static_cast<size_t>(length)) kind.round(typist);
    Trace trace = {.name = std::string(name), .command = {}, .keys = typist.Take()};
    trace.keys.resize(static_cast<size_t>(length));
    TellWhatCameBefore(trace.keys);
    trace.command = {"/bin/bash", "--norc", "--noprofile", "-c",
                     absl::StrCat("cd ", programs.folder,
                                  "; export TERM=xterm-256color HISTFILE= INPUTRC=/dev/null; "
                                  "printf '\\033[H\\033[2J'; ",
                                  kind.program(programs))};
    return trace;
  }
  CHECK(false);
  return {};
}

void WriteTraceFiles(const std::string& folder) {
  std::string notes, lines;
  for (int i = 1; i <= 40; ++i)
    absl::StrAppend(&notes, "note ", i, " about the ", kWords[(i * 7) % kWords.size()], "\n");
  for (int i = 1; i <= 400; ++i) {
    absl::StrAppend(&lines, "this is line ", i, " of a long text on ", kWords[i % kWords.size()],
                    " and ", kWords[(i * i) % kWords.size()], "\n");
  }
  e2e::WriteFile(folder + "/notes.txt", notes, 0644);
  e2e::WriteFile(folder + "/lines.txt", lines, 0644);
  // As getpass() and sudo do it: line by line, no echo.
  e2e::WriteFile(folder + "/login",
                 "#!/bin/bash\nstty -echo\nprintf 'Password: '\nread -r p\nstty echo\n"
                 "printf '\\nSorry, try again.\\n'\n",
                 0755);
  e2e::WriteFile(folder + "/unlock",
                 "#!/bin/bash\nread -rsp 'Passphrase for this disk: ' p\nprintf '\\nunlocked\\n'\n",
                 0755);
}

}  // namespace mosh::bench
