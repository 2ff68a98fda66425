#include "base/instant.h"

#include "gtest/gtest.h"

namespace mosh {
namespace {

using namespace std::chrono_literals;

TEST(Instant, DifferenceUndoesAddition) {
  const Instant t = Instant::FromMillis(1234);
  EXPECT_EQ((t + 17ms) - t, 17ms);
  EXPECT_EQ(t + 17ms - 17ms, t);
}

TEST(Instant, NeverStaysNever) {
  EXPECT_EQ(Instant::Max() + 1h, Instant::Max());
  EXPECT_EQ(Instant::Max() - 1h, Instant::Max());
}

TEST(Instant, AdditionSaturates) {
  EXPECT_EQ(Instant::FromNanos(Instant::Max().nanos() - 1) + 1s, Instant::Max());
}

TEST(Instant, OrdersByTime) { EXPECT_LT(Instant::FromMillis(1), Instant::FromMillis(2)); }

}  // namespace
}  // namespace mosh
