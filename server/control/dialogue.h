// The Host's side of one control connection, without its socket: packets with requests in, packets
// with replies out. docs/control.md is the protocol.
//
// A packet that can't be understood gets an error and harms nothing else. What waits to be sent is
// bounded: see WantsInput().
#ifndef SERVER_CONTROL_DIALOGUE_H_
#define SERVER_CONTROL_DIALOGUE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/control/change_queue.h"
#include "server/control/control.pb.h"
#include "server/host_control.h"

namespace mosh::server {

class Dialogue {
 public:
  // `host` outlives it. `on_output` is called whenever NextPacket() may give something again, also
  // from inside the Host's own calls: it must do no more than wake somebody.
  Dialogue(HostControl* host, std::function<void()> on_output);
  ~Dialogue();
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  void OnPacket(std::span<const uint8_t> packet);
  // A packet came that was too long to be received whole.
  void OnTooLongPacket();
  // False: read no more before some output has been taken.
  bool WantsInput() const;

  // Empty: there is nothing to send now. May hold a session's key: to be wiped after use.
  std::string NextPacket();

 private:
  // Waits to be sent: either a packet, or a list whose packets are made when there is room for
  // them.
  struct Waiting {
    std::string packet;  // empty: a list
    control::Reply head;
    std::vector<std::string> ids;
    size_t next_id = 0;
  };

  // `head` is the reply as far as it is known: the request's id.
  void Obey(const control::Request& request, control::Reply head);
  void Say(const control::Reply& reply);
  void SayStatus(control::Reply head, const absl::Status& status);
  void SayGrant(control::Reply head, absl::StatusOr<control::Grant> grant);
  void SaySnapshot(control::Reply head, absl::StatusOr<control::Snapshot> snapshot);
  void Subscribe(control::Reply head);
  std::string NextOfList(Waiting& list);

  HostControl* host_;
  std::function<void()> on_output_;
  std::deque<Waiting> waiting_;
  size_t waiting_bytes_ = 0;
  control::Reply subscription_head_;
  std::unique_ptr<ChangeQueue> changes_;  // null: no subscription
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_DIALOGUE_H_
