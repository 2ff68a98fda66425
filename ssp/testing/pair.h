// A client's and a server's transport joined by two Links, and the clock they live by: the toy
// world of ssp's tests.
//
// The server runs an echoing program: what the client types appears on the server's screen
// `echo_delay` after it arrives, and an "echo acknowledgement" 50 ms after that, as a real server
// sends (docs/spec/transport.md §12.3).
#ifndef SSP_TESTING_PAIR_H_
#define SSP_TESTING_PAIR_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/instant.h"
#include "crypto/session_cipher.h"
#include "crypto/testing/seeded_random.h"
#include "ssp/testing/link.h"
#include "ssp/testing/toy_states.h"
#include "ssp/transport.h"

namespace mosh::ssp {

struct PairOptions {
  LinkConditions up;  // client to server
  LinkConditions down;
  uint64_t seed = 1;
  TransportConfig client = TransportConfig::Client();
  TransportConfig server = TransportConfig::Server();
  std::chrono::nanoseconds echo_delay = std::chrono::microseconds(200);
  bool echo_acks = true;
};

inline crypto::SessionKey ToyKey() {
  std::array<uint8_t, crypto::SessionKey::kSize> bytes{};
  bytes.fill(7);
  return crypto::SessionKey::FromBytes(bytes);
}

// ClientEnd and ServerEnd have the interface of Transport; ReferencePeer stands in for a stock one.
template <class ClientEnd, class ServerEnd>
class BasicPair {
 public:
  explicit BasicPair(const PairOptions& options)
      : options_(options),
        random_(options.seed * 3 + 1),
        up(options.up, options.seed * 3 + 2),
        down(options.down, options.seed * 3 + 3),
        client(options.client, crypto::SessionCipher(ToyKey(), crypto::Direction::kToServer),
               &random_, ToyStream(), ToyScreen(), now),
        server(options.server, crypto::SessionCipher(ToyKey(), crypto::Direction::kToClient),
               &random_, ToyScreen(), ToyStream(), now) {
    server.SetHasPeer(false);
  }

  void Type(absl::string_view keys) {
    input.Append(keys);
    client.OnLocalChange(now, ChangeHint::kIsolated);
  }
  // The client dies at once, and another process of it continues the session.
  void ReplaceClient() {
    TransportConfig config = options_.client;
    config.incarnation = client.incarnation() + 1;
    // Some numbers that the old one may have used are left out.
    const crypto::SequenceNumber first{client.next_sequence().value + 1000};
    client = ClientEnd(config, crypto::SessionCipher(ToyKey(), crypto::Direction::kToServer, first),
                       &random_, ToyStream(), ToyScreen(), now);
    input = ToyStream();
  }
  // What the client has sent is left with the transport while the program doesn't read.
  void SetReading(bool reading) {
    reading_ = reading;
    if (reading) ReadInput();
  }
  void Print(absl::string_view text, ChangeHint hint = ChangeHint::kBulk) {
    output.append(text.data(), text.size());
    UpdateScreen(hint);
  }

  // Runs until `until`, or until done() says so after some event.
  template <class Done>
  bool RunUntil(Instant until, Done done) {
    while (true) {
      Settle();
      if (done()) return true;
      const Instant next = NextEvent();
      if (next > until) break;
      CHECK(next > now);  // else something is due for ever
      now = next;
    }
    now = until;
    return false;
  }
  void RunFor(std::chrono::nanoseconds span) {
    RunUntil(now + span, [] { return false; });
  }

  // What the client sees of the program's output.
  std::string shown() const {
    const std::string& text = client.remote().text();
    return text.substr(0, text.find('|'));
  }

 private:
  PairOptions options_;
  crypto::SeededRandom random_;

 public:
  Instant now = Instant::FromMillis(100'000);
  Link up, down;
  ClientEnd client;
  ServerEnd server;
  ToyStream input;                                  // the client's live object
  ToyScreen screen;                                 // the server's
  std::string output;                               // of the program
  std::string received;                             // what the program read
  uint64_t client_wakeups = 0, server_wakeups = 0;  // timers that fired
  // Called for every datagram put on a link, before it is sealed away from view.
  std::function<void(bool to_client, std::span<const uint8_t>)> on_datagram;

 private:
  class PushSink final : public DatagramSink {
   public:
    PushSink(BasicPair* pair, bool to_client) : pair_(pair), to_client_(to_client) {}
    void Send(std::span<const uint8_t> datagram) override {
      if (pair_->on_datagram) pair_->on_datagram(to_client_, datagram);
      (to_client_ ? pair_->down : pair_->up).Push(datagram, pair_->now);
    }

   private:
    BasicPair* pair_;
    bool to_client_;
  };

  void UpdateScreen(ChangeHint hint) {
    screen.Set(output + "|" + std::to_string(echo_ack_));
    server.OnLocalChange(now, hint);
  }

  Instant NextEvent() const {
    return std::min({up.NextDeadline(), down.NextDeadline(), client.NextDeadline(),
                     server.NextDeadline(),
                     pending_.empty() ? Instant::Max() : pending_.begin()->first});
  }

  // Everything that is due now, in the order of a server's and a client's loop.
  void Settle() {
    while (auto datagram = up.Pop(now)) OnServerDatagram(*datagram);
    while (auto datagram = down.Pop(now)) client.OnDatagram(*datagram, EcnMark::kCapable0, now);
    while (!pending_.empty() && pending_.begin()->first <= now) {
      const auto action = std::move(pending_.begin()->second);
      pending_.erase(pending_.begin());
      action();
    }
    PushSink to_server(this, false), to_client(this, true);
    for (int i = 0; now >= client.NextDeadline(); ++i) {
      CHECK(i < 20);
      ++client_wakeups;
      CHECK(client.OnDeadline(now, input, to_server).ok());
    }
    for (int i = 0; now >= server.NextDeadline(); ++i) {
      CHECK(i < 20);
      ++server_wakeups;
      CHECK(server.OnDeadline(now, screen, to_client).ok());
    }
  }

  void OnServerDatagram(std::vector<uint8_t>& datagram) {
    auto result = server.OnDatagram(datagram, EcnMark::kCapable0, now);
    if (result.newest) server.SetHasPeer(true);
    if constexpr (requires { result.left_behind; }) {
      if (result.left_behind) {
        unread_ += result.left_behind->Since(taken_);
        taken_ = 0;
        echo_ack_ = 0;
        ++incarnations_;
      }
    }
    if (result.new_remote_state && reading_) ReadInput();
  }

  void ReadInput() {
    const std::string keys = std::exchange(unread_, "") + server.remote().Since(taken_);
    received += keys;
    taken_ = server.remote().size();
    const uint64_t num = server.remote_num().value;
    server.AcceptRemote();
    if (keys.empty()) return;
    pending_.emplace(now + options_.echo_delay, [this, keys] {
      output += keys;
      UpdateScreen(ChangeHint::kIsolated);
    });
    if (!options_.echo_acks) return;
    pending_.emplace(now + std::chrono::milliseconds(50), [this, num, of = incarnations_] {
      if (of != incarnations_) return;
      echo_ack_ = std::max(echo_ack_, num);
      UpdateScreen(ChangeHint::kBackground);
    });
  }

  std::multimap<Instant, std::function<void()>> pending_;
  uint64_t echo_ack_ = 0;
  bool reading_ = true;
  size_t taken_ = 0;    // of what the present client process sent
  std::string unread_;  // what earlier ones sent
  int incarnations_ = 0;
};

using Pair = BasicPair<Transport<ToyStream, ToyScreen>, Transport<ToyScreen, ToyStream>>;

}  // namespace mosh::ssp

#endif  // SSP_TESTING_PAIR_H_
