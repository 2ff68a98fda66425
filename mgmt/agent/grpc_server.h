// One grpc::Server with the API and the services about itself (health, reflection, channelz): for
// one user of the machine, or for all who come with certificates.
#ifndef MGMT_AGENT_GRPC_SERVER_H_
#define MGMT_AGENT_GRPC_SERVER_H_

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "io/owned_fd.h"
#include "mgmt/agent/certificates.h"
#include "mgmt/agent/identity.h"
#include "mgmt/agent/policy.h"
#include "mgmt/agent/reception.h"

namespace mosh::mgmt {

// Any thread; what it gives is asked for in gRPC's.
using PolicyNow = std::function<std::shared_ptr<const Policy>()>;

class GrpcServer {
 public:
  // Once, before the first server.
  static void PrepareLibrary();

  // That listens nowhere: connections are given to it.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Make(Reception* reception, PolicyNow policy,
                                                          Identify identify);
  // "ADDRESS:PORT", with mutual TLS. kUnavailable: it can't listen there.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Listen(
      Reception* reception, PolicyNow policy, const std::string& address, const TlsFiles& files,
      std::shared_ptr<Certificates> certificates);
  ~GrpcServer();

  void AddConnection(io::OwnedFd fd);
  // The port it listens at; 0: nowhere.
  int port() const { return port_; }
  // What health checks say from now on.
  void SetServing(bool serving);
  // Calls that don't end by themselves are cancelled after this time. Blocking.
  void Shutdown(std::chrono::milliseconds patience);

 private:
  GrpcServer() = default;
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Build(
      Reception* reception, PolicyNow policy, Identify identify, const std::string& address,
      std::shared_ptr<grpc::ServerCredentials> credentials);

  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_GRPC_SERVER_H_
