#include "e2e/sshd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "e2e/mosh_session.h"
#include "e2e/tools.h"

namespace mosh::e2e {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Free at this moment; sshd can't be told to choose one and say which.
int FreeTcpPort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof address;
  CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
  CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

bool NeedsPreload() {
  struct stat info;
  return getuid() == 0 && (getpwnam("sshd") == nullptr || stat("/run/sshd", &info) != 0);
}

}  // namespace

Sshd::Sshd(const std::string& mark, const Environment& far_side)
    : folder_(MakeTempFolder("sshd")), ssh_(RequireTool("ssh")) {
  const passwd* self = getpwuid(getuid());
  CHECK(self != nullptr);
  user_ = self->pw_name;
  for (const char* key : {"host", "user", "stranger"}) MakeKey(key);
  WriteFile(folder_ + "/authorized_keys", ReadFile(folder_ + "/user.pub"), 0600);
  for (int attempt = 0; attempt < 10; ++attempt) {
    port_ = FreeTcpPort();
    if (TryStart(mark, far_side)) return;
  }
  fprintf(stderr, "e2e: sshd did not start: %s\n", Log().c_str());
  abort();
}

Sshd::~Sshd() = default;

void Sshd::MakeKey(const std::string& name) {
  const Output output = RunToEnd({.argv = {RequireTool("ssh-keygen"), "-q", "-t", "ed25519", "-N",
                                           "", "-f", absl::StrCat(folder_, "/", name)},
                                  .environment = BaseEnvironment("")},
                                 Patience());
  CHECK(output.exit_code == 0);
}

bool Sshd::TryStart(const std::string& mark, const Environment& far_side) {
  std::string config = absl::StrCat(
      "ListenAddress 127.0.0.1:", port_, "\nHostKey ", folder_, "/host\nAuthorizedKeysFile ",
      folder_, "/authorized_keys\n",
      "PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
      "KbdInteractiveAuthentication no\nPermitRootLogin yes\nUseDNS no\n"
      "PrintMotd no\nPrintLastLog no\nAllowUsers ",
      user_, "\nSetEnv ", kMarkVariable, "=", mark, " HOME=", MakeTempFolder("far-home"));
  Environment settings = {{"MOSHD_SOCKET", ""}, {"XDG_RUNTIME_DIR", MakeRuntimeFolder()}};
  for (const auto& [name, value] : far_side) settings[name] = value;
  for (const auto& [name, value] : settings)
    absl::StrAppend(&config, " \"", name, "=", value, "\"");
  WriteFile(folder_ + "/sshd_config", config + "\n");

  // Not marked: it may outlive what it is used for. Its sessions are, by SetEnv.
  Environment environment = BaseEnvironment("");
  environment.erase(kMarkVariable);
  if (NeedsPreload()) {
    const std::string empty = MakeTempFolder("empty");
    chmod(empty.c_str(), 0755);
    environment["MOSH_E2E_SSHD_EMPTY"] = empty;
    environment["LD_PRELOAD"] = RequireVariable("E2E_SSHD_PRELOAD");
  }
  const int log = open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CHECK(log >= 0);
  process_ =
      Process::Spawn({.argv = {RequireTool("sshd"), "-D", "-e", "-f", folder_ + "/sshd_config"},
                      .environment = environment,
                      .err = log});
  close(log);
  // Listening is visible only by trying.
  const Deadline deadline = Patience();
  while (!deadline.passed() && !process_.Exited()) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(port_);
    const bool connected =
        connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    if (connected) return true;
    process_.WaitExit(Deadline::In(std::chrono::milliseconds(10)));
  }
  return false;
}

std::string Sshd::WriteClientConfig(const std::string& name, const std::string& identity,
                                    const std::string& host_key) const {
  const std::string known = absl::StrCat(folder_, "/known_hosts_", name);
  WriteFile(known, absl::StrCat("[127.0.0.1]:", port_, " ",
                                ReadFile(absl::StrCat(folder_, "/", host_key, ".pub"))));
  const std::string path = absl::StrCat(folder_, "/ssh_config_", name);
  WriteFile(path,
            absl::StrCat("Host testhost 127.0.0.1\n  HostName 127.0.0.1\n  Port ", port_,
                         "\n  User ", user_, "\n  IdentityFile ", folder_, "/", identity,
                         "\n  IdentitiesOnly yes\n", "  IdentityAgent none\n  UserKnownHostsFile ",
                         known, "\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n",
                         "  UpdateHostKeys no\n  ConnectTimeout 30\n"));
  return absl::StrCat(ssh_, " -F ", path);
}

std::string Sshd::SshCommand() const { return WriteClientConfig("right", "user", "host"); }

std::string Sshd::SshCommandWithWrongHostKey() const {
  return WriteClientConfig("wrong_host", "user", "stranger");
}

std::string Sshd::SshCommandWithWrongUserKey() const {
  return WriteClientConfig("wrong_user", "stranger", "host");
}

std::string Sshd::Log() const { return ReadFile(folder_ + "/log"); }

}  // namespace mosh::e2e
