#include "mgmt/fleet/bench/etcd_process.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace mosh::mgmt {
namespace {

// One that nobody has now.
int FreePort() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  CHECK(bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(probe);
  return ntohs(address.sin_port);
}

}  // namespace

void MakeCertificates(const std::string& directory) {
  const std::string ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
  std::string script = absl::StrCat(
      "set -e; cd ", directory, "; openssl req -x509 ", ec,
      " -subj /CN=ca -days 2 -keyout ca.key -out ca.crt; echo subjectAltName=IP:127.0.0.1 > ext; ");
  for (const char* name : {"nodes", "agent"}) {
    absl::StrAppend(&script, "openssl req ", ec, " -subj /CN=", name, " -keyout ", name,
                    ".key -out ", name, ".csr; openssl x509 -req -in ", name,
                    ".csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out ",
                    name, ".crt; ");
  }
  const std::string log = directory + "/openssl.log";
  if (system(absl::StrCat("(", script, ") > ", log, " 2>&1").c_str()) == 0) return;
  fprintf(stderr, "no certificates: openssl failed, see %s\n", log.c_str());
  exit(1);
}

std::string FindEtcd() {
  const char* const tools = getenv("MOSH_TEST_TOOLS");
  for (const std::string& path : {absl::StrCat(tools != nullptr ? tools : "", "/usr/bin/etcd"),
                                  std::string("/usr/bin/etcd")}) {
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

EtcdProcess::EtcdProcess(const std::string& program, const std::string& directory)
    : endpoint_(absl::StrCat("127.0.0.1:", FreePort())) {
  const std::string peer = absl::StrCat("http://127.0.0.1:", FreePort());
  const std::string url = "https://" + endpoint_;
  std::vector<std::string> words = {program,
                                    "--data-dir",
                                    directory + "/etcd",
                                    "--logger",
                                    "zap",
                                    "--listen-client-urls",
                                    url,
                                    "--advertise-client-urls",
                                    url,
                                    "--listen-peer-urls",
                                    peer,
                                    "--initial-advertise-peer-urls",
                                    peer,
                                    "--initial-cluster",
                                    "default=" + peer,
                                    "--cert-file",
                                    directory + "/nodes.crt",
                                    "--key-file",
                                    directory + "/nodes.key",
                                    "--trusted-ca-file",
                                    directory + "/ca.crt",
                                    "--client-cert-auth"};
  pid_ = fork();
  CHECK(pid_ >= 0);
  if (pid_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int log = open((directory + "/etcd.log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

EtcdProcess::~EtcdProcess() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace mosh::mgmt
