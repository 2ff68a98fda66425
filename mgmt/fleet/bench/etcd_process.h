// EtcdProcess: a real etcd of one member, with TLS, for benchmarks; and the certificates that it
// and everybody else there has.
#ifndef MGMT_FLEET_BENCH_ETCD_PROCESS_H_
#define MGMT_FLEET_BENCH_ETCD_PROCESS_H_

#include <sys/types.h>

#include <string>

namespace mosh::mgmt {

// Puts ca.crt, and nodes.crt and agent.crt with their keys, into `directory`: an authority, and
// certificates of P-256 keys, all for 127.0.0.1. Ends the process if that can't be.
void MakeCertificates(const std::string& directory);

// Etcd's program, where tools/bazel has unpacked it or where it is installed; empty: there is none.
std::string FindEtcd();

class EtcdProcess {
 public:
  // `program`: etcd. `directory` holds the certificates, and is etcd's to keep its files in. Etcd
  // has not yet begun to listen when this returns.
  EtcdProcess(const std::string& program, const std::string& directory);
  ~EtcdProcess();
  EtcdProcess(const EtcdProcess&) = delete;
  EtcdProcess& operator=(const EtcdProcess&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  pid_t pid() const { return pid_; }

 private:
  std::string endpoint_;
  pid_t pid_ = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_BENCH_ETCD_PROCESS_H_
