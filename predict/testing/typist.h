// A person typing, a line with delay, jitter and loss, and a program with a screen: all on one
// virtual clock, to measure what prediction shows. Deterministic: the same seed does the same.
#ifndef PREDICT_TESTING_TYPIST_H_
#define PREDICT_TESTING_TYPIST_H_

#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "predict/engine.h"
#include "term/screen.h"
#include "term/terminal.h"
#include "term/terminal_modes.h"

namespace mosh::predict {

// What runs on the server. Bytes in; bytes out at once, or later through `print`.
class Program {
 public:
  virtual ~Program() = default;
  virtual void OnInput(absl::string_view bytes) = 0;
  // Draws its first picture.
  virtual void Start() = 0;
  // Of its terminal, now. Most programs here read and draw key by key.
  virtual term::TerminalModes modes() const { return {.foreground = 1}; }
  // Writes to the terminal after so many milliseconds; set by Typist.
  std::function<void(int milliseconds, std::string bytes, std::function<void()> then)> print;
};

struct Line {
  int round_trip_ms = 100;
  int jitter_ms = 0;
  double loss = 0;           // each way
  bool tells_modes = false;  // the server is ours
};

class Typist {
 public:
  // `program` outlives it.
  Typist(uint64_t seed, Line line, Settings settings, Program* program, term::Size size = {80, 24});

  void RunFor(int milliseconds);
  void Type(absl::string_view bytes);

  // After anything that may have changed the picture.
  std::function<void(const term::Screen& server, const term::Screen& shown)> on_frame;

  // The client's copy of the server's screen, and what is shown.
  const term::Screen& server_screen() const { return received_; }
  term::Screen Shown() const;
  // The keys typed that this screen is known to reflect.
  uint64_t answered() const { return received_ack_; }
  // Nothing under way.
  bool Settled() const { return engine_.pending() == 0; }
  Instant now() const { return now_; }
  const Engine& engine() const { return engine_; }
  std::mt19937_64& random() { return random_; }
  // Runs of octets typed, and how many of them changed the picture at once.
  uint64_t keys() const { return keys_; }
  uint64_t keys_seen_at_once() const { return seen_; }

 private:
  struct Event {
    Instant at;
    uint64_t order;
    std::function<void()> run;
    bool operator>(const Event& other) const {
      return std::tie(at, order) > std::tie(other.at, other.order);
    }
  };
  void At(int milliseconds, std::function<void()> run);
  int OneWay();
  bool Lost();
  void SendKeys(uint64_t state);
  void OnServerInput(uint64_t state);
  void OnServerChange();
  void SendFrame();
  void Frame();

  std::mt19937_64 random_;
  Line line_;
  Program* program_;
  term::Terminal terminal_;
  Engine engine_;
  Instant now_ = Instant::FromMillis(1000);
  uint64_t order_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  // Client to server: state n is the first n entries.
  std::vector<std::string> typed_;
  uint64_t applied_ = 0;
  uint64_t echo_ack_ = 0;
  // Server to client.
  uint64_t version_ = 0;
  uint64_t received_version_ = 0;
  uint64_t received_ack_ = 0;
  bool frame_due_ = false;
  Instant last_frame_;
  term::Screen received_;
  uint64_t keys_ = 0;
  uint64_t seen_ = 0;
};

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_TYPIST_H_
