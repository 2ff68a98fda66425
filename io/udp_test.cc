// What only the kernel's UDP has: address families, congestion marks on the wire, adopted sockets,
// many sockets at once.

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/test_reactor.h"

namespace mosh::io {
namespace {

using std::chrono_literals::operator""ms;

class UdpTest : public ReactorTest {};
INSTANTIATE_TEST_SUITE_P(Backends, UdpTest, KernelBackends(), BackendName);

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct Heard {
  SocketAddress from;
  SocketAddress to;
  EcnMark ecn = EcnMark::kNotEct;
  absl::Status status;
};

// Sends one datagram and tells what the receiver saw; the receiver answers from where it was
// reached.
Task<void> Exchange(UdpSocket* sender, UdpSocket* receiver, SocketAddress to, Heard* heard,
                    Heard* answer) {
  heard->status = sender->SendNow(Bytes("hello"), to);
  CO_ASSERT_TRUE(heard->status.ok());
  {
    const absl::StatusOr<Datagram> got = co_await receiver->Receive({});
    CO_ASSERT_TRUE(got.ok());
    *heard = {got->from(), got->to(), got->ecn(), absl::OkStatus()};
    const OutgoingDatagram reply{.bytes = got->bytes(), .to = got->from(), .from = got->to()};
    const BatchResult sent = receiver->SendBatch(std::span(&reply, 1));
    EXPECT_TRUE(sent.status.ok()) << sent.status.message();
  }
  {
    const absl::StatusOr<Datagram> got = co_await sender->Receive({});
    CO_ASSERT_TRUE(got.ok());
    *answer = {got->from(), got->to(), got->ecn(), absl::OkStatus()};
  }
}

Task<void> ExchangeAndClose(UdpSocket* sender, UdpSocket* receiver, SocketAddress to, Heard* heard,
                            Heard* answer) {
  co_await Exchange(sender, receiver, to, heard, answer);
  co_await sender->Close();
  co_await receiver->Close();
}

TEST_P(UdpTest, AV6SocketMarksAndSeesMarks) {
  auto a = reactor()->BindUdp(SocketAddress::LoopbackV6(0), {});
  auto b = reactor()->BindUdp(SocketAddress::LoopbackV6(0), {});
  if (!a.ok()) GTEST_SKIP() << "no IPv6 here";
  Heard heard, answer;
  Run(ExchangeAndClose(a->get(), b->get(), (*b)->local_address(), &heard, &answer));
  EXPECT_EQ(heard.ecn, EcnMark::kEct0);
  EXPECT_EQ(heard.from, (*a)->local_address());
  EXPECT_EQ(heard.to, (*b)->local_address());
}

TEST_P(UdpTest, ADualStackSocketServesBothFamilies) {
  auto server = reactor()->BindUdp(SocketAddress::AnyV6(0), {});
  if (!server.ok()) GTEST_SKIP() << "no IPv6 here";
  auto client = reactor()->BindUdp(SocketAddress::LoopbackV4(0), {});
  ASSERT_TRUE(client.ok());
  Heard heard, answer;
  const uint16_t port = (*server)->local_address().port();
  Run(ExchangeAndClose(client->get(), server->get(), SocketAddress::LoopbackV4(port), &heard,
                       &answer));
  EXPECT_TRUE(heard.from.is_v4_mapped());
  EXPECT_EQ(heard.from.Unmapped(), (*client)->local_address());
  EXPECT_EQ(heard.to.Unmapped(), SocketAddress::LoopbackV4(port));
  EXPECT_EQ(heard.ecn, EcnMark::kEct0);
  EXPECT_EQ(answer.ecn, EcnMark::kEct0);
}

TEST_P(UdpTest, WithoutDualStackIpv4PeersAreNotHeard) {
  const auto bind_six = [this] {
    return reactor()->BindUdp(SocketAddress::AnyV6(0), {.dual_stack = false});
  };
  // The port is still free for IPv4, unless another program of this machine has it.
  const auto bind_four = [this](const UdpSocket& six) {
    return reactor()->BindUdp(SocketAddress::AnyV4(six.local_address().port()), {});
  };
  auto six = bind_six();
  if (!six.ok()) GTEST_SKIP() << "no IPv6 here";
  auto four = bind_four(**six);
  for (int tries = 1; !four.ok() && tries < 10; ++tries) {
    Run((*six)->Close());
    six = bind_six();
    ASSERT_TRUE(six.ok());
    four = bind_four(**six);
  }
  ASSERT_TRUE(four.ok());
  Heard heard, answer;
  const SocketAddress to = SocketAddress::LoopbackV4((*four)->local_address().port());
  Run(ExchangeAndClose(four->get(), four->get(), to, &heard, &answer));
  Run(six->get()->Close());
}

TEST_P(UdpTest, AnswersFromTheAddressThatWasReached) {
  auto server = reactor()->BindUdp(SocketAddress::AnyV4(0), {});
  auto client = reactor()->BindUdp(SocketAddress::LoopbackV4(0), {});
  Heard heard, answer;
  const SocketAddress reached =
      *SocketAddress::Parse("127.0.0.9", (*server)->local_address().port());
  Run(ExchangeAndClose(client->get(), server->get(), reached, &heard, &answer));
  EXPECT_EQ(heard.to, reached);
  EXPECT_EQ(answer.from, reached);
}

TEST_P(UdpTest, SeesCongestionExperienced) {
  auto marked = reactor()->BindUdp(SocketAddress::LoopbackV4(0), {.traffic_class = 0x03});
  auto plain = reactor()->BindUdp(SocketAddress::LoopbackV4(0), {.traffic_class = 0});
  Heard heard, answer;
  Run(ExchangeAndClose(marked->get(), plain->get(), (*plain)->local_address(), &heard, &answer));
  EXPECT_EQ(heard.ecn, EcnMark::kCongestionExperienced);
  EXPECT_EQ(answer.ecn, EcnMark::kNotEct);
}

TEST_P(UdpTest, AdoptsASocketAndRefusesWhatIsNone) {
  OwnedFd raw(socket(AF_INET, SOCK_DGRAM, 0));
  const SocketAddress any = SocketAddress::LoopbackV4(0);
  ASSERT_EQ(bind(raw.get(), any.address(), any.length()), 0);
  auto adopted = reactor()->AdoptUdp(std::move(raw), {});
  ASSERT_TRUE(adopted.ok());
  auto client = reactor()->BindUdp(any, {});
  Heard heard, answer;
  Run(ExchangeAndClose(client->get(), adopted->get(), (*adopted)->local_address(), &heard,
                       &answer));
  EXPECT_EQ(heard.ecn, EcnMark::kEct0);
  EXPECT_FALSE(reactor()->AdoptUdp(OwnedFd(socket(AF_UNIX, SOCK_STREAM, 0)), {}).ok());
}

Task<void> CountInto(UdpSocket* socket, int* count, int wanted, Event* all, StopToken stop) {
  for (;;) {
    {
      const absl::StatusOr<Datagram> got = co_await socket->Receive(stop);
      if (!got.ok()) break;
    }
    if (++*count == wanted) all->Set();
  }
  co_await socket->Close();
}

Task<void> ManySocketsScenario(Reactor* reactor, int sockets, int each) {
  std::vector<std::unique_ptr<UdpSocket>> all;
  for (int i = 0; i < sockets; ++i) {
    all.push_back(*reactor->BindUdp(SocketAddress::LoopbackV4(0), {}));
  }
  auto sender = *reactor->BindUdp(SocketAddress::LoopbackV4(0), {});
  Scope scope;
  Event done;
  int count = 0;
  for (auto& socket : all) {
    scope.Spawn(CountInto(socket.get(), &count, sockets * each, &done, scope.token()));
  }
  for (int i = 0; i < each; ++i) {
    for (auto& socket : all) {
      EXPECT_TRUE(sender->SendNow(Bytes("x"), socket->local_address()).ok());
    }
  }
  (co_await done.Wait()).IgnoreError();
  co_await scope.CancelAndJoin();
  co_await sender->Close();
}

TEST_P(UdpTest, FortySocketsShareTheBuffers) { Run(ManySocketsScenario(reactor(), 40, 50)); }

TEST_P(UdpTest, ClosedSocketsLeaveNoDescriptors) {
  Run(ManySocketsScenario(reactor(), 3, 3));
  const int before = OpenFds();
  for (int i = 0; i < 5; ++i) Run(ManySocketsScenario(reactor(), 10, 20));
  EXPECT_EQ(OpenFds(), before);
}

TEST_P(UdpTest, NoRouteIsUnavailable) {
  auto v4 = reactor()->BindUdp(SocketAddress::LoopbackV4(0), {});
  // From a loopback address nothing leaves the machine.
  const absl::Status status = (*v4)->SendNow(Bytes("x"), *SocketAddress::Parse("203.0.113.1", 9));
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(status.code(), absl::StatusCode::kOutOfRange);
  Run(v4->get()->Close());
}

}  // namespace
}  // namespace mosh::io
