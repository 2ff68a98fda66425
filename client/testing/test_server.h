// The server's end of a session, for tests of the client: a real transport and real states over any
// reactor, and a screen that the test writes on instead of a program.
#ifndef CLIENT_TESTING_TEST_SERVER_H_
#define CLIENT_TESTING_TEST_SERVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/address.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/task.h"
#include "io/udp_socket.h"
#include "ssp/capabilities.h"
#include "ssp/predictions.h"
#include "ssp/transport.h"
#include "sync/echo_ack_tracker.h"
#include "sync/host_state.h"
#include "sync/user_stream.h"
#include "term/size.h"
#include "term/terminal.h"

namespace mosh::client {

class TestServer final : private ssp::DatagramSink {
 public:
  // All pointers outlive it.
  TestServer(io::Reactor* reactor, const io::SocketAddress& local, const crypto::SessionKey& key,
             crypto::RandomSource* random,
             ssp::Capabilities capabilities = ssp::Capability::kResume);

  // Until `stop`, or until a shutdown of either side is complete.
  io::Task<void> Run(io::StopToken stop);

  // Bytes of a program: they change the screen.
  void Print(absl::string_view bytes);
  void StartShutdown();
  // Sends as it is, to where the client was last heard: what a stranger might.
  void SendRaw(absl::string_view datagram);

  const std::string& typed() const { return typed_; }
  const std::vector<term::Size>& sizes() const { return sizes_; }
  // Called with each run of octets typed, as a program would be.
  std::function<void(const std::string&)> on_typed;
  const std::optional<ssp::Predictions>& predictions() const {
    return transport_.peer_predictions();
  }
  bool client_left() const { return transport_.counterparty_shutdown(); }
  bool over() const { return over_; }
  // Different source addresses and ports of the client.
  size_t client_addresses() const { return addresses_.size(); }

 private:
  void Send(std::span<const uint8_t> datagram) override;
  void OnDatagram(const io::Datagram& datagram);
  void TakeInput();
  void Tick();
  io::Task<void> Receive(io::UdpSocket* socket, io::StopToken stop);

  io::Reactor* reactor_;
  io::SocketAddress local_;
  std::unique_ptr<io::UdpSocket> socket_;
  io::SocketAddress client_;
  std::vector<io::SocketAddress> addresses_;
  ssp::Transport<sync::HostState, sync::UserStream> transport_;
  sync::UserStream taken_;
  term::Terminal terminal_;
  sync::EchoAckTracker echo_acks_;
  uint64_t echo_ack_ = 0;
  io::Event wake_;
  std::string typed_;
  std::vector<term::Size> sizes_;
  bool over_ = false;
};

}  // namespace mosh::client

#endif  // CLIENT_TESTING_TEST_SERVER_H_
