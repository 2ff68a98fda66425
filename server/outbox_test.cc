#include "server/outbox.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace mosh::server {
namespace {

// Takes datagrams, but none from 192.0.2.9 and none that begins with "big".
class FakeSocket final : public io::UdpSocket {
 public:
  io::Task<absl::StatusOr<io::Datagram>> Receive(io::StopToken) override {
    co_return absl::CancelledError("a fake");
  }
  std::optional<io::Datagram> TryReceive() override { return std::nullopt; }
  io::BatchResult SendBatch(std::span<const io::OutgoingDatagram> datagrams) override {
    ++batches;
    io::BatchResult result;
    for (const io::OutgoingDatagram& datagram : datagrams) {
      const std::string text(datagram.bytes.begin(), datagram.bytes.end());
      if (text.substr(0, 3) == "big") {
        result.status = absl::OutOfRangeError("too big");
        return result;
      }
      if (datagram.from.host() == "192.0.2.9") {
        result.status = absl::UnavailableError("not ours");
        return result;
      }
      ++result.sent;
      sent.push_back(absl::StrCat(text, " to ", datagram.to.port()));
    }
    return result;
  }
  io::SocketAddress local_address() const override { return {}; }
  int fd() const override { return -1; }
  uint64_t oversized_dropped() const override { return 0; }
  io::Task<void> Close() override { co_return; }

  std::vector<std::string> sent;
  int batches = 0;
};

class FakeSender final : public Outbox::Sender {
 public:
  bool OnSendFailed(const absl::Status& status, Instant) override {
    failures.push_back(std::string(status.message()));
    return absl::IsUnavailable(status);
  }
  std::vector<std::string> failures;
};

class OutboxTest : public testing::Test {
 protected:
  void Add(FakeSender& sender, FakeSocket& socket, absl::string_view text, uint16_t port,
           absl::string_view from = "192.0.2.1") {
    outbox_.Add(&sender, &socket, {reinterpret_cast<const uint8_t*>(text.data()), text.size()},
                io::SocketAddress::LoopbackV4(port), *io::SocketAddress::Parse(from, 60001));
  }

  Outbox outbox_;
  FakeSocket socket_;
  FakeSender a_, b_;
};

TEST_F(OutboxTest, OneCallForAllOfASocket) {
  Add(a_, socket_, "one", 1);
  Add(b_, socket_, "two", 2);
  Add(a_, socket_, "three", 1);
  EXPECT_TRUE(socket_.sent.empty());
  outbox_.Flush({});
  outbox_.Flush({});
  EXPECT_EQ(socket_.sent, (std::vector<std::string>{"one to 1", "two to 2", "three to 1"}));
  EXPECT_EQ(socket_.batches, 1);
}

TEST_F(OutboxTest, EachSocketSendsItsOwn) {
  FakeSocket other;
  Add(a_, socket_, "one", 1);
  Add(b_, other, "two", 2);
  outbox_.Flush({});
  EXPECT_EQ(socket_.sent, (std::vector<std::string>{"one to 1"}));
  EXPECT_EQ(other.sent, (std::vector<std::string>{"two to 2"}));
}

TEST_F(OutboxTest, RefusedDatagramIsItsSendersBusiness) {
  Add(a_, socket_, "one", 1);
  Add(b_, socket_, "big one", 2);
  Add(a_, socket_, "two", 1);
  outbox_.Flush({});
  EXPECT_EQ(socket_.sent, (std::vector<std::string>{"one to 1", "two to 1"}));
  EXPECT_TRUE(a_.failures.empty());
  EXPECT_EQ(b_.failures, (std::vector<std::string>{"too big"}));
}

TEST_F(OutboxTest, SourceThatIsGoneIsLeftToTheKernel) {
  Add(a_, socket_, "one", 1, "192.0.2.9");
  Add(b_, socket_, "two", 2);
  Add(a_, socket_, "three", 1, "192.0.2.9");
  outbox_.Flush({});
  EXPECT_EQ(socket_.sent, (std::vector<std::string>{"one to 1", "two to 2", "three to 1"}));
  EXPECT_EQ(a_.failures.size(), 1);
}

TEST_F(OutboxTest, FullAfterAWhile) {
  int added = 0;
  for (; !outbox_.full(); ++added) Add(a_, socket_, "x", 1);
  EXPECT_LT(added, 1000);
  outbox_.Flush({});
  EXPECT_FALSE(outbox_.full());
  EXPECT_EQ(socket_.sent.size(), static_cast<size_t>(added));
}

}  // namespace
}  // namespace mosh::server
