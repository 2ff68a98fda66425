#include "mgmt/fleet/node_replica.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mosh::mgmt {
namespace {

// A session with many clients, each with many addresses, is a few kilobytes.
constexpr size_t kMaxSessionBytes = 64 * 1024;
constexpr size_t kMaxVersionBytes = 64;
constexpr int kMaxUnreachable = 1'000;
constexpr size_t kMaxNameBytes = 256;

}  // namespace

NodeReplica::NodeReplica(Directory* directory, std::string node, size_t max_sessions)
    : directory_(directory), node_(std::move(node)), max_sessions_(max_sessions) {
  directory_->ForEach(
      Filter(), nullptr, [this](const Record&) { ++count_; }, Directory::PrefixOf(node_));
}

void NodeReplica::Begin() {
  snapshot_ = version_.empty();
  seen_.clear();
  synced_ = false;
  if (snapshot_) overfull_ = false;
  complaint_.clear();
}

void NodeReplica::Apply(fleet::WatchSessionsResponse* response) {
  using Event = fleet::SessionEvent;
  for (Event& event : *response->mutable_events()) {
    ++applied_;
    switch (event.type()) {
      case Event::ADDED:
      case Event::MODIFIED:
        Take(event.mutable_session());
        break;
      case Event::DELETED:
        seen_.erase(event.session().name());
        if (directory_->RemoveOf(node_, event.session().name())) --count_;
        break;
      case Event::SYNCED:
        if (!snapshot_) break;
        count_ -= directory_->RemoveOthersOf(node_, seen_);
        seen_ = {};
        snapshot_ = false;
        break;
      default:  // a BOOKMARK, or what a newer node may say
        break;
    }
    if (snapshot_ || event.resource_version().empty()) continue;
    if (event.resource_version().size() > kMaxVersionBytes) {
      Refuse("a resource_version that is too long");
    } else {
      version_ = event.resource_version();
    }
  }
  if (response->has_unreachable()) TakeUnreachable(response->unreachable());
  // One that goes on says something at once, if only who doesn't answer.
  synced_ = !snapshot_;
}

void NodeReplica::Take(fleet::Session* session) {
  if (session->ByteSizeLong() > kMaxSessionBytes) return Refuse("a session that is too large");
  const bool known = directory_->FindNamed(session->name()) != nullptr;
  if (!known && count_ >= max_sessions_) {
    overfull_ = true;
    return Refuse("more sessions than there is room for");
  }
  // Known of this machine's processes alone.
  session->clear_usage();
  std::string name = session->name();
  const absl::StatusOr<bool> is_new = directory_->PutOf(node_, std::move(*session));
  if (!is_new.ok()) {
    overfull_ |= is_new.status().code() == absl::StatusCode::kResourceExhausted;
    return Refuse(is_new.status().message());
  }
  count_ += *is_new ? 1 : 0;
  if (snapshot_) seen_.insert(std::move(name));
}

void NodeReplica::TakeUnreachable(const fleet::Unreachable& told) {
  unreachable_.clear();
  const std::string prefix = absl::StrCat(node_, "/hosts/");
  for (const std::string& name : told.names()) {
    if (!absl::StartsWith(name, prefix) || name.size() > kMaxNameBytes) {
      Refuse("that somebody is unreachable who is not its own");
    } else if (unreachable_.size() < kMaxUnreachable) {
      unreachable_.push_back(name);
    }
  }
  std::sort(unreachable_.begin(), unreachable_.end());
}

void NodeReplica::Refuse(absl::string_view why) {
  ++refused_;
  if (complaint_.empty()) complaint_ = std::string(why);
}

void NodeReplica::Forget() {
  directory_->RemoveOthersOf(node_, {});
  count_ = 0;
  unreachable_.clear();
  ForgetVersion();
}

}  // namespace mosh::mgmt
