// A client without a face, for tests: real transport and real states over any reactor, simulated or
// not.
#ifndef SERVER_TESTING_TEST_CLIENT_H_
#define SERVER_TESTING_TEST_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/address.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/task.h"
#include "io/udp_socket.h"
#include "ssp/predictions.h"
#include "ssp/transport.h"
#include "sync/host_state.h"
#include "sync/user_stream.h"
#include "term/screen.h"
#include "term/size.h"

namespace mosh::server {

class TestClient final : private ssp::DatagramSink {
 public:
  // Where its sequence numbers start: at 0, as stock's do, or at its key's route tag.
  enum class Start { kAtZero, kAtTag };
  // The first thing it says is its size. All pointers outlive it.
  TestClient(io::Reactor* reactor, const io::SocketAddress& server, const crypto::SessionKey& key,
             crypto::RandomSource* random, term::Size size, Start start = Start::kAtZero);

  // Until Stop(), or until a shutdown of either side is complete.
  io::Task<void> Run();
  void Stop();

  // Another process of the same client, which goes on with its session; `incarnation` counts
  // from 1.
  TestClient(io::Reactor* reactor, const io::SocketAddress& server, const crypto::SessionKey& key,
             crypto::RandomSource* random, term::Size size, uint64_t incarnation);

  void Type(absl::string_view bytes);
  void Resize(term::Size size);
  void StartShutdown();
  // Tells the server, as clients that predict do.
  void SetPredictions(const ssp::Predictions& predictions) {
    transport_.SetPredictions(predictions);
  }
  // From now on from another port, of the address that the kernel chooses or of `host`. Only while
  // it runs.
  void Hop();
  void Hop(absl::string_view host);

  // Waits until `done`, looked at whenever something happened. False: not before `limit`.
  io::Task<bool> WaitUntil(std::function<bool()> done, Instant limit);

  const term::Screen& screen() const { return transport_.remote().screen(); }
  // The screen's rows down to the last written one, joined by newlines.
  std::string Text() const;
  bool Shows(absl::string_view text) const;
  uint64_t echo_ack() const { return transport_.remote().echo_ack(); }
  bool shutdown_acknowledged() const { return transport_.shutdown_acknowledged(); }
  bool server_left() const { return transport_.counterparty_shutdown(); }
  bool over() const { return over_; }
  const auto& transport() const { return transport_; }

 private:
  void Send(std::span<const uint8_t> datagram) override;
  void Tick();
  void Changed();
  io::Task<void> Receive(io::UdpSocket* socket, io::StopToken stop);

  io::Reactor* reactor_;
  io::SocketAddress server_;
  std::vector<std::unique_ptr<io::UdpSocket>> sockets_;  // the newest last
  sync::UserStream input_;
  ssp::Transport<sync::UserStream, sync::HostState> transport_;
  io::Scope scope_;
  io::Event wake_;
  io::Event progress_;
  bool stopping_ = false;
  bool over_ = false;
};

}  // namespace mosh::server

#endif  // SERVER_TESTING_TEST_CLIENT_H_
