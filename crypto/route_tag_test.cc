#include "crypto/route_tag.h"

#include <cstdint>
#include <set>

#include "absl/strings/string_view.h"
#include "crypto/session_key.h"
#include "crypto/testing/seeded_random.h"
#include "gtest/gtest.h"

namespace mosh::crypto {
namespace {

TEST(RouteTag, OfAKeyIsTheStartOfALabelledHash) {
  // printf 'mosh route tag' followed by sixteen zero octets, through sha256sum: begins with
  // 110fed02.
  const uint8_t zeros[SessionKey::kSize] = {};
  const RouteTag tag = RouteTag::Of(SessionKey::FromBytes(zeros));
  EXPECT_EQ(tag.host, 0x110);
  EXPECT_EQ(tag.endpoint, 0x7f68);
}

TEST(RouteTag, SurvivesTheWayThroughASequenceNumber) {
  for (const RouteTag tag :
       {RouteTag{0, 0}, RouteTag{0, 1}, RouteTag{1, 0}, RouteTag{4095, 32767}}) {
    EXPECT_EQ(RouteTag::Of(tag.FirstSequence()), tag);
    EXPECT_EQ(RouteTag::Of(tag.LastSequence()), tag);
    EXPECT_LE(tag.LastSequence(), SequenceNumber::Max());
  }
}

TEST(RouteTag, NextTagBeginsWhereThisOneEnds) {
  EXPECT_EQ((RouteTag{7, 8}.LastSequence().value + 1), (RouteTag{7, 9}.FirstSequence().value));
  EXPECT_EQ((RouteTag{7, 32767}.LastSequence().value + 1), (RouteTag{8, 0}.FirstSequence().value));
}

TEST(RouteTag, StocksFirstNumbersBelongToNobody) {
  EXPECT_EQ(RouteTag::Of(SequenceNumber{0}), RouteTag());
  EXPECT_EQ(RouteTag::Of(SequenceNumber{1'000'000'000}), RouteTag());
}

TEST(GenerateKeyForHost, KeysLeadToTheHostAndDifferElsewhere) {
  SeededRandom random(1);
  std::set<uint16_t> endpoints;
  for (int i = 0; i < 20; ++i) {
    const RouteTag tag = RouteTag::Of(GenerateKeyForHost(random, 77));
    EXPECT_EQ(tag.host, 77);
    endpoints.insert(tag.endpoint);
  }
  EXPECT_GE(endpoints.size(), 19u);
}

}  // namespace
}  // namespace mosh::crypto
