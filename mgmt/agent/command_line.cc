#include "mgmt/agent/command_line.h"

#include <algorithm>
#include <sstream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "base/version.h"
#include "mgmt/agent/names.h"

namespace mosh::mgmt {
namespace {

constexpr int kMistake = 2;
// Etcd itself gives no less than two.
constexpr int kMinLeaseSeconds = 2;
constexpr int kMaxLeaseSeconds = 3600;
constexpr size_t kMaxLabels = 64;

// As the command line has them.
struct FleetWords {
  std::vector<std::string> labels;  // "KEY=VALUE"
};

void DefineFleet(CLI::App* app, FleetOptions* options, FleetWords* words) {
  app->add_option("--etcd", options->etcd,
                  "HOST:PORT[,HOST:PORT...] of the etcd cluster where the fleet's nodes are "
                  "registered\n(default: none; this node is alone)")
      ->delimiter(',');
  app->add_option("--etcd-ca", options->etcd_ca,
                  "Authorities of etcd's certificates, PEM; without, there is no TLS to etcd");
  app->add_option("--etcd-cert", options->etcd_certificate, "What etcd is shown, PEM");
  app->add_option("--etcd-key", options->etcd_key, "Its key, PEM");
  app->add_option("--etcd-prefix", options->prefix, "Of all keys of this fleet in etcd")
      ->capture_default_str();
  app->add_option("--etcd-lease", options->lease_seconds,
                  "Seconds after which a node that isn't heard of is lost")
      ->check(CLI::Range(kMinLeaseSeconds, kMaxLeaseSeconds))
      ->capture_default_str();
  app->add_option("--advertise", options->advertise,
                  "HOST:PORT where other agents and moshctl find this one\n"
                  "(default: the host name and the port of --listen)");
  app->add_option("--label", words->labels,
                  "KEY=VALUE to choose this node by; may be given several times");
}

void Define(CLI::App* app, Options* options, FleetWords* words) {
  app->set_version_flag("--version", "mosh-agent " MOSH_FLEET_VERSION);
  app->set_config("--config", "", "Read options from this file: NAME=VALUE lines, # for comments");
  app->allow_config_extras(CLI::config_extras_mode::error);
  app->add_option("--node", options->node, "This node's name in the API (default: the host name)");
  app->add_option("--listen-unix", options->listen_unix,
                  "Unix socket for this machine's users; none: no socket\n"
                  "(default: /run/mosh-agent/agent.sock as root, else agent.sock in the user's "
                  "runtime directory)");
  app->add_option("--listen", options->listen, "ADDRESS:PORT for callers with certificates");
  app->add_option("--tls-cert", options->tls.certificate, "The agent's certificate and chain, PEM");
  app->add_option("--tls-key", options->tls.key, "Its key, PEM");
  app->add_option("--tls-ca", options->tls.authorities,
                  "Authorities of callers' certificates, PEM");
  app->add_option("--tls-crl", options->tls.revoked,
                  "Revocation lists, PEM: a file or a directory of such");
  app->add_option("--policy", options->policy, "Who may do what; read anew upon SIGHUP");
  app->add_option("--audit-log", options->audit_log,
                  "Where to keep the audit log; none: nowhere\n"
                  "(default: /var/log/mosh-agent/audit.jsonl as root, else none)");
  app->add_option("--metrics", options->metrics,
                  "ADDRESS:PORT for Prometheus, readable by everybody who can connect");
  app->add_option("--recordings", options->recordings,
                  "Directory of recordings; none: none are kept\n"
                  "(default: /var/lib/mosh-agent/recordings as root, else "
                  "mosh-agent/recordings in the user's state directory)");
  app->add_option("--recordings-max-bytes", options->recordings_max_bytes,
                  "Of all recordings together")
      ->check(CLI::Range(int64_t{0}, INT64_MAX / 2))
      ->capture_default_str();
  app->add_option("--fleet-nodes", options->fleet_nodes,
                  "The fleet's nodes, this one among them: lines NODE HOST:PORT");
  app->add_flag("--fleet-always", options->fleet_always,
                "Stay connected to all nodes, so that the first list is as quick as the next");
  app->add_option("--fleet-max-sessions", options->fleet_max_sessions,
                  "Of all nodes, kept while somebody asks for them")
      ->check(CLI::Range(int64_t{1}, int64_t{100'000'000}))
      ->capture_default_str();
  app->add_option("--max-watchers", options->limits.max_watchers, "Streams of sessions at a time")
      ->check(CLI::Range(1, 100'000));
  app->add_option("--max-screens", options->limits.max_screens, "Streams of screens at a time")
      ->check(CLI::Range(0, 10'000));
  app->add_option("--max-connections", options->limits.max_connections,
                  "Connections at the Unix socket")
      ->check(CLI::Range(1, 100'000));
  DefineFleet(app, &options->fleet, words);
  app->add_flag("--check", options->check, "Check all files and options, and end");
  app->add_option("--verify-audit", options->verify_audit, "Check this audit log's chain, and end");
  app->add_flag("--exit-with-parent", options->exit_with_parent,
                "End when the process that started this ends");
}

// Empty: they are labels, and now in `options`.
std::string TakeLabels(const FleetWords& words, FleetOptions* options) {
  for (const std::string& word : words.labels) {
    const size_t at = word.find('=');
    if (at == std::string::npos || !IsLabelKey(word.substr(0, at)) ||
        !IsLabelValue(word.substr(at + 1))) {
      return absl::StrCat("--label ", word,
                          ": KEY=VALUE; a key has 1 to 63 letters, digits, hyphens and underscores "
                          "and begins with a letter, a value at most 63 bytes of printable text");
    }
    if (!options->labels.emplace(word.substr(0, at), word.substr(at + 1)).second) {
      return absl::StrCat("--label ", word.substr(0, at), ": given twice");
    }
  }
  if (options->labels.size() > kMaxLabels) {
    return absl::StrCat("--label: more than ", kMaxLabels);
  }
  return "";
}

std::string FleetContradiction(const Options& options) {
  const FleetOptions& fleet = options.fleet;
  for (const std::string& endpoint : fleet.etcd) {
    if (!IsHostPort(endpoint)) return absl::StrCat("--etcd ", endpoint, ": HOST:PORT");
  }
  const bool any_tls =
      !fleet.etcd_ca.empty() || !fleet.etcd_certificate.empty() || !fleet.etcd_key.empty();
  if (fleet.etcd.empty() && any_tls) return "--etcd-ca, --etcd-cert and --etcd-key go with --etcd";
  if (any_tls && fleet.etcd_ca.empty()) {
    return "--etcd-cert and --etcd-key go with --etcd-ca, by which etcd is known";
  }
  if (fleet.etcd_certificate.empty() != fleet.etcd_key.empty()) {
    return "--etcd-cert and --etcd-key go together";
  }
  if (!IsEtcdPrefix(fleet.prefix)) {
    return "--etcd-prefix: printable text that begins and ends with /, such as /mosh-fleet/";
  }
  if (!fleet.advertise.empty() && options.listen.empty()) {
    return "--advertise goes with --listen: nobody could connect there";
  }
  if (!fleet.advertise.empty() && !IsHostPort(fleet.advertise)) {
    return absl::StrCat("--advertise ", fleet.advertise, ": HOST:PORT");
  }
  return "";
}

// What the options mean together; empty: they fit.
std::string Contradiction(const Options& options) {
  const TlsFiles& tls = options.tls;
  if (!options.node.empty() && !IsNodeId(options.node)) {
    return "--node: 1 to 63 letters, digits, dots, hyphens and underscores";
  }
  const std::string fleet = FleetContradiction(options);
  if (!fleet.empty()) return fleet;
  const bool any_tls = !tls.certificate.empty() || !tls.key.empty() || !tls.authorities.empty() ||
                       !tls.revoked.empty();
  if (options.listen.empty() && any_tls) return "--tls-… go with --listen";
  if (!options.fleet_nodes.empty() && !options.fleet.etcd.empty()) {
    return "--fleet-nodes and --etcd: one of both knows the fleet's nodes";
  }
  if (options.fleet_always &&
      (options.listen.empty() || (options.fleet_nodes.empty() && options.fleet.etcd.empty()))) {
    return "--fleet-always needs a fleet: --listen, and --etcd or --fleet-nodes";
  }
  if (options.listen.empty() && !options.fleet_nodes.empty()) {
    return "--fleet-nodes needs --listen: nodes know each other by certificate";
  }
  if (options.listen.empty()) {
    return options.listen_unix == "none" ? "--listen-unix none leaves nothing to listen at" : "";
  }
  if (options.listen.find(':') == std::string::npos) return "--listen: ADDRESS:PORT";
  if (tls.certificate.empty() || tls.key.empty() || tls.authorities.empty()) {
    return "--listen needs --tls-cert, --tls-key and --tls-ca: nobody is served without a "
           "certificate";
  }
  if (options.policy.empty())
    return "--listen needs --policy, without which nobody may do anything";
  return "";
}

}  // namespace

ParsedOptions ParseOptions(std::vector<std::string> arguments) {
  ParsedOptions parsed;
  Options options;
  FleetWords words;
  CLI::App app("Sees and controls the mosh sessions of this machine, by gRPC (mosh.fleet.v1).",
               "mosh-agent");
  Define(&app, &options, &words);
  std::ostringstream out, err;
  // CLI11's way to say anything is an exception; none leaves this function.
  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error, out, err);
    parsed.status = status == 0 ? 0 : kMistake;
    parsed.out = out.str();
    parsed.err = err.str();
    return parsed;
  }
  std::string problem = TakeLabels(words, &options.fleet);
  if (problem.empty()) problem = Contradiction(options);
  if (!problem.empty()) {
    parsed.status = kMistake;
    parsed.err = absl::StrCat("mosh-agent: ", problem, "\n");
    return parsed;
  }
  parsed.run = std::move(options);
  return parsed;
}

}  // namespace mosh::mgmt
