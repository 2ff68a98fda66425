// ChannelMaker: connections to other agents, with this agent's certificate as it is in its files
// now. In a thread of its own (agent/worker.h): OpenSSL takes half a millisecond for each.
#ifndef MGMT_FLEET_CHANNEL_MAKER_H_
#define MGMT_FLEET_CHANNEL_MAKER_H_

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "grpcpp/channel.h"
#include "grpcpp/security/credentials.h"
#include "mgmt/agent/certificates.h"
#include "mgmt/fleet/shared_key.h"

namespace mosh::mgmt {

class ChannelMaker {
 public:
  explicit ChannelMaker(TlsFiles files) : files_(std::move(files)) {}

  // Connects when it is first used. The certificate at the other end must be of an authority of
  // ours and for the host in `endpoint`, "HOST:PORT".
  std::shared_ptr<grpc::Channel> Make(const std::string& endpoint);

 private:
  void ReadFilesIfChanged();

  const TlsFiles files_;
  std::shared_ptr<const SharedKey> key_;  // null: gRPC is to say what is wrong with it
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::string version_;  // of the files
  std::chrono::steady_clock::time_point looked_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_CHANNEL_MAKER_H_
