#include "term/screen.h"

#include "gtest/gtest.h"

namespace mosh::term {
namespace {

TEST(Screen, BlankScreensAreEqual) { EXPECT_EQ(Screen(Size{5, 3}), Screen(Size{5, 3})); }

}  // namespace
}  // namespace mosh::term
