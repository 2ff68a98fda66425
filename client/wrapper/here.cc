#include "client/wrapper/here.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "netem/profile.h"
#include "netem/relay/relay.h"

namespace mosh::client {
namespace {

// What is under way when the client has ended still arrives: its goodbye, above all, for which the
// server waits ten seconds.
constexpr unsigned kLinger_s = 3;

// The relay's process. It leaves the terminal alone and ends soon after the client, however that
// ends: `client` is a pipe whose other end the client has.
[[noreturn]] void RelayProcess(netem::Relay& relay, int client) {
  prctl(PR_SET_NAME, "mosh-relay");
  // A closed terminal or Ctrl-C is the client's to answer, and its goodbye must still get through.
  for (const int ignored : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE}) signal(ignored, SIG_IGN);
  const int null = open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
  netem::RunRelay(relay, client, -1);
  signal(SIGALRM, SIG_DFL);
  alarm(kLinger_s);
  _exit(netem::RunRelay(relay, -1, -1));
}

}  // namespace

std::string FindServer(absl::string_view self, absl::string_view server) {
  if (server != "mosh-server") return "";
  const std::string directory(self.substr(0, self.rfind('/') + 1));
  const std::string candidates[] = {
      absl::StrCat(directory, "mosh-server"),
      absl::StrCat(directory, "../server/mosh-server"),
      absl::StrCat(self, ".runfiles/mosh_fleet/server/mosh-server"),
  };
  for (const std::string& candidate : candidates) {
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

absl::Status CheckNetProfile(absl::string_view profile) {
  const auto path = netem::ParseProfile(profile);
  if (path.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--net=", profile, ": ", path.status().message()));
}

absl::Status StartNetRelay(absl::string_view profile, const std::string& server_port,
                           std::string& relay_port) {
  const auto path = netem::ParseProfile(profile);
  if (!path.ok()) return path.status();
  uint32_t port = 0;
  if (!absl::SimpleAtoi(server_port, &port) || port > 65535) {
    return absl::InternalError(absl::StrCat("\"", server_port, "\" is not a port."));
  }
  netem::RelayOptions options = {
      .server_host = "127.0.0.1", .server_port = static_cast<uint16_t>(port), .conditions = *path};
  if (getrandom(&options.seed, sizeof(options.seed), GRND_NONBLOCK) < 0) options.seed = 1;
  const auto relay = netem::Relay::Create(options);
  if (!relay.ok()) return relay.status();
  relay_port = absl::StrCat((*relay)->port());
  int ends[2];
  if (pipe(ends) != 0) {
    return absl::UnavailableError(absl::StrCat("pipe: ", std::strerror(errno)));
  }
  const pid_t pid = fork();
  if (pid < 0) {
    return absl::UnavailableError(absl::StrCat("fork: ", std::strerror(errno)));
  }
  if (pid == 0) {
    close(ends[1]);
    RelayProcess(**relay, ends[0]);
  }
  // The other end stays open as long as this process lives, also as another program.
  close(ends[0]);
  return absl::OkStatus();
}

}  // namespace mosh::client
