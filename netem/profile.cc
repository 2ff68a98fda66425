#include "netem/profile.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace mosh::netem {
namespace {

using std::chrono::nanoseconds;

// "The paper": K. Winstein, H. Balakrishnan, "Mosh: An Interactive Remote Shell for Mobile
// Clients", USENIX ATC 2012, section 4. It gives round trips and medians; the split between
// directions, the jitter and the rates are ours.
constexpr NamedProfile kProfiles[] = {
    {"ev-do", "delay=240,jitter=60,up.rate=150k,down.rate=600k,queue=96K",
     "3G as in the mosh paper: half a second round trip (Sprint EV-DO, ssh's median key: 503 ms)"},
    {"lte", "delay=30,jitter=10,up.rate=5M,down.rate=20M,queue=256K",
     "a 4G phone without other traffic: 60 ms round trip (typical, not from the paper)"},
    {"lte-loaded", "delay=30,jitter=10,rate=5M,down.queue=3.5M,down.fill=1",
     "the paper's LTE beside one download: seconds of standing queue (ssh's median key: 5.36 s)"},
    {"singapore", "delay=136,jitter=2",
     "wired, Massachusetts to Singapore, as in the paper: 273 ms round trip, hardly any jitter"},
    {"lossy", "delay=50,loss=29%",
     "the paper's loss experiment: 100 ms round trip, 29% lost each way (ssh's mean key: 16.8 s)"},
    {"train",
     "delay=60,jitter=40,burst=1%/12,loss=1%,reorder=1%,up.rate=1M,down.rate=4M,queue=128K,"
     "blackout=20s+4s/45s",
     "mobile on a train: bursts of loss, and a tunnel of 4 s every 45 s (ours)"},
    {"satellite", "delay=300,jitter=15,loss=0.5%,up.rate=1M,down.rate=10M,queue=256K",
     "geostationary: 600 ms round trip (ITU-T G.114 Appendix: about 270 ms a hop, and framing)"},
    {"clean100", "delay=50",
     "100 ms round trip and nothing else: the clean line of the benchmarks"},
    {"clean", "delay=0", "no effect at all: what the relay itself costs"},
};

constexpr absl::string_view kKeys =
    "delay, jitter, loss, burst, reorder, reorder-delay, duplicate, corrupt, replay, mark, rate, "
    "queue, "
    "fill, mtu, blackout";

// A setter takes the value's text and returns what it should have been if it's wrong, else nullptr.
using Expected = const char*;

// A number and the unit behind it; nullopt unless the text begins with a number that is not
// negative.
struct Quantity {
  double number;
  absl::string_view unit;
};
std::optional<Quantity> ParseQuantity(absl::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && (absl::ascii_isdigit(text[digits]) || text[digits] == '.')) {
    ++digits;
  }
  double number;
  if (digits == 0 || !absl::SimpleAtod(text.substr(0, digits), &number)) return std::nullopt;
  return Quantity{number, text.substr(digits)};
}

bool ParseTime(absl::string_view text, nanoseconds* out) {
  std::optional<Quantity> q = ParseQuantity(text);
  if (!q) return false;
  double scale;
  if (q->unit.empty() || q->unit == "ms") {
    scale = 1e6;
  } else if (q->unit == "us") {
    scale = 1e3;
  } else if (q->unit == "s") {
    scale = 1e9;
  } else if (q->unit == "m" || q->unit == "min") {
    scale = 60e9;
  } else {
    return false;
  }
  constexpr double kMaxNanos = 7 * 86400e9;
  if (q->number * scale > kMaxNanos) return false;
  *out = nanoseconds(static_cast<int64_t>(q->number * scale));
  return true;
}

bool ParseShare(absl::string_view text, double* out) {
  const bool percent = absl::ConsumeSuffix(&text, "%");
  std::optional<Quantity> q = ParseQuantity(text);
  if (!q || !q->unit.empty()) return false;
  const double share = percent ? q->number / 100 : q->number;
  if (share > 1) return false;
  *out = share;
  return true;
}

bool ParseScaled(absl::string_view text, double kilo, double* out) {
  std::optional<Quantity> q = ParseQuantity(text);
  if (!q) return false;
  double scale;
  if (q->unit.empty()) {
    scale = 1;
  } else if (q->unit == "k") {
    scale = 1e3;
  } else if (q->unit == "K") {
    scale = kilo;
  } else if (q->unit == "M") {
    scale = kilo * kilo;
  } else if (q->unit == "G") {
    scale = kilo * kilo * kilo;
  } else {
    return false;
  }
  if (q->number * scale > 1e12) return false;
  *out = q->number * scale;
  return true;
}

constexpr Expected kTimeForm = "a time such as 250 (milliseconds), 250ms, 1.5s or 800us";
constexpr Expected kShareForm = "a share such as 0.1 or 10%, at most 1";

Expected SetBurst(absl::string_view text, LinkConditions& link) {
  constexpr Expected kForm =
      "SHARE/LENGTH or SHARE/LENGTH/LOSS such as 1%/8 or 0.01/8/0.5, LENGTH at least 1";
  std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  if (parts.size() < 2 || parts.size() > 3) return kForm;
  double enter, loss = 1;
  std::optional<Quantity> length = ParseQuantity(parts[1]);
  if (!ParseShare(parts[0], &enter)) return kForm;
  if (!length || !length->unit.empty() || length->number < 1) return kForm;
  if (parts.size() == 3 && !ParseShare(parts[2], &loss)) return kForm;
  link.burst_enter = enter;
  link.burst_leave = 1 / length->number;
  link.burst_loss = loss;
  return nullptr;
}

Expected AddBlackout(absl::string_view text, LinkConditions& link) {
  constexpr Expected kForm =
      "START+LENGTH or START+LENGTH/PERIOD such as 10s+20s or 0+2s/30s, PERIOD longer than LENGTH";
  constexpr size_t kMaxBlackouts = 64;
  if (link.blackouts.size() == kMaxBlackouts) return "given at most 64 times";
  Blackout blackout;
  std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(text, absl::MaxSplits('+', 1));
  std::pair<absl::string_view, absl::string_view> rest =
      absl::StrSplit(halves.second, absl::MaxSplits('/', 1));
  if (!ParseTime(halves.first, &blackout.start)) return kForm;
  if (!ParseTime(rest.first, &blackout.length)) return kForm;
  if (absl::StrContains(halves.second, '/')) {
    if (!ParseTime(rest.second, &blackout.period)) return kForm;
    if (blackout.period <= blackout.length) return kForm;
  }
  link.blackouts.push_back(blackout);
  return nullptr;
}

Expected SetRate(absl::string_view text, LinkConditions& link) {
  double rate;
  if (!ParseScaled(text, 1000, &rate) || (rate != 0 && rate < 1)) {
    return "bits a second such as 56000, 150k, 1.5M (0 = unlimited)";
  }
  link.rate_bps = static_cast<uint64_t>(rate);
  return nullptr;
}

Expected SetQueue(absl::string_view text, LinkConditions& link) {
  double bytes;
  if (!ParseScaled(text, 1024, &bytes)) return "octets such as 65536, 64K or 3M";
  link.queue_bytes = static_cast<size_t>(bytes);
  return nullptr;
}

Expected SetMtu(absl::string_view text, LinkConditions& link) {
  uint32_t mtu;
  if (!absl::SimpleAtoi(text, &mtu) || mtu > 65535 || (mtu != 0 && mtu <= kHeaderBytes)) {
    return "octets from 29 to 65535 (0 = any size passes)";
  }
  link.mtu = mtu;
  return nullptr;
}

struct TimeKey {
  absl::string_view key;
  nanoseconds LinkConditions::* member;
};
constexpr TimeKey kTimeKeys[] = {{"delay", &LinkConditions::delay},
                                 {"jitter", &LinkConditions::jitter},
                                 {"reorder-delay", &LinkConditions::reorder_delay}};

struct ShareKey {
  absl::string_view key;
  double LinkConditions::* member;
};
constexpr ShareKey kShareKeys[] = {
    {"loss", &LinkConditions::loss},           {"reorder", &LinkConditions::reorder},
    {"duplicate", &LinkConditions::duplicate}, {"corrupt", &LinkConditions::corrupt},
    {"replay", &LinkConditions::replay},       {"mark", &LinkConditions::mark},           {"fill", &LinkConditions::fill}};

struct SpecialKey {
  absl::string_view key;
  Expected (*set)(absl::string_view, LinkConditions&);
};
constexpr SpecialKey kSpecialKeys[] = {{"burst", SetBurst},
                                       {"blackout", AddBlackout},
                                       {"rate", SetRate},
                                       {"queue", SetQueue},
                                       {"mtu", SetMtu}};

// nullopt: no such key.
std::optional<Expected> Set(absl::string_view key, absl::string_view value, LinkConditions& link) {
  for (const TimeKey& k : kTimeKeys) {
    if (k.key == key) return ParseTime(value, &(link.*k.member)) ? nullptr : kTimeForm;
  }
  for (const ShareKey& k : kShareKeys) {
    if (k.key == key) return ParseShare(value, &(link.*k.member)) ? nullptr : kShareForm;
  }
  for (const SpecialKey& k : kSpecialKeys) {
    if (k.key == key) return k.set(value, link);
  }
  return std::nullopt;
}

std::string ProfileNames() {
  return absl::StrJoin(Profiles(), ", ", [](std::string* out, const NamedProfile& p) {
    absl::StrAppend(out, p.name);
  });
}

absl::Status ApplySetting(absl::string_view item, PathConditions& path) {
  std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(item, absl::MaxSplits('=', 1));
  absl::string_view key = halves.first;
  const bool up_only = absl::ConsumePrefix(&key, "up.");
  const bool down_only = !up_only && absl::ConsumePrefix(&key, "down.");
  for (LinkConditions* link : {&path.up, &path.down}) {
    if (up_only && link != &path.up) continue;
    if (down_only && link != &path.down) continue;
    std::optional<Expected> expected = Set(key, halves.second, *link);
    if (!expected) {
      return absl::InvalidArgumentError(
          absl::StrCat("network profile: unknown setting '", key, "' in '", item,
                       "'; known: ", kKeys, " (with up. or down. in front for one direction)"));
    }
    if (*expected != nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("network profile: bad value '", halves.second,
                                                     "' in '", item, "'; ", key, " must be ",
                                                     *expected));
    }
  }
  return absl::OkStatus();
}

absl::Status ApplySettings(absl::string_view spec, PathConditions& path) {
  for (absl::string_view item : absl::StrSplit(spec, ',')) {
    if (absl::Status status = ApplySetting(item, path); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

std::span<const NamedProfile> Profiles() { return kProfiles; }

absl::StatusOr<PathConditions> ParseProfile(absl::string_view text) {
  PathConditions path;
  for (absl::string_view raw : absl::StrSplit(text, ',')) {
    const absl::string_view item = absl::StripAsciiWhitespace(raw);
    if (absl::StrContains(item, '=')) {
      if (absl::Status status = ApplySetting(item, path); !status.ok()) return status;
      continue;
    }
    const auto named = std::find_if(std::begin(kProfiles), std::end(kProfiles),
                                    [item](const NamedProfile& p) { return p.name == item; });
    if (named == std::end(kProfiles)) {
      return absl::InvalidArgumentError(
          absl::StrCat("network profile: '", item, "' is neither a named network (", ProfileNames(),
                       ") nor a setting such as delay=250"));
    }
    if (absl::Status status = ApplySettings(named->spec, path); !status.ok()) return status;
  }
  return path;
}

}  // namespace mosh::netem
