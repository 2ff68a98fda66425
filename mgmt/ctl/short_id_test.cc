#include "mgmt/ctl/short_id.h"

#include <vector>

#include "gtest/gtest.h"

namespace mosh::mgmt::ctl {
namespace {

namespace fleet = ::mosh::fleet::v1;

absl::StatusOr<std::string> Find(absl::string_view id, const std::vector<std::string>& ids) {
  std::vector<fleet::Session> sessions(ids.size());
  std::vector<const fleet::Session*> pointers;
  for (size_t i = 0; i < ids.size(); ++i) {
    sessions[i].set_session_id(ids[i]);
    sessions[i].set_name("nodes/n/sessions/" + ids[i]);
    pointers.push_back(&sessions[i]);
  }
  return FindByShortId(id, pointers);
}

TEST(ShortId, TheBeginningOfOneWillDo) {
  EXPECT_EQ(*Find("b", {"abc", "bcd"}), "nodes/n/sessions/bcd");
  EXPECT_EQ(*Find("abc", {"abcd", "abc"}), "nodes/n/sessions/abc");
}

TEST(ShortId, NoneAndSeveralAreNotFound) {
  EXPECT_EQ(Find("x", {"abc"}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Find("", {"abc"}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Find("a", {"ab", "ac"}).status().message(),
            "'a' begins the ids of 2 sessions: ab, ac\n  Give one more letter of it.");
  EXPECT_EQ(
      Find("a", {"a1", "a2", "a3", "a4", "a5", "a6"}).status().message(),
      "'a' begins the ids of 6 sessions: a1, a2, a3, a4, a5, …\n  Give one more letter of it.");
}

TEST(ShortId, ResourceNamesAreTakenAsTheyAre) {
  EXPECT_TRUE(IsSessionName("nodes/n/sessions/abc"));
  EXPECT_FALSE(IsSessionName("abc"));
}

}  // namespace
}  // namespace mosh::mgmt::ctl
