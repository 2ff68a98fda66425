#include "crypto/session_cipher.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "crypto/testing/seeded_random.h"
#include "crypto/testing/vectors.h"
#include "gtest/gtest.h"

namespace mosh::crypto {
namespace {

SessionKey TestKey(uint64_t seed = 1) {
  SeededRandom random(seed);
  return SessionKey::Generate(random);
}

// Both ends of one session.
struct Pair {
  SessionCipher client{TestKey(), Direction::kToServer};
  SessionCipher server{TestKey(), Direction::kToClient};
};

Bytes Room(absl::string_view plaintext) {
  Bytes datagram(plaintext.size() + kOverhead, 0xee);
  std::copy(plaintext.begin(), plaintext.end(), datagram.begin() + kNonceSize);
  return datagram;
}

Bytes Seal(SessionCipher& cipher, absl::string_view plaintext) {
  Bytes datagram = Room(plaintext);
  EXPECT_TRUE(cipher.Seal(datagram).ok());
  return datagram;
}

std::string Text(std::span<const uint8_t> bytes) { return std::string(bytes.begin(), bytes.end()); }

bool AllZero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

TEST(SessionCipher, CarriesTextBothWays) {
  Pair pair;
  Bytes datagram = Seal(pair.client, "ls\r");
  auto opened = pair.server.Open(datagram);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(Text(opened->plaintext), "ls\r");
  EXPECT_EQ(opened->sequence, SequenceNumber{0});

  datagram = Seal(pair.server, "total 0");
  opened = pair.client.Open(datagram);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(Text(opened->plaintext), "total 0");
}

TEST(SessionCipher, AuthenticatesWithoutOpening) {
  Pair pair;
  const Bytes datagram = Seal(pair.client, "ls\r");
  Bytes seen = datagram;
  EXPECT_TRUE(pair.server.Authenticates(seen));
  EXPECT_FALSE(pair.client.Authenticates(seen));
  EXPECT_EQ(seen, datagram);
  EXPECT_TRUE(pair.server.Open(seen).ok());
  Bytes forged = datagram;
  forged.back() ^= 1;
  EXPECT_FALSE(pair.server.Authenticates(forged));
  EXPECT_FALSE(pair.server.Authenticates(Bytes(kOverhead - 1)));
  EXPECT_FALSE(pair.server.Authenticates(Bytes(kMaxDatagramSize + 1)));
}

TEST(SessionCipher, OpensWithinTheCallersDatagram) {
  Pair pair;
  Bytes datagram = Seal(pair.client, "abc");
  const auto opened = pair.server.Open(datagram);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->plaintext.data(), datagram.data() + kNonceSize);
  EXPECT_TRUE(AllZero(std::span(datagram).last(kTagSize)));
}

// The entries with four leading zeros in their nonce are datagrams of some session.
TEST(SessionCipher, MatchesTheDatagramsInTheVectors) {
  int datagrams = 0;
  for (const OcbVector& vector : ReadOcbVectors("random")) {
    if (!AllZero(std::span(vector.nonce).first(4))) continue;
    SCOPED_TRACE(vector.name);
    const auto wire_nonce = std::span(vector.nonce).subspan<4, kNonceSize>();
    const Nonce nonce = Nonce::Read(wire_nonce);
    const SessionKey key = SessionKey::FromBytes(std::span<const uint8_t, 16>(vector.key));
    Bytes expected(wire_nonce.begin(), wire_nonce.end());
    expected.insert(expected.end(), vector.ciphertext_and_tag.begin(),
                    vector.ciphertext_and_tag.end());

    SessionCipher sender(key, nonce.direction, nonce.sequence);
    EXPECT_EQ(Seal(sender, Text(vector.plaintext)), expected);
    SessionCipher receiver(key, Opposite(nonce.direction));
    const auto opened = receiver.Open(expected);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->sequence, nonce.sequence);
    EXPECT_EQ(Text(opened->plaintext), Text(vector.plaintext));
    ++datagrams;
  }
  EXPECT_GE(datagrams, 90);
}

TEST(SessionCipher, CountsItsDatagramsFromTheFirstSequenceNumber) {
  SessionCipher sender(TestKey(), Direction::kToServer, {41});
  SessionCipher receiver(TestKey(), Direction::kToClient);
  for (uint64_t expected = 41; expected < 200; ++expected) {
    EXPECT_EQ(sender.next_sequence(), SequenceNumber{expected});
    Bytes datagram = Seal(sender, "x");
    const auto opened = receiver.Open(datagram);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->sequence, SequenceNumber{expected});
  }
}

TEST(SessionCipher, OpensOutOfOrderAndAgain) {
  Pair pair;
  std::vector<Bytes> sent;
  for (int i = 0; i < 200; ++i) sent.push_back(Seal(pair.client, std::to_string(i)));
  for (int turn = 0; turn < 2; ++turn) {
    for (int i = 199; i >= 0; --i) {
      Bytes datagram = sent[i];
      const auto opened = pair.server.Open(datagram);
      ASSERT_TRUE(opened.ok());
      EXPECT_EQ(Text(opened->plaintext), std::to_string(i));
    }
  }
}

TEST(SessionCipher, RefusesItsOwnDirectionUntouched) {
  Pair pair;
  const Bytes sent = Seal(pair.client, "echo");
  Bytes reflected = sent;
  const auto opened = pair.client.Open(reflected);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error(), OpenError::kWrongDirection);
  EXPECT_EQ(reflected, sent);
}

TEST(SessionCipher, RefusesImpossibleLengths) {
  Pair pair;
  for (size_t size = 0; size < kOverhead; ++size) {
    Bytes datagram(size);
    EXPECT_EQ(pair.server.Open(datagram).error(), OpenError::kBadLength);
  }
  Bytes huge(kMaxDatagramSize + 1);
  EXPECT_EQ(pair.server.Open(huge).error(), OpenError::kBadLength);
}

TEST(SessionCipher, HandlesTheLongestAndTheShortestDatagram) {
  Pair pair;
  for (size_t size : {size_t{0}, kMaxDatagramSize - kOverhead}) {
    Bytes datagram = Seal(pair.client, std::string(size, 'm'));
    const auto opened = pair.server.Open(datagram);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->plaintext.size(), size);
  }
}

TEST(SessionCipher, RefusesAnotherKeyAndLeavesNothingReadable) {
  Pair pair;
  SessionCipher stranger(TestKey(2), Direction::kToServer);
  Bytes datagram = Seal(stranger, "open sesame");
  const auto opened = pair.server.Open(datagram);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error(), OpenError::kForged);
  EXPECT_TRUE(AllZero(std::span(datagram).subspan(kNonceSize)));
}

TEST(SessionCipher, DetectsEveryFlippedBitAndLeavesNothingReadable) {
  Pair pair;
  for (size_t size : {0, 1, 7, 15, 16, 17, 32, 40}) {
    const Bytes sent = Seal(pair.client, std::string(size, 's'));
    for (size_t bit = 0; bit < sent.size() * 8; ++bit) {
      Bytes datagram = sent;
      datagram[bit / 8] ^= static_cast<uint8_t>(0x80 >> (bit % 8));
      const auto opened = pair.server.Open(datagram);
      ASSERT_FALSE(opened.ok()) << "size " << size << " bit " << bit;
      // The very first bit is the direction.
      ASSERT_EQ(opened.error(), bit == 0 ? OpenError::kWrongDirection : OpenError::kForged);
      if (bit > 0) {
        ASSERT_TRUE(AllZero(std::span(datagram).subspan(kNonceSize)));
      }
    }
  }
}

TEST(SessionCipher, DetectsEveryTruncationAndExtension) {
  Pair pair;
  const Bytes sent = Seal(pair.client, std::string(70, 't'));
  for (size_t size = 0; size < sent.size() + 40; ++size) {
    if (size == sent.size()) continue;
    Bytes datagram = sent;
    datagram.resize(size);
    EXPECT_FALSE(pair.server.Open(datagram).ok()) << size;
  }
}

TEST(SessionCipher, CountsBlocksItEncryptsAndNotThoseItDecrypts) {
  Pair pair;
  const std::pair<size_t, uint64_t> kCases[] = {{0, 0},  {1, 1},  {15, 1},
                                                {16, 1}, {17, 2}, {160, 10}};
  for (const auto& [size, blocks] : kCases) {
    const uint64_t before = pair.client.blocks_encrypted();
    Bytes datagram = Seal(pair.client, std::string(size, 'b'));
    EXPECT_EQ(pair.client.blocks_encrypted() - before, blocks) << size;
    EXPECT_TRUE(pair.server.Open(datagram).ok());
  }
  EXPECT_EQ(pair.server.blocks_encrypted(), 0u);
}

TEST(SessionCipher, RefusesTheBlockThatReachesTheLimit) {
  SessionCipher cipher(TestKey(), Direction::kToServer, {7}, SessionCipher::kBlockLimit - 3);
  Seal(cipher, std::string(32, 'a'));
  EXPECT_EQ(cipher.blocks_encrypted(), SessionCipher::kBlockLimit - 1);

  Bytes datagram = Room("b");
  const Bytes before = datagram;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const absl::Status status = cipher.Seal(datagram);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(status.message(), "Encrypted 2^47 blocks.");
    EXPECT_EQ(datagram, before);
    EXPECT_EQ(cipher.next_sequence(), SequenceNumber{8});
    EXPECT_EQ(cipher.blocks_encrypted(), SessionCipher::kBlockLimit - 1);
  }
  EXPECT_EQ(SessionCipher::kBlockLimit, uint64_t{140737488355328});
}

TEST(SessionCipher, StillOpensBeyondTheBlockLimit) {
  SessionCipher spent(TestKey(), Direction::kToServer, {}, SessionCipher::kBlockLimit);
  SessionCipher server(TestKey(), Direction::kToClient);
  Bytes datagram = Seal(server, "bye");
  EXPECT_TRUE(spent.Open(datagram).ok());
}

TEST(SessionCipher, UsesTheLastSequenceNumberAndNoneTwice) {
  SessionCipher cipher(TestKey(), Direction::kToClient, SequenceNumber::Max());
  SessionCipher client(TestKey(), Direction::kToServer);
  Bytes last = Seal(cipher, "last");
  const auto opened = client.Open(last);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->sequence, SequenceNumber::Max());

  Bytes datagram = Room("one more");
  const Bytes before = datagram;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const absl::Status status = cipher.Seal(datagram);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(status.message(), "Counter wrapped");
    EXPECT_EQ(datagram, before);
  }
}

TEST(SessionCipher, UsesNoSequenceNumberBeyondWhatIsAllowed) {
  SessionCipher cipher(TestKey(), Direction::kToServer, {5});
  cipher.AllowSequencesUpTo({6});
  Bytes datagram = Room("x");
  EXPECT_TRUE(cipher.Seal(datagram).ok());
  EXPECT_TRUE(cipher.Seal(datagram).ok());
  EXPECT_EQ(cipher.Seal(datagram), absl::ResourceExhaustedError("Sequence numbers used up"));
  EXPECT_EQ(cipher.next_sequence(), SequenceNumber{7});
  cipher.AllowSequencesUpTo({7});
  EXPECT_TRUE(cipher.Seal(datagram).ok());
  EXPECT_FALSE(cipher.Seal(datagram).ok());
}

TEST(SessionCipher, KeepsItsCounterWhenMoved) {
  SessionCipher first(TestKey(), Direction::kToServer);
  Seal(first, "a");
  SessionCipher second = std::move(first);
  EXPECT_EQ(second.next_sequence(), SequenceNumber{1});
  SessionCipher server(TestKey(), Direction::kToClient);
  Bytes datagram = Seal(second, "b");
  EXPECT_TRUE(server.Open(datagram).ok());
}

TEST(SessionCipherDeathTest, DiesWhenTheCallerGivesNoRoom) {
  Pair pair;
  Bytes small(kOverhead - 1);
  EXPECT_DEATH(static_cast<void>(pair.client.Seal(small)), "datagram.size\\(\\) >= kOverhead");
}

TEST(SessionCipherDeathTest, DiesWhenUsedAfterMove) {
  SessionCipher first(TestKey(), Direction::kToServer);
  SessionCipher second = std::move(first);
  Bytes datagram(100);
  EXPECT_DEATH(static_cast<void>(first.Seal(datagram)),  // NOLINT(bugprone-use-after-move)
               "ocb_ != nullptr");
}

}  // namespace
}  // namespace mosh::crypto
