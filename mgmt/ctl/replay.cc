#include "mgmt/ctl/replay.h"

#include <algorithm>
#include <deque>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "mgmt/ctl/keys.h"
#include "mgmt/ctl/screen_mirror.h"
#include "mgmt/ctl/text.h"
#include "mgmt/recording/asciicast.h"

namespace mosh::mgmt::ctl {
namespace {

constexpr char kPaused[] = " paused: space goes on, . steps, q ends ";
constexpr char kEnd[] = " the end: any key ";

class CastFile {
 public:
  static absl::StatusOr<std::unique_ptr<CastFile>> Open(const std::string& path) {
    std::unique_ptr<CastFile> file(new CastFile(path));
    std::string line;
    if (!std::getline(file->in_, line)) {
      return absl::InvalidArgumentError(
          absl::StrCat(Harmless(path), " can't be read, or is empty"));
    }
    absl::StatusOr<CastHeader> header = ParseCastHeader(line);
    if (!header.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(Harmless(path), ": ", absl::string_view(header.status().message())));
    }
    file->header_ = *std::move(header);
    return file;
  }

  const CastHeader& header() const { return header_; }
  // nullopt: that was all.
  absl::StatusOr<std::optional<CastEvent>> Next() {
    std::string line;
    do {
      if (!std::getline(in_, line)) return std::nullopt;
      ++number_;
    } while (line.empty());
    absl::StatusOr<CastEvent> event = ParseCastEvent(line);
    if (event.ok()) return *std::move(event);
    // Without its newline: what was being written when it was cut off.
    if (in_.eof()) return std::nullopt;
    return absl::DataLossError(absl::StrCat(Harmless(path_), ", line ", number_, ": ",
                                            absl::string_view(event.status().message())));
  }

 private:
  explicit CastFile(const std::string& path) : path_(path), in_(path) {}
  const std::string path_;
  std::ifstream in_;
  CastHeader header_;
  int64_t number_ = 1;
};

class Player {
 public:
  Player(CastFile* file, const Options& options, LiveTerminal* terminal, LiveSignals* signals)
      : file_(*file),
        terminal_(*terminal),
        signals_(*signals),
        mirror_(terminal),
        clock_(options.speed,
               options.max_pause > 0 ? absl::Seconds(options.max_pause) : absl::InfiniteDuration(),
               absl::Now()) {
    mirror_.Begin(term::ClampSize({file_.header().columns, file_.header().rows}));
  }

  absl::Status Play() {
    for (;;) {
      const absl::StatusOr<std::optional<CastEvent>> event = file_.Next();
      if (!event.ok()) return event.status();
      if (!*event) break;
      // What is late is drawn with what follows.
      const bool early = clock_.DueOf((*event)->at) > absl::Now() || clock_.paused();
      if (early && !mirror_.Draw()) return absl::OkStatus();
      if (!Wait()) return absl::OkStatus();
      Apply(**event);
    }
    mirror_.SetNote(kEnd);
    if (!mirror_.Draw()) return absl::OkStatus();
    ending_ = true;
    keys_.clear();
    (void)Wait();
    return absl::OkStatus();
  }

 private:
  void Apply(const CastEvent& event) {
    if (event.code == 'o') mirror_.Feed(event.data);
    if (event.code != 'r') return;
    if (const std::optional<CastSize> size = ParseCastSize(event.data)) {
      mirror_.SetSize(term::ClampSize({size->columns, size->rows}));
    }
  }

  // Until the event is due, or for a key after the last. False: the user has had enough, or is
  // gone.
  bool Wait() {
    absl::Time now = absl::Now();
    while (ending_ || clock_.paused() || now < clock_.due()) {
      if (keys_.empty()) {
        const bool forever = ending_ || clock_.paused();
        const LiveTerminal::Ready ready =
            terminal_.Wait(signals_, -1, forever ? absl::InfiniteDuration() : clock_.due() - now);
        now = absl::Now();
        if (ready.signal && !ObeySignals()) return false;
        if (!ready.typed) continue;
        const std::string typed = terminal_.Read();
        if (typed.empty() || ending_) return false;
        const std::vector<Key> keys = DecodeKeys(typed);
        keys_.assign(keys.begin(), keys.end());
        continue;
      }
      const Key key = keys_.front();
      keys_.pop_front();
      if (key.kind == Key::kInterrupt || key.text == "q") return false;
      if (key.text == ".") {
        clock_.Skip(now);
        return true;
      }
      if (key.text != " ") continue;
      clock_.Toggle(now);
      mirror_.SetNote(clock_.paused() ? kPaused : "");
      if (!mirror_.Draw()) return false;
    }
    return true;
  }

  bool ObeySignals() {
    while (const std::optional<int> signal = signals_.Take()) {
      if (*signal != SIGWINCH) return false;
      mirror_.OnTerminalResized();
      if (!mirror_.Draw()) return false;
    }
    return true;
  }

  CastFile& file_;
  LiveTerminal& terminal_;
  LiveSignals& signals_;
  ScreenMirror mirror_;
  ReplayClock clock_;
  std::deque<Key> keys_;  // typed and not obeyed yet
  bool ending_ = false;
};

}  // namespace

absl::Time ReplayClock::DueOf(std::chrono::microseconds at) {
  const std::chrono::microseconds step = std::max(at - last_, std::chrono::microseconds(0));
  last_ = std::max(at, last_);
  due_ += std::min(absl::FromChrono(step), max_pause_) / speed_;
  return due_;
}

void ReplayClock::Skip(absl::Time now) {
  due_ = now;
  if (paused()) paused_at_ = now;
}

void ReplayClock::Toggle(absl::Time now) {
  if (!paused()) {
    paused_at_ = now;
    return;
  }
  due_ += now - paused_at_;
  paused_at_ = absl::InfiniteFuture();
}

absl::Status ReplayFile(const std::string& path, const Options& options,
                        const Surroundings& surroundings, LiveSignals& signals) {
  const absl::StatusOr<std::unique_ptr<CastFile>> file = CastFile::Open(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<std::unique_ptr<LiveTerminal>> terminal =
      LiveTerminal::Open(surroundings.terminal_in, surroundings.terminal_out);
  if (!terminal.ok()) return terminal.status();
  return Player(file->get(), options, terminal->get(), &signals).Play();
}

}  // namespace mosh::mgmt::ctl
