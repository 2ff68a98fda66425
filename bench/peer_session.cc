#include "bench/peer_session.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "bench/measure.h"
#include "e2e/tools.h"

namespace mosh::bench {

absl::string_view PeerName(Peer peer) { return peer == Peer::kOurs ? "ours" : "stock"; }

std::string ClientProgram(Peer peer) {
  return e2e::ClientFolder({.client = std::string(PeerName(peer)), .server = "", .backend = ""}) +
         "/mosh-client";
}

std::string ServerProgram(Peer peer) {
  return e2e::ServerPath({.client = "", .server = std::string(PeerName(peer)), .backend = ""});
}

e2e::Environment PeerEnvironment() {
  e2e::Environment environment = e2e::BaseEnvironment(e2e::NewMark());
  environment["MOSH_PREDICTION_DISPLAY"] = "never";
  return environment;
}

std::vector<std::string> Workload(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {e2e::RequireVariable("BENCH_WORKLOAD")};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

PeerSession::PeerSession(Peer peer, const Options& options)
    : emulator_(term::Size{80, 24}, term::Dialect::kProgram) {
  e2e::BecomeReaper();
  e2e::Environment environment = PeerEnvironment();
  mark_ = environment[e2e::kMarkVariable];
  std::vector<std::string> arguments = {"-i", "127.0.0.1", "-p", "0", "-c", "256", "--"};
  arguments.insert(arguments.end(), options.command.begin(), options.command.end());
  server_ = e2e::StartServer(ServerProgram(peer), arguments, environment);
  if (server_.port == 0) {
    std::fprintf(stderr, "bench: the %s server did not start: %s\n",
                 std::string(PeerName(peer)).c_str(), server_.output.c_str());
    std::abort();
  }
  int port = server_.port;
  if (!options.net.empty()) {
    e2e::Environment relay_environment = environment;
    relay_environment.erase(e2e::kMarkVariable);
    relay_ = std::make_unique<e2e::RelayProcess>(port, options.net, relay_environment);
    port = relay_->port();
  }
  environment["MOSH_KEY"] = server_.key;
  std::vector<std::string> client = {ClientProgram(peer), "127.0.0.1", absl::StrCat(port)};
  client_started_ = NowMillis();
  terminal_ = std::make_unique<e2e::TerminalProgram>(
      e2e::TerminalProgram::Options{.argv = client, .environment = environment});
}

PeerSession::~PeerSession() {
  terminal_.reset();
  e2e::KillMarkedProcesses(mark_);
}

const term::Screen& PeerSession::screen() {
  const std::string& output = terminal_->output();
  emulator_.Feed(absl::string_view(output).substr(fed_));
  fed_ = output.size();
  return emulator_.screen();
}

void PeerSession::AwaitTopRow(absl::string_view text) {
  const e2e::Deadline deadline = e2e::Deadline::In(std::chrono::minutes(2));
  while (screen().RowText(0) != text) {
    if (deadline.passed()) {
      std::fprintf(stderr, "bench: waited in vain for '%s':\n%s", std::string(text).c_str(),
                   terminal_->Describe().c_str());
      std::abort();
    }
    terminal_->Pump(deadline);
  }
}

}  // namespace mosh::bench
