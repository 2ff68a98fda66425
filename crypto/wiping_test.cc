// Looks for key material in the whole writable memory of this process (Linux: /proc/self/maps)
// after its owners are gone. What is looked for is kept inverted, so that the search does not find
// itself.
#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "crypto/cleanse.h"
#include "crypto/session_cipher.h"
#include "crypto/testing/seeded_random.h"
#include "gtest/gtest.h"

namespace mosh::crypto {
namespace {

using Pattern = std::array<uint8_t, 16>;

bool Matches(const uint8_t* at, const Pattern& inverted) {
  for (size_t i = 0; i < inverted.size(); ++i) {
    if (static_cast<uint8_t>(~at[i]) != inverted[i]) return false;
  }
  return true;
}

// How often the pattern occurs in the writable mappings of the process.
int Occurrences(const Pattern& inverted) {
  std::ifstream maps("/proc/self/maps");
  int found = 0;
  for (std::string line; std::getline(maps, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char dash = 0;
    std::string permissions;
    std::istringstream(line) >> std::hex >> begin >> dash >> end >> permissions;
    if (permissions.substr(0, 2) != "rw" || line.find("[v") != std::string::npos) continue;
    for (uintptr_t at = begin; at + inverted.size() <= end; ++at) {
      found += Matches(reinterpret_cast<const uint8_t*>(at), inverted);
    }
  }
  return found;
}

// A key nobody else has, and its pattern. Not inlined, so that the frame that saw the bytes is
// given back.
__attribute__((noinline)) SessionKey MakeKey(Pattern& inverted) {
  SystemRandom random;
  SessionKey key = SessionKey::Generate(random);
  for (size_t i = 0; i < inverted.size(); ++i) {
    inverted[i] = static_cast<uint8_t>(~key.secret_bytes()[i]);
  }
  return key;
}

__attribute__((noinline)) std::unique_ptr<SessionCipher> MakeCipher(Pattern& inverted) {
  const SessionKey key = MakeKey(inverted);
  return std::make_unique<SessionCipher>(key, Direction::kToServer);
}

__attribute__((noinline)) void Use(SessionCipher& cipher) {
  std::array<uint8_t, 300> datagram{};
  for (size_t size : {24, 25, 100, 300}) {
    ASSERT_TRUE(cipher.Seal(std::span(datagram).first(size)).ok());
    datagram[0] ^= 0x80;
    ASSERT_FALSE(cipher.Open(std::span(datagram).first(size)).ok());
  }
}

// Overwrites the stack below, where dead frames of library calls may hold a spilled register.
__attribute__((noinline)) void ScrubDeadStack() {
  std::array<uint8_t, 64 * 1024> dead;
  Cleanse(dead);
}

// Sanitizers map terabytes of shadow memory and keep freed memory for later.
#ifdef MOSH_SANITIZED
#define SKIP_IF_SANITIZED() GTEST_SKIP() << "the search is for plain builds"
#else
#define SKIP_IF_SANITIZED() static_cast<void>(0)
#endif

TEST(Wiping, FindsAKeyThatIsAlive) {
  SKIP_IF_SANITIZED();
  Pattern inverted;
  const SessionKey key = MakeKey(inverted);
  EXPECT_GE(Occurrences(inverted), 1);
}

TEST(Wiping, NoKeyOutlivesItsOwner) {
  SKIP_IF_SANITIZED();
  Pattern inverted;
  {
    const SessionKey key = MakeKey(inverted);
  }
  ScrubDeadStack();
  EXPECT_EQ(Occurrences(inverted), 0);
}

// The first round key of AES-128 is the key itself, so a forgotten key schedule is found too.
TEST(Wiping, NoKeyOutlivesItsCipher) {
  SKIP_IF_SANITIZED();
  Pattern inverted;
  std::unique_ptr<SessionCipher> cipher = MakeCipher(inverted);
  Use(*cipher);
  auto moved = std::make_unique<SessionCipher>(std::move(*cipher));
  cipher.reset();
  EXPECT_GE(Occurrences(inverted), 1) << "the schedule should be alive";
  moved.reset();
  ScrubDeadStack();
  EXPECT_EQ(Occurrences(inverted), 0);
}

TEST(Cleanse, MakesZeros) {
  std::array<uint8_t, 100> bytes;
  bytes.fill(7);
  Cleanse(std::span(bytes).subspan(1, 98));
  EXPECT_EQ(bytes.front(), 7);
  EXPECT_EQ(bytes.back(), 7);
  for (size_t i = 1; i < 99; ++i) EXPECT_EQ(bytes[i], 0);
  Cleanse({});
}

}  // namespace
}  // namespace mosh::crypto
