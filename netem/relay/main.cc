// netem-relay: the relay as a program. Prints "LISTENING PORT", then obeys control lines on stdin
// until it ends.
#include <stdio.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "netem/profile.h"
#include "netem/relay/relay.h"

namespace {

constexpr char kUsage[] =
    "Usage: netem-relay [--listen=IP] [--port=PORT] [--net=PROFILE] [--seed=N] SERVER-IP "
    "SERVER-PORT\n"
    "\n"
    "Passes UDP datagrams between clients of its own port and the server, over a bad network.\n"
    "Then on stdin, a line each: net PROFILE | blackout MS | roam | stats | quit\n"
    "\n"
    "PROFILE: names and settings separated by commas, e.g. lossy,delay=250,up.rate=1M. Named "
    "networks:\n";

int Usage(int status) {
  FILE* out = status == 0 ? stdout : stderr;
  fputs(kUsage, out);
  for (const mosh::netem::NamedProfile& p : mosh::netem::Profiles()) {
    fprintf(out, "  %-11s %s\n", std::string(p.name).c_str(), std::string(p.summary).c_str());
  }
  return status;
}

int Fail(absl::string_view message) {
  fprintf(stderr, "netem-relay: %s\n", std::string(message).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  mosh::netem::RelayOptions options;
  int i = 1;
  for (; i < argc && absl::StartsWith(argv[i], "--"); ++i) {
    absl::string_view arg = argv[i];
    uint32_t port = 0;
    if (arg == "--help") return Usage(0);
    if (absl::ConsumePrefix(&arg, "--listen=")) {
      options.listen_host = std::string(arg);
    } else if (absl::ConsumePrefix(&arg, "--port=") && absl::SimpleAtoi(arg, &port) &&
               port < 65536) {
      options.listen_port = static_cast<uint16_t>(port);
    } else if (absl::ConsumePrefix(&arg, "--seed=") && absl::SimpleAtoi(arg, &options.seed)) {
    } else if (absl::ConsumePrefix(&arg, "--net=")) {
      absl::StatusOr<mosh::netem::PathConditions> conditions = mosh::netem::ParseProfile(arg);
      if (!conditions.ok()) return Fail(conditions.status().message());
      options.conditions = *conditions;
    } else {
      return Usage(2);
    }
  }
  uint32_t server_port;
  if (argc - i != 2) return Usage(2);
  if (!absl::SimpleAtoi(argv[i + 1], &server_port) || server_port > 65535) {
    return Fail(absl::StrCat("bad port '", argv[i + 1], "'"));
  }
  options.server_host = argv[i];
  options.server_port = static_cast<uint16_t>(server_port);
  absl::StatusOr<std::unique_ptr<mosh::netem::Relay>> relay = mosh::netem::Relay::Create(options);
  if (!relay.ok()) return Fail(relay.status().message());
  printf("LISTENING %d\n", (*relay)->port());
  fflush(stdout);
  return mosh::netem::RunRelay(**relay, STDIN_FILENO, STDOUT_FILENO);
}
