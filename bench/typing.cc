// Types like people into ours and stock at the same time, over the same emulated networks, with
// prediction as it is by default, and judges what their users see.
//
//   ./tools/bazel run //bench:typing                                everything: under 25 minutes
//   ./tools/bazel run //bench:typing -- --quick                     three networks, one seed
//   ./tools/bazel run //bench:typing -- --networks=lossy --traces=vim --explain
//   ./tools/bazel run //bench:typing -- --replay --seeds=20         our engine alone, on a virtual
//   clock
//   ./tools/bazel run //bench:typing -- --record=FILE               two sessions side by side, as
//   text
#include <sched.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "bench/measure.h"
#include "bench/typing_judge.h"
#include "bench/typing_recording.h"
#include "bench/typing_reference.h"
#include "bench/typing_replay.h"
#include "bench/typing_report.h"
#include "bench/typing_session.h"
#include "bench/typing_trace.h"
#include "e2e/tools.h"
#include "netem/profile.h"
#include "predict/testing/typist.h"

namespace mosh::bench {
namespace {

struct Network {
  std::string name;
  std::string profile;
  double rtt;  // ms, about
  int seeds;   // more where chance decides more
  bool quick;
  int jitter = 0;   // ms
  double loss = 0;  // each way

  predict::Line Line(Peer server) const {
    return {.round_trip_ms = static_cast<int>(rtt),
            .jitter_ms = jitter,
            .loss = loss,
            .tells_modes = server == Peer::kOurs};
  }
};

const std::vector<Network>& Networks() {
  static const auto* networks = new std::vector<Network>{
      {"loopback", "clean", 0, 1, false},
      {"100ms", "clean100", 100, 3, true},
      {"ev-do", "ev-do", 500, 3, true, 60},
      {"lte-queue", "lte-loaded", 5000, 3, false},
      {"singapore", "singapore", 273, 3, false, 2},
      {"lossy", "lossy", 100, 5, true, 0, 0.29},
      {"bursts", "delay=50,burst=0.26%/8", 100, 3, false},
      {"reorder", "delay=50,reorder=10%,reorder-delay=60,duplicate=5%", 100, 3, false, 30},
  };
  return *networks;
}

struct Settings {
  std::vector<Network> networks;
  std::vector<std::string> traces = TraceNames();
  std::vector<TypingPairing> pairings = {TypingPairings()[0], TypingPairings()[1]};
  int keys = 120;
  int parallel = 18;  // sessions
  unsigned first_seed = 1;
  bool explain = false;
  bool replay = false;
  std::string raw, record;

  std::vector<std::string> PairingNames() const {
    std::vector<std::string> names;
    for (const TypingPairing& pairing : pairings) names.push_back(pairing.name);
    return names;
  }
};

// The sessions of one network that run at the same time.
using Batch = std::vector<std::unique_ptr<TypingSession>>;

// Until `done`, or the deadline; false then.
template <class Done>
bool Drive(Batch& batch, double deadline, const Done& done) {
  std::vector<pollfd> fds;
  while (!done()) {
    fds.clear();
    double wake = deadline;
    for (const std::unique_ptr<TypingSession>& session : batch) {
      session->AppendPollFds(&fds);
      wake = std::min(wake, session->Wake());
    }
    WaitUntil(fds, wake);
    if (NowMillis() >= deadline) return done();
    for (const std::unique_ptr<TypingSession>& session : batch) session->Turn(NowMillis());
  }
  return true;
}

std::string DescribeWrong(const std::vector<WrongCell>& wrong) {
  std::vector<std::string> cells;
  for (const WrongCell& w : wrong) {
    if (cells.size() == 3) {
      cells.push_back(absl::StrCat("and ", wrong.size() - 3, " more"));
      break;
    }
    cells.push_back(absl::StrFormat("%d,%d '%c' for '%c' %.0f ms", w.cell / 80, w.cell % 80,
                                    static_cast<char>(w.shown), static_cast<char>(w.expected),
                                    w.lasted));
  }
  return absl::StrJoin(cells, ", ");
}

void CollectKeys(const TypingJudge& judge, const Trace& trace, const TypingRun& run, double start,
                 double end, TypingResults& results) {
  for (size_t i = 1; i <= trace.keys.size(); ++i) {
    const KeyVerdict& verdict = judge.verdict(static_cast<int>(i));
    const TraceKey& key = trace.keys[i - 1];
    KeyRecord record = {.run = run,
                        .index = static_cast<int>(i),
                        .label = key.label,
                        .kind = key.kind,
                        .visible = verdict.visible,
                        .typed = verdict.typed - start,
                        .shown = verdict.shown.value_or(end) - start,
                        .ever_shown = verdict.shown.has_value(),
                        .wrong_cells = static_cast<int>(verdict.wrong.size()),
                        .repair_ms = verdict.repair,
                        .leak = verdict.leak,
                        .wrong = DescribeWrong(verdict.wrong)};
    for (const WrongCell& wrong : verdict.wrong) record.wrong_cell_ms += wrong.lasted;
    results.keys.push_back(std::move(record));
  }
}

void Collect(const TypingSession& session, const Network& network, unsigned seed, double start,
             double end, TypingResults& results) {
  const TypingSession::Options& options = session.options();
  const TypingRun run = {network.name, options.trace->name, options.pairing.name, seed};
  CollectKeys(session.judge(), *options.trace, run, start, end, results);
  SessionRecord record = {.run = run,
                          .datagrams_up = session.traffic().datagrams_up,
                          .datagrams_down = session.traffic().datagrams_down,
                          .bytes_up = session.traffic().bytes_up,
                          .bytes_down = session.traffic().bytes_down};
  if (!session.Complete()) record.final_difference = session.screen().Text();
  results.sessions.push_back(std::move(record));
}

double SureAfter(const Network& network) { return 5000 + 3 * network.rtt; }

// Empty, with a message, if a program doesn't start as it should.
Batch StartBatch(const Settings& settings, const Network& network, unsigned seed,
                 const std::vector<std::string>& traces,
                 const std::map<std::string, PreparedTrace>& prepared) {
  Batch batch;
  for (const std::string& trace : traces) {
    for (const TypingPairing& pairing : settings.pairings) {
      batch.push_back(std::make_unique<TypingSession>(
          TypingSession::Options{.pairing = pairing,
                                 .trace = &prepared.at(trace).trace,
                                 .reference = prepared.at(trace).reference.get(),
                                 .conditions = *netem::ParseProfile(network.profile),
                                 .seed = seed * 100 + batch.size() / settings.pairings.size(),
                                 .sure_after = SureAfter(network),
                                 .environment = e2e::BaseEnvironment("")}));
    }
  }
  const auto ready = [&] {
    return std::all_of(batch.begin(), batch.end(), [](const auto& s) { return s->Ready(); });
  };
  if (!Drive(batch, NowMillis() + 120'000, ready)) {
    for (const std::unique_ptr<TypingSession>& session : batch) {
      if (session->Ready()) continue;
      std::fprintf(stderr,
                   "typing: %s, %s, %s: the program did not start as without a network:\n%s",
                   network.name.c_str(), session->options().trace->name.c_str(),
                   session->options().pairing.name.c_str(), session->Describe().c_str());
    }
    return {};
  }
  // Both ends need to have measured the path.
  Drive(batch, NowMillis() + 4000 + 2 * network.rtt, [] { return false; });
  return batch;
}

bool RunBatch(const Settings& settings, const Network& network, unsigned seed,
              const std::vector<std::string>& traces,
              const std::map<std::string, PreparedTrace>& prepared, TypingResults& results) {
  Batch batch = StartBatch(settings, network, seed, traces, prepared);
  if (batch.empty()) return false;
  const double start = NowMillis();
  double longest = 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    // Not all at the same instant.
    batch[i]->StartTyping(start + 37 * static_cast<double>(i));
    double length = 0;
    // Keys that wait for the one before take longer.
    for (const TraceKey& key : batch[i]->options().trace->keys)
      length += key.gap + (key.awaits ? 5000 + 3 * network.rtt : 0);
    longest = std::max(longest, length);
  }
  Drive(batch, start + longest + 15'000 + 5 * network.rtt, [&] {
    return std::all_of(batch.begin(), batch.end(), [](const auto& s) { return s->Complete(); });
  });
  const double end = NowMillis();
  for (const std::unique_ptr<TypingSession>& session : batch) {
    session->Finish(end);
    Collect(*session, network, seed, start, end, results);
  }
  return true;
}

void ReplayAll(const Settings& settings, const Network& network, unsigned seed,
               const std::map<std::string, PreparedTrace>& prepared, TypingResults& results) {
  for (const std::string& name : settings.traces) {
    const PreparedTrace& trace = prepared.at(name);
    for (const TypingPairing& pairing : settings.pairings) {
      const TypingRun run = {network.name, name, pairing.name, seed};
      const Replay replay = ReplayTrace(trace, network.Line(pairing.server),
                                        seed * 100 + results.sessions.size(), SureAfter(network));
      CollectKeys(replay.judge, trace.trace, run, replay.start, replay.end, results);
      SessionRecord record = {.run = run};
      if (!replay.complete) record.final_difference = "(not kept)\n";
      results.sessions.push_back(std::move(record));
    }
  }
}

// These two: false, with a message, if it didn't work.
bool Measure(const Settings& settings, const TracePrograms& programs) {
  TypingResults results;
  std::map<unsigned, std::map<std::string, PreparedTrace>> prepared;
  const size_t at_once =
      std::max<size_t>(1, static_cast<size_t>(settings.parallel) / settings.pairings.size());
  for (const Network& network : settings.networks) {
    const unsigned end = settings.first_seed + static_cast<unsigned>(network.seeds);
    for (unsigned seed = settings.first_seed; seed < end; ++seed) {
      if (!prepared.contains(seed))
        prepared[seed] = PrepareTraces(settings.traces, seed, settings.keys, programs);
      if (settings.replay) {
        ReplayAll(settings, network, seed, prepared[seed], results);
        continue;
      }
      for (size_t i = 0; i < settings.traces.size(); i += at_once) {
        const std::vector<std::string> traces(
            settings.traces.begin() + static_cast<long>(i),
            settings.traces.begin() +
                static_cast<long>(std::min(i + at_once, settings.traces.size())));
        if (!RunBatch(settings, network, seed, traces, prepared[seed], results)) return false;
      }
    }
    PrintNetwork(results, network.name, settings.PairingNames());
    PrintTraces(results, network.name, settings.PairingNames());
    if (!settings.explain) continue;
    PrintKinds(results, network.name, settings.PairingNames());
    for (const std::string& trace : settings.traces)
      PrintKeys(results, {network.name, trace, "", settings.first_seed}, settings.PairingNames());
  }
  for (const SessionRecord& session : results.sessions) {
    if (session.final_difference.empty()) continue;
    std::printf("\nAnother end: %s, %s, %s, seed %u:\n%s", session.run.network.c_str(),
                session.run.trace.c_str(), session.run.pairing.c_str(), session.run.seed,
                session.final_difference.c_str());
    std::printf("instead of:\n");
    const TypingReference& reference = *prepared[session.run.seed][session.run.trace].reference;
    const Picture& wanted = reference.state(reference.keys());
    for (size_t i = 0; i < wanted.cells.size(); ++i) {
      std::putchar(static_cast<char>(wanted.cells[i]));
      if (i % 80 == 79) std::putchar('\n');
    }
  }
  if (settings.raw.empty() || WriteRaw(results, settings.raw)) return true;
  std::fprintf(stderr, "typing: can't write into %s\n", settings.raw.c_str());
  return false;
}

// Ours and stock at the same time, 500 ms apart from their servers.
bool Record(const Settings& settings, const TracePrograms& programs) {
  const Network network = {"500 ms round trip", "delay=250", 500, 1, false};
  std::ofstream file(settings.record);
  file << "Two mosh sessions typed into at the same time over a line of 500 ms round trip: ours on "
          "the left, stock 1.4.0 on the\nright. Every 50 ms, rows that changed; the number is the "
          "row's. Made by //bench:typing --record.\n";
  const std::map<std::string, PreparedTrace> prepared =
      PrepareTraces(settings.traces, 1, settings.keys, programs);
  for (const std::string& trace : settings.traces) {
    Batch batch = StartBatch(settings, network, 1, {trace}, prepared);
    if (batch.empty()) return false;
    TypingRecording recording(&file, trace);
    const std::vector<TraceKey>& keys = prepared.at(trace).trace.keys;
    const double start = NowMillis();
    for (const std::unique_ptr<TypingSession>& session : batch) session->StartTyping(start);
    const auto complete = [&] { return batch[0]->Complete() && batch[1]->Complete(); };
    int told = 0;
    for (double tick = start; tick < start + 300'000 && !complete(); tick += 50) {
      Drive(batch, tick, [] { return false; });
      std::vector<std::string> labels;
      while (told < std::max(batch[0]->judge().typed(), batch[1]->judge().typed()))
        labels.push_back(keys[static_cast<size_t>(told++)].label);
      recording.Add(tick - start, absl::StrJoin(labels, " "), batch[0]->CurrentPicture(),
                    batch[1]->CurrentPicture());
    }
    for (const std::unique_ptr<TypingSession>& session : batch) session->Finish(NowMillis());
  }
  if (file.flush()) return true;
  std::fprintf(stderr, "typing: can't write %s\n", settings.record.c_str());
  return false;
}

int Usage() {
  std::vector<std::string> networks, pairings;
  for (const Network& network : Networks()) networks.push_back(network.name);
  for (const TypingPairing& pairing : TypingPairings()) pairings.push_back(pairing.name);
  std::fprintf(stderr,
               "usage: typing [--quick] [--networks=LIST] [--traces=LIST] [--pairings=LIST] "
               "[--seeds=N] [--first-seed=N] [--keys=N]\n              [--parallel=N] [--explain] "
               "[--replay] "
               "[--raw=FOLDER] | "
               "--record=FILE\nnetworks: %s\ntraces: %s\npairings (client-server): %s\n",
               absl::StrJoin(networks, ",").c_str(), absl::StrJoin(TraceNames(), ",").c_str(),
               absl::StrJoin(pairings, ",").c_str());
  return 2;
}

// Fills `chosen` with the elements of `all` whose names are in the comma-separated list.
template <class T, class NameOf>
bool Choose(absl::string_view list, const std::vector<T>& all, NameOf name_of,
            std::vector<T>& chosen) {
  chosen.clear();
  for (const absl::string_view name : absl::StrSplit(list, ',')) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const T& one) { return name_of(one) == name; });
    if (found == all.end()) {
      std::fprintf(stderr, "typing: there is no '%s'\n", std::string(name).c_str());
      return false;
    }
    chosen.push_back(*found);
  }
  return true;
}

bool ReadSettings(int argc, char** argv, Settings& settings) {
  const auto name_of = [](const auto& one) { return one.name; };
  int seeds = 0;
  bool quick = false;
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    bool good = true;
    if (argument == "--quick") {
      quick = true;
    } else if (argument == "--explain") {
      settings.explain = true;
    } else if (argument == "--replay") {
      settings.replay = true;
    } else if (absl::ConsumePrefix(&argument, "--networks=")) {
      good = Choose(argument, Networks(), name_of, settings.networks);
    } else if (absl::ConsumePrefix(&argument, "--traces=")) {
      good = Choose(
          argument, TraceNames(), [](const std::string& name) { return name; }, settings.traces);
    } else if (absl::ConsumePrefix(&argument, "--pairings=")) {
      good = Choose(argument, TypingPairings(), name_of, settings.pairings);
    } else if (absl::ConsumePrefix(&argument, "--seeds=")) {
      good = absl::SimpleAtoi(argument, &seeds) && seeds > 0;
    } else if (absl::ConsumePrefix(&argument, "--first-seed=")) {
      good = absl::SimpleAtoi(argument, &settings.first_seed);
    } else if (absl::ConsumePrefix(&argument, "--keys=")) {
      good = absl::SimpleAtoi(argument, &settings.keys) && settings.keys > 0;
    } else if (absl::ConsumePrefix(&argument, "--parallel=")) {
      good = absl::SimpleAtoi(argument, &settings.parallel) && settings.parallel > 0;
    } else if (absl::ConsumePrefix(&argument, "--raw=")) {
      settings.raw = std::string(argument);
    } else if (absl::ConsumePrefix(&argument, "--record=")) {
      settings.record = std::string(argument);
    } else {
      good = false;
    }
    if (!good) return false;
  }
  if (settings.networks.empty()) {
    for (const Network& network : Networks()) {
      if (!quick || network.quick) settings.networks.push_back(network);
    }
  }
  if (settings.replay) {
    // There is only our engine in it.
    std::erase_if(settings.pairings,
                  [](const TypingPairing& pairing) { return pairing.client != Peer::kOurs; });
  }
  for (Network& network : settings.networks) {
    if (quick) network.seeds = 1;
    if (seeds > 0) network.seeds = seeds;
  }
  return true;
}

int Main(int argc, char** argv) {
  Settings settings;
  if (!ReadSettings(argc, argv, settings)) return Usage();
  // Better now than at the end.
  if (!settings.raw.empty() && !WriteRaw({}, settings.raw)) {
    std::fprintf(stderr, "typing: can't write into %s\n", settings.raw.c_str());
    return 1;
  }
  // The kernel otherwise rounds each wait up by 50 µs, to save power.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  // Where allowed, all these programs go before whatever else the machine does: it's their times
  // that are to be told.
  const sched_param lowest_real_time{.sched_priority = sched_get_priority_min(SCHED_RR)};
  sched_setscheduler(0, SCHED_RR, &lowest_real_time);
  // All that is made, homes included, goes into one folder that is removed at the end.
  const std::string folder = e2e::MakeTempFolder("typing");
  setenv("TEST_TMPDIR", folder.c_str(), 1);
  const std::string files = e2e::MakeTempFolder("files");
  WriteTraceFiles(files);
  const TracePrograms programs = {.folder = files, .app = e2e::RequireVariable("BENCH_TYPING_APP")};
  const bool good =
      settings.record.empty() ? Measure(settings, programs) : Record(settings, programs);
  std::filesystem::remove_all(folder);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace mosh::bench

int main(int argc, char** argv) { return mosh::bench::Main(argc, argv); }
