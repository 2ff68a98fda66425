// A client without a face and without threads or loops of its own: thousands of them live in one
// process, and type.
#ifndef BENCH_FLEET_LIGHT_CLIENT_H_
#define BENCH_FLEET_LIGHT_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

#include "base/instant.h"
#include "bench/measure.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/address.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/timer_queue.h"
#include "io/udp_socket.h"
#include "ssp/compression.h"
#include "ssp/transport.h"
#include "sync/host_state.h"
#include "sync/user_stream.h"

namespace mosh::bench {

class LightClient final : private ssp::DatagramSink, private io::TimerNode {
 public:
  // Where its sequence numbers start: as stock's clients do, or at its key's route tag.
  enum class Start { kAtZero, kAtTag };

  LightClient(io::Reactor* reactor, const io::SocketAddress& server, const crypto::SessionKey& key,
              Start start, std::shared_ptr<ssp::Codec> codec, crypto::RandomSource* random);
  ~LightClient();

  // Opens a socket of its own and says hello. `scope` is joined before the client dies.
  void Connect(io::Scope* scope);
  io::Task<void> Close();

  // The session's program has shown its prompt.
  bool up() const { return up_; }
  // A key of its own choice; the time until the screen shows it, or a later one, goes to `samples`,
  // in milliseconds.
  void TypeKey(Samples* samples);
  // Typed, and neither they nor later ones have been shown.
  size_t keys_under_way() const { return under_way_.size(); }

 private:
  void Send(std::span<const uint8_t> datagram) override;
  void OnTimer() override { Tick(); }
  void Tick();
  void Look();
  io::Task<void> Receive(io::StopToken stop);

  io::Reactor* reactor_;
  io::SocketAddress server_;
  std::unique_ptr<io::UdpSocket> socket_;
  sync::UserStream input_;
  ssp::Transport<sync::UserStream, sync::HostState> transport_;
  bool up_ = false;
  int keys_ = 0;
  struct Key {
    char letter;
    double typed_at;
    Samples* samples;
  };
  std::deque<Key> under_way_;  // oldest first
};

}  // namespace mosh::bench

#endif  // BENCH_FLEET_LIGHT_CLIENT_H_
