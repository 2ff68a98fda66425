#include "mgmt/model/directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/check.h"

namespace mosh::mgmt {
namespace {

// Masks whose encodings are kept for each session. Who watches by yet another has its own made.
constexpr size_t kMaxEncodings = 4;

bool Same(const fleet::Session& a, const fleet::Session& b) {
  return a.etag() == b.etag() && a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

std::shared_ptr<const std::string> Record::Encoded(const ReadMask& mask) const {
  for (const Encoding& encoding : encodings_) {
    if (encoding.mask == mask.key()) return encoding.bytes;
  }
  auto bytes = std::make_shared<const std::string>(mask.Apply(*session).SerializeAsString());
  if (encodings_.size() < kMaxEncodings) encodings_.push_back({mask.key(), bytes});
  return bytes;
}

Directory::Directory(Options options)
    : options_(std::move(options)), node_name_(absl::StrCat("nodes/", options_.node)) {}

Directory::~Directory() = default;

void Directory::SetOnChange(std::function<void()> on_change, const void* who) {
  if (on_change == nullptr) {
    on_change_.erase(who);
  } else {
    on_change_[who] = std::move(on_change);
  }
}

absl::Status Directory::Put(absl::string_view host, const Owner& owner,
                            const control::Session& told, absl::Time now) {
  if (!IsSessionId(told.id())) return absl::InvalidArgumentError("a session without a valid id");
  const std::string name = SessionName(told.id());
  const auto found = records_.find(name);
  Record* record = found != records_.end() ? found->second.get() : nullptr;
  // Ids are random: no two Hosts have the same by chance, and nobody takes over another's.
  if (record != nullptr && record->source != host) {
    return absl::AlreadyExistsError(absl::StrCat("session ", told.id(), " is another Host's"));
  }
  auto session = std::make_shared<const fleet::Session>(
      FromHost(told, node_name_, owner, record != nullptr ? record->session.get() : nullptr, now));
  if (record == nullptr) {
    record = Add(name, host, owner);
    if (record == nullptr) return TooMany();
  } else if (Same(*record->session, *session)) {
    return absl::OkStatus();
  }
  Changed(record, std::move(session));
  return absl::OkStatus();
}

Record* Directory::Add(absl::string_view name, absl::string_view source, Owner owner) {
  if (records_.size() >= options_.max_sessions) return nullptr;
  auto created = std::make_unique<Record>();
  Record* const record = created.get();
  record->source = std::string(source);
  record->owner = std::move(owner);
  record->created = version_ + 1;
  if (free_slots_.empty()) {
    record->slot = slot_count_++;
  } else {
    record->slot = free_slots_.back();
    free_slots_.pop_back();
  }
  records_.emplace(name, std::move(created));
  by_name_.emplace(name, record);
  return record;
}

absl::Status Directory::TooMany() const {
  return absl::ResourceExhaustedError(
      absl::StrCat("more than ", options_.max_sessions, " sessions"));
}

void Directory::Remove(absl::string_view host, absl::string_view session_id) {
  const auto found = records_.find(SessionName(session_id));
  if (found != records_.end() && found->second->source == host) Bury(found->second.get());
}

void Directory::RemoveOthers(absl::string_view host, const std::vector<std::string>& ids) {
  const absl::flat_hash_set<absl::string_view> kept(ids.begin(), ids.end());
  std::vector<Record*> gone;
  for (const auto& [name, record] : by_name_) {
    if (record->source == host && !kept.contains(record->session->session_id())) {
      gone.push_back(record);
    }
  }
  for (Record* record : gone) Bury(record);
}

absl::StatusOr<bool> Directory::PutOf(absl::string_view node, fleet::Session session) {
  absl::string_view id = session.name();
  if (!absl::ConsumePrefix(&id, PrefixOf(node)) || !IsSessionId(id) || id != session.session_id()) {
    return absl::InvalidArgumentError(absl::StrCat("not the name of a session of ", node));
  }
  const auto found = records_.find(session.name());
  Record* record = found != records_.end() ? found->second.get() : nullptr;
  const bool is_new = record == nullptr;
  Owner owner = {.uid = session.uid(), .user = session.user(), .elsewhere = node != node_name_};
  if (is_new) {
    record = Add(session.name(), node, std::move(owner));
    if (record == nullptr) return TooMany();
  } else if (Same(*record->session, session)) {
    return false;
  } else {
    record->owner = std::move(owner);
  }
  Changed(record, std::make_shared<const fleet::Session>(std::move(session)));
  return is_new;
}

bool Directory::RemoveOf(absl::string_view node, absl::string_view name) {
  const auto found = records_.find(name);
  if (found == records_.end() || found->second->source != node) return false;
  Bury(found->second.get());
  return true;
}

size_t Directory::RemoveOthersOf(absl::string_view node,
                                 const absl::flat_hash_set<std::string>& names) {
  const std::string prefix = PrefixOf(node);
  std::vector<Record*> gone;
  for (auto next = by_name_.lower_bound(prefix);
       next != by_name_.end() && absl::StartsWith(next->first, prefix); ++next) {
    if (!names.contains(next->first)) gone.push_back(next->second);
  }
  for (Record* record : gone) Bury(record);
  return gone.size();
}

void Directory::MarkEnding(absl::string_view session_id, absl::Time now) {
  const auto found = records_.find(SessionName(session_id));
  if (found == records_.end()) return;
  fleet::Session session = *found->second->session;
  if (session.state() == fleet::Session::ENDING) return;
  SetState(fleet::Session::ENDING, now, &session);
  session.set_etag(EtagOf(session));
  Changed(found->second.get(), std::make_shared<const fleet::Session>(std::move(session)));
}

const Record* Directory::Find(absl::string_view session_id) const {
  return FindNamed(SessionName(session_id));
}

const Record* Directory::FindNamed(absl::string_view name) const {
  const auto found = records_.find(name);
  return found != records_.end() ? found->second.get() : nullptr;
}

Directory::Page Directory::List(const Query& query, bool with_usage) const {
  Page page;
  const bool usage_first = query.filter.needs_usage() || query.order.needs_usage();
  std::vector<std::pair<std::string, SessionPtr>> rest;  // behind the beginning of the page
  for (auto next = by_name_.lower_bound(query.prefix);
       next != by_name_.end() && absl::StartsWith(next->first, query.prefix); ++next) {
    const Record* const record = next->second;
    if (query.visible != nullptr && !query.visible(record->owner)) continue;
    SessionPtr session = record->session;
    if (usage_first) session = std::make_shared<const fleet::Session>(WithUsage(*session));
    if (!query.filter.Matches(*session)) continue;
    ++page.total;
    std::string key = query.order.Key(*session);
    if (key > query.after_key) rest.emplace_back(std::move(key), std::move(session));
  }
  const size_t size = std::min(rest.size(), static_cast<size_t>(std::max(query.page_size, 1)));
  const auto by_key = [](const auto& a, const auto& b) { return a.first < b.first; };
  // Without it they are in the order of their names.
  if (!query.order.by_name()) {
    std::partial_sort(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(size), rest.end(),
                      by_key);
  }
  if (size < rest.size()) page.next_key = rest[size - 1].first;
  rest.resize(size);
  for (auto& [key, session] : rest) {
    if (with_usage && !usage_first) {
      session = std::make_shared<const fleet::Session>(WithUsage(*session));
    }
    page.sessions.push_back(std::move(session));
  }
  return page;
}

void Directory::ForEach(const Filter& filter, const Visible& visible,
                        const std::function<void(const Record&)>& visit,
                        absl::string_view prefix) const {
  for (auto next = by_name_.lower_bound(prefix);
       next != by_name_.end() && absl::StartsWith(next->first, prefix); ++next) {
    const Record* const record = next->second;
    if (visible != nullptr && !visible(record->owner)) continue;
    const bool matches = filter.needs_usage() ? filter.Matches(WithUsage(*record->session))
                                              : filter.Matches(*record->session);
    if (matches) visit(*record);
  }
}

std::string Directory::SessionName(absl::string_view session_id) const {
  return absl::StrCat(node_name_, "/sessions/", session_id);
}

fleet::Session Directory::WithUsage(const fleet::Session& session) const {
  fleet::Session result = session;
  if (add_usage_ != nullptr) add_usage_(&result);
  return result;
}

void Directory::Changed(Record* record, SessionPtr session) {
  by_change_.erase(record->version);
  record->version = ++version_;
  by_change_.emplace(record->version, record);
  if (record->session == nullptr || record->session->etag() != session->etag()) {
    record->etag_version = record->version;
  }
  record->session = std::move(session);
  record->encodings_.clear();
  for (const auto& [who, on_change] : on_change_) on_change();
}

void Directory::Bury(Record* record) {
  by_change_.erase(record->version);
  tombstones_.push_back({.name = record->session->name(),
                         .owner = record->owner,
                         .created = record->created,
                         .version = ++version_,
                         .slot = record->slot});
  ForgetTombstones();
  const std::string name = record->session->name();
  by_name_.erase(name);
  CHECK(records_.erase(name) == 1);
  for (const auto& [who, on_change] : on_change_) on_change();
}

void Directory::ForgetTombstones() {
  while (tombstones_.size() > options_.max_tombstones) {
    forgotten_ = tombstones_.front().version;
    // Whoever may still have the session in it is further behind than this.
    free_slots_.push_back(tombstones_.front().slot);
    tombstones_.pop_front();
  }
}

}  // namespace mosh::mgmt
