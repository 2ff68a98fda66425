// Never once is what is typed at a prompt without echo shown.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "predict/engine.h"
#include "predict/testing/login_form.h"
#include "predict/testing/shell.h"
#include "predict/testing/typist.h"

namespace mosh::predict {
namespace {

// Secrets are capitals, and nothing else that is typed is.
constexpr std::array<absl::string_view, 8> kQuestions = {"Password: ",
                                                         "[sudo] password for me: ",
                                                         "me@host's password:",
                                                         "Enter passphrase for key: ",
                                                         "pin> ",
                                                         "secret$ ",
                                                         "",
                                                         "Verification code: "};

// Of a multiplexer, or of a shell that edits its line as vi does and says so.
std::string StatusLine(uint64_t number) {
  if (number % 3 != 0) return "";
  return number % 2 == 0 ? "[0] 0:shell*" : "-- INSERT --";
}

bool IsCapital(const term::Cell& cell) {
  return !cell.is_cluster() && cell.code_point() >= 'A' && cell.code_point() <= 'Z';
}

class Watcher {
 public:
  explicit Watcher(Typist* typist) {
    typist->on_frame = [this](const term::Screen& server, const term::Screen& shown) {
      for (int row = 0; row < shown.rows(); ++row) {
        if (shown.row(row).SharesStorageWith(server.row(row))) continue;
        for (int column = 0; column < shown.columns(); ++column) {
          if (IsCapital(shown.cell(row, column)) &&
              !(shown.cell(row, column) == server.cell(row, column))) {
            leak_ = shown.RowText(row);
          }
        }
      }
    };
  }
  const std::string& leak() const { return leak_; }

 private:
  std::string leak_;
};

class Player {
 public:
  Player(uint64_t seed, Line line, Settings settings)
      : random_(seed),
        tells_modes_(line.tells_modes),
        shell_(seed, {.prompt = random_() % 2 == 0 ? "$ " : "me@host:~/src$ ",
                      .right_prompt = random_() % 3 == 0 ? "12:00" : "",
                      .suggests = random_() % 2 == 0,
                      .status_line = StatusLine(random_())}),
        typist_(seed, line, settings, &shell_),
        watcher_(&typist_) {
    shell_.Start();
    typist_.RunFor(2000);
  }

  void Play(int lines) {
    for (int i = 0; i < lines && watcher_.leak().empty(); ++i) {
      if (Below(3) > 0) {
        Secret();
      } else {
        Command();
        typist_.Type("\r");
      }
    }
  }
  const std::string& leak() const { return watcher_.leak(); }
  const Typist& typist() const { return typist_; }
  uint64_t secret_keys() const { return secret_keys_; }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  void Pause() { typist_.RunFor(static_cast<int>(20 + Below(Below(12) == 0 ? 1500 : 200))); }
  void Command() {
    static constexpr std::array<absl::string_view, 10> kEdits = {
        "\x7f", "\x1b[D", "\x1b[C", "\x01", "\x05", "\x15", "\x08", "\x1b[A", "\x1b[B", "\t"};
    const uint64_t length = 2 + Below(12);
    for (uint64_t i = 0; i < length; ++i) {
      if (Below(9) == 0) {
        typist_.Type(kEdits[Below(kEdits.size())]);
      } else {
        typist_.Type(std::string(1, static_cast<char>('a' + Below(26))));
      }
      Pause();
    }
  }
  void WaitForQuestion() {
    for (int i = 0; i < 10'000 && !shell_.asking(); ++i) typist_.RunFor(10);
    EXPECT_TRUE(shell_.asking());
  }
  // Every third one is the shell's own prompt to the letter, which echoed a moment ago.
  std::string QuestionText() {
    if (Below(3) == 0) return shell_.PromptText();
    return std::string(kQuestions[Below(kQuestions.size())]);
  }
  void Secret() {
    typist_.RunFor(30'000);  // earlier lines have been read: the question is this one's
    Command();
    Question question = {.text = QuestionText(),
                         .after_ms = static_cast<int>(Below(400)),
                         .raw = Below(3) == 0,
                         .masked = Below(4) == 0,
                         .refusals = Below(4) == 0 ? 2 : 0};
    // Echo that ends without anything to see is beyond what a client can know that is not told.
    question.typed_ahead_shows = !question.text.empty() && Below(2) == 0;
    if (question.typed_ahead_shows && Below(2) == 0) {
      question.echo_ends_ms = static_cast<int>(1 + Below(30));
    }
    const int answers = 1 + question.refusals;
    const bool shows = question.typed_ahead_shows;
    const bool silent_end = question.echo_ends_ms > 0 && !tells_modes_;
    shell_.AskSecretNext(std::move(question));
    typist_.Type("\r");
    if (shows) {
      // Typed ahead, this much is echoed by the line discipline, and that is no prompt yet. The
      // secret follows when the question is there to be seen.
      for (uint64_t i = silent_end ? 0 : Below(4); i > 0; --i) {
        typist_.Type("q");
        Pause();
      }
    } else {
      Pause();
    }
    for (int i = 0; i < answers; ++i) {
      if (shows) LookForQuestion();
      Answer();
    }
    typist_.RunFor(20'000);
  }
  void LookForQuestion() {
    WaitForQuestion();
    typist_.RunFor(20'000);
  }
  void Answer() {
    for (uint64_t i = 5 + Below(30); i > 0; --i) {
      if (Below(10) == 0) typist_.Type("\x7f");
      typist_.Type(std::string(1, static_cast<char>('A' + Below(26))));
      ++secret_keys_;
      Pause();
    }
    // A person waits for the answer before the next thing.
    LookForQuestion();
    typist_.Type("\r");
  }

  std::mt19937_64 random_;
  bool tells_modes_;
  Shell shell_;
  Typist typist_;
  Watcher watcher_;
  uint64_t secret_keys_ = 0;
};

// Sessions are dealt out to Bazel's shards; together they type a million characters of secrets.
#ifdef MOSH_SANITIZED
constexpr int kSessions = 40;
constexpr uint64_t kFormSessions = 50;
#else
constexpr int kSessions = 1150;
constexpr uint64_t kFormSessions = 1200;
#endif
constexpr int kShards = 4;
constexpr int kLines = 50;  // a session

Player PlayerOf(int seed) {
  static constexpr std::array<int, 6> kRoundTrips = {2, 60, 100, 273, 500, 2000};
  static constexpr std::array<double, 3> kLosses = {0, 0.02, 0.29};
  const Line line{.round_trip_ms = kRoundTrips[seed % 6],
                  .jitter_ms = seed % 4 * 40,
                  .loss = kLosses[seed % 3],
                  .tells_modes = seed / 2 % 2 == 0};
  const Settings settings{.display = seed % 5 == 0 ? Display::kAdaptive : Display::kAlways,
                          .overwrite = seed % 7 == 0};
  return Player(static_cast<uint64_t>(seed), line, settings);
}

void PlaySessions(int first) {
  uint64_t keys = 0;
  uint64_t secret = 0;
  uint64_t seen = 0;
  for (int seed = first; seed < kSessions; seed += kShards) {
    Player player = PlayerOf(seed);
    player.Play(kLines);
    keys += player.typist().keys();
    secret += player.secret_keys();
    seen += player.typist().keys_seen_at_once();
    ASSERT_EQ(player.leak(), "") << "seed " << seed;
  }
  // A test that predicts nothing proves nothing.
  EXPECT_GT(secret, uint64_t{kSessions} * 1'000'000 / 1150 / kShards);
  EXPECT_GT(seen, (keys - secret) / 5);
  printf("%d characters of secrets among %d keys, %d of which showed at once\n",
         static_cast<int>(secret), static_cast<int>(keys), static_cast<int>(seen));
}

TEST(Passwords, AreNeverShown1) { PlaySessions(0); }
TEST(Passwords, AreNeverShown2) { PlaySessions(1); }
TEST(Passwords, AreNeverShown3) { PlaySessions(2); }
TEST(Passwords, AreNeverShown4) { PlaySessions(3); }

// Sessions in which they were, before a prompt was remembered only of the program that asked: once
// in a thousand sessions.
TEST(Passwords, AreNotShownWhereTheyOnceWere) {
  for (const int seed : {1241, 1897, 3581, 3977, 4316, 4373, 4913}) {
    Player player = PlayerOf(seed);
    player.Play(kLines);
    EXPECT_EQ(player.leak(), "") << "seed " << seed;
  }
}

// Types ahead into a form, Tab by Tab, in capitals where a secret is asked for.
class FormPlayer {
 public:
  FormPlayer(uint64_t seed, const LoginFormStyle& style, const Line& line)
      : random_(seed),
        ahead_(style),
        form_(style),
        typist_(seed, line, {.display = Display::kAlways}, &form_),
        watcher_(&typist_) {
    // What the form will have come to when all that was typed has arrived.
    ahead_.print = [](int, const std::string&, const std::function<void()>&) {};
    form_.Start();
    typist_.RunFor(20'000);
  }
  void Play(int fields) {
    for (int i = 0; i < fields && watcher_.leak().empty(); ++i) {
      // Nobody can know of a field that is not on the screen yet.
      if (ahead_.shows_secret_field() && !seen_secret_field_) {
        typist_.RunFor(20'000);
        seen_secret_field_ = true;
      }
      for (uint64_t length = 1 + random_() % 8; length > 0; --length) {
        const bool secret = ahead_.asks_secret();
        secret_keys_ += secret;
        Key(std::string(1, static_cast<char>((secret ? 'A' : 'a') + random_() % 26)));
      }
      if (random_() % 6 == 0) Key("\x7f");
      Key("\t");
      if (random_() % 8 == 0) typist_.RunFor(12'000);
    }
  }
  const std::string& leak() const { return watcher_.leak(); }
  uint64_t secret_keys() const { return secret_keys_; }
  uint64_t keys() const { return typist_.keys(); }
  uint64_t seen() const { return typist_.keys_seen_at_once(); }

 private:
  void Key(const std::string& bytes) {
    ahead_.OnInput(bytes);
    typist_.Type(bytes);
    typist_.RunFor(static_cast<int>(40 + random_() % 250));
  }

  std::mt19937_64 random_;
  LoginForm ahead_, form_;
  Typist typist_;
  Watcher watcher_;
  bool seen_secret_field_ = false;
  uint64_t secret_keys_ = 0;
};

// A field that is full may lead on by itself, a Tab that was typed ahead may lead further than it
// looks, and some fields come and go.
TEST(Passwords, AreNotShownInForms) {
  uint64_t keys = 0, secret = 0, seen = 0;
  for (uint64_t seed = 0; seed < kFormSessions; ++seed) {
    std::mt19937_64 random(seed);
    const LoginFormStyle style = {
        .secret = static_cast<LoginFormStyle::Secret>(random() % 3),
        .secret_field = 1 + random() % 3,
        .skips_from = random() % 3 == 0 ? static_cast<int>(2 + random() % 6) : 0,
        .secret_from = random() % 3 == 0 ? static_cast<int>(1 + random() % 8) : 0,
        .always_seen = random() % 2 == 0,
        .full_leads_on = random() % 2 == 0};
    static constexpr std::array<int, 5> kRoundTrips = {2, 100, 500, 2000, 5000};
    FormPlayer player(seed, style,
                      {.round_trip_ms = kRoundTrips[random() % 5],
                       .jitter_ms = static_cast<int>(random() % 4) * 40,
                       .loss = random() % 3 == 0 ? 0.29 : 0,
                       .tells_modes = random() % 4 > 0});
    player.Play(60);
    ASSERT_EQ(player.leak(), "") << "seed " << seed;
    keys += player.keys();
    secret += player.secret_keys();
    seen += player.seen();
  }
  EXPECT_GT(seen, (keys - secret) / 5);
  printf("%d characters of secrets among %d keys, %d of which showed at once\n",
         static_cast<int>(secret), static_cast<int>(keys), static_cast<int>(seen));
}

// A program that asks with the shell's prompt, at the place where the shell would have, after that
// prompt has echoed many times; and goes on doing so, in between the shell's own.
TEST(Passwords, AreNotShownAtAPromptThatEchoedBefore) {
  for (const absl::string_view prompt : {"$ ", "me@host:~/src$ ", "# ", "% ", "> "}) {
    for (const int round_trip_ms : {2, 100, 500, 2000}) {
      for (const int variant : {0, 1, 2, 3}) {
        const bool pauses = variant % 2 == 0;
        const bool tells_modes = variant / 2 == 0;
        Shell shell(1, {.prompt = std::string(prompt)});
        Typist typist(1, {.round_trip_ms = round_trip_ms, .tells_modes = tells_modes},
                      {.display = Display::kAlways}, &shell);
        const Watcher watcher(&typist);
        shell.Start();
        for (int i = 0; i < 40; ++i) {
          typist.RunFor(10'000);
          for (const char* key : {"l", "s"}) {
            typist.Type(key);
            typist.RunFor(5000);  // its echo
          }
          const bool secret = i % 8 > 4;
          if (secret) shell.AskSecretNext({.text = shell.PromptText()});
          typist.Type("\r");
          if (pauses) typist.RunFor(10'000);
          for (const char* key : {"S", "E", "\x7f", "C", "R"}) {
            if (secret) typist.Type(key);
            typist.RunFor(pauses ? 3000 : 30);
          }
          typist.RunFor(10'000);
          if (secret) typist.Type("\r");
          ASSERT_EQ(watcher.leak(), "") << prompt << round_trip_ms << " ms";
        }
        EXPECT_GT(typist.keys_seen_at_once(), 0);
      }
    }
  }
}

// The watcher does see secrets where the documentation says that they may show.
TEST(Passwords, MayShowInExperimentalMode) {
  Player player(1, {.round_trip_ms = 500}, {.display = Display::kExperimental});
  player.Play(50);
  EXPECT_NE(player.leak(), "");
}

}  // namespace
}  // namespace mosh::predict
