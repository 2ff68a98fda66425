// What is asked of other nodes' agents. The real one is fleet/grpc_peers.h; tests have one of their
// own. Loop thread only.
#ifndef MGMT_FLEET_PEER_CALLS_H_
#define MGMT_FLEET_PEER_CALLS_H_

#include <chrono>
#include <memory>
#include <string>

#include "grpcpp/support/status.h"
#include "io/stop.h"
#include "io/task.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

// With every call an agent says on its own account, in the call's metadata, which node it is. Who
// is asked so answers for himself alone and asks no other: questions don't go round in circles.
inline constexpr char kAskingNode[] = "mosh-fleet-asking-node";

// Another node, as the registry knows it.
struct PeerAddress {
  std::string node;      // "nodes/NODE"
  std::string endpoint;  // "HOST:PORT"
};

// A WatchSessions of another node. Destroyed, it ends.
class PeerWatch {
 public:
  virtual ~PeerWatch() = default;
  // The next message; an error, that of the stream, which has ended. Nothing is read ahead of it.
  // CANCELLED: `stop`; the watch may be asked again.
  virtual io::Task<grpc::Status> Next(fleet::WatchSessionsResponse* response,
                                      io::StopToken stop) = 0;
};

class PeerCalls {
 public:
  using Nanos = std::chrono::nanoseconds;

  virtual ~PeerCalls() = default;
  virtual std::unique_ptr<PeerWatch> Watch(const PeerAddress& peer,
                                           const fleet::WatchSessionsRequest& request) = 0;
  // Each ends within `patience`, or soon after `stop`.
  virtual io::Task<grpc::Status> GetNode(PeerAddress peer, const fleet::GetNodeRequest* request,
                                         fleet::Node* response, Nanos patience,
                                         io::StopToken stop) = 0;
  virtual io::Task<grpc::Status> GetSession(PeerAddress peer,
                                            const fleet::GetSessionRequest* request,
                                            fleet::Session* response, Nanos patience,
                                            io::StopToken stop) = 0;
  virtual io::Task<grpc::Status> NotifySessions(PeerAddress peer,
                                                const fleet::NotifySessionsRequest* request,
                                                fleet::NotifySessionsResponse* response,
                                                Nanos patience, io::StopToken stop) = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_PEER_CALLS_H_
