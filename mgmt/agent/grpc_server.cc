#include "mgmt/agent/grpc_server.h"

#include <cstring>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/ext/channelz_service_plugin.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/server_posix.h"
#include "grpcpp/support/server_interceptor.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/library_settings.h"

namespace mosh::mgmt {
namespace {

constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kMaxIdleMs = 30 * 60'000;
constexpr int kMaxStreams = 1'000;
constexpr int kMinPingIntervalMs = 10'000;
constexpr int kReloadSeconds = 5;
// Reflection and channelz answer on threads.
constexpr int kMaxThreads = 8;

// What a connection shows of all others' is for who may: channelz answers with an empty message and
// PERMISSION_DENIED to others. gRPC can't refuse a call of a service that isn't ours sooner.
class DebugGate final : public grpc::experimental::Interceptor {
 public:
  DebugGate(grpc::experimental::ServerRpcInfo* info, const PolicyNow* policy,
            const Identify* identify)
      : info_(info), policy_(policy), identify_(identify) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    using grpc::experimental::InterceptionHookPoints;
    if (absl::StartsWith(info_->method(), "/grpc.channelz.") && !Allowed()) {
      if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
        const grpc::Slice nothing;
        *methods->GetSerializedSendMessage() = grpc::ByteBuffer(&nothing, 1);
      }
      if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
        methods->ModifySendStatus(PermissionDenied(Verb::kDebug, "the agent"));
      }
    }
    methods->Proceed();
  }

 private:
  bool Allowed() const {
    const Identity identity = (*identify_)(*info_->server_context());
    return identity.caller != nullptr &&
           (*policy_)()->RightsOverNode(*identity.caller).Has(Verb::kDebug);
  }

  grpc::experimental::ServerRpcInfo* const info_;
  const PolicyNow* const policy_;
  const Identify* const identify_;
};

class DebugGateFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  DebugGateFactory(PolicyNow policy, Identify identify)
      : policy_(std::move(policy)), identify_(std::move(identify)) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override {
    return new DebugGate(info, &policy_, &identify_);
  }

 private:
  const PolicyNow policy_;
  const Identify identify_;
};

// OpenSSL gives a server the chain without the certificate it is about.
std::string WholeChain(grpc::string_ref leaf, grpc::string_ref others) {
  return absl::StrCat(absl::string_view(leaf.data(), leaf.size()), "\n",
                      absl::string_view(others.data(), others.size()));
}

// A second look beside OpenSSL's of gRPC: at revocation, with the newest lists.
class Verifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit Verifier(std::shared_ptr<Certificates> certificates)
      : certificates_(std::move(certificates)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* status) override {
    const auto caller =
        certificates_->Identify(WholeChain(request->peer_cert(), request->peer_cert_full_chain()));
    if (!caller.ok()) {
      *status =
          grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(caller.status().message()));
    }
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::shared_ptr<Certificates> certificates_;
};

Identity IdentityOf(const std::shared_ptr<Certificates>& certificates,
                    const grpc::ServerContextBase& context) {
  const auto auth = context.auth_context();
  const auto leaf = auth->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  const auto others = auth->FindPropertyValues(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
  if (leaf.empty()) return {};
  std::string chain = WholeChain(leaf[0], others.empty() ? grpc::string_ref() : others[0]);
  const auto caller = certificates->Identify(chain);
  if (!caller.ok()) return {};
  return {*caller,
          [certificates, chain = std::move(chain)] { return certificates->Identify(chain).ok(); }};
}

}  // namespace

void GrpcServer::PrepareLibrary() {
  SetUpLibraries();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::channelz::experimental::InitChannelzService();
}

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Build(
    Reception* reception, PolicyNow policy, Identify identify, const std::string& address,
    std::shared_ptr<grpc::ServerCredentials> credentials) {
  std::unique_ptr<GrpcServer> made(new GrpcServer);
  made->services_ = reception->MakeGrpcServices(identify);
  grpc::ServerBuilder builder;
  if (credentials != nullptr) builder.AddListeningPort(address, credentials, &made->port_);
  for (const auto& service : made->services_) builder.RegisterService(service.get());
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  grpc::ResourceQuota quota("agent");
  quota.SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kMaxIdleMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  // Another agent on the port is a mistake, not a partner.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> gates;
  gates.push_back(std::make_unique<DebugGateFactory>(std::move(policy), std::move(identify)));
  builder.experimental().SetInterceptorCreators(std::move(gates));
  made->server_ = builder.BuildAndStart();
  if (made->server_ == nullptr || (credentials != nullptr && made->port_ == 0)) {
    return absl::UnavailableError(absl::StrCat("can't listen at ", address));
  }
  made->SetServing(true);
  return made;
}

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Make(Reception* reception, PolicyNow policy,
                                                             Identify identify) {
  return Build(reception, std::move(policy), std::move(identify), "", nullptr);
}

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Listen(
    Reception* reception, PolicyNow policy, const std::string& address, const TlsFiles& files,
    std::shared_ptr<Certificates> certificates) {
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          files.key, files.certificate, files.authorities, kReloadSeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<Verifier>(certificates));
  return Build(
      reception, std::move(policy),
      [certificates](const grpc::ServerContextBase& context) {
        return IdentityOf(certificates, context);
      },
      address, grpc::experimental::TlsServerCredentials(options));
}

GrpcServer::~GrpcServer() {
  if (server_ != nullptr) Shutdown(std::chrono::milliseconds(0));
}

void GrpcServer::AddConnection(io::OwnedFd fd) {
  grpc::AddInsecureChannelFromFd(server_.get(), fd.Release());
}

void GrpcServer::SetServing(bool serving) {
  if (server_ == nullptr) return;
  grpc::HealthCheckServiceInterface* const health = server_->GetHealthCheckService();
  health->SetServingStatus(serving);
  for (const char* service :
       {"FleetService", "OperationService", "PolicyService", "RecordingService"}) {
    health->SetServingStatus(absl::StrCat("mosh.fleet.v1.", service), serving);
  }
}

void GrpcServer::Shutdown(std::chrono::milliseconds patience) {
  server_->Shutdown(std::chrono::system_clock::now() + patience);
  server_ = nullptr;
}

}  // namespace mosh::mgmt
