#include "mgmt/model/watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace mosh::mgmt {
namespace {

using Event = fleet::SessionEvent;

// The wire format by hand, because the bytes of a session are there already and shared.

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

constexpr uint64_t Tag(int field, int wire_type) {
  return static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire_type);
}

void AppendBytes(int field, absl::string_view bytes, std::string* out) {
  AppendVarint(Tag(field, 2), out);
  AppendVarint(bytes.size(), out);
  out->append(bytes.data(), bytes.size());
}

absl::Status TooLongAgo() {
  return absl::OutOfRangeError(
      "what has changed since that resource_version is not known any more: watch without one");
}

}  // namespace

absl::StatusOr<Watch> Watch::Begin(const Directory* directory, Terms terms,
                                   absl::string_view resource_version) {
  Watch watch(directory, std::move(terms));
  if (resource_version.empty()) {
    watch.version_ = directory->version();
    return watch;
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(resource_version, '.');
  uint64_t version;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &version)) {
    return absl::InvalidArgumentError("resource_version is none");
  }
  if (parts[0] != directory->instance() || version < directory->forgotten()) return TooLongAgo();
  if (version > directory->version()) {
    return absl::InvalidArgumentError("resource_version is none");
  }
  watch.synced_ = true;
  watch.version_ = watch.told_version_ = version;
  for (const auto& [name, record] : directory->records()) {
    if (record->created > version) continue;
    // What has changed since then may have been let through before it did.
    const bool changed = record->version > version;
    if (watch.Concerns(name, record->owner) && (changed || watch.LetsThrough(*record))) {
      watch.SetTold(record->slot, true);
    }
  }
  for (const Directory::Tombstone& tombstone : directory->tombstones()) {
    if (tombstone.created <= version && tombstone.version > version &&
        watch.Concerns(tombstone.name, tombstone.owner)) {
      watch.SetTold(tombstone.slot, true);
    }
  }
  return watch;
}

absl::StatusOr<Watch::Batch> Watch::Next(size_t max_events, size_t max_bytes) {
  if (version_ < directory_->forgotten()) return TooLongAgo();
  Batch batch;
  const auto full = [&] {
    return batch.events >= max_events || batch.response.size() >= max_bytes;
  };
  if (!synced_) {
    // By name and not by change: what changes while a slow reader fetches doesn't run away from
    // him.
    const auto& records = directory_->records();
    const std::string& prefix = terms_.prefix;
    for (auto next = records.upper_bound(std::max(snapshot_at_, prefix));
         next != records.end() && absl::StartsWith(next->first, prefix); ++next) {
      if (full()) return batch;
      snapshot_at_ = next->first;
      Tell(*next->second, 0, &batch);
    }
    if (full()) return batch;
    synced_ = true;
    snapshot_at_.clear();
    told_version_ = version_;
    Append(Event::SYNCED, "", resource_version(), &batch);
  }
  auto changed = directory_->by_change().upper_bound(version_);
  auto gone = std::upper_bound(
      directory_->tombstones().begin(), directory_->tombstones().end(), version_,
      [](uint64_t version, const Directory::Tombstone& one) { return version < one.version; });
  while (!full()) {
    const uint64_t change = changed != directory_->by_change().end() ? changed->first : UINT64_MAX;
    const uint64_t end = gone != directory_->tombstones().end() ? gone->version : UINT64_MAX;
    if (change == end) {  // neither
      version_ = directory_->version();
      break;
    }
    if (change < end) {
      Tell(*changed->second, change, &batch);
      ++changed;
    } else {
      TellGone(*gone, &batch);
      ++gone;
    }
    version_ = std::min(change, end);
  }
  return batch;
}

Watch::Batch Watch::Bookmark() {
  Batch batch;
  if (behind() || told_version_ == version_) return batch;
  told_version_ = version_;
  Append(Event::BOOKMARK, "", resource_version(), &batch);
  return batch;
}

void Watch::SetTold(uint32_t slot, bool told) {
  if (slot >= told_.size()) told_.resize(std::max<size_t>(slot + 1, directory_->slots()));
  told_[slot] = told;
}

std::string Watch::ResourceVersion(uint64_t version) const {
  return absl::StrCat(directory_->instance(), ".", version);
}

bool Watch::Concerns(absl::string_view name, const Owner& owner) const {
  return absl::StartsWith(name, terms_.prefix) &&
         (terms_.visible == nullptr || terms_.visible(owner));
}

bool Watch::LetsThrough(const Record& record) const {
  if (!Concerns(record.session->name(), record.owner)) return false;
  if (!terms_.filter.needs_usage()) return terms_.filter.Matches(*record.session);
  return terms_.filter.Matches(directory_->WithUsage(*record.session));
}

void Watch::Append(Event::Type type, absl::string_view session, const std::string& resource_version,
                   Batch* batch) {
  std::string event;
  event.reserve(session.size() + resource_version.size() + 16);
  AppendVarint(Tag(Event::kTypeFieldNumber, 0), &event);
  AppendVarint(static_cast<uint64_t>(type), &event);
  if (!session.empty()) AppendBytes(Event::kSessionFieldNumber, session, &event);
  if (!resource_version.empty()) {
    AppendBytes(Event::kResourceVersionFieldNumber, resource_version, &event);
  }
  AppendBytes(fleet::WatchSessionsResponse::kEventsFieldNumber, event, &batch->response);
  ++batch->events;
}

void Watch::AppendDeleted(const std::string& name, uint64_t version, Batch* batch) {
  std::string session;
  AppendBytes(fleet::Session::kNameFieldNumber, name, &session);
  Append(Event::DELETED, session, ResourceVersion(version), batch);
  told_version_ = version;
}

void Watch::Tell(const Record& record, uint64_t version, Batch* batch) {
  const bool told = Told(record.slot);
  if (!LetsThrough(record)) {
    if (!told) return;
    SetTold(record.slot, false);
    return AppendDeleted(record.session->name(), version, batch);
  }
  // Nothing that the reader wants to see has changed.
  if (told && !terms_.mask.wants_measurements() && record.etag_version <= version_) return;
  const Event::Type type = told ? Event::MODIFIED : Event::ADDED;
  SetTold(record.slot, true);
  // Before everything has been told there is nothing to resume from.
  const std::string resume = synced_ ? ResourceVersion(version) : "";
  if (terms_.mask.wants_usage()) {
    const fleet::Session session = terms_.mask.Apply(directory_->WithUsage(*record.session));
    Append(type, session.SerializeAsString(), resume, batch);
  } else {
    Append(type, *record.Encoded(terms_.mask), resume, batch);
  }
  if (synced_) told_version_ = version;
}

void Watch::TellGone(const Directory::Tombstone& tombstone, Batch* batch) {
  if (!Told(tombstone.slot)) return;
  SetTold(tombstone.slot, false);
  AppendDeleted(tombstone.name, tombstone.version, batch);
}

}  // namespace mosh::mgmt
