#include "crypto/session_key.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "crypto/testing/seeded_random.h"
#include "gtest/gtest.h"

namespace mosh::crypto {
namespace {

constexpr absl::string_view kText = "AAECAwQFBgcICQoLDA0ODw";

std::string ErrorOf(absl::string_view text) {
  const auto key = SessionKey::FromBase64(text);
  if (!key.ok()) {
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument);
  }
  return std::string(key.status().message());
}

TEST(SessionKey, ReadsAndWritesItsTextForm) {
  const auto key = SessionKey::FromBase64(kText);
  ASSERT_TRUE(key.ok());
  for (size_t i = 0; i < SessionKey::kSize; ++i) EXPECT_EQ(key->secret_bytes()[i], i);
  EXPECT_EQ(key->ToBase64(), kText);
}

TEST(SessionKey, UsesTheWholeStandardAlphabet) {
  for (const char* text :
       {"ABCDEFGHIJKLMNOPQRSTUA", "VWXYZabcdefghijklmnopQ", "qrstuvwxyz0123456789+g",
        "//////////////////////", "+++++++++++++++++++++w"}) {
    const std::string expected = text[21] == '/' ? "Base64 key was not encoded 128-bit key." : "";
    EXPECT_EQ(ErrorOf(text), expected) << text;
  }
}

TEST(SessionKey, EveryGeneratedKeySurvivesItsText) {
  SeededRandom random(1);
  for (int i = 0; i < 10000; ++i) {
    const SessionKey key = SessionKey::Generate(random);
    const std::string text = key.ToBase64();
    ASSERT_EQ(text.size(), SessionKey::kTextLength);
    const auto again = SessionKey::FromBase64(text);
    ASSERT_TRUE(again.ok()) << text;
    ASSERT_EQ(*again, key);
  }
}

TEST(SessionKey, RefusesEveryOtherLength) {
  for (size_t length = 0; length < 64; ++length) {
    if (length == SessionKey::kTextLength) continue;
    EXPECT_EQ(ErrorOf(std::string(length, 'A')), "Key must be 22 letters long.");
  }
  EXPECT_EQ(ErrorOf(absl::StrCat(kText, "==")), "Key must be 22 letters long.");
}

TEST(SessionKey, RefusesEveryLetterOutsideTheAlphabetAnywhere) {
  for (int letter = 0; letter < 256; ++letter) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(letter)) || letter == '+' || letter == '/') {
      continue;
    }
    for (size_t at = 0; at < SessionKey::kTextLength; ++at) {
      std::string text(kText);
      text[at] = static_cast<char>(letter);
      ASSERT_EQ(ErrorOf(text), "Key must be well-formed base64.") << letter << " at " << at;
    }
  }
}

TEST(SessionKey, RefusesALastLetterWithMoreThanTwoBits) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (char letter : alphabet) {
    std::string text(kText);
    text.back() = letter;
    const bool canonical = absl::StrContains("AQgw", absl::string_view(&letter, 1));
    EXPECT_EQ(ErrorOf(text), canonical ? "" : "Base64 key was not encoded 128-bit key.") << letter;
  }
}

TEST(SessionKey, IsNotShownWhenStreamedOrPrintedByATest) {
  const auto key = SessionKey::FromBase64(kText);
  ASSERT_TRUE(key.ok());
  std::ostringstream out;
  out << *key;
  EXPECT_EQ(out.str(), "SessionKey(secret)");
  EXPECT_EQ(::testing::PrintToString(*key), "SessionKey(secret)");
}

TEST(SessionKey, ComparesAllBytes) {
  std::array<uint8_t, SessionKey::kSize> bytes{};
  const SessionKey zero = SessionKey::FromBytes(bytes);
  EXPECT_TRUE(zero == SessionKey::FromBytes(bytes));
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = 1;
    EXPECT_FALSE(zero == SessionKey::FromBytes(bytes));
    bytes[i] = 0;
  }
}

bool IsWiped(const uint8_t* bytes) {
  return std::all_of(bytes, bytes + SessionKey::kSize, [](uint8_t byte) { return byte == 0; });
}

TEST(SessionKey, IsWipedWhenMovedFrom) {
  SeededRandom random(2);
  SessionKey first = SessionKey::Generate(random);
  const std::string text = first.ToBase64();
  SessionKey second = std::move(first);
  EXPECT_TRUE(IsWiped(first.secret_bytes().data()));  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.ToBase64(), text);
  SessionKey third = SessionKey::Generate(random);
  third = std::move(second);
  EXPECT_TRUE(IsWiped(second.secret_bytes().data()));  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(third.ToBase64(), text);
}

TEST(SessionKey, SurvivesBeingAssignedToItself) {
  SeededRandom random(2);
  SessionKey key = SessionKey::Generate(random);
  const std::string text = key.ToBase64();
  SessionKey& same = key;
  key = std::move(same);
  EXPECT_EQ(key.ToBase64(), text);
}

TEST(SessionKey, IsWipedWhenDestroyed) {
  SeededRandom random(3);
  // Storage that outlives the key, so that looking at it afterwards is allowed.
  alignas(SessionKey) std::array<uint8_t, sizeof(SessionKey)> storage{};
  auto* key = new (storage.data()) SessionKey(SessionKey::Generate(random));
  EXPECT_FALSE(IsWiped(storage.data()));
  key->~SessionKey();
  EXPECT_TRUE(IsWiped(storage.data()));
}

}  // namespace
}  // namespace mosh::crypto
