// Timestamp16 and TimestampEcho.
#include "gtest/gtest.h"
#include "ssp/testing/vectors.h"
#include "ssp/timestamp16.h"
#include "ssp/timestamp_echo.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

TEST(Timestamp16, ReservedValueIsSkipped) {
  EXPECT_EQ(Timestamp16::At(Instant::FromMillis(65535)).wire(), 0);
  EXPECT_EQ(Timestamp16::At(Instant::FromMillis(65534)).wire(), 65534);
  EXPECT_EQ(Timestamp16::At(Instant::FromMillis(65536 + 7)).wire(), 7);
  EXPECT_TRUE(Timestamp16::None().is_none());
}

TEST(Timestamp16, SubtractsModulo) {
  for (const TimestampDiffVector& v : LoadVectors().timestamp_diff) {
    EXPECT_EQ(Timestamp16(v.now).Since(Timestamp16(v.reply)),
              std::chrono::milliseconds(v.difference));
  }
}

TEST(TimestampEcho, ReturnsOnceAgedByHoldingTime) {
  TimestampEcho echo;
  const Instant t = Instant::FromMillis(5000);
  echo.OnReceived(Timestamp16(36314), EcnMark::kCapable0, t);
  EXPECT_EQ(echo.Take(t + 49ms).wire(), 36363);
  EXPECT_TRUE(echo.Take(t + 49ms).is_none());
}

TEST(TimestampEcho, ForgetsAfterASecond) {
  TimestampEcho echo;
  const Instant t;
  echo.OnReceived(Timestamp16(1), EcnMark::kCapable0, t);
  EXPECT_TRUE(echo.Take(t + 1000ms).is_none());
  echo.OnReceived(Timestamp16(1), EcnMark::kCapable0, t);
  EXPECT_EQ(echo.Take(t + 999ms).wire(), 1000);
}

TEST(TimestampEcho, CongestionLooksLikeHalfASecondMore) {
  TimestampEcho echo;
  echo.OnReceived(Timestamp16(100), EcnMark::kCongestion, Instant());
  EXPECT_EQ(echo.Take(Instant()).wire(), static_cast<uint16_t>(100 - 500));
}

TEST(TimestampEcho, NoneDoesNotReplaceARememberedOne) {
  TimestampEcho echo;
  echo.OnReceived(Timestamp16(100), EcnMark::kCapable0, Instant());
  echo.OnReceived(Timestamp16::None(), EcnMark::kCapable0, Instant());
  EXPECT_EQ(echo.Take(Instant()).wire(), 100);
}

}  // namespace
}  // namespace mosh::ssp
