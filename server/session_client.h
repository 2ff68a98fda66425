// One client of a session: its connection, its window, what it may do, and where it has been.
#ifndef SERVER_SESSION_CLIENT_H_
#define SERVER_SESSION_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/address.h"
#include "server/endpoint.h"
#include "server/router.h"
#include "server/view.h"
#include "ssp/compression.h"
#include "term/size.h"

namespace mosh::server {

class HostedSession;

class SessionClient final : public Routed {
 public:
  enum class State : uint8_t {
    kAwaited,   // it has been granted a key and not been heard
    kAttached,  // it has been heard; it may be out of reach
    kLeaving,   // we said goodbye; waiting for its answer
    kLeft,      // it said goodbye and has our answer, which may have got lost
    kGone,      // to be removed
  };
  struct Terms {
    std::string id;
    bool view_only = false;
    bool steals = false;  // once it is here, the others are told to leave
  };
  static constexpr size_t kEarlierAddresses = 4;

  SessionClient(HostedSession* session, Terms terms, const crypto::SessionKey& key, term::Size size,
                std::shared_ptr<ssp::Codec> codec, crypto::RandomSource* random, Instant now)
      : session_(session),
        terms_(std::move(terms)),
        endpoint_(key, size, std::move(codec), random, now),
        view_(size),
        granted_at_(now) {}

  bool Authenticates(std::span<const uint8_t> datagram) override {
    return endpoint_.Authenticates(datagram);
  }

  HostedSession* session() const { return session_; }
  const Terms& terms() const { return terms_; }
  bool may_type() const { return !terms_.view_only; }
  Endpoint& endpoint() { return endpoint_; }
  const Endpoint& endpoint() const { return endpoint_; }
  View& view() { return view_; }

  State state() const { return state_; }
  void set_state(State state) { state_ = state; }
  bool here() const { return state_ == State::kAttached; }

  Instant granted_at() const { return granted_at_; }
  std::optional<Instant> attached_at() const { return attached_at_; }
  void SetAttachedAt(Instant now) { attached_at_ = now; }

  // Its window; nullopt until it has said.
  std::optional<term::Size> window() const { return window_; }
  void SetWindow(term::Size window) {
    window_ = window;
    view_.Resize(window);
  }

  // Its newest datagram came from `address`.
  void OnHeardFrom(const io::SocketAddress& address) {
    if (address == address_) return;
    if (!address_.empty()) {
      ++roam_count_;
      if (earlier_addresses_.size() == kEarlierAddresses) {
        earlier_addresses_.erase(earlier_addresses_.begin());
      }
      earlier_addresses_.push_back(address_);
    }
    address_ = address;
  }
  // The newest, even if it has been silent for so long that nothing is sent there.
  const io::SocketAddress& address() const { return address_; }
  const std::vector<io::SocketAddress>& earlier_addresses() const { return earlier_addresses_; }
  uint64_t roam_count() const { return roam_count_; }

 private:
  HostedSession* session_;
  Terms terms_;
  Endpoint endpoint_;
  View view_;
  std::optional<term::Size> window_;
  State state_ = State::kAwaited;
  Instant granted_at_;
  std::optional<Instant> attached_at_;
  io::SocketAddress address_;
  std::vector<io::SocketAddress> earlier_addresses_;
  uint64_t roam_count_ = 0;
};

}  // namespace mosh::server

#endif  // SERVER_SESSION_CLIENT_H_
