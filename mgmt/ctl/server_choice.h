// Which agent to ask.
//
//   --server or --etcd; --context; MOSHCTL_SERVER; the configuration's current context;
//   the machine's agent; the user's own; a private one (private_agent.h)
#ifndef MGMT_CTL_SERVER_CHOICE_H_
#define MGMT_CTL_SERVER_CHOICE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "grpcpp/security/credentials.h"
#include "mgmt/ctl/config.h"
#include "mgmt/ctl/surroundings.h"

namespace mosh::mgmt::ctl {

struct ServerChoice {
  // "unix:PATH" or "HOST:PORT"; empty: nobody is there, a private agent is wanted.
  std::string address;
  TlsFiles tls;
  // With endpoints: one of its agents (fleet_choice.h).
  FleetPlace fleet;
};

// Asks by connecting whether somebody listens at the usual places. kInvalidArgument: the flags or
// the configuration.
absl::StatusOr<ServerChoice> ChooseServer(const ServerFlags& flags,
                                          const Surroundings& surroundings);

// Connects when it is first used. kInvalidArgument: an address that needs certificates, or
// unreadable ones.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const ServerChoice& choice);

// Files that are not named are not used; without `ca` the system's authorities are.
// kInvalidArgument: one can't be read.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(const TlsFiles& files);

// The directory of the user's own agent's socket. Errors as server::RuntimeDirectory.
absl::StatusOr<std::string> UsersDirectory(const Surroundings& surroundings);

// Whether anybody accepts connections at this path of a stream socket now.
bool SomebodyAccepts(const std::string& path);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_SERVER_CHOICE_H_
