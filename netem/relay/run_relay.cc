// The poll loop of a relay and its control lines.
#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "netem/profile.h"
#include "netem/relay/relay.h"

namespace mosh::netem {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// CLOCK_MONOTONIC since the object was made.
class Clock {
 public:
  Instant Now() const { return Instant() + nanoseconds(Read() - start_); }

 private:
  static int64_t Read() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
  }
  int64_t start_ = Read();
};

void AppendLinkStats(std::string* out, absl::string_view name, const LinkStats& s) {
  absl::StrAppend(out, " ", name, "_pushed=", s.pushed, " ", name,
                  "_pushed_bytes=", s.pushed_bytes);
  absl::StrAppend(out, " ", name, "_delivered=", s.delivered, " ", name,
                  "_delivered_bytes=", s.delivered_bytes);
  absl::StrAppend(out, " ", name, "_lost=", s.lost, " ", name, "_blacked_out=", s.blacked_out);
  absl::StrAppend(out, " ", name, "_too_big=", s.too_big, " ", name, "_queue_full=", s.queue_full);
  absl::StrAppend(out, " ", name, "_corrupted=", s.corrupted, " ", name,
                  "_duplicated=", s.duplicated);
  absl::StrAppend(out, " ", name, "_replayed=", s.replayed, " ", name, "_reordered=", s.reordered);
  absl::StrAppend(out, " ", name, "_marked=", s.marked);
}

std::string StatsLine(const RelayStats& stats) {
  std::string line = "ok";
  AppendLinkStats(&line, "up", stats.up);
  AppendLinkStats(&line, "down", stats.down);
  absl::StrAppend(&line, " to_old_address=", stats.to_old_address,
                  " send_failures=", stats.send_failures, " clients=", stats.clients,
                  " roams=", stats.roams);
  return line;
}

// Windows are written as "from now"; the relay's clock started earlier.
void ShiftBlackouts(LinkConditions& link, Instant now) {
  for (Blackout& blackout : link.blackouts) blackout.start += now - Instant();
}

std::string SetNet(Relay& relay, absl::string_view profile, Instant now) {
  absl::StatusOr<PathConditions> conditions = ParseProfile(profile);
  if (!conditions.ok()) return absl::StrCat("error: ", conditions.status().message());
  ShiftBlackouts(conditions->up, now);
  ShiftBlackouts(conditions->down, now);
  relay.SetConditions(*conditions);
  return "ok";
}

std::string SetBlackout(Relay& relay, absl::string_view length, Instant now) {
  uint32_t millis;
  if (!absl::SimpleAtoi(length, &millis)) {
    return absl::StrCat("error: blackout: '", length, "' is not a number of milliseconds");
  }
  PathConditions conditions = relay.conditions();
  for (LinkConditions* link : {&conditions.up, &conditions.down}) {
    std::erase_if(link->blackouts, [now](const Blackout& b) {
      return b.period == nanoseconds(0) && Instant() + b.start + b.length < now;
    });
    link->blackouts.push_back({now - Instant(), milliseconds(millis), nanoseconds(0)});
  }
  relay.SetConditions(conditions);
  return "ok";
}

std::string Obey(Relay& relay, absl::string_view line, Instant now) {
  const std::pair<absl::string_view, absl::string_view> words =
      absl::StrSplit(line, absl::MaxSplits(' ', 1));
  if (words.first == "net") return SetNet(relay, words.second, now);
  if (words.first == "blackout") return SetBlackout(relay, words.second, now);
  if (words.first == "stats") return StatsLine(relay.stats());
  if (words.first == "roam") {
    relay.Roam();
    return "ok";
  }
  return absl::StrCat("error: unknown command '", words.first,
                      "'; known: net PROFILE, blackout MS, roam, stats, quit");
}

// The control connection: lines in, an answer for each.
class Control {
 public:
  Control(int in, int out) : in_(in), out_(out) {}

  // False: ended, or told to quit.
  bool Read(Relay& relay, Instant now) {
    char bytes[4096];
    const ssize_t n = read(in_, bytes, sizeof bytes);
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    if (n == 0) return false;
    pending_.append(bytes, static_cast<size_t>(n));
    constexpr size_t kMaxLine = 65536;
    if (pending_.size() > kMaxLine) return false;
    for (size_t end; (end = pending_.find('\n')) != std::string::npos; pending_.erase(0, end + 1)) {
      const absl::string_view line(pending_.data(), end);
      if (line == "quit") return false;
      if (!line.empty()) Answer(Obey(relay, line, now));
    }
    return true;
  }

 private:
  void Answer(std::string line) {
    if (out_ < 0) return;
    line += '\n';
    // A reader that has gone away will also close control_in.
    static_cast<void>(!write(out_, line.data(), line.size()));
  }

  int in_, out_;
  std::string pending_;
};

}  // namespace

int RunRelay(Relay& relay, int control_in, int control_out) {
  // The kernel otherwise rounds each wait up by 50 µs, to save power.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  const Clock clock;
  Control control(control_in, control_out);
  std::vector<pollfd> fds;
  while (true) {
    fds.assign(1, {control_in, POLLIN, 0});
    relay.AppendPollFds(&fds);
    timespec timeout{};
    const Instant deadline = relay.NextDeadline();
    const Instant now = clock.Now();
    if (deadline != Instant::Max() && deadline > now) {
      const int64_t wait = (deadline - now).count();
      timeout = {wait / 1'000'000'000, wait % 1'000'000'000};
    }
    const int ready =
        ppoll(fds.data(), fds.size(), deadline == Instant::Max() ? nullptr : &timeout, nullptr);
    if (ready < 0 && errno != EINTR) return 1;
    if (ready > 0 && fds[0].revents != 0 && !control.Read(relay, clock.Now())) return 0;
    relay.Turn(clock.Now());
  }
}

}  // namespace mosh::netem
