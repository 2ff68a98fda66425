#include "mgmt/model/directory.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
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

absl::Status Directory::Put(absl::string_view host, const Owner& owner,
                            const control::Session& told, absl::Time now) {
  if (!IsSessionId(told.id())) return absl::InvalidArgumentError("a session without a valid id");
  const auto found = records_.find(told.id());
  Record* record = found != records_.end() ? found->second.get() : nullptr;
  // Ids are random: no two Hosts have the same by chance, and nobody takes over another's.
  if (record != nullptr && record->host != host) {
    return absl::AlreadyExistsError(absl::StrCat("session ", told.id(), " is another Host's"));
  }
  auto session = std::make_shared<const fleet::Session>(
      FromHost(told, node_name_, owner, record != nullptr ? record->session.get() : nullptr, now));
  if (record != nullptr) {
    if (!Same(*record->session, *session)) Changed(record, std::move(session));
    return absl::OkStatus();
  }
  if (records_.size() >= options_.max_sessions) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", options_.max_sessions, " sessions"));
  }
  auto created = std::make_unique<Record>();
  record = created.get();
  record->host = std::string(host);
  record->uid = owner.uid;
  record->created = version_ + 1;
  if (free_slots_.empty()) {
    record->slot = slot_count_++;
  } else {
    record->slot = free_slots_.back();
    free_slots_.pop_back();
  }
  records_.emplace(told.id(), std::move(created));
  by_id_.emplace(told.id(), record);
  Changed(record, std::move(session));
  return absl::OkStatus();
}

void Directory::Remove(absl::string_view host, absl::string_view session_id) {
  const auto found = records_.find(session_id);
  if (found != records_.end() && found->second->host == host) Bury(found->second.get());
}

void Directory::RemoveOthers(absl::string_view host, const std::vector<std::string>& ids) {
  const absl::flat_hash_set<absl::string_view> kept(ids.begin(), ids.end());
  std::vector<Record*> gone;
  for (const auto& [id, record] : by_id_) {
    if (record->host == host && !kept.contains(id)) gone.push_back(record);
  }
  for (Record* record : gone) Bury(record);
}

void Directory::MarkEnding(absl::string_view session_id, absl::Time now) {
  const auto found = records_.find(session_id);
  if (found == records_.end()) return;
  fleet::Session session = *found->second->session;
  if (session.state() == fleet::Session::ENDING) return;
  SetState(fleet::Session::ENDING, now, &session);
  session.set_etag(EtagOf(session));
  Changed(found->second.get(), std::make_shared<const fleet::Session>(std::move(session)));
}

const Record* Directory::Find(absl::string_view session_id) const {
  const auto found = records_.find(session_id);
  return found != records_.end() ? found->second.get() : nullptr;
}

Directory::Page Directory::List(const Query& query, bool with_usage) const {
  Page page;
  const bool usage_first = query.filter.needs_usage() || query.order.needs_usage();
  std::vector<std::pair<std::string, SessionPtr>> rest;  // behind the beginning of the page
  for (const auto& [id, record] : by_id_) {
    if (query.visible != nullptr && !query.visible(record->uid)) continue;
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
                        const std::function<void(const Record&)>& visit) const {
  for (const auto& [id, record] : by_id_) {
    if (visible != nullptr && !visible(record->uid)) continue;
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
  if (on_change_ != nullptr) on_change_();
}

void Directory::Bury(Record* record) {
  by_change_.erase(record->version);
  tombstones_.push_back({.name = record->session->name(),
                         .uid = record->uid,
                         .created = record->created,
                         .version = ++version_,
                         .slot = record->slot});
  ForgetTombstones();
  const std::string id = record->session->session_id();
  by_id_.erase(id);
  CHECK(records_.erase(id) == 1);
  if (on_change_ != nullptr) on_change_();
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
