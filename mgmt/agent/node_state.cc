#include "mgmt/agent/node_state.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/time_util.h"
#include "io/event.h"
#include "io/scope.h"
#include "mgmt/agent/limits.h"
#include "mgmt/model/utf8.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::util::TimeUtil;

std::string PathOf(const absl::StatusOr<NodeState::Places>& places,
                   std::string NodeState::Places::*path) {
  return places.ok() ? *places.*path : "";
}

}  // namespace

NodeState::NodeState(Context context)
    : context_(std::move(context)),
      unavailable_(context_.places.status().message()),
      admission_(PathOf(context_.places, &Places::admission), context_.worker),
      operations_({.node = context_.directory->node_name(),
                   .path = PathOf(context_.places, &Places::operations),
                   .worker = context_.worker,
                   .wall_clock = absl::Now}),
      drainer_({.reactor = context_.reactor,
                .directory = context_.directory,
                .operations = &operations_,
                .admission = &admission_,
                .world = this,
                .wall_clock = absl::Now}),
      drain_calls_({.calls = context_.calls,
                    .drainer = &drainer_,
                    .operations = &operations_,
                    .unavailable = [this] { return unavailable_; }}),
      file_store_(context_.etcd != nullptr
                      ? nullptr
                      : std::make_unique<FilePolicyStore>(
                            PathOf(context_.places, &Places::policies), context_.worker)),
      etcd_store_(context_.etcd == nullptr ? nullptr
                                           : std::make_unique<EtcdPolicyStore>(
                                                 context_.reactor, context_.etcd, context_.prefix)),
      store_(file_store_ != nullptr ? static_cast<PolicyStore*>(file_store_.get())
                                    : etcd_store_.get()),
      limits_({.reactor = context_.reactor,
               .store = store_,
               .admission = &admission_,
               .node = context_.directory->node_name(),
               .labels = context_.labels,
               .tell_hosts = context_.tell_hosts}),
      policy_calls_({.calls = context_.calls,
                     .store = store_,
                     .unavailable = [this] { return unavailable_; },
                     .wall_clock = absl::Now}) {}

io::Task<void> NodeState::Load() {
  if (!context_.places.ok()) co_return;
  const absl::Status operations = co_await operations_.Load();
  if (!operations.ok()) load_problems_.emplace_back(operations.message());
  // What is damaged has been put aside.
  if (!operations.ok() && operations.code() != absl::StatusCode::kDataLoss) {
    unavailable_ = std::string(operations.message());
    co_return;
  }
  co_await admission_.Load();
  co_await drainer_.Load();
  if (file_store_ != nullptr) {
    const absl::Status policies = co_await file_store_->Load();
    if (!policies.ok()) load_problems_.emplace_back(policies.message());
  }
  const absl::Status written = co_await admission_.Write();
  if (!written.ok()) load_problems_.emplace_back(written.message());
}

io::Task<void> NodeState::Run(Reception* reception, io::StopToken stop) {
  reception_ = reception;
  for (std::string& note : std::exchange(notes_, {})) {
    co_await reception_->Note(std::move(note));
  }
  io::Scope scope(stop);
  scope.Spawn(drainer_.Run(scope.token()));
  scope.Spawn(limits_.Run(scope.token()));
  // Of several agents on a machine one makes limits hold.
  if (etcd_store_ != nullptr && unavailable_.empty()) {
    scope.Spawn(etcd_store_->Run(scope.token()));
  }
  io::Event never;
  (void)co_await never.Wait(stop);
  drain_calls_.StopWaiting();
  co_await scope.CancelAndJoin();
}

void NodeState::AddTo(bool problems, fleet::Node* node) const {
  // What isn't known isn't said.
  if (unavailable_.empty()) {
    node->set_state(drainer_.state());
    *node->mutable_state_time() =
        TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(drainer_.state_time()));
    if (!drainer_.operation_id().empty()) {
      node->set_drain_operation(operations_.NameOf(drainer_.operation_id()));
    }
    *node->mutable_limits() = limits_.now().limits;
    for (const std::string& policy : limits_.now().policies) node->add_policies(policy);
  }
  for (const auto& [key, value] : context_.labels) (*node->mutable_labels())[key] = value;
  if (!problems || !context_.places.ok()) return;
  if (!unavailable_.empty()) {
    node->add_problems(ValidUtf8(absl::StrCat("can't drain or limit: ", unavailable_)));
    return;
  }
  if (!store_->problem().empty()) node->add_problems(ValidUtf8(store_->problem()));
  if (!admission_.status().ok()) {
    node->add_problems(ValidUtf8(absl::string_view(admission_.status().message())));
  }
}

io::Task<absl::Status> NodeState::Ask(std::string session_id, control::Request request,
                                      io::StopToken stop) {
  const absl::StatusOr<HostCalls::Replies> replies = co_await context_.hosts->AskAbout(
      std::move(session_id), std::move(request), kHostPatience, stop);
  co_return replies.status();
}

int NodeState::Unreachable() const {
  int count = 0;
  for (const HostState& state : context_.hosts->states()) {
    count += !state.connected && !state.problem.empty() ? 1 : 0;
  }
  return count;
}

io::Task<void> NodeState::Note(std::string text) {
  if (reception_ == nullptr) {
    notes_.push_back(std::move(text));
  } else {
    co_await reception_->Note(std::move(text));
  }
}

}  // namespace mosh::mgmt
