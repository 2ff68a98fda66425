// Ours beside stock, whole programs, in one run; prints a Markdown table.
//
//   ./tools/bazel run //bench:compare                         everything; takes long
//   ./tools/bazel run //bench:compare -- latency --keys=100   one scenario, less effort
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "bench/report.h"
#include "bench/scenarios.h"

namespace {

using mosh::bench::Effort;
using mosh::bench::Report;

using Scenario = void (*)(const Effort&, Report&);

const std::map<std::string, Scenario>& Scenarios() {
  static const auto* scenarios = new std::map<std::string, Scenario>{
      {"latency", mosh::bench::MeasureLatency},     {"flood", mosh::bench::MeasureFlood},
      {"interrupt", mosh::bench::MeasureInterrupt}, {"start", mosh::bench::MeasureStart},
      {"rest", mosh::bench::MeasureRest},           {"wire", mosh::bench::MeasureWire},
  };
  return *scenarios;
}

template <class Number>
bool ReadFlag(absl::string_view argument, absl::string_view name, Number& value) {
  return absl::ConsumePrefix(&argument, name) && absl::SimpleAtoi(argument, &value) && value > 0;
}

int Usage() {
  std::string names;
  for (const auto& [name, scenario] : Scenarios()) absl::StrAppend(&names, " ", name);
  std::fprintf(stderr,
               "usage: compare [SCENARIO...] [--keys=N] [--rounds=N] [--flood-bytes=N] "
               "[--rest-seconds=N]\nscenarios:%s\n",
               names.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  Effort effort;
  std::vector<Scenario> chosen;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto scenario = Scenarios().find(argument);
    if (scenario != Scenarios().end()) {
      chosen.push_back(scenario->second);
    } else if (!ReadFlag(argument, "--keys=", effort.keys) &&
               !ReadFlag(argument, "--rounds=", effort.rounds) &&
               !ReadFlag(argument, "--flood-bytes=", effort.flood_bytes) &&
               !ReadFlag(argument, "--rest-seconds=", effort.rest_seconds)) {
      return Usage();
    }
  }
  if (chosen.empty()) {
    for (const auto& [name, scenario] : Scenarios()) chosen.push_back(scenario);
  }
  Report report;
  for (const Scenario scenario : chosen) scenario(effort, report);
  return 0;
}
