// The client against a server in this process that does what etcd does in the cases that a real one
// can't be made to show at will. //mgmt/e2e:registry_test has a real one.
#include "mgmt/etcd/etcd_client.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "etcd/rpc.grpc.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "io/create_reactor.h"
#include "io/scope.h"

namespace mosh::mgmt::etcd {
namespace {

using std::chrono::seconds;

// One member of a cluster.
class Member final : public etcdserverpb::KV::Service,
                     public etcdserverpb::Watch::Service,
                     public etcdserverpb::Lease::Service {
 public:
  Member() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(static_cast<etcdserverpb::KV::Service*>(this));
    builder.RegisterService(static_cast<etcdserverpb::Watch::Service*>(this));
    builder.RegisterService(static_cast<etcdserverpb::Lease::Service*>(this));
    server_ = builder.BuildAndStart();
  }
  ~Member() override { Stop(); }
  void Stop() { server_->Shutdown(std::chrono::system_clock::now()); }
  std::string endpoint() const { return absl::StrCat("127.0.0.1:", port_); }

  // Before it is asked.
  grpc::Status refusal;
  int64_t revision = 9;
  std::vector<etcdserverpb::WatchResponse> watched;  // after "created"
  bool ends_watches = false;                         // after that
  std::atomic<int> asked = 0;
  std::atomic<bool> wanted_leader = true;  // each call did
  etcdserverpb::TxnRequest transaction;
  etcdserverpb::WatchCreateRequest created;

 private:
  grpc::Status Note(grpc::ServerContext* context) {
    ++asked;
    const auto& metadata = context->client_metadata();
    const auto leader = metadata.find("hasleader");
    if (leader == metadata.end() || leader->second != "true") wanted_leader = false;
    return refusal;
  }
  grpc::Status Range(grpc::ServerContext* context, const etcdserverpb::RangeRequest* request,
                     etcdserverpb::RangeResponse* response) override {
    response->mutable_header()->set_revision(revision);
    etcdserverpb::KeyValue* const entry = response->add_kvs();
    entry->set_key(absl::StrCat(request->key(), "a"));
    entry->set_value(request->range_end());
    entry->set_mod_revision(7);
    return Note(context);
  }
  grpc::Status Txn(grpc::ServerContext* context, const etcdserverpb::TxnRequest* request,
                   etcdserverpb::TxnResponse* response) override {
    transaction = *request;
    response->mutable_header()->set_revision(revision);
    for (int i = 0; i < request->failure_size(); ++i) {
      etcdserverpb::RangeResponse* const range =
          response->add_responses()->mutable_response_range();
      if (i > 0) continue;
      range->add_kvs()->set_key(request->failure(i).request_range().key());
      range->mutable_kvs(0)->set_mod_revision(5);
    }
    return Note(context);
  }
  grpc::Status LeaseGrant(grpc::ServerContext* context,
                          const etcdserverpb::LeaseGrantRequest* request,
                          etcdserverpb::LeaseGrantResponse* response) override {
    response->set_id(100 + request->ttl());
    return Note(context);
  }
  grpc::Status LeaseRevoke(grpc::ServerContext* context, const etcdserverpb::LeaseRevokeRequest*,
                           etcdserverpb::LeaseRevokeResponse*) override {
    (void)Note(context);
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "requested lease not found");
  }
  // Of lease 1 there is nothing left.
  grpc::Status LeaseKeepAlive(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<etcdserverpb::LeaseKeepAliveResponse,
                               etcdserverpb::LeaseKeepAliveRequest>* stream) override {
    const grpc::Status status = Note(context);
    if (!status.ok()) return status;
    etcdserverpb::LeaseKeepAliveRequest request;
    while (stream->Read(&request)) {
      etcdserverpb::LeaseKeepAliveResponse response;
      response.set_id(request.id());
      response.set_ttl(request.id() == 1 ? 0 : 10);
      stream->Write(response);
    }
    return grpc::Status::OK;
  }
  grpc::Status Watch(grpc::ServerContext* context,
                     grpc::ServerReaderWriter<etcdserverpb::WatchResponse,
                                              etcdserverpb::WatchRequest>* stream) override {
    const grpc::Status status = Note(context);
    if (!status.ok()) return status;
    etcdserverpb::WatchRequest request;
    if (!stream->Read(&request)) return grpc::Status::CANCELLED;
    created = request.create_request();
    etcdserverpb::WatchResponse begun;
    begun.set_created(true);
    begun.mutable_header()->set_revision(revision);
    stream->Write(begun);
    for (const etcdserverpb::WatchResponse& response : watched) stream->Write(response);
    if (ends_watches)
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "etcdserver: leader changed");
    // Until the client ends it.
    while (stream->Read(&request)) {
    }
    return grpc::Status::CANCELLED;
  }

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// A test that is a coroutine, with the fixture as `t`.
#define SCENARIO(name)                                               \
  io::Task<void> name(EtcdClientTest* t);                            \
  TEST_F(EtcdClientTest, name) { reactor->Run(RunAll(name(this))); } \
  io::Task<void> name([[maybe_unused]] EtcdClientTest* t)

struct EtcdClientTest : testing::Test {
  io::Task<void> RunAll(io::Task<void> scenario) {
    io::Scope mail;
    mail.Spawn(mailbox->Run(mail.token()));
    co_await std::move(scenario);
    co_await mail.CancelAndJoin();
  }
  std::unique_ptr<EtcdClient> Client(const std::vector<std::string>& endpoints) {
    return std::make_unique<EtcdClient>(reactor.get(), mailbox.get(), endpoints, TlsFiles());
  }

  std::unique_ptr<io::Reactor> reactor = *io::CreateReactor();
  std::unique_ptr<Mailbox> mailbox = *Mailbox::Create(reactor.get());
  Member member;
};

// Nobody listens there, and nobody will.
struct DeadPort {
  DeadPort() {
    member.Stop();
    endpoint = member.endpoint();
  }
  Member member;
  std::string endpoint;
};

SCENARIO(ListsWhatBeginsWithAPrefix) {
  const auto client = t->Client({t->member.endpoint()});
  const absl::StatusOr<Snapshot> list = co_await client->List("/f/", {});
  EXPECT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->revision, 9);
  EXPECT_EQ(list->values.size(), 1u);
  EXPECT_EQ(list->values[0].key, "/f/a");
  EXPECT_EQ(list->values[0].value, "/f0");  // the end of the range
  EXPECT_EQ(list->values[0].revision, 7);
  EXPECT_TRUE(t->member.wanted_leader);
}

SCENARIO(PassesOverMembersThatDoNotAnswer) {
  const DeadPort dead;
  Member leaderless;
  leaderless.refusal = grpc::Status(grpc::StatusCode::UNAVAILABLE, "etcdserver: no leader");
  const auto client = t->Client({dead.endpoint, leaderless.endpoint(), t->member.endpoint()});
  const absl::StatusOr<Snapshot> list = co_await client->List("/f/", {});
  EXPECT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(leaderless.asked, 1);
}

SCENARIO(SaysWhoDidNotAnswer) {
  const DeadPort dead;
  const auto client = t->Client({dead.endpoint});
  const absl::StatusOr<Snapshot> list = co_await client->List("/f/", {});
  EXPECT_EQ(list.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(list.status().message(), dead.endpoint)) << list.status();
}

SCENARIO(CommitsOnlyOnceWhateverComesOfIt) {
  Member other;
  t->member.refusal = grpc::Status(grpc::StatusCode::UNAVAILABLE, "etcdserver: request timed out");
  const auto client = t->Client({t->member.endpoint(), other.endpoint()});
  Transaction transaction;
  transaction.changes.push_back({.key = "k", .value = "v"});
  const absl::StatusOr<Outcome> first = co_await client->Commit(transaction, {});
  EXPECT_EQ(first.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(t->member.asked + other.asked, 1);
  // The next is for another member.
  const absl::StatusOr<Outcome> second = co_await client->Commit(transaction, {});
  EXPECT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(other.asked, 1);
}

SCENARIO(SaysInEtcdsWordsWhatItWants) {
  const auto client = t->Client({t->member.endpoint()});
  Transaction transaction;
  transaction.conditions.push_back({.key = "a", .revision = 0});
  transaction.conditions.push_back({.key = "b", .value = "x"});
  transaction.changes.push_back({.key = "c", .value = "y", .lease = 3});
  transaction.changes.push_back({.key = "d"});
  const absl::StatusOr<Outcome> outcome = co_await client->Commit(transaction, {});
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_FALSE(outcome->done);
  EXPECT_EQ(outcome->seen.size(), 1u);
  EXPECT_EQ(outcome->seen[0].key, "a");
  EXPECT_EQ(outcome->seen[0].revision, 5);
  EXPECT_EQ(t->member.transaction.ShortDebugString(),
            "compare { target: MOD key: \"a\" mod_revision: 0 } "
            "compare { target: VALUE key: \"b\" value: \"x\" } "
            "success { request_put { key: \"c\" value: \"y\" lease: 3 } } "
            "success { request_delete_range { key: \"d\" } } "
            "failure { request_range { key: \"a\" } } failure { request_range { key: \"b\" } }");
}

SCENARIO(KeepsLeasesAndSeesThatTheyAreOver) {
  const auto client = t->Client({t->member.endpoint()});
  const absl::StatusOr<LeaseId> lease = co_await client->Grant(seconds(10), {});
  EXPECT_TRUE(lease.ok()) << lease.status();
  EXPECT_EQ(*lease, 110);
  const absl::Status kept = co_await client->KeepAlive(*lease, {});
  EXPECT_TRUE(kept.ok()) << kept;
  const absl::Status over = co_await client->KeepAlive(1, {});
  EXPECT_EQ(over.code(), absl::StatusCode::kNotFound);
  const absl::Status revoked = co_await client->Revoke(110, {});
  EXPECT_TRUE(revoked.ok()) << revoked;  // it was over already
  t->member.refusal = grpc::Status(grpc::StatusCode::UNAVAILABLE, "no leader");
  const absl::Status refused = co_await client->KeepAlive(110, {});
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
}

SCENARIO(KeepsALeaseByWhicheverMemberAnswers) {
  const DeadPort dead;
  Member leaderless;
  leaderless.refusal = grpc::Status(grpc::StatusCode::UNAVAILABLE, "etcdserver: no leader");
  const auto client = t->Client({dead.endpoint, leaderless.endpoint(), t->member.endpoint()});
  const absl::Status kept = co_await client->KeepAlive(110, {});
  EXPECT_TRUE(kept.ok()) << kept;
  EXPECT_EQ(leaderless.asked, 1);
}

SCENARIO(WatchesUntilItIsStopped) {
  etcdserverpb::WatchResponse two;
  two.mutable_header()->set_revision(50);  // ahead of what it tells
  for (const bool put : {true, false}) {
    etcdserverpb::Event* const event = two.add_events();
    event->set_type(put ? etcdserverpb::Event::PUT : etcdserverpb::Event::DELETE);
    event->mutable_kv()->set_key(put ? "/f/a" : "/f/b");
    event->mutable_kv()->set_mod_revision(put ? 10 : 11);
  }
  etcdserverpb::WatchResponse progress;
  progress.mutable_header()->set_revision(60);
  t->member.watched = {two, progress};
  const auto client = t->Client({t->member.endpoint()});
  io::StopSource stop;
  std::vector<Changed> told;
  std::function<void(const Changed&)> tell = [&](const Changed& changed) {
    told.push_back(changed);
    if (told.size() == 3) stop.RequestStop();
  };
  const absl::Status status = co_await client->Watch("/f/", 10, std::move(tell), stop.token());
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].revision, 9);
  EXPECT_EQ(told[1].keys.size(), 2u);
  EXPECT_TRUE(told[1].keys[0].value.has_value());
  EXPECT_FALSE(told[1].keys[1].value.has_value());
  EXPECT_EQ(told[1].revision, 11);
  EXPECT_EQ(told[2].revision, 60);
  EXPECT_EQ(t->member.created.start_revision(), 10);
  EXPECT_TRUE(t->member.wanted_leader);
}

SCENARIO(SaysThatAWatchCanNotGoOn) {
  const auto client = t->Client({t->member.endpoint()});
  const std::function<void(const Changed&)> ignore = [](const Changed&) {};
  // It has less than it had.
  const absl::Status back = co_await client->Watch("/f/", 20, ignore, {});
  EXPECT_EQ(back.code(), absl::StatusCode::kOutOfRange);
  etcdserverpb::WatchResponse compacted;
  compacted.set_canceled(true);
  compacted.set_compact_revision(8);
  t->member.watched = {compacted};
  const absl::Status forgotten = co_await client->Watch("/f/", 5, ignore, {});
  EXPECT_EQ(forgotten.code(), absl::StatusCode::kOutOfRange);
  etcdserverpb::WatchResponse canceled;
  canceled.set_canceled(true);
  canceled.set_cancel_reason("no leader");
  t->member.watched = {canceled};
  const absl::Status ended = co_await client->Watch("/f/", 10, ignore, {});
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(ended.message(), "no leader")) << ended;
}

// The call may be over before the loop has read what came first.
SCENARIO(WatchesMayEndAtAnyMoment) {
  etcdserverpb::WatchResponse progress;
  progress.mutable_header()->set_revision(60);
  t->member.watched = {progress, progress};
  t->member.ends_watches = true;
  const auto client = t->Client({t->member.endpoint()});
  for (int i = 0; i < 300; ++i) {
    int told = 0;
    std::function<void(const Changed&)> tell = [&told](const Changed&) { ++told; };
    const absl::Status ended = co_await client->Watch("/f/", 10, std::move(tell), {});
    EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(told, 3);
    const absl::Status kept = co_await client->KeepAlive(5, {});
    EXPECT_TRUE(kept.ok()) << kept;
  }
}

SCENARIO(StopsAtOnceWhenItIsToldTo) {
  const auto client = t->Client({t->member.endpoint()});
  io::StopSource stop;
  stop.RequestStop();
  const absl::StatusOr<Snapshot> list = co_await client->List("/f/", stop.token());
  EXPECT_EQ(list.status().code(), absl::StatusCode::kCancelled);
  const absl::Status kept = co_await client->KeepAlive(5, stop.token());
  EXPECT_EQ(kept.code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace mosh::mgmt::etcd
