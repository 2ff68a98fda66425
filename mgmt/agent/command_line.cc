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

void Define(CLI::App* app, Options* options) {
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
  app->add_flag("--check", options->check, "Check all files and options, and end");
  app->add_option("--verify-audit", options->verify_audit, "Check this audit log's chain, and end");
  app->add_flag("--exit-with-parent", options->exit_with_parent,
                "End when the process that started this ends");
}

// What the options mean together; empty: they fit.
std::string Contradiction(const Options& options) {
  const TlsFiles& tls = options.tls;
  if (!options.node.empty() && !IsNodeId(options.node)) {
    return "--node: 1 to 63 letters, digits, dots, hyphens and underscores";
  }
  const bool any_tls = !tls.certificate.empty() || !tls.key.empty() || !tls.authorities.empty() ||
                       !tls.revoked.empty();
  if (options.listen.empty() && any_tls) return "--tls-… go with --listen";
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
  CLI::App app("Sees and controls the mosh sessions of this machine, by gRPC (mosh.fleet.v1).",
               "mosh-agent");
  Define(&app, &options);
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
  if (const std::string problem = Contradiction(options); !problem.empty()) {
    parsed.status = kMistake;
    parsed.err = absl::StrCat("mosh-agent: ", problem, "\n");
    return parsed;
  }
  parsed.run = std::move(options);
  return parsed;
}

}  // namespace mosh::mgmt
