// Sessions over networks that lose, repeat, corrupt and move: what was typed arrives once and in
// order, screens converge.
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "e2e/mosh_session.h"
#include "e2e/tools.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// All pairings at the same time: they mostly wait.
void ForEachPairing(const std::function<void(const Pairing&)>& test) {
  std::vector<std::thread> threads;
  for (const Pairing& pairing : PairingsUnderTest()) {
    threads.emplace_back([&test, pairing] {
      SCOPED_TRACE(pairing.Name());
      test(pairing);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// FNV-1a, as programs/input_digest.cc computes it.
uint64_t Digest(absl::string_view bytes) {
  uint64_t digest = 0xcbf29ce484222325u;
  for (const char c : bytes) digest = (digest ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return digest;
}

// A session that types `count` keys, a few at a time so that they travel in many datagrams, into a
// program that tells their digest: none lost, doubled or swapped.
void TypeAndCompare(const Pairing& pairing, const std::string& net, int count) {
  MoshSession session(
      pairing, {.command = {RequireVariable("E2E_INPUT_DIGEST"), absl::StrCat(count)}, .net = net});
  ASSERT_TRUE(session.terminal().WaitForText("READY")) << session.Describe();
  std::string typed;
  for (int i = 0; i < count; ++i) {
    const char key = static_cast<char>('a' + i % 26);
    typed += key;
    session.terminal().Type(absl::string_view(&key, 1));
    // Not a wait for something: the rhythm of typing.
    const Deadline pause = Deadline::In(milliseconds(15));
    while (!pause.passed()) session.terminal().Pump(pause);
  }
  const std::string expected =
      absl::StrCat("GOT ", count, " ", absl::Hex(Digest(typed), absl::kZeroPad16));
  EXPECT_TRUE(session.terminal().WaitForText(expected, Deadline::In(seconds(60))))
      << session.Describe();
}

TEST(BadNetworkTest, LossOf29PercentBothWays) {
  ForEachPairing([](const Pairing& pairing) { TypeAndCompare(pairing, "lossy", 200); });
}

TEST(BadNetworkTest, BurstsReorderingAndDuplicates) {
  ForEachPairing([](const Pairing& pairing) {
    TypeAndCompare(pairing, "delay=20,jitter=10,burst=3%/6,reorder=10%,duplicate=10%", 200);
  });
}

TEST(BadNetworkTest, CorruptedAndReplayedDatagrams) {
  ForEachPairing(
      [](const Pairing& pairing) { TypeAndCompare(pairing, "delay=5,corrupt=1%,replay=1%", 400); });
}

TEST(BadNetworkTest, MoreCorruptionAndReplayThanAnyRealNetwork) {
  ForEachPairing([](const Pairing& pairing) {
    TypeAndCompare(pairing, "delay=5,corrupt=15%,replay=30%", 200);
  });
}

TEST(BadNetworkTest, OutputOverLossConverges) {
  ForEachPairing([](const Pairing& pairing) {
    MoshSession session(pairing, {.net = "lossy"});
    ASSERT_TRUE(session.terminal().WaitForText("$", Deadline::In(seconds(60))))
        << session.Describe();
    session.terminal().Type(
        "for i in 1 2 3 4 5 6 7 8; do seq $i 17 20000; done; echo all''-there\r");
    ASSERT_TRUE(session.terminal().WaitForText("all-there", Deadline::In(seconds(60))))
        << session.Describe();
    EXPECT_TRUE(session.terminal().screen().Contains("\n19983\n20000\nall-there") ||
                session.terminal().screen().Contains("\nall-there"));
  });
}

TEST(BadNetworkTest, SlowLineWithASmallQueue) {
  ForEachPairing([](const Pairing& pairing) {
    MoshSession session(pairing, {.net = "delay=30,rate=128k,queue=16K"});
    ASSERT_TRUE(session.terminal().WaitForText("$", Deadline::In(seconds(60))))
        << session.Describe();
    session.terminal().Type("seq 1 100000; echo all''-there\r");
    EXPECT_TRUE(session.terminal().WaitForText("100000\nall-there", Deadline::In(seconds(60))))
        << session.Describe();
  });
}

TEST(BadNetworkTest, SmallMtuPassesAfterFragmentation) {
  ForEachPairing([](const Pairing& pairing) {
    // Stock's datagrams have up to 1252 octets; this path lets them through, and not one more.
    MoshSession session(pairing, {.size = {200, 60}, .net = "delay=1,mtu=1280"});
    ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
    session.terminal().Type("head -c 9000 /dev/urandom | base64 -w 190; echo all''-there\r");
    EXPECT_TRUE(session.terminal().WaitForText("all-there")) << session.Describe();
    EXPECT_EQ(session.relay().Stat("down_too_big"), 0);
    EXPECT_EQ(session.relay().Stat("up_too_big"), 0);
  });
}

TEST(BadNetworkTest, RoamingKeepsTheSession) {
  ForEachPairing([](const Pairing& pairing) {
    MoshSession session(pairing, {.net = "delay=5"});
    ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
    for (int i = 0; i < 5; ++i) {
      ASSERT_EQ(session.relay().Ask("roam"), "ok");
      session.terminal().Type(absl::StrCat("echo move''d-", i, "\r"));
      ASSERT_TRUE(session.terminal().WaitForText(absl::StrCat("\nmoved-", i)))
          << session.Describe();
    }
    EXPECT_TRUE(session.Quit()) << session.Describe();
  });
}

// After a move the server learns the new address from the client's next datagram, which a silent
// user sends only every three seconds: output stands still so long and then catches up.
TEST(BadNetworkTest, RoamingDuringOutputResumes) {
  ForEachPairing([](const Pairing& pairing) {
    MoshSession session(pairing, {.net = "delay=5"});
    ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
    session.terminal().Type(
        "for i in $(seq 1 200); do echo line $i; sleep 0.05; done; echo all''-there\r");
    ASSERT_TRUE(session.terminal().WaitForText("line 10")) << session.Describe();
    session.relay().Ask("roam");
    // The line that is drawn last when output has come back: none of those that were visible
    // before.
    ASSERT_TRUE(session.terminal().WaitFor([](const VtermScreen& screen) {
      return screen.Contains("line") && !screen.Contains("line 10\n");
    })) << session.Describe();
    session.relay().Ask("roam");
    EXPECT_TRUE(session.terminal().WaitForText("all-there", Deadline::In(seconds(60))))
        << session.Describe();
  });
}

TEST(BadNetworkTest, CongestionMarksDoNoHarm) {
  ForEachPairing([](const Pairing& pairing) {
    MoshSession session(pairing, {.net = "delay=5,mark=50%"});
    ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
    session.terminal().Type("seq 1 20000; echo all''-there\r");
    EXPECT_TRUE(session.terminal().WaitForText("all-there", Deadline::In(seconds(60))))
        << session.Describe();
  });
}

// Twenty seconds of nothing, for one pairing. Typing goes on meanwhile and arrives afterwards.
void BlackOut(const Pairing& pairing) {
  MoshSession session(pairing, {.net = "delay=10"});
  ASSERT_TRUE(session.terminal().WaitForText("$")) << session.Describe();
  ASSERT_EQ(session.relay().Ask("blackout 20000"), "ok");
  const Deadline dark = Deadline::In(milliseconds(20000));
  session.terminal().Type("echo typed''-in-the-dark\r");
  EXPECT_TRUE(session.terminal().WaitForText("mosh: Last contact", dark)) << session.Describe();
  EXPECT_FALSE(session.terminal().WaitForText("\ntyped-in-the-dark", dark))
      << "the blackout isn't one";
  EXPECT_TRUE(session.terminal().WaitForText("\ntyped-in-the-dark")) << session.Describe();
  EXPECT_TRUE(session.terminal().WaitForNoText("mosh: Last contact")) << session.Describe();
  session.terminal().Type("echo and''-on\r");
  EXPECT_TRUE(session.terminal().WaitForText("\nand-on")) << session.Describe();
  EXPECT_TRUE(session.Quit()) << session.Describe();
}

TEST(BlackoutTest, TwentySecondsOfNothing) { ForEachPairing(BlackOut); }

}  // namespace
}  // namespace mosh::e2e
