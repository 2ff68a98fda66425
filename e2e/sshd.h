// A real sshd on a loopback port, with keys and configuration made for one test, and the ssh
// options that reach it.
//
// It runs as the user who runs the test and lets in that user alone, by key; nothing outside the
// test's temporary folder is written. As root it needs an unprivileged user and /run/sshd; where
// they are missing (openssh-server unpacked, not installed) programs/sshd_preload.c provides them
// (E2E_SSHD_PRELOAD).
#ifndef E2E_SSHD_H_
#define E2E_SSHD_H_

#include <string>

#include "e2e/process.h"

namespace mosh::e2e {

class Sshd {
 public:
  // What sessions on the far side get beside sshd's own: the mark, a HOME of their own, and these.
  Sshd(const std::string& mark, const Environment& far_side);
  ~Sshd();
  Sshd(const Sshd&) = delete;
  Sshd& operator=(const Sshd&) = delete;

  int port() const { return port_; }
  const std::string& user() const { return user_; }
  // "ssh -F <file>": knows the host "testhost" (this sshd) with its key and the user's.
  std::string SshCommand() const;
  // The same host, but with another key on record: ssh must refuse to go on.
  std::string SshCommandWithWrongHostKey() const;
  // The same host, but with a key of the user's that sshd doesn't know.
  std::string SshCommandWithWrongUserKey() const;
  // For failed tests.
  std::string Log() const;

 private:
  void MakeKey(const std::string& name);
  std::string WriteClientConfig(const std::string& name, const std::string& identity,
                                const std::string& host_key) const;
  bool TryStart(const std::string& mark, const Environment& far_side);

  std::string folder_;
  std::string user_;
  std::string ssh_;
  int port_ = 0;
  Process process_;
};

}  // namespace mosh::e2e

#endif  // E2E_SSHD_H_
