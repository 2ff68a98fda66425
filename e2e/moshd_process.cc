#include "e2e/moshd_process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "e2e/private_machine.h"
#include "e2e/tools.h"

namespace mosh::e2e {

std::string WordBehind(absl::string_view text, absl::string_view name) {
  const size_t at = text.find(name);
  if (at == absl::string_view::npos) return "";
  const absl::string_view rest = absl::StripLeadingAsciiWhitespace(text.substr(at + name.size()));
  return std::string(rest.substr(0, rest.find_first_of(" ,\n\t")));
}

MoshdProcess::MoshdProcess(const Environment& environment, absl::string_view config,
                           std::vector<std::string> prefix)
    : environment_(environment),
      prefix_(std::move(prefix)),
      config_(PrivateMachine::Folder() + "/moshd.conf") {
  WriteFile(config_, config);
  Start();
}

MoshdProcess::~MoshdProcess() {
  for (const char* name : {"moshd", "moshd-host", "moshd-keeper", "moshd-spawner"}) Kill(name);
}

SpawnOptions MoshdProcess::With(std::vector<std::string> words) const {
  SpawnOptions options;
  options.argv = prefix_;
  options.argv.push_back(PrivateMachine::Program("moshd"));
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  options.environment = environment_;
  return options;
}

void MoshdProcess::Start() {
  log_ = MakeTempFolder("moshd") + "/log";
  SpawnOptions options = With({"--config=" + config_});
  options.err = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  process_ = Process::Spawn(options);
  close(options.err);
  const Deadline deadline = Patience();
  while (!absl::StrContains(Status(), "hosts ") && !process_.Exited() && !deadline.passed()) {
    usleep(5000);
  }
}

std::string MoshdProcess::Status() const { return RunToEnd(With({"--status"}), Patience()).out; }

std::vector<MoshdProcess::HostLine> MoshdProcess::Hosts() const {
  std::vector<HostLine> hosts;
  for (absl::string_view line : absl::StrSplit(Status(), '\n')) {
    HostLine host;
    if (!absl::StartsWith(line, "host ")) continue;
    if (absl::SimpleAtoi(WordBehind(line, " uid "), &host.uid) &&
        absl::SimpleAtoi(WordBehind(line, " pid "), &host.pid)) {
      hosts.push_back(host);
    }
  }
  return hosts;
}

pid_t MoshdProcess::HostOf(const std::string& user) const {
  for (const HostLine& host : Hosts()) {
    if (host.uid == PrivateMachine::UidOf(user)) return host.pid;
  }
  return 0;
}

int MoshdProcess::Number(absl::string_view name) const {
  int value;
  return absl::SimpleAtoi(WordBehind(Status(), name), &value) ? value : -1;
}

std::vector<pid_t> MoshdProcess::Find(const std::string& name) const {
  SpawnOptions options;
  options.argv = {"pgrep", "-x", "--ns", absl::StrCat(getpid()), "--nslist", "net", name};
  options.environment = environment_;
  std::vector<pid_t> pids;
  for (absl::string_view word :
       absl::StrSplit(RunToEnd(options, Patience()).out, '\n', absl::SkipEmpty())) {
    pid_t pid;
    if (absl::SimpleAtoi(word, &pid)) pids.push_back(pid);
  }
  return pids;
}

void MoshdProcess::Kill(const std::string& name) {
  for (const pid_t pid : Find(name)) kill(pid, SIGKILL);
}

bool MoshdProcess::WaitUntil(const std::function<bool()>& holds) const {
  const Deadline deadline = Patience();
  while (!holds()) {
    if (deadline.passed()) return false;
    usleep(5000);
  }
  return true;
}

bool MoshdProcess::Reload(absl::string_view config, absl::string_view words) {
  WriteFile(config_, config);
  process_.Signal(SIGHUP);
  return WaitUntil([&] { return absl::StrContains(log(), words); });
}

bool MoshdProcess::KillGate() {
  process_.Signal(SIGKILL);
  return process_.WaitExit(Patience());
}

std::string MoshdProcess::log() const {
  std::ifstream file(log_, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string MoshdProcess::Describe() const { return absl::StrCat("moshd:\n", log(), Status()); }

}  // namespace mosh::e2e
