#include "server/gate/command_line.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/version.h"

namespace mosh::server::gate {

const char kVersion[] = "moshd (mosh for fleets) " MOSH_FLEET_VERSION "\n";

const char kHelp[] =
    "Usage: moshd [--config=FILE]            serve, in the foreground\n"
    "       moshd --check [--config=FILE]    say what is wrong with the configuration\n"
    "       moshd --status [--config=FILE]   say what the running moshd does\n"
    "       moshd --help | --version\n"
    "\n"
    "moshd lets all mosh sessions of this machine share one UDP port, and those of one user a\n"
    "process. Run by root it serves every user, as that user; run by anybody else, only him.\n"
    "While it runs, mosh-server hands new sessions to it. Sessions survive its restart.\n"
    "\n"
    "  --config=FILE   settings; without it /etc/mosh/moshd.conf, or ~/.config/mosh/moshd.conf\n"
    "                  of an ordinary user, if there is one\n"
    "  SIGHUP          read the settings again\n"
    "  SIGUSR1         write the status to the log\n"
    "  SIGTERM         stop; sessions stay, for the next moshd\n"
    "\n"
    "Exit status: 0 fine; 1 it can't serve, or the configuration is wrong; 2 wrong usage.\n";

ParsedCommandLine ParseCommandLine(std::span<const char* const> words) {
  ParsedCommandLine parsed;
  CommandLine& line = parsed.line;
  bool acting = false;
  const auto act = [&](CommandLine::Action action) {
    if (acting) parsed.error = "only one of --check, --status, --help and --version";
    acting = true;
    line.action = action;
  };
  for (size_t i = 0; i < words.size() && parsed.error.empty(); ++i) {
    const absl::string_view word = words[i];
    if (word == "--check") {
      act(CommandLine::Action::kCheck);
    } else if (word == "--status") {
      act(CommandLine::Action::kStatus);
    } else if (word == "--help" || word == "-h") {
      act(CommandLine::Action::kHelp);
    } else if (word == "--version") {
      act(CommandLine::Action::kVersion);
    } else if (absl::StartsWith(word, "--config=")) {
      line.config = std::string(word.substr(9));
    } else if (word == "--config" && i + 1 < words.size()) {
      line.config = words[++i];
    } else if (word == "--config") {
      parsed.error = "--config needs a file";
    } else {
      parsed.error = absl::StrCat("unknown word \"", word, "\"");
    }
  }
  if (parsed.error.empty() && line.config && line.config->empty()) {
    parsed.error = "--config needs a file";
  }
  return parsed;
}

}  // namespace mosh::server::gate
