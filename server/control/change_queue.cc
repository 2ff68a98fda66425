#include "server/control/change_queue.h"

#include <utility>

#include "absl/status/statusor.h"
#include "server/control/reply_parts.h"

namespace mosh::server {

ChangeQueue::ChangeQueue(const std::vector<std::string>& ids, std::function<void()> on_news)
    : initial_left_(ids.size()), on_news_(std::move(on_news)) {
  for (const std::string& id : ids) {
    Entry& entry = entries_[id];
    entry.initial = true;
    Enqueue(id, entry);
  }
}

void ChangeQueue::Enqueue(absl::string_view id, Entry& entry) {
  if (entry.waiting) return;
  entry.waiting = true;
  entry.place = waiting_.emplace(waiting_.end(), id);
}

void ChangeQueue::EndInitial(Entry& entry) {
  if (std::exchange(entry.initial, false)) --initial_left_;
}

void ChangeQueue::Forget(Entries::iterator entry) {
  EndInitial(entry->second);
  if (entry->second.waiting) waiting_.erase(entry->second.place);
  entries_.erase(entry);
}

void ChangeQueue::OnSessionChanged(absl::string_view session_id) {
  Enqueue(session_id, entries_[session_id]);
  on_news_();
}

void ChangeQueue::OnSessionGone(absl::string_view session_id) {
  const auto found = entries_.find(session_id);
  if (found == entries_.end()) return;
  if (found->second.told) {
    found->second.gone = true;
    Enqueue(session_id, found->second);
  } else {
    Forget(found);
  }
  on_news_();
}

void ChangeQueue::Fill(const HostControl& host, size_t max_size, size_t enough,
                       control::Reply* reply) {
  size_t size = 0;
  while (!waiting_.empty() && size < enough) {
    const auto found = entries_.find(waiting_.front());
    Entry& entry = found->second;
    absl::StatusOr<control::Session> session = host.Describe(found->first);
    if (entry.gone || !session.ok()) {
      if (entry.told) {
        size += found->first.size() + kFieldOverhead;
        if (reply->gone_size() + reply->session_size() > 0 && size > max_size) return;
        reply->add_gone(found->first);
      }
      Forget(found);
      continue;
    }
    TrimSession(max_size, &*session);
    size += session->ByteSizeLong() + kFieldOverhead;
    if (reply->gone_size() + reply->session_size() > 0 && size > max_size) return;
    *reply->add_session() = *std::move(session);
    entry.told = true;
    EndInitial(entry);
    entry.waiting = false;
    waiting_.pop_front();
  }
  if (!synced_ && initial_left_ == 0) {
    synced_ = true;
    reply->set_synced(true);
  }
}

}  // namespace mosh::server
