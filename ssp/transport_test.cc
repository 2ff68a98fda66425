#include "ssp/transport.h"

#include "gtest/gtest.h"
#include "ssp/testing/pair.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

TEST(Transport, ShowsWhatWasTyped) {
  Pair pair({});
  pair.RunFor(2s);
  pair.Type("a");
  const Instant typed = pair.now;
  ASSERT_TRUE(pair.RunUntil(pair.now + 1s, [&] { return pair.shown() == "a"; }));
  EXPECT_LE(pair.now - typed, 101ms);
}

}  // namespace
}  // namespace mosh::ssp
