// A fleet without I/O: nodes as a registry would tell of them, and their agents, each with a
// directory of its own that it is watched by.
#ifndef MGMT_FLEET_TESTING_FAKE_FLEET_H_
#define MGMT_FLEET_TESTING_FAKE_FLEET_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/event.h"
#include "mgmt/fleet/fleet_nodes.h"
#include "mgmt/fleet/peer_calls.h"
#include "mgmt/model/directory.h"

namespace mosh::mgmt {

class FakeNodes final : public FleetNodes {
 public:
  const std::map<std::string, fleet::Node>& nodes() const override { return nodes_; }
  const std::string& problem() const override { return problem_; }
  std::unique_ptr<Subscription> Subscribe(std::function<void()> on_change) override;

  void Put(const std::string& name, const std::string& endpoint,
           fleet::Node::State state = fleet::Node::READY);
  void Remove(const std::string& name);

 private:
  class Subscribed;
  void Tell();

  std::map<std::string, fleet::Node> nodes_;
  std::string problem_;
  std::map<const void*, std::function<void()>> subscribers_;
};

// Another node's agent.
class FakeAgent {
 public:
  explicit FakeAgent(std::string node);

  // Its sessions, as a Host told of them.
  void Put(const std::string& id, const std::string& title = "", const std::string& user = "carol");
  void Remove(const std::string& id);
  // The round trip time of its client.
  void Measure(const std::string& id, int millis);
  // It ends, and everybody's streams with it; it begins again, with the sessions that there are.
  void Kill();
  void Start();
  // All streams break; the agent has nothing to do with it.
  void Break();
  // Not heard of, nor noticed to be gone.
  bool silent = false;
  // Told instead of anything true.
  std::deque<fleet::WatchSessionsResponse> lies;
  std::vector<std::string> unreachable;
  // What its NotifySessions answers, and was asked.
  grpc::Status notify_status;
  std::vector<fleet::NotifySessionsRequest> notified;
  int watches = 0;  // begun
  // It is of an earlier version, which lacks a field that it is asked for.
  bool refuses_masks = false;

  const std::string& node() const { return node_; }  // "nodes/NODE"
  Directory* directory() { return directory_.get(); }
  bool alive() const { return directory_ != nullptr; }

 private:
  friend class FakePeers;
  class Stream;

  void Tell(const fleet::Session& session);

  const std::string node_;
  int runs_ = 0;
  int breaks_ = 0;
  uint64_t version_ = 0;
  std::map<std::string, fleet::Session> sessions_;
  std::unique_ptr<Directory> directory_;
  io::Event news_;  // a pulse
};

class FakePeers final : public PeerCalls {
 public:
  // By its endpoint.
  FakeAgent* Add(const std::string& endpoint, const std::string& node);

  std::unique_ptr<PeerWatch> Watch(const PeerAddress& peer,
                                   const fleet::WatchSessionsRequest& request) override;
  io::Task<grpc::Status> GetNode(PeerAddress peer, const fleet::GetNodeRequest* request,
                                 fleet::Node* response, Nanos, io::StopToken) override;
  io::Task<grpc::Status> GetSession(PeerAddress peer, const fleet::GetSessionRequest* request,
                                    fleet::Session* response, Nanos, io::StopToken) override;
  io::Task<grpc::Status> NotifySessions(PeerAddress peer,
                                        const fleet::NotifySessionsRequest* request,
                                        fleet::NotifySessionsResponse* response, Nanos,
                                        io::StopToken) override;

 private:
  // Null: nobody answers there.
  FakeAgent* Find(const PeerAddress& peer);

  std::map<std::string, std::unique_ptr<FakeAgent>> agents_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_TESTING_FAKE_FLEET_H_
