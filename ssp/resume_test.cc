// A client that dies and is continued by another process: nothing typed is doubled, nothing that
// was acknowledged is lost, and the screen comes back.
#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "ssp/capabilities.h"
#include "ssp/compression.h"
#include "ssp/testing/pair.h"
#include "ssp/transport.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

PairOptions Options(uint64_t seed = 1) {
  static const auto codec = std::make_shared<Codec>();
  PairOptions options{.seed = seed};
  options.server.capabilities |= Capability::kResume;
  options.client.codec = options.server.codec = codec;
  return options;
}

TEST(Resume, NewProcessSeesTheScreenAndTypes) {
  Pair pair(Options());
  pair.Print("prompt ");
  pair.Type("one");
  pair.RunFor(1s);
  pair.ReplaceClient();
  EXPECT_EQ(pair.shown(), "");
  pair.RunFor(1s);
  EXPECT_EQ(pair.shown(), "prompt one");
  pair.Type("two");
  pair.RunFor(1s);
  EXPECT_EQ(pair.received, "onetwo");
  EXPECT_EQ(pair.shown(), "prompt onetwo");
  EXPECT_EQ(pair.server.incarnation(), 1u);
  EXPECT_TRUE(pair.client.peer_capabilities().Has(Capability::kResume));
}

TEST(Resume, TheServersOwnSequenceNumbersGoOn) {
  Pair pair(Options());
  pair.RunFor(10s);
  const auto before = pair.server.next_sequence();
  pair.ReplaceClient();
  pair.RunFor(1s);
  EXPECT_GT(pair.server.next_sequence(), before);
}

TEST(Resume, WhatWasAcknowledgedButNotReadIsKept) {
  Pair pair(Options());
  pair.RunFor(1s);
  pair.SetReading(false);
  pair.Type("kept ");
  pair.RunFor(1s);
  for (const char* text : {"too ", "all"}) {
    pair.ReplaceClient();
    pair.Type(text);
    pair.RunFor(1s);
  }
  EXPECT_EQ(pair.received, "");
  pair.SetReading(true);
  EXPECT_EQ(pair.received, "kept too all");
}

TEST(Resume, LateDatagramsOfTheOldProcessChangeNothing) {
  Pair pair(Options());
  pair.RunFor(1s);
  std::vector<std::vector<uint8_t>> held;
  pair.up.conditions().down = true;
  pair.on_datagram = [&](bool to_client, std::span<const uint8_t> bytes) {
    if (!to_client) held.emplace_back(bytes.begin(), bytes.end());
  };
  pair.Type("lost with its process");
  pair.RunFor(1s);
  ASSERT_FALSE(held.empty());
  pair.on_datagram = nullptr;
  pair.up.conditions().down = false;
  pair.ReplaceClient();
  pair.Type("new");
  pair.RunFor(1s);
  for (const auto& datagram : held) pair.up.Push(datagram, pair.now);
  pair.RunFor(5s);
  EXPECT_EQ(pair.received, "new");
  EXPECT_EQ(pair.server.incarnation(), 1u);
  EXPECT_EQ(pair.server.stats().other_incarnations, held.size());
}

TEST(Resume, OldDatagramsOfTheServerAreNotShownToTheNewProcess) {
  Pair pair(Options());
  std::vector<std::vector<uint8_t>> seen;
  pair.on_datagram = [&](bool to_client, std::span<const uint8_t> bytes) {
    if (to_client) seen.emplace_back(bytes.begin(), bytes.end());
  };
  pair.Print("old");
  pair.RunFor(1s);
  pair.on_datagram = nullptr;
  pair.up.conditions().down = true;
  pair.ReplaceClient();
  for (const auto& datagram : seen) pair.down.Push(datagram, pair.now);
  pair.RunFor(2s);
  EXPECT_EQ(pair.client.remote_num(), StateNum{0});
  EXPECT_GE(pair.client.stats().other_incarnations, seen.size());
  pair.up.conditions().down = false;
  pair.Print(" and new");
  pair.RunFor(5s);
  EXPECT_EQ(pair.shown(), "old and new");
}

TEST(Resume, AServerThatSaysGoodbyeTellsTheNewProcess) {
  Pair pair(Options());
  pair.RunFor(1s);
  pair.down.conditions().down = true;
  pair.server.StartShutdown(pair.now);
  pair.RunFor(1s);
  pair.ReplaceClient();
  pair.down.conditions().down = false;
  pair.RunFor(3s);
  EXPECT_TRUE(pair.client.counterparty_shutdown());
  EXPECT_TRUE(pair.server.shutdown_acknowledged());
}

TEST(Resume, NobodyContinuesAClientThatSaidGoodbye) {
  Pair pair(Options());
  pair.RunFor(1s);
  pair.client.StartShutdown(pair.now);
  pair.RunFor(1s);
  ASSERT_TRUE(pair.server.counterparty_shutdown());
  pair.ReplaceClient();
  pair.Type("ghost");
  pair.RunFor(5s);
  EXPECT_TRUE(pair.server.counterparty_shutdown());
  EXPECT_EQ(pair.received, "");
}

TEST(Resume, AServerThatDoesNotAnnounceItIsNotResumed) {
  PairOptions options = Options();
  options.server.capabilities = Capability::kLongAckDelay;
  Pair pair(options);
  pair.RunFor(1s);
  pair.ReplaceClient();
  pair.Type("x");
  pair.RunFor(5s);
  EXPECT_EQ(pair.server.incarnation(), 0u);
  EXPECT_EQ(pair.received, "");
}

// Typed texts begin with a letter that no other process's has.
TEST(Resume, NothingIsDoubledOrLostWhenProcessesDieAtRandom) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    PairOptions options = Options(seed);
    crypto::SeededRandom random(seed);
    for (LinkConditions* link : {&options.up, &options.down}) {
      link->latency = std::chrono::milliseconds(1 + random.Below(300));
      link->jitter = std::chrono::milliseconds(random.Below(2) ? 0 : random.Below(300));
      link->loss = static_cast<double>(random.Below(40)) / 100;
      link->duplicate = static_cast<double>(random.Below(30)) / 100;
      link->reorder = static_cast<double>(random.Below(30)) / 100;
    }
    Pair pair(options);
    struct Life {
      std::string typed;
      size_t acknowledged = 0;  // at least so much of it
    };
    std::vector<Life> lives;
    for (int n = 0; n < 6; ++n) {
      if (n > 0) pair.ReplaceClient();
      Life life;
      for (uint64_t keys = random.Below(20); keys > 0; --keys) {
        const std::string text = std::string(1, static_cast<char>('a' + n)) + std::to_string(keys);
        life.typed += text;
        pair.Type(text);
        if (random.Below(4) == 0) pair.Print(std::string(random.Below(4000), '.'));
        if (random.Below(8) == 0) pair.SetReading(random.Below(2) == 0);
        pair.RunFor(std::chrono::milliseconds(random.Below(400)));
      }
      life.acknowledged = pair.input.trimmed();
      lives.push_back(std::move(life));
    }
    pair.SetReading(true);
    pair.up.conditions() = pair.down.conditions() = {.latency = 20ms};
    pair.Type("!");
    lives.back().typed += "!";
    const bool done = pair.RunUntil(pair.now + 20s, [&] {
      return pair.received.ends_with('!') && pair.shown() == pair.output;
    });
    EXPECT_TRUE(done);
    size_t at = 0;
    for (const Life& life : lives) {
      size_t arrived = 0;
      while (arrived < life.typed.size() && at + arrived < pair.received.size() &&
             pair.received[at + arrived] == life.typed[arrived]) {
        ++arrived;
      }
      EXPECT_GE(arrived, life.acknowledged) << life.typed;
      at += arrived;
    }
    EXPECT_EQ(at, pair.received.size()) << pair.received;
  }
}

}  // namespace
}  // namespace mosh::ssp
