#include "mgmt/fleet/testing/fake_fleet.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "mgmt/model/mask.h"
#include "mgmt/model/watch.h"

namespace mosh::mgmt {
namespace {

grpc::Status Gone() { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection refused"); }

}  // namespace

class FakeNodes::Subscribed final : public Subscription {
 public:
  explicit Subscribed(FakeNodes* nodes) : nodes_(nodes) {}
  ~Subscribed() override { nodes_->subscribers_.erase(this); }

 private:
  FakeNodes* const nodes_;
};

std::unique_ptr<FleetNodes::Subscription> FakeNodes::Subscribe(std::function<void()> on_change) {
  auto subscribed = std::make_unique<Subscribed>(this);
  subscribers_[subscribed.get()] = std::move(on_change);
  return subscribed;
}

void FakeNodes::Tell() {
  for (const auto& [who, on_change] : subscribers_) on_change();
}

void FakeNodes::Put(const std::string& name, const std::string& endpoint,
                    fleet::Node::State state) {
  fleet::Node& node = nodes_[name];
  node.set_name(name);
  node.set_endpoint(endpoint);
  node.set_state(state);
  Tell();
}

void FakeNodes::Remove(const std::string& name) {
  nodes_.erase(name);
  Tell();
}

FakeAgent::FakeAgent(std::string node) : node_(std::move(node)) { Start(); }

void FakeAgent::Start() {
  directory_ = std::make_unique<Directory>(Directory::Options{
      .node = node_.substr(node_.find('/') + 1), .instance = absl::StrCat("run", ++runs_)});
  for (const auto& [id, session] : sessions_) (void)directory_->PutOf(node_, session);
}

void FakeAgent::Break() {
  ++breaks_;
  news_.Set();
  news_.Reset();
}

void FakeAgent::Kill() {
  directory_ = nullptr;
  news_.Set();
  news_.Reset();
}

void FakeAgent::Put(const std::string& id, const std::string& title, const std::string& user) {
  fleet::Session& session = sessions_[id];
  session.set_name(absl::StrCat(node_, "/sessions/", id));
  session.set_session_id(id);
  session.set_user(user);
  session.set_uid(1000);
  session.set_title(title);
  session.set_etag(absl::StrCat(++version_));
  Tell(session);
}

void FakeAgent::Measure(const std::string& id, int millis) {
  fleet::Session& session = sessions_[id];
  fleet::Client* const client =
      session.clients().empty() ? session.add_clients() : session.mutable_clients(0);
  client->mutable_srtt()->set_nanos(millis * 1'000'000);
  Tell(session);
}

void FakeAgent::Tell(const fleet::Session& session) {
  if (!alive()) return;
  (void)directory_->PutOf(node_, session);
  news_.Set();
  news_.Reset();
}

void FakeAgent::Remove(const std::string& id) {
  sessions_.erase(id);
  if (!alive()) return;
  directory_->RemoveOf(node_, absl::StrCat(node_, "/sessions/", id));
  news_.Set();
  news_.Reset();
}

class FakeAgent::Stream final : public PeerWatch {
 public:
  Stream(FakeAgent* agent, fleet::WatchSessionsRequest request)
      : agent_(agent),
        directory_(agent == nullptr ? nullptr : agent->directory()),
        breaks_(agent == nullptr ? 0 : agent->breaks_),
        request_(std::move(request)) {}

  io::Task<grpc::Status> Next(fleet::WatchSessionsResponse* response, io::StopToken stop) override {
    if (directory_ == nullptr) co_return Gone();
    if (request_.parent() != agent_->node()) {
      co_return grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no such node here");
    }
    for (;;) {
      if (stop.stop_requested()) co_return grpc::Status(grpc::StatusCode::CANCELLED, "");
      if (agent_->directory() != directory_ || agent_->breaks_ != breaks_) co_return Gone();
      if (!agent_->silent) {
        if (!agent_->lies.empty()) {
          *response = std::move(agent_->lies.front());
          agent_->lies.pop_front();
          co_return grpc::Status::OK;
        }
        const grpc::Status begun = Begin();
        if (!begun.ok()) co_return begun;
        const absl::StatusOr<Watch::Batch> batch = watch_->Next(100);
        if (!batch.ok()) co_return grpc::Status(grpc::StatusCode::OUT_OF_RANGE, "");
        response->ParseFromString(batch->response);
        if (!told_ || *told_ != agent_->unreachable) {
          told_ = agent_->unreachable;
          response->mutable_unreachable();
          for (const std::string& name : *told_) {
            response->mutable_unreachable()->add_names(name);
          }
          co_return grpc::Status::OK;
        }
        if (!batch->empty()) co_return grpc::Status::OK;
      }
      (void)co_await agent_->news_.Wait(stop);
    }
  }

 private:
  grpc::Status Begin() {
    if (watch_) return grpc::Status::OK;
    absl::StatusOr<ReadMask> mask = ReadMask::Parse(request_.read_mask());
    if (!mask.ok() || (agent_->refuses_masks && request_.has_read_mask())) {
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "there is no such field");
    }
    Watch::Terms terms;
    terms.mask = *std::move(mask);
    absl::StatusOr<Watch> watch =
        Watch::Begin(directory_, std::move(terms), request_.resource_version());
    if (!watch.ok()) {
      return grpc::Status(static_cast<grpc::StatusCode>(watch.status().code()), "too long ago");
    }
    watch_.emplace(*std::move(watch));
    return grpc::Status::OK;
  }

  FakeAgent* const agent_;
  Directory* const directory_;
  const int breaks_;
  const fleet::WatchSessionsRequest request_;
  std::optional<Watch> watch_;
  std::optional<std::vector<std::string>> told_;
};

FakeAgent* FakePeers::Add(const std::string& endpoint, const std::string& node) {
  return (agents_[endpoint] = std::make_unique<FakeAgent>(node)).get();
}

FakeAgent* FakePeers::Find(const PeerAddress& peer) {
  const auto found = agents_.find(peer.endpoint);
  return found != agents_.end() && found->second->alive() ? found->second.get() : nullptr;
}

std::unique_ptr<PeerWatch> FakePeers::Watch(const PeerAddress& peer,
                                            const fleet::WatchSessionsRequest& request) {
  FakeAgent* const agent = Find(peer);
  if (agent != nullptr) ++agent->watches;
  return std::make_unique<FakeAgent::Stream>(agent, request);
}

io::Task<grpc::Status> FakePeers::GetNode(PeerAddress peer, const fleet::GetNodeRequest* request,
                                          fleet::Node* response, Nanos, io::StopToken) {
  FakeAgent* const agent = Find(peer);
  if (agent == nullptr) co_return Gone();
  if (request->name() != agent->node()) {
    co_return grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no such node here");
  }
  response->set_name(agent->node());
  response->set_session_count(static_cast<int32_t>(agent->directory()->size()));
  co_return grpc::Status::OK;
}

io::Task<grpc::Status> FakePeers::GetSession(PeerAddress peer,
                                             const fleet::GetSessionRequest* request,
                                             fleet::Session* response, Nanos, io::StopToken) {
  FakeAgent* const agent = Find(peer);
  if (agent == nullptr) co_return Gone();
  const Record* const record = agent->directory()->FindNamed(request->name());
  if (record == nullptr) {
    co_return grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no such session");
  }
  *response = *record->session;
  co_return grpc::Status::OK;
}

io::Task<grpc::Status> FakePeers::NotifySessions(PeerAddress peer,
                                                 const fleet::NotifySessionsRequest* request,
                                                 fleet::NotifySessionsResponse* response, Nanos,
                                                 io::StopToken) {
  FakeAgent* const agent = Find(peer);
  if (agent == nullptr) co_return Gone();
  agent->notified.push_back(*request);
  if (!agent->notify_status.ok()) co_return agent->notify_status;
  for (const std::string& name : request->names()) {
    if (agent->directory()->FindNamed(name) != nullptr) {
      response->set_notified_count(response->notified_count() + 1);
    } else {
      response->add_failed(name);
    }
  }
  co_return grpc::Status::OK;
}

}  // namespace mosh::mgmt
