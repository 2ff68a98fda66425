// GrpcPeers: other nodes' agents, asked by gRPC with mutual TLS, with this agent's own certificate.
// A peer's certificate must be of an authority that callers' are of too, not be revoked, and be for
// the host in the peer's endpoint. Loop thread only; gRPC's threads are met in the mailbox, and
// what takes long is done in a thread of its own.
#ifndef MGMT_FLEET_GRPC_PEERS_H_
#define MGMT_FLEET_GRPC_PEERS_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "grpcpp/channel.h"
#include "io/event.h"
#include "mgmt/agent/certificates.h"
#include "mgmt/agent/mailbox.h"
#include "mgmt/agent/worker.h"
#include "mgmt/fleet/channel_maker.h"
#include "mgmt/fleet/peer_calls.h"

namespace mosh::mgmt {

class GrpcPeers final : public PeerCalls {
 public:
  // `own_node` is "nodes/NODE". The mailbox outlives it.
  GrpcPeers(Mailbox* mailbox, std::string own_node, const TlsFiles& files,
            std::shared_ptr<Certificates> certificates);
  ~GrpcPeers() override;

  // Waits until gRPC has let go of all watches. The mailbox must be running. Nothing may follow.
  io::Task<void> Close();

  std::unique_ptr<PeerWatch> Watch(const PeerAddress& peer,
                                   const fleet::WatchSessionsRequest& request) override;
  io::Task<grpc::Status> GetNode(PeerAddress peer, const fleet::GetNodeRequest* request,
                                 fleet::Node* response, Nanos patience,
                                 io::StopToken stop) override;
  io::Task<grpc::Status> GetSession(PeerAddress peer, const fleet::GetSessionRequest* request,
                                    fleet::Session* response, Nanos patience,
                                    io::StopToken stop) override;
  io::Task<grpc::Status> NotifySessions(PeerAddress peer,
                                        const fleet::NotifySessionsRequest* request,
                                        fleet::NotifySessionsResponse* response, Nanos patience,
                                        io::StopToken stop) override;

 private:
  class Stream;
  class Reactor;

  // The one that is in use; null: none is. A new one connects anew.
  std::shared_ptr<grpc::Channel> KnownChannel(const std::string& endpoint);
  io::Task<Reactor*> Begin(PeerAddress peer, fleet::WatchSessionsRequest request);
  template <class Method, class Request, class Response>
  io::Task<grpc::Status> Ask(PeerAddress peer, Method method, const Request* request,
                             Response* response, Nanos patience, io::StopToken stop);

  Mailbox* const mailbox_;
  const std::string own_node_;
  const std::shared_ptr<Certificates> certificates_;
  absl::flat_hash_map<std::string, std::weak_ptr<grpc::Channel>> channels_;  // by endpoint
  int streams_ = 0;  // that gRPC has not let go of
  io::Event let_go_;
  ChannelMaker maker_;  // the worker's
  Worker worker_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_GRPC_PEERS_H_
