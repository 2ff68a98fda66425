// The Host's side of one control connection, without its socket: packets with requests in, packets
// with replies out. docs/control.md is the protocol.
//
// A packet that can't be understood gets an error and harms nothing else. What waits to be sent is
// bounded: see WantsInput().
#ifndef SERVER_CONTROL_DIALOGUE_H_
#define SERVER_CONTROL_DIALOGUE_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/instant.h"
#include "server/control/change_queue.h"
#include "server/control/control.pb.h"
#include "server/control/screen_feed.h"
#include "server/host_control.h"

namespace mosh::server {

class Dialogue {
 public:
  // `host` outlives it. `on_output` is called whenever NextPacket() may give something again, also
  // from inside the Host's own calls: it must do no more than wake somebody.
  // `teller` is who the other side is.
  Dialogue(HostControl* host, std::function<void()> on_output,
           HostControl::Teller teller = HostControl::Teller::kOwner);
  ~Dialogue();
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  void OnPacket(std::span<const uint8_t> packet);
  // A packet came that was too long to be received whole.
  void OnTooLongPacket();
  // False: read no more before some output has been taken.
  bool WantsInput() const;

  // Empty: there is nothing to send now. May hold a session's key: to be wiped after use.
  std::string NextPacket(Instant now);
  // After an empty one: when there will be something, unless `on_output` calls before.
  Instant NextDeadline() const;

  // Screens that one connection may be subscribed to at a time.
  static constexpr size_t kMaxScreens = 16;

 private:
  // Waits to be sent: either a packet, or a list whose packets are made when there is room for
  // them.
  struct Waiting {
    std::string packet;  // empty: a list
    control::Reply head;
    std::vector<std::string> ids;
    size_t next_id = 0;
  };

  struct Screen {
    Screen(control::Reply head, std::string session_id, std::chrono::nanoseconds interval,
           ScreenFeed::Wants wants, const std::function<void()>& on_output)
        : head(std::move(head)), feed(std::move(session_id), interval, wants, on_output) {}

    control::Reply head;
    ScreenFeed feed;
  };

  // `head` is the reply as far as it is known: the request's id.
  void Obey(const control::Request& request, control::Reply head);
  void Say(control::Reply& reply);
  void SayStatus(control::Reply head, const absl::Status& status);
  void SayGrant(control::Reply head, absl::StatusOr<control::Grant> grant);
  void SaySnapshot(control::Reply head, absl::StatusOr<control::Snapshot> snapshot);
  void SaySession(control::Reply head, absl::StatusOr<control::Session> session);
  void SayHost(control::Reply head);
  void Subscribe(control::Reply head);
  void SubscribeScreen(const control::SubscribeScreen& request, ScreenFeed::Wants wants,
                       control::Reply head);
  void Unsubscribe(uint64_t request_id, control::Reply head);
  bool IsSubscribed(uint64_t request_id) const;
  std::string NextOfList(Waiting& list);
  std::string NextOfChanges(Instant now);
  std::string NextOfScreens(Instant now);

  HostControl* host_;
  std::function<void()> on_output_;
  const HostControl::Teller teller_;
  std::deque<Waiting> waiting_;
  size_t waiting_bytes_ = 0;
  control::Reply subscription_head_;
  std::unique_ptr<ChangeQueue> changes_;         // null: no subscription
  Instant changes_due_;                          // not told of sooner
  std::deque<std::unique_ptr<Screen>> screens_;  // whose turn it is comes first
  bool screens_first_ = false;
  bool said_watched_ = false;
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_DIALOGUE_H_
