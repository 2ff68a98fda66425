#include "mgmt/agent/node_calls.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "io/timer.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/names.h"
#include "mgmt/model/page.h"

namespace mosh::mgmt {
namespace {

// Less than what gRPC's clients take by default, which is 4 MiB.
constexpr size_t kMaxListBytes = 3'500'000;
constexpr int kMaxEvents = 500;

grpc::Status FromRegistry(const absl::Status& status, const std::string& name) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return grpc::Status::OK;
    case absl::StatusCode::kNotFound:
      return NodeNotFound(name);
    case absl::StatusCode::kFailedPrecondition:
      return ApiError(grpc::StatusCode::FAILED_PRECONDITION, reason::kNodeNotLost,
                      absl::string_view(status.message()));
    default:
      return ApiError(grpc::StatusCode::UNAVAILABLE, reason::kRegistryUnavailable,
                      absl::StrCat("can't reach etcd, so nothing was forgotten for sure; look "
                                   "again: ",
                                   absl::string_view(status.message())))
          .RetryAfter(std::chrono::seconds(5));
  }
}

}  // namespace

bool NodeCalls::SeesOthers(const Caller& caller) const {
  return calls_->context().policy()->RightsOverNode(caller).Has(Verb::kMetadata);
}

io::Task<void> NodeCalls::Run(io::StopToken stop) {
  io::Reactor* const reactor = calls_->context().reactor;
  const std::unique_ptr<FleetNodes::Subscription> subscription =
      registry_->Subscribe([this] { changed_.Set(); });
  versions_.Update();
  Instant next;
  for (;;) {
    const absl::Status waited = co_await changed_.Wait(stop);
    if (!waited.ok()) co_return;
    // At once after a while without changes.
    const absl::Status slept = co_await reactor->Sleep(std::max(next, reactor->Now()), stop);
    if (!slept.ok()) co_return;
    changed_.Reset();
    next = reactor->Now() + kFlushInterval;
    versions_.Update();
    ++flushes_;
    flush_.Set();
    flush_.Reset();
  }
}

NodeCalls::Done NodeCalls::ListNodes(Call* call, const fleet::ListNodesRequest* request,
                                     fleet::ListNodesResponse* response) {
  const absl::StatusOr<int> page_size = PageSize(request->page_size());
  if (!page_size.ok()) {
    co_return InvalidField(reason::kInvalidArgument, "page_size", page_size.status().message());
  }
  const absl::StatusOr<Filter> filter = Filter::CompileForNodes(request->filter());
  if (!filter.ok()) {
    co_return InvalidField(reason::kInvalidFilter, "filter", filter.status().message());
  }
  const bool descending = request->order_by() == "name desc";
  if (!request->order_by().empty() && request->order_by() != "name" && !descending) {
    co_return InvalidField(reason::kInvalidOrderBy, "order_by",
                           "nodes have the orders \"name\" and \"name desc\"");
  }
  const uint64_t fingerprint = ListFingerprint(*request);
  const absl::StatusOr<std::string> after = ReadPageToken(request->page_token(), fingerprint);
  if (!after.ok()) {
    co_return InvalidField(reason::kInvalidPageToken, "page_token", after.status().message());
  }

  const std::string own_name = registry_->own().name();
  fleet::Node own;
  fleet::GetNodeRequest get;
  get.set_name(own_name);
  const grpc::Status got = co_await calls_->GetNode(call, &get, &own);
  if (!got.ok()) co_return got;
  own.clear_hosts();
  const bool all = SeesOthers(*call->caller);
  std::vector<const fleet::Node*> nodes;
  for (const auto& [name, node] : registry_->nodes()) {
    const fleet::Node& shown = name == own_name ? own : node;
    if ((all || name == own_name) && filter->Matches(shown)) nodes.push_back(&shown);
  }
  if (descending) std::reverse(nodes.begin(), nodes.end());
  size_t bytes = 0;
  for (const fleet::Node* const node : nodes) {
    const bool before = descending ? node->name() >= *after : node->name() <= *after;
    if (!after->empty() && before) continue;
    const bool full = response->nodes_size() >= *page_size || bytes > kMaxListBytes;
    if (full) {
      const std::string& last = response->nodes(response->nodes_size() - 1).name();
      response->set_next_page_token(MakePageToken(last, fingerprint));
      break;
    }
    bytes += node->ByteSizeLong() + 8;
    *response->add_nodes() = *node;
  }
  response->set_total_size(static_cast<int32_t>(nodes.size()));
  if (all) response->set_problem(registry_->problem());
  co_return grpc::Status::OK;
}

NodeCalls::Done NodeCalls::WatchNodes(Call* call, const fleet::WatchNodesRequest* request,
                                      Sink<fleet::WatchNodesResponse>* sink) {
  absl::StatusOr<Filter> filter = Filter::CompileForNodes(request->filter());
  if (!filter.ok()) {
    co_return InvalidField(reason::kInvalidFilter, "filter", filter.status().message());
  }
  const Place place(watchers_, call->caller->name);
  if (!place.taken()) {
    co_return LimitExceeded("there are too many watchers", std::chrono::seconds(5));
  }
  bool all = false;
  NodeWatch watch(&versions_, *std::move(filter), [this, &all](const std::string& name) {
    return all || name == registry_->own().name();
  });
  for (;;) {
    if (call->stop.stop_requested()) break;
    if (call->still_known && !call->still_known()) co_return NoLongerKnown();
    all = SeesOthers(*call->caller);
    const uint64_t flush = flushes_;
    bool more = false;
    fleet::WatchNodesResponse response =
        watch.Next(kMaxEvents, all ? registry_->problem() : "", &more);
    if (watch.told_something()) {
      const bool taken = co_await sink->Write(std::move(response));
      if (!taken) break;
      if (more || flush != flushes_) continue;
    }
    // Also looks now and then whether the caller may still be told.
    io::Deadline again(calls_->context().reactor,
                       calls_->context().reactor->Now() + kBookmarkInterval, call->stop);
    (void)co_await flush_.Wait(again.token());
  }
  if ((call->caller_gone && *call->caller_gone) || !call->stop.stop_requested()) {
    co_return grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone");
  }
  co_return AgentStopping("");
}

NodeCalls::Done NodeCalls::ForgetNode(Call* call, const fleet::ForgetNodeRequest* request,
                                      fleet::ForgetNodeResponse*) {
  call->resource = request->name();
  call->reason = request->reason().substr(0, kMaxReasonBytes);
  if (request->reason().size() > kMaxReasonBytes) {
    co_return InvalidField(reason::kInvalidArgument, "reason", "has more than 1,000 bytes");
  }
  const std::optional<std::string> node = ParseNodeName(request->name());
  if (!node || *node == "-") {
    co_return InvalidField(reason::kInvalidName, "name", "must be nodes/NODE");
  }
  if (!SeesOthers(*call->caller)) {
    co_return request->name() == registry_->own().name()
        ? PermissionDenied(Verb::kForget, request->name())
        : NodeNotFound(request->name());
  }
  if (!calls_->context().policy()->RightsOverNode(*call->caller).Has(Verb::kForget)) {
    co_return PermissionDenied(Verb::kForget, request->name());
  }
  const absl::Status forgotten =
      co_await registry_->Forget(request->name(), request->validate_only(), call->stop);
  co_return FromRegistry(forgotten, request->name());
}

}  // namespace mosh::mgmt
