#include "client/exit_texts.h"

#include "absl/strings/str_cat.h"

namespace mosh::client {
namespace {

std::string NeverConnected(const SessionEnd& end, absl::string_view address,
                           absl::string_view port) {
  std::string text = absl::StrCat(
      "\nmosh did not make a successful connection to ", address, ":", port,
      ".\nPlease verify that UDP port ", port, " is not firewalled and can reach the server.\n\n",
      "(By default, mosh uses a UDP port between 60000 and 61000. The -p option\n"
      "selects a specific UDP port number.)\n\n");
  if (end.foreign_datagrams > 0) {
    absl::StrAppend(&text, end.foreign_datagrams,
                    " datagrams did arrive, but not from a server with this session's key.\n");
  }
  if (!end.last_network_error.empty()) {
    absl::StrAppend(&text, "This machine's network refused to send: ", end.last_network_error,
                    ".\n");
  }
  absl::StrAppend(
      &text, "What to try: another port that the firewalls on the way let through (-p PORT); if\n",
      address, " is not how this machine reaches the server: --remote-ip=local, -4 or -6.\n");
  return text;
}

std::string NotFound(absl::string_view address, absl::string_view port, absl::string_view id) {
  return absl::StrCat("\nNothing was heard from ", address, ":", port,
                      ", where this session was: the network is down on the way,\nor the session "
                      "has ended. It is kept, since this cannot be told apart from here.\n",
                      "  mosh --resume=", id, "   tries again\n  mosh --forget=", id,
                      "   throws it away\n");
}

}  // namespace

std::string ExitText(const SessionEnd& end, absl::string_view address, absl::string_view port,
                     const Remainder& remainder) {
  switch (end.kind) {
    case SessionEnd::Kind::kClean:
      return "";
    case SessionEnd::Kind::kNotAcknowledged:
      return absl::StrCat("\n\nmosh did not shut down cleanly. Please note that the\n",
                          "mosh-server process may still be running on the server.\n",
                          remainder.id.empty() ? "" : "To go on with it: mosh --resume=",
                          remainder.id, remainder.id.empty() ? "" : "\n");
    case SessionEnd::Kind::kNeverConnected:
      if (remainder.resumed) return NotFound(address, port, remainder.id);
      return NeverConnected(end, address, port);
    case SessionEnd::Kind::kFatal:
      return absl::StrCat(end.error, "\n");
  }
  return "";
}

int ExitStatus(const SessionEnd& end) { return end.kind == SessionEnd::Kind::kClean ? 0 : 1; }

}  // namespace mosh::client
