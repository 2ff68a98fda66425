#include "server/gate/refusal.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/control/control_client.h"
#include "server/gate/link.h"
#include "server/gate/packet_socket.h"

namespace mosh::server::gate {
namespace {

using namespace std::chrono_literals;

// Somebody who has asked for a list, and the gate's end of the connection.
struct Asker {
  Asker() {
    auto pair = *MakePacketPair();
    client = std::make_unique<ControlClient>(std::move(pair.first));
    connection = std::move(pair.second);
    control::Request request;
    request.mutable_list_sessions();
    EXPECT_TRUE(client->Send(&request, Soon()).ok());
  }
  static ControlClient::Deadline Soon() { return std::chrono::steady_clock::now() + 20s; }
  absl::Status Answer() { return client->Receive(Soon()).status(); }

  std::unique_ptr<ControlClient> client;
  io::OwnedFd connection;
};

TEST(Refusal, ReasonOutlivesTheConnection) {
  Asker asker;
  Refuse(asker.connection.get(), absl::PermissionDeniedError("not you"));
  asker.connection.Reset();
  EXPECT_EQ(asker.Answer(), absl::PermissionDeniedError("not you"));
}

TEST(Refusal, AllThatWaitAtALinkHearIt) {
  auto link = *MakePacketPair();
  std::vector<Asker> askers(3);
  const std::vector<uint8_t> packet = EncodeLink(LinkConnection{});
  for (Asker& asker : askers) {
    const int fd = asker.connection.get();
    ASSERT_TRUE(TrySendPacket(link.first.get(), packet, {&fd, 1}));
    asker.connection.Reset();
  }
  RefuseWaiting(link.second.get(), absl::NotFoundError("no such user"));
  for (Asker& asker : askers) EXPECT_EQ(asker.Answer(), absl::NotFoundError("no such user"));
  EXPECT_FALSE(TrySendPacket(link.first.get(), packet));
}

}  // namespace
}  // namespace mosh::server::gate
