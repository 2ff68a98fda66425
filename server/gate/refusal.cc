#include "server/gate/refusal.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "server/control/control.pb.h"
#include "server/control/reply_status.h"
#include "server/gate/link.h"
#include "server/gate/packet_socket.h"

namespace mosh::server::gate {

void Refuse(int connection, const absl::Status& why) {
  uint8_t ignored;
  recv(connection, &ignored, sizeof ignored, MSG_DONTWAIT | MSG_TRUNC);
  control::Reply reply;
  SetStatus(why, &reply);
  const std::string packet = reply.SerializeAsString();
  TrySendPacket(connection, {reinterpret_cast<const uint8_t*>(packet.data()), packet.size()});
}

void RefuseWaiting(int link, const absl::Status& why) {
  // Nobody can add to them any more, and who tries learns it.
  shutdown(link, SHUT_RD);
  std::vector<uint8_t> buffer(kLinkPacket);
  for (;;) {
    const ReceivedPacket packet = ReceivePacket(link, buffer, false);
    if (packet.kind != ReceivedPacket::Kind::kPacket) return;
    for (const io::OwnedFd& connection : packet.fds) {
      pollfd request{connection.get(), POLLIN, 0};
      poll(&request, 1, static_cast<int>(kRequestPatience.count()));
      Refuse(connection.get(), why);
    }
  }
}

}  // namespace mosh::server::gate
