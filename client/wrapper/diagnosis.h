// Says what went wrong when ssh has ended and no session was started, and what to do next. ssh's
// own words have been shown by then; these follow them.
//
// Pure. The first line of each text begins as stock's does (docs/spec/cli.md §2.8), so that scripts
// that look for it find it.
#ifndef CLIENT_WRAPPER_DIAGNOSIS_H_
#define CLIENT_WRAPPER_DIAGNOSIS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "client/wrapper/options.h"
#include "client/wrapper/ssh_config.h"

namespace mosh::client {

struct FailedStart {
  absl::string_view program;  // our name, for messages
  const WrapperOptions* options;
  const SshRoute* route;     // what ssh's configuration says; may be default
  absl::string_view output;  // what ssh and the server printed
  int exit_status = 0;       // of ssh (or of the local server); 128 + n after a signal
  bool have_address = false;
  bool have_connect = false;  // "MOSH CONNECT" was seen
};

std::string Diagnose(const FailedStart& start);

// `--list` failed; what ssh and the server printed has been shown.
std::string DiagnoseList(const FailedStart& start);

// ssh (or a local server) could not be started at all; `error` is an errno.
std::string DiagnoseNotStarted(absl::string_view program, absl::string_view command, int error);

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_DIAGNOSIS_H_
