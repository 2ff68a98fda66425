#include "server/control/serve_control.h"

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/cleanse.h"
#include "io/event.h"
#include "io/ready_queue.h"
#include "io/scope.h"
#include "io/timer.h"
#include "server/control/dialogue.h"

namespace mosh::server {
namespace {

// What the two halves of a connection share.
struct Talk {
  Talk(io::Reactor* reactor, std::unique_ptr<io::UnixConnection> connection, HostControl* host)
      : reactor(reactor),
        connection(std::move(connection)),
        timer(reactor, &output),
        dialogue(
            host, [this] { output.Set(); },
            this->connection->peer().uid == 0 ? HostControl::Teller::kRoot
                                              : HostControl::Teller::kOwner) {}

  io::Reactor* reactor;
  std::unique_ptr<io::UnixConnection> connection;
  io::Event output;  // there may be something to send
  io::Event room;    // something has been sent
  io::Timer timer;   // sets `output`
  Dialogue dialogue;
};

io::Task<void> Listen(Talk* talk, io::Scope* scope) {
  const io::StopToken stop = scope->token();
  while (!stop.stop_requested()) {
    while (!talk->dialogue.WantsInput()) {
      talk->room.Reset();
      const absl::Status waited = co_await talk->room.Wait(stop);
      if (!waited.ok()) co_return;
    }
    const absl::StatusOr<io::UnixMessage> message = co_await talk->connection->Receive(stop);
    if (message.ok() && !message->end) {
      talk->dialogue.OnPacket(message->bytes);
    } else if (message.status().code() == absl::StatusCode::kOutOfRange) {
      talk->dialogue.OnTooLongPacket();
    } else {
      scope->Cancel();
    }
  }
}

io::Task<void> Speak(Talk* talk, io::Scope* scope) {
  const io::StopToken stop = scope->token();
  while (!stop.stop_requested()) {
    std::string packet = talk->dialogue.NextPacket(talk->reactor->Now());
    if (packet.empty()) {
      talk->output.Reset();
      talk->timer.Arm(talk->dialogue.NextDeadline());
      [[maybe_unused]] const absl::Status waited = co_await talk->output.Wait(stop);
      continue;
    }
    const std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(packet.data()), packet.size());
    const absl::Status sent = co_await talk->connection->Send(bytes, {}, stop);
    crypto::Cleanse(bytes);
    if (!sent.ok()) scope->Cancel();
    talk->room.Set();
    // Whoever types goes before the next one.
    co_await io::Yield();
  }
}

}  // namespace

bool MayControl(const io::PeerCredentials& peer, uid_t owner) {
  return peer.uid == owner || peer.uid == 0;
}

io::Task<void> ServeControl(io::Reactor* reactor, std::unique_ptr<io::UnixConnection> connection,
                            HostControl* host, io::StopToken stop) {
  Talk talk(reactor, std::move(connection), host);
  io::Scope scope(stop);
  scope.Spawn(Listen(&talk, &scope));
  scope.Spawn(Speak(&talk, &scope));
  co_await scope.Join();
}

}  // namespace mosh::server
