// What a command line of moshctl says.
#ifndef MGMT_CTL_OPTIONS_H_
#define MGMT_CTL_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mgmt/ctl/config.h"
#include "mgmt/ctl/output.h"

namespace mosh::mgmt::ctl {

struct Options {
  // "ls", "config use-context".
  std::string command;

  // Of all commands.
  ServerFlags server;
  double timeout_s = 10;
  OutputFormat format = OutputFormat::kTable;
  bool verbose = false;

  // Of some. Empty, 0 or false where the command has no such option.
  std::vector<std::string> sessions;  // ids, beginnings of ids, or resource names
  // ls, top, watch, notify, audit, record ls, operations ls: only this one's; empty: all nodes'.
  // drain, undrain: this one; empty: the one that answers.
  std::string node;
  std::string filter;
  std::string order_by;
  std::string reason;
  bool dry_run = false;
  bool follow = false;
  bool force = false;      // kill
  std::string client;      // detach
  std::string message;     // notify
  bool all = false;        // notify
  double seconds = 0;      // notify
  bool ansi = false;       // screen
  int history = 0;         // screen
  bool view_only = false;  // attach-ticket
  bool steal = false;      // attach-ticket
  int count = 20;          // audit
  int64_t from = 0;        // audit
  std::string name;        // a context, or a shell

  std::vector<std::string> recordings;  // ids, beginnings of ids, or resource names
  std::string title;                    // record start
  double max_seconds = 0;               // record start; 0: as the agent says
  int64_t max_bytes = 0;                // record start; 0: as the agent says
  bool input = false;                   // record start
  std::string file;                     // record get, replay
  double speed = 1;                     // replay
  double max_pause = 0;                 // replay; seconds, 0: as they are

  std::string grace = "10m";               // drain
  bool leave = false;                      // drain
  bool no_wait = false;                    // drain
  std::string operation;                   // an id, the beginning of one, or a resource name
  std::string policy;                      // an id, or a resource name
  std::string idle, lifetime, detached;    // policy set; empty: not given
  std::optional<int> max_sessions;         // policy set
  std::optional<std::string> description;  // policy set
  std::vector<std::string> labels;         // policy set; "KEY=VALUE"
  std::vector<std::string> nodes;  // nodes, nodes forget, policy set; ids, or resource names
  bool everywhere = false;         // policy set
  std::string etag;                // policy set, rm

  // "nodes/NODE", or "nodes/-" for all.
  std::string parent() const { return "nodes/" + (node.empty() ? "-" : node); }
  absl::Duration timeout() const { return absl::Seconds(timeout_s); }
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_OPTIONS_H_
