#include "mgmt/fleet/grpc_peers.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/client_callback.h"
#include "io/attributes.h"
#include "mosh/fleet/v1/fleet_service.grpc.pb.h"

namespace mosh::mgmt {
namespace {

using AsyncStub = fleet::FleetService::StubInterface::async_interface;

constexpr size_t kManyChannels = 4'096;
// An open connection's certificate is looked at again so often, and when revocation lists have
// changed.
constexpr std::chrono::minutes kCheckAgain{10};

absl::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

// "HOST:PORT", "[HOST]:PORT": the host.
std::string HostOf(absl::string_view endpoint) {
  const size_t colon = endpoint.rfind(':');
  absl::string_view host = endpoint.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return std::string(host);
}

// Whether the certificate at the other end still holds. gRPC has looked at it when it connected,
// but not for revocation, and later nobody does. gRPC's threads, one at a time.
class PeerCheck {
 public:
  PeerCheck(Certificates* certificates, std::string host)
      : certificates_(certificates), host_(std::move(host)) {}

  absl::Status Check(const grpc::ClientContext& context) {
    const auto now = std::chrono::steady_clock::now();
    const uint64_t version = certificates_->version();
    const bool first = checked_version_ == 0;
    const bool due = first ? certificates_->revocable()
                           : version != checked_version_ || now >= checked_ + kCheckAgain;
    if (due) {
      const absl::Status status = certificates_->CheckServer(ChainOf(context), host_);
      if (!status.ok()) return status;
    }
    if (first || due) checked_ = now;
    checked_version_ = version;
    return absl::OkStatus();
  }

 private:
  // PEM.
  static std::string ChainOf(const grpc::ClientContext& context) {
    const auto auth = context.auth_context();
    const auto leaf = auth->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    const auto others = auth->FindPropertyValues(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
    if (leaf.empty()) return "";
    return absl::StrCat(View(leaf[0]), "\n",
                        others.empty() ? absl::string_view() : View(others[0]));
  }

  Certificates* const certificates_;
  const std::string host_;
  uint64_t checked_version_ = 0;
  std::chrono::steady_clock::time_point checked_;
};

grpc::Status Untrusted(const absl::Status& status) {
  return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(status.message()));
}

}  // namespace

// gRPC's side of a watch. Deletes itself, in the loop, when gRPC is done with it.
class GrpcPeers::Reactor final : public grpc::ClientReadReactor<fleet::WatchSessionsResponse> {
 public:
  // Of the loop.
  struct State {
    bool reading = false;
    bool read = false;     // a message, in response()
    grpc::Status refused;  // why what was read is not believed
    std::optional<grpc::Status> end;
    io::Event news;
  };

  Reactor(GrpcPeers* peers, std::shared_ptr<grpc::Channel> channel, const std::string& endpoint,
          const fleet::WatchSessionsRequest& request)
      : peers_(peers),
        mailbox_(peers->mailbox_),
        channel_(std::move(channel)),
        stub_(fleet::FleetService::NewStub(channel_)),
        request_(request),
        check_(peers->certificates_.get(), HostOf(endpoint)) {
    context_.AddMetadata(kAskingNode, peers->own_node_);
    AsyncStub* const async = stub_->async();
    async->WatchSessions(&context_, &request_, this);
    // The loop's, which reads. It is alive until the loop lets go.
    AddHold();
    StartCall();
  }

  // ---- Loop, before it lets go.

  std::shared_ptr<State> state() const { return state_; }
  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  fleet::WatchSessionsResponse* response() { return &response_; }
  void Read() {
    state_->reading = true;
    StartRead(&response_);
  }
  void Cancel() { context_.TryCancel(); }
  void LetGo() { RemoveHold(); }

  // ---- gRPC's threads.

  void OnReadDone(bool ok) override {
    const absl::Status checked = ok ? check_.Check(context_) : absl::OkStatus();
    mailbox_->Post([state = state_, ok, checked] {
      state->reading = false;
      state->read = ok;
      if (!checked.ok()) state->refused = Untrusted(checked);
      state->news.Set();
    });
  }
  void OnDone(const grpc::Status& status) override {
    // A thread of gRPC's that dropped the last channel would wait for itself to end.
    mailbox_->Post([this, status] {
      const std::shared_ptr<State> state = state_;
      GrpcPeers* const peers = peers_;
      delete this;
      state->end = status;
      state->news.Set();
      if (--peers->streams_ == 0) peers->let_go_.Set();
    });
  }

 private:
  GrpcPeers* const peers_;
  Mailbox* const mailbox_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<fleet::FleetService::Stub> stub_;
  const fleet::WatchSessionsRequest request_;
  PeerCheck check_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  grpc::ClientContext context_;
  fleet::WatchSessionsResponse response_;
};

class GrpcPeers::Stream final : public PeerWatch {
 public:
  Stream(GrpcPeers* peers, PeerAddress peer, fleet::WatchSessionsRequest request)
      : peers_(peers), peer_(std::move(peer)), request_(std::move(request)) {}
  ~Stream() override {
    if (reactor_ == nullptr) return;
    reactor_->Cancel();
    reactor_->LetGo();
  }

  io::Task<grpc::Status> Next(fleet::WatchSessionsResponse* response, io::StopToken stop) override {
    const grpc::Status cancelled(grpc::StatusCode::CANCELLED, "");
    if (state_ == nullptr) {
      reactor_ = co_await peers_->Begin(peer_, request_);
      state_ = reactor_->state();
    }
    if (reactor_ != nullptr) {
      if (!state_->reading) reactor_->Read();
      while (state_->reading) {
        const absl::Status waited = co_await state_->news.Wait(stop);
        if (!waited.ok()) co_return cancelled;
        state_->news.Reset();
      }
      if (!state_->refused.ok()) co_return state_->refused;
      if (state_->read) {
        *response = std::move(*reactor_->response());
        co_return grpc::Status::OK;
      }
      std::exchange(reactor_, nullptr)->LetGo();
    }
    while (!state_->end) {
      const absl::Status waited = co_await state_->news.Wait(stop);
      if (!waited.ok()) co_return cancelled;
      state_->news.Reset();
    }
    if (!state_->end->ok()) co_return *state_->end;
    co_return grpc::Status(grpc::StatusCode::UNAVAILABLE, "it has ended the watch");
  }

 private:
  GrpcPeers* const peers_;
  const PeerAddress peer_;
  const fleet::WatchSessionsRequest request_;
  Reactor* reactor_ = nullptr;  // null: not begun, or let go
  std::shared_ptr<Reactor::State> state_;
};

GrpcPeers::GrpcPeers(Mailbox* mailbox, std::string own_node, const TlsFiles& files,
                     std::shared_ptr<Certificates> certificates)
    : mailbox_(mailbox),
      own_node_(std::move(own_node)),
      certificates_(std::move(certificates)),
      maker_(files),
      worker_(mailbox) {}

GrpcPeers::~GrpcPeers() { CHECK(streams_ == 0); }

io::Task<void> GrpcPeers::Close() {
  while (streams_ > 0) {
    let_go_.Reset();
    (void)co_await let_go_.Wait();
  }
}

std::shared_ptr<grpc::Channel> GrpcPeers::KnownChannel(const std::string& endpoint) {
  if (channels_.size() >= kManyChannels) {
    absl::erase_if(channels_, [](const auto& known) { return known.second.expired(); });
  }
  return channels_[endpoint].lock();
}

io::Task<GrpcPeers::Reactor*> GrpcPeers::Begin(PeerAddress peer,
                                               fleet::WatchSessionsRequest request) {
  ++streams_;
  // Connecting begins in the thread that first wants it.
  std::function<Reactor*()> begin = [this, channel = KnownChannel(peer.endpoint),
                                     endpoint = peer.endpoint, request = std::move(request)] {
    return new Reactor(this, channel != nullptr ? channel : maker_.Make(endpoint), endpoint,
                       request);
  };
  Reactor* const reactor = co_await worker_.Run<Reactor*>(std::move(begin));
  channels_[peer.endpoint] = reactor->channel();
  co_return reactor;
}

std::unique_ptr<PeerWatch> GrpcPeers::Watch(const PeerAddress& peer,
                                            const fleet::WatchSessionsRequest& request) {
  return std::make_unique<Stream>(this, peer, request);
}

template <class Method, class Request, class Response>
io::Task<grpc::Status> GrpcPeers::Ask(PeerAddress peer, Method method, const Request* request,
                                      Response* response, Nanos patience, io::StopToken stop) {
  // Until gRPC has answered, which it does soon when it is told to.
  struct Asked {
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<fleet::FleetService::Stub> stub;
    grpc::ClientContext context;
    grpc::Status status;
    io::Event done;
  } asked;
  asked.channel = KnownChannel(peer.endpoint);
  asked.context.AddMetadata(kAskingNode, own_node_);
  asked.context.set_deadline(std::chrono::system_clock::now() +
                             std::chrono::duration_cast<std::chrono::microseconds>(patience));
  ++streams_;
  const auto answered = [this, response, &asked, &peer](grpc::Status answer) {
    if (answer.ok()) {
      const absl::Status checked =
          PeerCheck(certificates_.get(), HostOf(peer.endpoint)).Check(asked.context);
      if (!checked.ok()) answer = Untrusted(checked);
    }
    mailbox_->Post([this, response, &asked, answer = std::move(answer)] {
      asked.status = answer;
      if (!answer.ok()) response->Clear();
      asked.done.Set();
      if (--streams_ == 0) let_go_.Set();
    });
  };
  std::function<bool()> begin = [this, method, request, response, &asked, &peer, answered] {
    if (asked.channel == nullptr) asked.channel = maker_.Make(peer.endpoint);
    asked.stub = fleet::FleetService::NewStub(asked.channel);
    AsyncStub* const async = asked.stub->async();
    (async->*method)(&asked.context, request, response, answered);
    return true;
  };
  (void)co_await worker_.Run<bool>(std::move(begin));
  channels_[peer.endpoint] = asked.channel;
  const absl::Status waited = co_await asked.done.Wait(stop);
  if (!waited.ok()) asked.context.TryCancel();
  (void)co_await asked.done.Wait();
  co_return asked.status;
}

MOSH_CORO_WRAPPER io::Task<grpc::Status> GrpcPeers::GetNode(PeerAddress peer,
                                                            const fleet::GetNodeRequest* request,
                                                            fleet::Node* response, Nanos patience,
                                                            io::StopToken stop) {
  using Method = void (AsyncStub::*)(grpc::ClientContext*, const fleet::GetNodeRequest*,
                                     fleet::Node*, std::function<void(grpc::Status)>);
  return Ask<Method>(std::move(peer), &AsyncStub::GetNode, request, response, patience, stop);
}

MOSH_CORO_WRAPPER io::Task<grpc::Status> GrpcPeers::GetSession(
    PeerAddress peer, const fleet::GetSessionRequest* request, fleet::Session* response,
    Nanos patience, io::StopToken stop) {
  using Method = void (AsyncStub::*)(grpc::ClientContext*, const fleet::GetSessionRequest*,
                                     fleet::Session*, std::function<void(grpc::Status)>);
  return Ask<Method>(std::move(peer), &AsyncStub::GetSession, request, response, patience, stop);
}

MOSH_CORO_WRAPPER io::Task<grpc::Status> GrpcPeers::NotifySessions(
    PeerAddress peer, const fleet::NotifySessionsRequest* request,
    fleet::NotifySessionsResponse* response, Nanos patience, io::StopToken stop) {
  using Method =
      void (AsyncStub::*)(grpc::ClientContext*, const fleet::NotifySessionsRequest*,
                          fleet::NotifySessionsResponse*, std::function<void(grpc::Status)>);
  return Ask<Method>(std::move(peer), &AsyncStub::NotifySessions, request, response, patience,
                     stop);
}

}  // namespace mosh::mgmt
