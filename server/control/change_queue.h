// What one subscriber still has to be told of a Host's sessions: first all there are, then those
// that change. Changes to a session that has not been told yet are one change, so that a reader who
// is slow, or has stopped, costs memory for each session once and nothing more.
//
// Pure: the Host's calls in, replies out.
#ifndef SERVER_CONTROL_CHANGE_QUEUE_H_
#define SERVER_CONTROL_CHANGE_QUEUE_H_

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/control/control.pb.h"
#include "server/host_control.h"

namespace mosh::server {

class ChangeQueue final : public SessionWatcher {
 public:
  // `ids` are the sessions there are. `on_news` is called, inside the Host's calls, when something
  // has come to be told.
  ChangeQueue(const std::vector<std::string>& ids, std::function<void()> on_news);

  void OnSessionChanged(absl::string_view session_id) override;
  void OnSessionGone(absl::string_view session_id) override;

  bool has_news() const { return !waiting_.empty() || (!synced_ && initial_left_ == 0); }
  // Moves items into an otherwise empty reply: at least one, none beyond `max_size` bytes, and no
  // more once there are `enough` bytes.
  void Fill(const HostControl& host, size_t max_size, size_t enough, control::Reply* reply);

  // Sessions that it remembers, for tests of its bound.
  size_t remembered() const { return entries_.size(); }

 private:
  struct Entry {
    bool told = false;     // the subscriber knows it
    bool gone = false;     // and it has ended
    bool initial = false;  // belongs to what comes before `synced`
    bool waiting = false;
    std::list<std::string>::iterator place;  // in waiting_, if so
  };
  using Entries = absl::flat_hash_map<std::string, Entry>;

  void Enqueue(absl::string_view id, Entry& entry);
  void Forget(Entries::iterator entry);
  void EndInitial(Entry& entry);

  Entries entries_;
  std::list<std::string> waiting_;  // oldest news first
  size_t initial_left_ = 0;
  bool synced_ = false;
  std::function<void()> on_news_;
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_CHANGE_QUEUE_H_
