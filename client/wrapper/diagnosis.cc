#include "client/wrapper/diagnosis.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mosh::client {
namespace {

constexpr int kSshFailed = 255;        // ssh's own failures
constexpr int kCommandNotFound = 127;  // the remote shell's
constexpr int kServerSaidWhy = 3;      // our mosh-server's, docs/control.md

std::string Ssh(const FailedStart& start) {
  std::string words;
  for (const std::string& word : start.options->ssh) absl::StrAppend(&words, word, " ");
  return absl::StrCat(words, start.options->user_host);
}

// What ssh complained of, and the way out; empty if its words are not known.
std::string SshTrouble(const FailedStart& start) {
  const absl::string_view seen = start.output;
  if (absl::StrContains(seen, "Host key verification failed") ||
      absl::StrContains(seen, "REMOTE HOST IDENTIFICATION HAS CHANGED")) {
    return absl::StrCat(
        "ssh does not trust the server's host key, so nothing was started.\n"
        "Run \"",
        Ssh(start),
        "\" by itself and settle the question there; if the key has changed for a "
        "good\nreason, remove the old one with \"ssh-keygen -R HOST\".\n");
  }
  if (absl::StrContains(seen, "Permission denied") ||
      absl::StrContains(seen, "Too many authentication failures")) {
    return absl::StrCat(
        "The server refused the login (password or key), so nothing was started.\n"
        "Check the user name, and that \"",
        Ssh(start), "\" by itself logs in.\n");
  }
  if (absl::StrContains(seen, "Could not resolve hostname") ||
      absl::StrContains(seen, "could not get canonical name")) {
    return absl::StrCat("The host's name has no address. Check its spelling; \"", Ssh(start),
                        "\" must work first.\n");
  }
  if (absl::StrContains(seen, "Connection refused") ||
      absl::StrContains(seen, "Connection timed out") ||
      absl::StrContains(seen, "No route to host") ||
      absl::StrContains(seen, "Network is unreachable") ||
      absl::StrContains(seen, "Could not connect to")) {
    return absl::StrCat("ssh could not reach the host. \"", Ssh(start),
                        "\" must work first; if ssh listens on\nanother port, say so with "
                        "--ssh=\"ssh -p PORT\".\n");
  }
  return "";
}

bool ServerMissing(const FailedStart& start) {
  const absl::string_view seen = start.output;
  return start.exit_status == kCommandNotFound || absl::StrContains(seen, "command not found") ||
         absl::StrContains(seen, "mosh-server: not found") ||
         absl::StrContains(seen, "mosh-server: No such file");
}

std::string InstallIt(const FailedStart& start) {
  return absl::StrCat(
      "\"", start.options->server,
      "\" was not found there. Install it (Debian, Ubuntu: apt-get install mosh), or if it\nis not "
      "in the PATH of non-interactive logins, name it: --server=/path/to/mosh-server\n");
}

// What --list and --attach came to, by the server's exit status (docs/control.md); empty if the
// server never ran.
std::string SessionTrouble(const FailedStart& start) {
  const std::string where =
      start.options->user_host.empty() ? "this machine" : start.options->user_host;
  // Stock's server, and ours of before, know neither and show their usage.
  if (start.exit_status == 1 && absl::StrContains(start.output, "Usage:")) {
    return absl::StrCat(
        start.program, ": The mosh-server on ", where,
        " is stock's or an old one: it can neither list sessions nor attach\nto them. Install "
        "mosh-fleet there, or name its program: --server=/path/to/mosh-server\n");
  }
  if (start.exit_status == 2) {
    return absl::StrCat(start.program, ": Not attached. To see the sessions on ", where, ": ",
                        start.program, " --list", start.options->here ? " --here" : " ",
                        start.options->user_host, "\n");
  }
  if (start.exit_status == kServerSaidWhy) {
    return absl::StrCat(start.program, ": The server on ", where, " could not do it.\n");
  }
  return "";
}

std::string NoStartupMessage(const FailedStart& start) {
  if (start.options->attach.has_value()) {
    const std::string trouble = SessionTrouble(start);
    if (!trouble.empty()) return trouble;
  }
  if (start.exit_status == kServerSaidWhy && absl::StrContains(start.output, "mosh-server: ")) {
    return absl::StrCat(start.program, ": The server started no session.\n");
  }
  const std::string first =
      absl::StrCat(start.program, ": Did not find mosh server startup message.");
  const bool range = absl::StrContains(start.options->ports, ":");
  if (range && absl::StrContains(start.output, "Bad UDP port")) {
    return absl::StrCat(start.program, ": Server does not support UDP port range option.\n");
  }
  if (absl::StrContains(start.output, "Error binding to") ||
      absl::StrContains(start.output, "Address already in use")) {
    return absl::StrCat(first,
                        "\nThe server found no free UDP port. Give another port or a range, for "
                        "example -p 60100:60200.\n");
  }
  if (ServerMissing(start)) {
    return absl::StrCat(first, " (Have you installed mosh on your server?)\n", InstallIt(start));
  }
  if (start.exit_status == kSshFailed) {
    const std::string trouble = SshTrouble(start);
    if (!trouble.empty()) return absl::StrCat(first, "\n", trouble);
  }
  return absl::StrCat(first, " (Have you installed mosh on your server?)\n");
}

std::string NoAddress(const FailedStart& start) {
  const std::string first = absl::StrCat(
      start.program, ": Did not find remote IP address (is SSH ProxyCommand disabled?).\n");
  if (start.exit_status == kSshFailed && !start.have_connect) {
    const std::string trouble = SshTrouble(start);
    if (!trouble.empty()) return absl::StrCat(first, trouble);
  }
  if (start.options->remote_ip == RemoteIp::kRemote) {
    return absl::StrCat(first,
                        "The server did not tell its address: its SSH_CONNECTION is empty.\n"
                        "Try --remote-ip=local, with a host name that can be looked up here.\n");
  }
  if (!start.route->direct()) {
    return absl::StrCat(
        first, "ssh reaches this host through ",
        start.route->proxy_jump.empty() ? "a ProxyCommand" : "the jump host ",
        start.route->proxy_jump,
        ", so its address cannot be learnt by connecting.\n"
        "Try --remote-ip=remote (the server tells its address; UDP must reach it directly).\n");
  }
  return absl::StrCat(first,
                      "Try --remote-ip=remote (the server tells its address) or --remote-ip=local "
                      "(the name is looked up here).\n");
}

}  // namespace

std::string Diagnose(const FailedStart& start) {
  return start.have_address ? NoStartupMessage(start) : NoAddress(start);
}

std::string DiagnoseList(const FailedStart& start) {
  std::string trouble = SessionTrouble(start);
  if (!trouble.empty()) return trouble;
  const std::string first = absl::StrCat(start.program, ": Could not list the sessions.\n");
  if (ServerMissing(start)) return absl::StrCat(first, InstallIt(start));
  return absl::StrCat(first, start.exit_status == kSshFailed ? SshTrouble(start) : "");
}

std::string DiagnoseNotStarted(absl::string_view program, absl::string_view command, int error) {
  std::string text =
      absl::StrCat(program, ": Cannot run \"", command, "\": ", std::strerror(error), "\n");
  if (error == ENOENT && command == "ssh") {
    absl::StrAppend(
        &text,
        "mosh logs in through ssh. Install it (Debian, Ubuntu: apt-get install "
        "openssh-client) or name\nanother program with --ssh=COMMAND. To try mosh without "
        "ssh: ",
        program, " --here\n");
  } else if (error == ENOENT || error == EACCES) {
    absl::StrAppend(&text, "Check the path given with --ssh=, --server= or --client=.\n");
  }
  return text;
}

}  // namespace mosh::client
