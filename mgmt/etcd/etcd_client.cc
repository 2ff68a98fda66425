#include "mgmt/etcd/etcd_client.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "etcd/rpc.grpc.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/support/channel_arguments.h"
#include "grpcpp/support/client_callback.h"
#include "io/event.h"
#include "io/stop.h"
#include "io/timer.h"
#include "mgmt/etcd/prefix_end.h"

namespace mosh::mgmt::etcd {
namespace {

// For one member's answer.
constexpr std::chrono::seconds kPatience{3};
// For that of one that renews a lease, so that there is time for two that hang: of a lease a third
// may have passed before, and a follower waits for a leader that hangs.
constexpr std::chrono::milliseconds kRenewalPatience{1'500};
constexpr int kReloadSeconds = 5;
// A dead connection is noticed so. Etcd takes pings each 5 s, and those of connections in use.
constexpr int kPingMs = 10'000;
constexpr int kPingTimeoutMs = 5'000;
constexpr int kFirstReconnectMs = 200;
constexpr int kLastReconnectMs = 2'000;
// Of tens of thousands of nodes.
constexpr int kMaxAnswerBytes = 64 * 1024 * 1024;

std::shared_ptr<grpc::ChannelCredentials> Credentials(const TlsFiles& tls) {
  if (tls.authorities.empty()) return grpc::InsecureChannelCredentials();
  using Watcher = grpc::experimental::FileWatcherCertificateProvider;
  const bool shown = !tls.certificate.empty();
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      shown ? std::make_shared<Watcher>(tls.key, tls.certificate, tls.authorities, kReloadSeconds)
            : std::make_shared<Watcher>(tls.authorities, kReloadSeconds));
  options.watch_root_certs();
  if (shown) options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

// Cancels a call when its caller stops.
class CancelOnStop final : private io::StopListener {
 public:
  CancelOnStop(grpc::ClientContext* context, io::StopToken stop) : context_(context) {
    Listen(stop);
  }

 private:
  void OnStop() noexcept override { context_->TryCancel(); }
  grpc::ClientContext* const context_;
};

void Prepare(grpc::ClientContext* context) {
  // A member that has lost its cluster says so instead of being silent.
  context->AddMetadata("hasleader", "true");
}

// A stream in both directions, of which the loop reads one message at a time. It must be awaited
// to its end.
template <class Request, class Response>
class Stream final : public grpc::ClientBidiReactor<Request, Response> {
 public:
  explicit Stream(Mailbox* mailbox) : mailbox_(mailbox) { Prepare(&context); }

  grpc::ClientContext context;

  // Loop. After the stub has been given this. The only message that is sent; `open`: the server may
  // say more than an answer to it.
  void Start(Request request, bool open) {
    request_ = std::move(request);
    if (open) {
      this->StartWrite(&request_);
    } else {
      this->StartWriteLast(&request_, grpc::WriteOptions());
    }
    this->StartRead(&response_);
    // The loop begins further reads, perhaps when the call is over already.
    this->AddHold();
    this->StartCall();
  }
  // False: there is no more.
  io::Task<bool> Next() {
    (void)co_await read_.Wait();
    co_return read_ok_;
  }
  const Response& response() const { return response_; }
  void ReadOn() {
    read_.Reset();
    this->StartRead(&response_);
  }
  // Nothing may be read any more.
  io::Task<grpc::Status> End() {
    this->RemoveHold();
    (void)co_await done_.Wait();
    co_return status_;
  }

 private:
  // gRPC's threads. After OnDone's letter this may be gone.
  void OnReadDone(bool ok) override {
    mailbox_->Post([this, ok] {
      read_ok_ = ok;
      read_.Set();
    });
  }
  void OnDone(const grpc::Status& status) override {
    mailbox_->Post([this, status] {
      status_ = status;
      done_.Set();
    });
  }

  Mailbox* const mailbox_;
  Request request_;
  Response response_;
  bool read_ok_ = false;
  grpc::Status status_;
  io::Event read_;
  io::Event done_;
};

// Another member may know.
bool IsSilence(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

Changed FromEvents(const etcdserverpb::WatchResponse& response) {
  Changed changed;
  for (const etcdserverpb::Event& event : response.events()) {
    Changed::Key key;
    key.key = event.kv().key();
    if (event.type() == etcdserverpb::Event::PUT) key.value = event.kv().value();
    key.revision = event.kv().mod_revision();
    changed.revision = std::max(changed.revision, key.revision);
    changed.keys.push_back(std::move(key));
  }
  // With events the header may be ahead of what is still to come.
  if (changed.keys.empty()) changed.revision = response.header().revision();
  return changed;
}

void AddCondition(const Condition& condition, etcdserverpb::TxnRequest* request) {
  const auto add = [&] {
    etcdserverpb::Compare* const compare = request->add_compare();
    compare->set_key(condition.key);
    compare->set_result(etcdserverpb::Compare::EQUAL);
    return compare;
  };
  if (condition.revision) {
    etcdserverpb::Compare* const compare = add();
    compare->set_target(etcdserverpb::Compare::MOD);
    compare->set_mod_revision(*condition.revision);
  }
  if (condition.value) {
    etcdserverpb::Compare* const compare = add();
    compare->set_target(etcdserverpb::Compare::VALUE);
    compare->set_value(*condition.value);
  }
  request->add_failure()->mutable_request_range()->set_key(condition.key);
}

void AddChange(const Change& change, etcdserverpb::TxnRequest* request) {
  etcdserverpb::RequestOp* const op = request->add_success();
  if (!change.value) {
    op->mutable_request_delete_range()->set_key(change.key);
    return;
  }
  op->mutable_request_put()->set_key(change.key);
  op->mutable_request_put()->set_value(*change.value);
  op->mutable_request_put()->set_lease(change.lease);
}

}  // namespace

struct EtcdClient::Member {
  std::string address;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<etcdserverpb::KV::Stub> kv;
  std::unique_ptr<etcdserverpb::Watch::Stub> watch;
  std::unique_ptr<etcdserverpb::Lease::Stub> lease;
};

EtcdClient::EtcdClient(io::Reactor* reactor, Mailbox* mailbox,
                       const std::vector<std::string>& endpoints, const TlsFiles& tls)
    : reactor_(reactor), mailbox_(mailbox) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kLastReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMs);
  const std::shared_ptr<grpc::ChannelCredentials> credentials = Credentials(tls);
  for (const std::string& endpoint : endpoints) {
    auto member = std::make_unique<Member>();
    member->address = endpoint;
    member->channel = grpc::CreateCustomChannel(endpoint, credentials, arguments);
    member->kv = etcdserverpb::KV::NewStub(member->channel);
    member->watch = etcdserverpb::Watch::NewStub(member->channel);
    member->lease = etcdserverpb::Lease::NewStub(member->channel);
    members_.push_back(std::move(member));
  }
}

EtcdClient::~EtcdClient() = default;

EtcdClient::Member* EtcdClient::Choose() {
  for (size_t i = 0; i < members_.size(); ++i) {
    const size_t at = (current_ + i) % members_.size();
    if (members_[at]->channel->GetState(/*try_to_connect=*/true) !=
        GRPC_CHANNEL_TRANSIENT_FAILURE) {
      current_ = at;
      break;
    }
  }
  return members_[current_].get();
}

absl::Status EtcdClient::Judge(const Member* member, absl::Status status) {
  if (status.ok()) return status;
  if (IsSilence(status) && members_[current_].get() == member) {
    current_ = (current_ + 1) % members_.size();
  }
  return absl::Status(status.code(), absl::StrCat("etcd at ", member->address, ": ",
                                                  absl::string_view(status.message())));
}

template <class Start>
io::Task<absl::Status> EtcdClient::Ask(Member* member, Start start, io::StopToken stop) {
  grpc::ClientContext context;
  Prepare(&context);
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const CancelOnStop cancel(&context, stop);
  grpc::Status result;
  io::Event done;
  start(member, &context, [this, &result, &done](grpc::Status status) {
    // A letter for the loop, where they are.
    mailbox_->Post([&result, &done, status = std::move(status)] {
      result = status;
      done.Set();
    });
  });
  (void)co_await done.Wait();
  co_return Judge(member, FromGrpc(result));
}

template <class Start>
io::Task<absl::Status> EtcdClient::AskAny(Start start, io::StopToken stop) {
  absl::Status status;
  for (size_t i = 0; i < members_.size(); ++i) {
    status = co_await Ask(Choose(), start, stop);
    if (!IsSilence(status) || stop.stop_requested()) break;
  }
  co_return status;
}

io::Task<absl::StatusOr<Snapshot>> EtcdClient::List(std::string prefix, io::StopToken stop) {
  etcdserverpb::RangeRequest request;
  request.set_key(prefix);
  request.set_range_end(PrefixEnd(prefix));
  etcdserverpb::RangeResponse response;
  const auto start = [&](Member* member, grpc::ClientContext* context, auto callback) {
    response.Clear();
    member->kv->async()->Range(context, &request, &response, std::move(callback));
  };
  const absl::Status status = co_await AskAny(start, stop);
  if (!status.ok()) co_return status;
  Snapshot snapshot;
  snapshot.revision = response.header().revision();
  for (etcdserverpb::KeyValue& entry : *response.mutable_kvs()) {
    snapshot.values.push_back(
        {std::move(*entry.mutable_key()), std::move(*entry.mutable_value()), entry.mod_revision()});
  }
  co_return snapshot;
}

io::Task<absl::StatusOr<Outcome>> EtcdClient::Commit(Transaction transaction, io::StopToken stop) {
  etcdserverpb::TxnRequest request;
  for (const Condition& condition : transaction.conditions) AddCondition(condition, &request);
  for (const Change& change : transaction.changes) AddChange(change, &request);
  etcdserverpb::TxnResponse response;
  const auto start = [&](Member* member, grpc::ClientContext* context, auto callback) {
    member->kv->async()->Txn(context, &request, &response, std::move(callback));
  };
  const absl::Status status = co_await Ask(Choose(), start, stop);
  if (!status.ok()) co_return status;
  Outcome outcome;
  outcome.done = response.succeeded();
  outcome.revision = response.header().revision();
  for (etcdserverpb::ResponseOp& op : *response.mutable_responses()) {
    for (etcdserverpb::KeyValue& seen : *op.mutable_response_range()->mutable_kvs()) {
      outcome.seen.push_back(
          {std::move(*seen.mutable_key()), std::move(*seen.mutable_value()), seen.mod_revision()});
    }
  }
  co_return outcome;
}

io::Task<absl::StatusOr<LeaseId>> EtcdClient::Grant(std::chrono::seconds ttl, io::StopToken stop) {
  etcdserverpb::LeaseGrantRequest request;
  request.set_ttl(ttl.count());
  etcdserverpb::LeaseGrantResponse response;
  const auto start = [&](Member* member, grpc::ClientContext* context, auto callback) {
    member->lease->async()->LeaseGrant(context, &request, &response, std::move(callback));
  };
  const absl::Status status = co_await AskAny(start, stop);
  if (!status.ok()) co_return status;
  if (!response.error().empty()) co_return absl::UnavailableError(response.error());
  co_return response.id();
}

io::Task<absl::Status> EtcdClient::Revoke(LeaseId lease, io::StopToken stop) {
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(lease);
  etcdserverpb::LeaseRevokeResponse response;
  const auto start = [&](Member* member, grpc::ClientContext* context, auto callback) {
    member->lease->async()->LeaseRevoke(context, &request, &response, std::move(callback));
  };
  const absl::Status status = co_await AskAny(start, stop);
  co_return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

io::Task<absl::Status> EtcdClient::KeepAlive(LeaseId lease, io::StopToken stop) {
  absl::Status status;
  for (size_t i = 0; i < members_.size(); ++i) {
    status = co_await KeepAliveAt(Choose(), lease, stop);
    if (!IsSilence(status) || stop.stop_requested()) break;
  }
  co_return status;
}

io::Task<absl::Status> EtcdClient::KeepAliveAt(Member* member, LeaseId lease, io::StopToken stop) {
  Stream<etcdserverpb::LeaseKeepAliveRequest, etcdserverpb::LeaseKeepAliveResponse> call(mailbox_);
  call.context.set_deadline(std::chrono::system_clock::now() + kRenewalPatience);
  const CancelOnStop cancel(&call.context, stop);
  member->lease->async()->LeaseKeepAlive(&call.context, &call);
  etcdserverpb::LeaseKeepAliveRequest request;
  request.set_id(lease);
  call.Start(std::move(request), /*open=*/false);
  // Each time anew: a stream that is kept has to be watched over as well.
  const bool answered = co_await call.Next();
  const bool lives = answered && call.response().ttl() > 0;
  const grpc::Status end = co_await call.End();
  if (!answered) {
    const absl::Status status = FromGrpc(end);
    co_return Judge(member, status.ok() ? absl::UnavailableError("no answer") : status);
  }
  co_return lives ? absl::OkStatus() : absl::NotFoundError("the lease is over");
}

io::Task<absl::Status> EtcdClient::Watch(std::string prefix, Revision from,
                                         std::function<void(const Changed&)> on_change,
                                         io::StopToken stop) {
  Member* const member = Choose();
  Stream<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse> call(mailbox_);
  const CancelOnStop cancel(&call.context, stop);
  member->watch->async()->Watch(&call.context, &call);
  etcdserverpb::WatchRequest request;
  etcdserverpb::WatchCreateRequest* const create = request.mutable_create_request();
  create->set_key(prefix);
  create->set_range_end(PrefixEnd(prefix));
  create->set_start_revision(from);
  create->set_progress_notify(true);
  absl::Status why;
  // Until it has begun; then connections are watched over by pings.
  io::Deadline limit(reactor_, reactor_->Now() + kPatience, stop);
  std::optional<CancelOnStop> cancel_late(std::in_place, &call.context, limit.token());
  call.Start(std::move(request), /*open=*/true);
  for (;;) {
    const bool more = co_await call.Next();
    if (!more) break;
    const etcdserverpb::WatchResponse& response = call.response();
    if (response.compact_revision() != 0) {
      why = absl::OutOfRangeError("etcd has forgotten what happened since");
    } else if (response.created() && response.header().revision() < from - 1) {
      why = absl::OutOfRangeError("etcd has less than it had");
    } else if (response.canceled()) {
      why = absl::UnavailableError(absl::StrCat("the watch has ended: ", response.cancel_reason()));
    }
    if (!why.ok()) {
      call.context.TryCancel();
      break;
    }
    cancel_late.reset();
    Changed changed = FromEvents(response);
    if (response.created()) changed.revision = from - 1;
    on_change(changed);
    call.ReadOn();
  }
  const grpc::Status end = co_await call.End();
  if (!why.ok()) co_return why;
  if (stop.stop_requested()) co_return absl::CancelledError("stopped");
  if (cancel_late && limit.expired()) {
    co_return Judge(member, absl::DeadlineExceededError("no answer"));
  }
  const absl::Status status = FromGrpc(end);
  co_return Judge(member, status.ok() ? absl::UnavailableError("the watch has ended") : status);
}

}  // namespace mosh::mgmt::etcd
