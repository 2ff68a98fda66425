// What the user asked the `mosh` wrapper for: docs/spec/cli.md §2 and the options that are ours
// alone.
//
// Pure: arguments and environment come in as values; what must be printed comes out as text.
#ifndef CLIENT_WRAPPER_OPTIONS_H_
#define CLIENT_WRAPPER_OPTIONS_H_

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosh::client {

// Looks up an environment variable; nullopt if it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
// The process's own.
Environment SystemEnvironment();

enum class RemoteIp {
  kProxy,   // our own ProxyCommand connects and tells the address
  kRemote,  // the far side's SSH_CONNECTION tells it
  kLocal,   // looked up here before ssh runs
};

struct WrapperOptions {
  std::string client;  // empty: this very program
  std::string server = "mosh-server";
  std::vector<std::string> ssh = {"ssh"};
  std::string predict = "adaptive";
  bool predict_overwrite = false;
  std::string family = "prefer-inet";
  std::string ports;  // "", "PORT" or "LOW:HIGH", checked
  std::string bind_server = "ssh";
  bool ssh_pty = true;
  bool init = true;
  bool local = false;
  bool here = false;
  std::string net;  // profile of the bad network; only with `here`
  RemoteIp remote_ip = RemoteIp::kProxy;
  bool remote_ip_given = false;           // chosen by the user, not by default
  std::optional<std::string> escape_key;  // value for MOSH_ESCAPE_KEY
  bool list = false;                      // show the sessions there, start none
  std::optional<std::string> attach;      // to the session of this id; "": the one detached last
  bool view_only = false;                 // with `attach`
  bool steal = false;                     // with `attach`
  bool no_resume = false;                 // nothing is kept for --resume
  std::optional<std::string> resume;      // continue this session ("": the latest) or "list"
  std::optional<std::string> forget;      // throw away what is kept of this one
  bool fake_proxy = false;
  std::string user_host;  // [user@]host; empty with `here`, `resume`, `forget`
  std::vector<std::string> command;
};

// Either options, or text to print and the status to exit with.
struct OptionsResult {
  std::optional<WrapperOptions> options;
  std::string output;  // to stdout
  std::string errors;  // to stderr
  int exit_status = 0;
};

// `program` is the name for messages.
OptionsResult ParseWrapperOptions(absl::string_view program, std::span<const std::string> arguments,
                                  const Environment& environment);

// The complaint about a port or range ("-p"), without the program's name; empty if it is good.
std::string CheckPorts(absl::string_view ports);

// The value for MOSH_ESCAPE_KEY from what a person writes: `~`, `^X`, `Ctrl-X`, `none`. nullopt if
// it is none of these.
std::optional<std::string> EscapeKeyFromOption(absl::string_view text);

std::string WrapperUsage(absl::string_view program);
std::string VersionText(absl::string_view program);

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_OPTIONS_H_
