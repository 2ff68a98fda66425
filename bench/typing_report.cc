#include "bench/typing_report.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <system_error>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "bench/measure.h"

namespace mosh::bench {
namespace {

constexpr char kBaseline[] = "stock";

// All that was measured of one pairing in one selection of runs.
struct Tally {
  Samples delays, late_delays, repairs;
  double keys = 0, wrong_keys = 0, wrong_cells = 0, wrong_cell_ms = 0, leaks = 0, never = 0;
  double datagrams_up = 0, datagrams_down = 0, bytes_up = 0, bytes_down = 0;
  double sessions = 0, other_ends = 0;

  void Add(const KeyRecord& key) {
    ++keys;
    if (key.visible) {
      delays.Add(key.delay());
      if (!key.at_once()) late_delays.Add(key.delay());
      never += !key.ever_shown;
    }
    leaks += key.leak;
    if (key.wrong_cells == 0) return;
    ++wrong_keys;
    wrong_cells += key.wrong_cells;
    wrong_cell_ms += key.wrong_cell_ms;
    repairs.Add(key.repair_ms);
  }
  void Add(const SessionRecord& session) {
    ++sessions;
    datagrams_up += session.datagrams_up;
    datagrams_down += session.datagrams_down;
    bytes_up += session.bytes_up;
    bytes_down += session.bytes_down;
    other_ends += !session.final_difference.empty();
  }
  double LatePercent() const {
    return delays.empty()
               ? 0
               : 100 * static_cast<double>(late_delays.size()) / static_cast<double>(delays.size());
  }
  double WrongPercent() const { return keys > 0 ? 100 * wrong_keys / keys : 0; }
};

struct Figure {
  absl::string_view name, unit;
  double (*value)(const Tally&);
};

constexpr Figure kFigures[] = {
    {"keystroke to screen: median", "ms", [](const Tally& t) { return t.delays.Median(); }},
    {"keystroke to screen: mean", "ms", [](const Tally& t) { return t.delays.Mean(); }},
    {"keystroke to screen: p95", "ms", [](const Tally& t) { return t.delays.Percentile(95); }},
    {"keystroke to screen: p99", "ms", [](const Tally& t) { return t.delays.Percentile(99); }},
    {"shown within 5 ms", "%", [](const Tally& t) { return 100 - t.LatePercent(); }},
    {"not shown within 5 ms", "%", [](const Tally& t) { return t.LatePercent(); }},
    {"those not shown within 5 ms: mean", "ms",
     [](const Tally& t) { return t.late_delays.Mean(); }},
    {"those not shown within 5 ms: p99", "ms",
     [](const Tally& t) { return t.late_delays.Percentile(99); }},
    {"keys that showed something wrong", "%", [](const Tally& t) { return t.WrongPercent(); }},
    {"wrong cells", "", [](const Tally& t) { return t.wrong_cells; }},
    {"wrong cells x time", "cell ms", [](const Tally& t) { return t.wrong_cell_ms; }},
    {"time to repair: median", "ms", [](const Tally& t) { return t.repairs.Median(); }},
    {"datagrams up", "", [](const Tally& t) { return t.datagrams_up; }},
    {"datagrams down", "", [](const Tally& t) { return t.datagrams_down; }},
    {"bytes up", "bytes", [](const Tally& t) { return t.bytes_up; }},
    {"bytes down", "bytes", [](const Tally& t) { return t.bytes_down; }},
    {"passwords shown", "keys", [](const Tally& t) { return t.leaks; }},
    {"keys never shown", "keys", [](const Tally& t) { return t.never; }},
    {"sessions that ended with another screen", "", [](const Tally& t) { return t.other_ends; }},
};

template <class Key>
using Tallies = std::map<Key, Tally>;

template <class Key>
Tallies<Key> Group(const TypingResults& results, const std::string& network,
                   const std::function<Key(const TypingRun&)>& key_of) {
  Tallies<Key> tallies;
  for (const KeyRecord& key : results.keys) {
    if (key.run.network == network) tallies[key_of(key.run)].Add(key);
  }
  for (const SessionRecord& session : results.sessions) {
    if (session.run.network == network) tallies[key_of(session.run)].Add(session);
  }
  return tallies;
}

std::string Number(double value) {
  if (value >= 100 || value == 0) return absl::StrFormat("%.0f", value);
  if (value >= 10) return absl::StrFormat("%.1f", value);
  return absl::StrFormat("%.2f", value);
}

std::string Ratio(double value, double base) {
  return base > 0 ? absl::StrFormat("%.2f", value / base) : "–";
}

bool HasBaseline(const std::vector<std::string>& pairings) {
  return pairings.size() > 1 &&
         std::find(pairings.begin(), pairings.end(), kBaseline) != pairings.end();
}

// The names of the pairings' columns and of the ratios'.
std::vector<std::string> Columns(const std::vector<std::string>& pairings) {
  std::vector<std::string> columns = pairings;
  if (!HasBaseline(pairings)) return columns;
  for (const std::string& pairing : pairings) {
    if (pairing != kBaseline) columns.push_back(absl::StrCat(pairing, " / ", kBaseline));
  }
  return columns;
}

std::vector<std::string> Values(const std::vector<std::string>& pairings,
                                const std::map<std::string, double>& values) {
  std::vector<std::string> cells;
  for (const std::string& pairing : pairings) cells.push_back(Number(values.at(pairing)));
  if (!HasBaseline(pairings)) return cells;
  for (const std::string& pairing : pairings) {
    if (pairing != kBaseline) cells.push_back(Ratio(values.at(pairing), values.at(kBaseline)));
  }
  return cells;
}

void PrintHead(const std::vector<std::string>& texts, const std::vector<std::string>& numbers,
               const std::vector<std::string>& notes) {
  std::string head = "|", rule = "|";
  for (const std::string& text : texts) absl::StrAppend(&head, " ", text, " |");
  for (const std::string& number : numbers) absl::StrAppend(&head, " ", number, " |");
  for (const std::string& note : notes) absl::StrAppend(&head, " ", note, " |");
  for (size_t i = 0; i < texts.size(); ++i) rule += "---|";
  for (size_t i = 0; i < numbers.size(); ++i) rule += "---:|";
  for (size_t i = 0; i < notes.size(); ++i) rule += "---|";
  absl::PrintF("%s\n%s\n", head, rule);
}

template <class Compare, class Key>
std::vector<Key> KeysOf(const std::map<Key, Tally, Compare>& tallies) {
  std::vector<Key> keys;
  for (const auto& [key, tally] : tallies) keys.push_back(key);
  return keys;
}

// One table of "late, mean, wrong" with a line for each label.
class ShortTable {
 public:
  ShortTable(absl::string_view label, const std::vector<std::string>& pairings)
      : pairings_(pairings) {
    std::vector<std::string> numbers = {"keys"};
    for (const absl::string_view what : {"% not at once", "mean ms", "% wrong"}) {
      for (const std::string& column : Columns(pairings)) {
        if (!absl::StrContains(column, "/") || what == "% not at once")
          numbers.push_back(absl::StrCat(what, ", ", column));
      }
    }
    PrintHead({std::string(label)}, numbers, {});
  }
  void Line(absl::string_view label, const std::map<std::string, Tally>& tallies) {
    std::map<std::string, double> late;
    for (const std::string& pairing : pairings_) {
      if (!tallies.contains(pairing)) return;
      late[pairing] = tallies.at(pairing).LatePercent();
    }
    std::vector<std::string> cells = {Number(tallies.at(pairings_[0]).keys)};
    const std::vector<std::string> values = Values(pairings_, late);
    cells.insert(cells.end(), values.begin(), values.end());
    for (const std::string& pairing : pairings_)
      cells.push_back(Number(tallies.at(pairing).delays.Mean()));
    for (const std::string& pairing : pairings_)
      cells.push_back(Number(tallies.at(pairing).WrongPercent()));
    absl::PrintF("| %s | %s |\n", label, absl::StrJoin(cells, " | "));
  }

 private:
  const std::vector<std::string> pairings_;
};

std::vector<std::string> InOrderOfAppearance(const TypingResults& results,
                                             const std::string& network) {
  std::vector<std::string> traces;
  for (const SessionRecord& session : results.sessions) {
    if (session.run.network == network &&
        std::find(traces.begin(), traces.end(), session.run.trace) == traces.end())
      traces.push_back(session.run.trace);
  }
  return traces;
}

// Programs predict different keys, and those that are left differ in how much the network has to
// carry for them. So this compares each pairing with the baseline by the keys that neither showed
// at once: the same keys for both.
void PrintSharedLateKeys(const TypingResults& results, const std::string& network,
                         const std::vector<std::string>& pairings) {
  using Place = std::tuple<unsigned, std::string, int>;  // seed, trace, key
  std::map<std::string, std::map<Place, double>> late;   // by pairing
  std::set<unsigned> seeds;
  for (const KeyRecord& key : results.keys) {
    if (key.run.network != network) continue;
    seeds.insert(key.run.seed);
    if (key.visible && !key.at_once())
      late[key.run.pairing][{key.run.seed, key.run.trace, key.index}] = key.delay();
  }
  std::printf("\n");
  PrintHead({"keys that neither showed at once"},
            {"keys", "mean ms", "mean ms, stock", "ratio", "p99 ms", "p99 ms, stock", "ratio"}, {});
  for (const std::string& pairing : pairings) {
    if (pairing == kBaseline) continue;
    Samples keys, means, base_means, p99s, base_p99s;
    for (const unsigned seed : seeds) {
      Samples delays, base_delays;
      for (const auto& [place, delay] : late[pairing]) {
        const auto base = late[kBaseline].find(place);
        if (std::get<0>(place) != seed || base == late[kBaseline].end()) continue;
        delays.Add(delay);
        base_delays.Add(base->second);
      }
      if (delays.empty()) continue;
      keys.Add(static_cast<double>(delays.size()));
      means.Add(delays.Mean());
      base_means.Add(base_delays.Mean());
      p99s.Add(delays.Percentile(99));
      base_p99s.Add(base_delays.Percentile(99));
    }
    if (keys.empty()) continue;
    absl::PrintF("| %s | %s | %s | %s | %s | %s | %s | %s |\n", pairing, Number(keys.Median()),
                 Number(means.Median()), Number(base_means.Median()),
                 Ratio(means.Median(), base_means.Median()), Number(p99s.Median()),
                 Number(base_p99s.Median()), Ratio(p99s.Median(), base_p99s.Median()));
  }
}

}  // namespace

void PrintNetwork(const TypingResults& results, const std::string& network,
                  const std::vector<std::string>& pairings) {
  using Key = std::pair<std::string, unsigned>;
  const Tallies<Key> tallies =
      Group<Key>(results, network, [](const TypingRun& run) { return Key(run.pairing, run.seed); });
  std::set<unsigned> seeds;
  for (const auto& [key, tally] : tallies) seeds.insert(key.second);

  absl::PrintF("\n### %s\n\n", network);
  PrintHead({"figure", "unit"}, Columns(pairings), {"spread over seeds"});
  for (const Figure& figure : kFigures) {
    std::map<std::string, double> medians;
    std::vector<std::string> spreads;
    for (const std::string& pairing : pairings) {
      Samples samples;
      for (const unsigned seed : seeds) samples.Add(figure.value(tallies.at({pairing, seed})));
      medians[pairing] = samples.Median();
      spreads.push_back(
          absl::StrCat(Number(samples.Percentile(0)), "…", Number(samples.Percentile(100))));
    }
    absl::PrintF("| %s | %s | %s | %s |\n", figure.name, figure.unit,
                 absl::StrJoin(Values(pairings, medians), " | "),
                 seeds.size() > 1 ? absl::StrJoin(spreads, "; ") : "");
  }
  if (HasBaseline(pairings)) PrintSharedLateKeys(results, network, pairings);
  std::fflush(stdout);
}

void PrintTraces(const TypingResults& results, const std::string& network,
                 const std::vector<std::string>& pairings) {
  std::printf("\n");
  ShortTable table("trace", pairings);
  for (const std::string& trace : InOrderOfAppearance(results, network)) {
    std::map<std::string, Tally> tallies;
    for (const KeyRecord& key : results.keys) {
      if (key.run.network == network && key.run.trace == trace) tallies[key.run.pairing].Add(key);
    }
    table.Line(trace, tallies);
  }
  std::fflush(stdout);
}

void PrintKinds(const TypingResults& results, const std::string& network,
                const std::vector<std::string>& pairings) {
  absl::PrintF("\nKinds of keys, %s\n\n", network);
  ShortTable table("trace: kind of key", pairings);
  for (const std::string& trace : InOrderOfAppearance(results, network)) {
    std::map<std::string, std::map<std::string, Tally>> kinds;
    for (const KeyRecord& key : results.keys) {
      if (key.run.network == network && key.run.trace == trace)
        kinds[key.kind][key.run.pairing].Add(key);
    }
    for (const auto& [kind, tallies] : kinds) table.Line(absl::StrCat(trace, ": ", kind), tallies);
  }
  std::fflush(stdout);
}

void PrintKeys(const TypingResults& results, const TypingRun& run,
               const std::vector<std::string>& pairings) {
  std::map<int, std::map<std::string, const KeyRecord*>> lines;
  for (const KeyRecord& key : results.keys) {
    if (key.run.network == run.network && key.run.trace == run.trace && key.run.seed == run.seed)
      lines[key.index][key.run.pairing] = &key;
  }
  absl::PrintF("\nKeys not at once or wrong: %s, %s, seed %d; delays in ms\n\n", run.network,
               run.trace, run.seed);
  PrintHead({"key", "typed", "kind"}, pairings, {"wrong"});
  for (const auto& [index, keys] : lines) {
    bool interesting = false;
    std::vector<std::string> delays, faults;
    for (const std::string& pairing : pairings) {
      const KeyRecord& key = *keys.at(pairing);
      interesting |= (key.visible && !key.at_once()) || key.wrong_cells > 0;
      delays.push_back(key.visible ? Number(key.delay()) : "hidden");
      if (key.wrong_cells > 0) faults.push_back(absl::StrCat(pairing, ": ", key.wrong));
    }
    const KeyRecord& any = *keys.begin()->second;
    if (!interesting) continue;
    absl::PrintF("| %d | `%s` | %s | %s | %s |\n", index, any.label, any.kind,
                 absl::StrJoin(delays, " | "), absl::StrJoin(faults, "; "));
  }
  std::fflush(stdout);
}

bool WriteRaw(const TypingResults& results, const std::string& folder) {
  std::error_code failed;  // the files tell
  std::filesystem::create_directories(folder, failed);
  std::ofstream keys(folder + "/keys.tsv"), sessions(folder + "/sessions.tsv");
  keys << "network\ttrace\tprogram\tseed\tkey\tlabel\tkind\tvisible\ttyped_ms\tshown_ms\tever_shown"
          "\twrong_cells\twrong_cell_ms\trepair_ms\tleak\twrong\n";
  for (const KeyRecord& key : results.keys) {
    keys << absl::StrJoin(
                {key.run.network, key.run.trace, key.run.pairing, absl::StrCat(key.run.seed),
                 absl::StrCat(key.index), key.label, key.kind, absl::StrCat(key.visible),
                 absl::StrFormat("%.3f", key.typed), absl::StrFormat("%.3f", key.shown),
                 absl::StrCat(key.ever_shown), absl::StrCat(key.wrong_cells),
                 absl::StrFormat("%.1f", key.wrong_cell_ms), absl::StrFormat("%.1f", key.repair_ms),
                 absl::StrCat(key.leak), key.wrong},
                "\t")
         << '\n';
  }
  sessions << "network\ttrace\tprogram\tseed\tdatagrams_up\tdatagrams_down\tbytes_up\tbytes_down\t"
              "ended_as_expected\n";
  for (const SessionRecord& session : results.sessions) {
    sessions << absl::StrJoin({session.run.network, session.run.trace, session.run.pairing,
                               absl::StrCat(session.run.seed), absl::StrCat(session.datagrams_up),
                               absl::StrCat(session.datagrams_down), absl::StrCat(session.bytes_up),
                               absl::StrCat(session.bytes_down),
                               absl::StrCat(session.final_difference.empty())},
                              "\t")
             << '\n';
  }
  return keys.flush().good() && sessions.flush().good();
}

}  // namespace mosh::bench
