// The agent's command line and configuration file.
#ifndef MGMT_AGENT_COMMAND_LINE_H_
#define MGMT_AGENT_COMMAND_LINE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mgmt/agent/certificates.h"
#include "mgmt/agent/limits.h"

namespace mosh::mgmt {

// Where the fleet's nodes are registered; no endpoints: nowhere, this node is alone.
struct FleetOptions {
  std::vector<std::string> etcd;  // "HOST:PORT"
  std::string etcd_ca;            // empty: no TLS
  std::string etcd_certificate;   // empty: none is shown to etcd
  std::string etcd_key;
  std::string prefix = "/mosh-fleet/";
  int lease_seconds = 10;
  std::string advertise;  // "HOST:PORT"; empty: the machine's name and the port of --listen
  std::map<std::string, std::string> labels;
};

struct Options {
  std::string node;         // empty: the machine's name
  std::string listen_unix;  // empty: the usual place; "none": nowhere
  std::string listen;       // empty: nowhere
  TlsFiles tls;
  std::string policy;      // empty: grants nothing
  std::string audit_log;   // empty: the usual place of root's service, none of others; "none"
  std::string metrics;     // empty: not served
  std::string recordings;  // empty: the usual place; "none": none are kept
  int64_t recordings_max_bytes = int64_t{10} << 30;
  std::string fleet_nodes;  // a file that names them; empty: this node is alone
  bool fleet_always = false;  // keep all nodes' sessions also while nobody asks for them
  int64_t fleet_max_sessions = 1'000'000;
  std::string verify_audit;
  bool check = false;
  bool exit_with_parent = false;
  FleetOptions fleet;
  Limits limits;
};

struct ParsedOptions {
  std::optional<Options> run;  // absent: the program ends
  int status = 0;
  std::string out;
  std::string err;
};
// Without the program's name. Reads the configuration file if one is named. Mistakes end with 2.
ParsedOptions ParseOptions(std::vector<std::string> arguments);

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_COMMAND_LINE_H_
