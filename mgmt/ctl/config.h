// moshctl's configuration file: named servers. Pure but for ReadConfig.
//
//   current-context: prod
//   contexts:
//     - name: prod
//       server: fleet.example.org:7443      # or unix:/path
//       tls: {ca: ca.pem, cert: me.pem, key: me.key}
//
//     - name: all
//       etcd: [etcd-1:2379, etcd-2:2379]    # instead of a server: one of the fleet's agents
//       etcd-tls: {ca: etcd-ca.pem, cert: me.pem, key: me.key}
//       tls: {ca: ca.pem, cert: me.pem, key: me.key}
//
// JSON is YAML too. Paths of certificates are relative to the file.
#ifndef MGMT_CTL_CONFIG_H_
#define MGMT_CTL_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mgmt/ctl/surroundings.h"

namespace mosh::mgmt::ctl {

// Files in PEM; empty: none.
struct TlsFiles {
  std::string ca;
  std::string cert;
  std::string key;
};

// Where a fleet's agents are registered; no endpoints: nowhere.
struct FleetPlace {
  std::vector<std::string> etcd;  // "HOST:PORT"
  TlsFiles tls;                   // to etcd; no ca: without TLS
  std::string prefix;             // empty: the usual one
};

// From the command line; empty: not given. The certificates go before a context's.
struct ServerFlags {
  std::string server;
  std::string context;
  TlsFiles tls;
  FleetPlace fleet;
};

struct Context {
  std::string name;
  std::string server;  // or fleet
  TlsFiles tls;
  FleetPlace fleet;
};

struct Config {
  std::string current_context;  // empty: none
  std::vector<Context> contexts;

  // kInvalidArgument: there is none of this name.
  absl::StatusOr<Context> Find(absl::string_view name) const;
};

// kInvalidArgument: what and where, beginning with `path`.
absl::StatusOr<Config> ParseConfig(const std::string& text, const std::string& path);

// The file's text with another current context; the rest, comments too, stays. kInvalidArgument: it
// has no such context, or is not written so that a line could be changed.
absl::StatusOr<std::string> WithCurrentContext(const std::string& text, const std::string& path,
                                               const std::string& name);

// $XDG_CONFIG_HOME/moshctl/config.yaml (or config.json if only that is there); MOSHCTL_CONFIG names
// another.
std::string ConfigPath(const Surroundings& surroundings);

// Empty if there is no file. An unreadable one is kFailedPrecondition.
absl::StatusOr<std::string> ReadConfigText(const std::string& path);
absl::StatusOr<Config> ReadConfig(const Surroundings& surroundings);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_CONFIG_H_
