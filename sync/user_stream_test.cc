#include "sync/user_stream.h"

#include <fstream>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace mosh::sync {
namespace {

std::string Show(const std::vector<UserEvent>& events) {
  std::string out;
  for (const UserEvent& event : events) {
    if (const auto* bytes = std::get_if<std::string>(&event)) {
      absl::StrAppend(&out, "'", absl::CHexEscape(*bytes), "' ");
    } else {
      const term::Size size = std::get<term::Size>(event);
      absl::StrAppend(&out, size.columns, "x", size.rows, " ");
    }
  }
  return out;
}

TEST(UserStream, BeginsEmptyAndEqual) {
  EXPECT_TRUE(UserStream().empty());
  EXPECT_TRUE(UserStream() == UserStream());
  EXPECT_EQ(UserStream().DiffFrom(UserStream()), "");
}

TEST(UserStream, KeepsOrderAndMergesBytes) {
  UserStream stream;
  const UserStream start = stream;
  stream.PushResize({80, 24});
  stream.PushBytes("l");
  stream.PushBytes("s");
  stream.PushResize({81, 24});
  stream.PushResize({82, 24});
  stream.PushBytes("\r");
  EXPECT_EQ(Show(stream.EventsSince(start)), "80x24 'ls' 81x24 82x24 '\\r' ");
  EXPECT_EQ(stream.size(), 6u);
}

TEST(UserStream, CopiesDoNotSeeLaterEvents) {
  UserStream stream;
  stream.PushBytes("ab");
  const UserStream snapshot = stream;
  stream.PushBytes("c");
  EXPECT_EQ(Show(snapshot.EventsSince(UserStream())), "'ab' ");
  EXPECT_EQ(Show(stream.EventsSince(snapshot)), "'c' ");
  EXPECT_FALSE(stream == snapshot);
}

TEST(UserStream, DivergingCopiesDoNotDisturbEachOther) {
  UserStream left;
  left.PushBytes("ab");
  UserStream right = left;
  left.PushBytes("L");
  right.PushBytes("R");
  right.PushResize({10, 10});
  left.PushBytes("l");
  EXPECT_EQ(Show(left.EventsSince(UserStream())), "'abLl' ");
  EXPECT_EQ(Show(right.EventsSince(UserStream())), "'abR' 10x10 ");
}

TEST(UserStream, SubtractForgetsThePrefixOnly) {
  UserStream stream;
  stream.PushBytes("abc");
  const UserStream base = stream;
  stream.PushBytes("de");
  UserStream trimmed = stream;
  trimmed.Subtract(base);
  EXPECT_EQ(trimmed.size(), 2u);
  EXPECT_TRUE(trimmed == stream);
  EXPECT_EQ(Show(trimmed.EventsSince(base)), "'de' ");
  UserStream emptied = base;
  emptied.Subtract(base);
  EXPECT_TRUE(emptied.empty());
  EXPECT_EQ(Show(stream.EventsSince(emptied)), "'de' ");
}

TEST(UserStream, LongChainsAreDestroyedWithoutRecursion) {
  UserStream stream;
  for (int i = 0; i < 300'000; ++i) stream.PushResize({1 + i % 100, 24});
  EXPECT_EQ(stream.size(), 300'000u);
}

TEST(UserStream, DiffAppliedToBaseIsTheStream) {
  std::mt19937 random(1);
  UserStream sender;
  UserStream receiver;
  std::vector<UserStream> sent = {sender};
  std::vector<UserStream> received = {receiver};
  for (int step = 0; step < 3000; ++step) {
    if (random() % 4 == 0) {
      sender.PushResize(
          {static_cast<int>(random() % 200) + 1, static_cast<int>(random() % 90) + 1});
    } else {
      sender.PushBytes(std::string(random() % (random() % 50 == 0 ? 10000 : 4), 'a' + step % 26));
    }
    // From any state that the receiver still has.
    const size_t base = random() % sent.size();
    UserStream next = received[base];
    ASSERT_TRUE(next.Apply(sender.DiffFrom(sent[base])).ok());
    ASSERT_TRUE(next == sender);
    EXPECT_EQ(Show(next.EventsSince(received[base])), Show(sender.EventsSince(sent[base])));
    sent.push_back(sender);
    received.push_back(next);
    if (random() % 5 == 0) {
      // Both ends forget what both know.
      const size_t known = random() % sent.size();
      sent.erase(sent.begin(), sent.begin() + known);
      received.erase(received.begin(), received.begin() + known);
      const UserStream oldest_sent = sent.front();
      const UserStream oldest_received = received.front();
      for (UserStream& state : sent) state.Subtract(oldest_sent);
      for (UserStream& state : received) state.Subtract(oldest_received);
      sender.Subtract(oldest_sent);
    }
  }
}

TEST(UserStream, RejectsGarbageWithoutChanging) {
  UserStream stream;
  stream.PushBytes("a");
  const UserStream before = stream;
  for (const char* hex : {"ff", "0a", "0a05", "0a0812", "0a061a0428003018", "0a021a00",
                          "0a0f1a0d28ffffffffffffffffff013018", "0a081a0628a08d063018"}) {
    EXPECT_EQ(stream.Apply(absl::HexStringToBytes(hex)).code(), absl::StatusCode::kInvalidArgument)
        << hex;
    EXPECT_TRUE(stream == before);
  }
}

TEST(UserStream, SkipsUnknownElements) {
  UserStream stream;
  // An unknown element, a resize beside an unknown field, an unknown field of the message.
  ASSERT_TRUE(
      stream.Apply(absl::HexStringToBytes("0a0592030208010a0e1a0428503018a2060568656c6c6f4a0178"))
          .ok());
  EXPECT_EQ(Show(stream.EventsSince(UserStream())), "80x24 ");
}

TEST(UserStream, BytesCountBeforeAResizeInOneElement) {
  UserStream stream;
  ASSERT_TRUE(stream.Apply(absl::HexStringToBytes("0a0b120322017a1a0428503018")).ok());
  EXPECT_EQ(Show(stream.EventsSince(UserStream())), "'z' ");
}

// Recorded from a stock client: what it sent is understood, and we would have sent the same.
TEST(UserStream, AgreesWithRecordedDiffs) {
  std::ifstream file("sync/testdata/transport.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  UserStream stream;
  int diffs = 0;
  for (const nlohmann::json& recorded : vectors["instructions"]) {
    const std::string diff =
        absl::HexStringToBytes(recorded["instruction"]["diff"].get<std::string>());
    if (recorded["to_client"].get<bool>() || diff.empty()) continue;
    const UserStream before = stream;
    ASSERT_TRUE(stream.Apply(diff).ok());
    EXPECT_EQ(stream.DiffFrom(before), diff);
    ++diffs;
  }
  EXPECT_EQ(diffs, 4);
  EXPECT_EQ(Show(stream.EventsSince(UserStream())), "160x40 'x\\r' 120x30 ");
}

}  // namespace
}  // namespace mosh::sync
