// A moshd on a PrivateMachine, and what is left of it when its main process has gone: for tests
// that kill parts of it.
#ifndef E2E_MOSHD_PROCESS_H_
#define E2E_MOSHD_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "e2e/process.h"

namespace mosh::e2e {

// The word behind `name` in lines such as "hosts 1 of 1000"; "" if there is none.
std::string WordBehind(absl::string_view text, absl::string_view name);

class MoshdProcess {
 public:
  // What `moshd --status` says of one Host.
  struct HostLine {
    uid_t uid = 0;
    pid_t pid = 0;
  };

  // Runs PrivateMachine::Program("moshd") with this configuration, and waits until it answers.
  // `prefix` are words before it, such as PrivateMachine::As().
  MoshdProcess(const Environment& environment, absl::string_view config,
               std::vector<std::string> prefix = {});
  // Kills all of it.
  ~MoshdProcess();
  MoshdProcess(const MoshdProcess&) = delete;
  MoshdProcess& operator=(const MoshdProcess&) = delete;

  // Once more, after its end.
  void Start();
  std::string Status() const;
  std::vector<HostLine> Hosts() const;
  // 0: there is none (any more).
  pid_t HostOf(const std::string& user) const;
  // A number of the status; -1: it isn't there.
  int Number(absl::string_view name) const;
  // Processes of this network namespace with this name.
  std::vector<pid_t> Find(const std::string& name) const;
  void Kill(const std::string& name);
  bool WaitUntil(const std::function<bool()>& holds) const;
  // Until the log says this, after SIGHUP with a new configuration.
  bool Reload(absl::string_view config, absl::string_view words);
  // False: it doesn't end.
  bool KillGate();
  Process& process() { return process_; }
  std::string log() const;
  std::string Describe() const;

 private:
  SpawnOptions With(std::vector<std::string> words) const;

  Environment environment_;
  std::vector<std::string> prefix_;
  std::string config_;
  std::string log_;
  Process process_;
};

}  // namespace mosh::e2e

#endif  // E2E_MOSHD_PROCESS_H_
