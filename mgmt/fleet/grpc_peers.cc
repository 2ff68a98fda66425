#include "mgmt/fleet/grpc_peers.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/support/channel_arguments.h"
#include "grpcpp/support/client_callback.h"
#include "io/attributes.h"
#include "mosh/fleet/v1/fleet_service.grpc.pb.h"

namespace mosh::mgmt {
namespace {

using AsyncStub = fleet::FleetService::StubInterface::async_interface;

constexpr int kReloadSeconds = 5;
constexpr int kConnectTimeoutMs = 5'000;
constexpr int kFirstBackoffMs = 500;
constexpr int kLastBackoffMs = 5'000;
// Servers let clients ask so often whether they are still there.
constexpr int kKeepaliveMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
constexpr int kMaxAnswerBytes = 4 * 1024 * 1024;
// Read ahead of a stream, so that a far node's snapshot doesn't wait for a round trip every 64 KiB.
constexpr int kLookAheadBytes = 512 * 1024;
constexpr size_t kManyChannels = 4'096;
// An open connection's certificate is looked at again so often, and when lists have changed.
constexpr std::chrono::minutes kCheckAgain{10};

std::string Chain(absl::string_view leaf, absl::string_view others) {
  return absl::StrCat(leaf, "\n", others);
}
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

// Beside gRPC's look at the chain: the name, and revocation by the newest lists.
class PeerVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit PeerVerifier(std::shared_ptr<Certificates> certificates)
      : certificates_(std::move(certificates)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* status) override {
    const absl::Status checked = certificates_->CheckServer(
        Chain(View(request->peer_cert()), View(request->peer_cert_full_chain())),
        std::string(View(request->target_name())));
    if (!checked.ok()) {
      *status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(checked.message()));
    }
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::shared_ptr<Certificates> certificates_;
};

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  // A new channel is a new connection, and none of another's failures.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastBackoffMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kLookAheadBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetServiceConfigJSON("{}");
  return arguments;
}

}  // namespace

// gRPC's side of a watch. Deletes itself when gRPC is done with it.
class GrpcPeers::Reactor final : public grpc::ClientReadReactor<fleet::WatchSessionsResponse> {
 public:
  // Of the loop.
  struct State {
    bool reading = false;
    bool read = false;  // a message, in response()
    std::optional<grpc::Status> end;
    io::Event news;
  };

  Reactor(GrpcPeers* peers, std::shared_ptr<grpc::Channel> channel,
          const fleet::WatchSessionsRequest& request)
      : peers_(peers),
        mailbox_(peers->mailbox_),
        channel_(std::move(channel)),
        stub_(fleet::FleetService::NewStub(channel_)),
        request_(request) {
    context_.AddMetadata(kAskingNode, peers->own_node_);
    AsyncStub* const async = stub_->async();
    async->WatchSessions(&context_, &request_, this);
    // The loop's, which reads. It is alive until the loop lets go.
    AddHold();
    StartCall();
  }

  // ---- Loop, before it lets go.

  std::shared_ptr<State> state() const { return state_; }
  fleet::WatchSessionsResponse* response() { return &response_; }
  void Read() {
    state_->reading = true;
    StartRead(&response_);
  }
  void Cancel() { context_.TryCancel(); }
  void LetGo() { RemoveHold(); }
  // The certificate of who is at the other end; PEM.
  std::string PeerChain() const {
    const auto auth = context_.auth_context();
    const auto leaf = auth->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    const auto others = auth->FindPropertyValues(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
    if (leaf.empty()) return "";
    return Chain(View(leaf[0]), others.empty() ? absl::string_view() : View(others[0]));
  }

  // ---- gRPC's threads.

  void OnReadDone(bool ok) override {
    mailbox_->Post([state = state_, ok] {
      state->reading = false;
      state->read = ok;
      state->news.Set();
    });
  }
  void OnDone(const grpc::Status& status) override {
    mailbox_->Post([state = state_, peers = peers_, status] {
      state->end = status;
      state->news.Set();
      if (--peers->streams_ == 0) peers->let_go_.Set();
    });
    delete this;
  }

 private:
  GrpcPeers* const peers_;
  Mailbox* const mailbox_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<fleet::FleetService::Stub> stub_;
  const fleet::WatchSessionsRequest request_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  grpc::ClientContext context_;
  fleet::WatchSessionsResponse response_;
};

class GrpcPeers::Stream final : public PeerWatch {
 public:
  Stream(Reactor* reactor, std::shared_ptr<Certificates> certificates, std::string host)
      : reactor_(reactor),
        state_(reactor->state()),
        certificates_(std::move(certificates)),
        host_(std::move(host)) {}
  ~Stream() override {
    if (reactor_ == nullptr) return;
    reactor_->Cancel();
    reactor_->LetGo();
  }

  io::Task<grpc::Status> Next(fleet::WatchSessionsResponse* response, io::StopToken stop) override {
    const grpc::Status cancelled(grpc::StatusCode::CANCELLED, "");
    if (reactor_ != nullptr) {
      if (!state_->reading) reactor_->Read();
      while (state_->reading) {
        const absl::Status waited = co_await state_->news.Wait(stop);
        if (!waited.ok()) co_return cancelled;
        state_->news.Reset();
      }
      if (state_->read) {
        const absl::Status holds = CheckPeer();
        if (!holds.ok()) {
          co_return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(holds.message()));
        }
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
  // The handshake has looked at it; later it may have been revoked.
  absl::Status CheckPeer() {
    const auto now = std::chrono::steady_clock::now();
    const uint64_t version = certificates_->version();
    if (chain_.empty()) {
      chain_ = reactor_->PeerChain();
    } else if (version == checked_version_ && now < checked_ + kCheckAgain) {
      return absl::OkStatus();
    } else if (const absl::Status status = certificates_->CheckServer(chain_, host_);
               !status.ok()) {
      return status;
    }
    checked_version_ = version;
    checked_ = now;
    return absl::OkStatus();
  }

  Reactor* reactor_;  // null: let go
  const std::shared_ptr<Reactor::State> state_;
  const std::shared_ptr<Certificates> certificates_;
  const std::string host_;
  std::string chain_;
  uint64_t checked_version_ = 0;
  std::chrono::steady_clock::time_point checked_;
};

GrpcPeers::GrpcPeers(Mailbox* mailbox, std::string own_node, const TlsFiles& files,
                     std::shared_ptr<Certificates> certificates)
    : mailbox_(mailbox), own_node_(std::move(own_node)), certificates_(std::move(certificates)) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          files.key, files.certificate, files.authorities, kReloadSeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_check_call_host(false);  // the verifier does
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<PeerVerifier>(certificates_));
  credentials_ = grpc::experimental::TlsCredentials(options);
}

GrpcPeers::~GrpcPeers() { CHECK(streams_ == 0); }

io::Task<void> GrpcPeers::Close() {
  while (streams_ > 0) {
    let_go_.Reset();
    (void)co_await let_go_.Wait();
  }
}

std::shared_ptr<grpc::Channel> GrpcPeers::ChannelTo(const std::string& endpoint) {
  if (channels_.size() >= kManyChannels) {
    absl::erase_if(channels_, [](const auto& known) { return known.second.expired(); });
  }
  std::weak_ptr<grpc::Channel>& known = channels_[endpoint];
  std::shared_ptr<grpc::Channel> channel = known.lock();
  if (channel == nullptr) {
    channel = grpc::CreateCustomChannel(endpoint, credentials_, Arguments());
    known = channel;
  }
  return channel;
}

std::unique_ptr<PeerWatch> GrpcPeers::Watch(const PeerAddress& peer,
                                            const fleet::WatchSessionsRequest& request) {
  ++streams_;
  return std::make_unique<Stream>(new Reactor(this, ChannelTo(peer.endpoint), request),
                                  certificates_, HostOf(peer.endpoint));
}

template <class Method, class Request, class Response>
io::Task<grpc::Status> GrpcPeers::Ask(PeerAddress peer, Method method, const Request* request,
                                      Response* response, Nanos patience, io::StopToken stop) {
  // Until gRPC has answered, which it does soon when it is told to.
  const std::shared_ptr<grpc::Channel> channel = ChannelTo(peer.endpoint);
  const std::unique_ptr<fleet::FleetService::Stub> stub = fleet::FleetService::NewStub(channel);
  grpc::ClientContext context;
  context.AddMetadata(kAskingNode, own_node_);
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::microseconds>(patience));
  grpc::Status status;
  io::Event done;
  ++streams_;
  AsyncStub* const async = stub->async();
  (async->*method)(&context, request, response, [this, &status, &done](grpc::Status answer) {
    mailbox_->Post([this, &status, &done, answer = std::move(answer)] {
      status = answer;
      done.Set();
      if (--streams_ == 0) let_go_.Set();
    });
  });
  const absl::Status waited = co_await done.Wait(stop);
  if (!waited.ok()) context.TryCancel();
  (void)co_await done.Wait();
  co_return status;
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
