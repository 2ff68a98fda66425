#include "mgmt/agent/request_ids.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

const Instant kStart = Instant::FromMillis(1'000'000);

TEST(RequestIds, ARepetitionFindsTheFirstAnswer) {
  RequestIds ids;
  const RequestIds::Begun first = ids.Begin("alice", "1", 7, kStart);
  ASSERT_TRUE(first.first);
  EXPECT_FALSE(ids.Begin("alice", "1", 7, kStart).answer->done.is_set());
  ids.Finish("alice", "1", first.answer.get(), grpc::Status::OK, "answer");
  const RequestIds::Begun again = ids.Begin("alice", "1", 8, kStart);
  EXPECT_FALSE(again.first);
  EXPECT_TRUE(again.answer->done.is_set());
  EXPECT_EQ(again.answer->response, "answer");
  EXPECT_EQ(again.answer->fingerprint, 7u);
}

TEST(RequestIds, CallersHaveTheirOwn) {
  RequestIds ids;
  EXPECT_TRUE(ids.Begin("alice", "1", 7, kStart).first);
  EXPECT_TRUE(ids.Begin("bob", "1", 7, kStart).first);
}

TEST(RequestIds, AFailureMayBeTriedAgain) {
  RequestIds ids;
  const RequestIds::Begun first = ids.Begin("alice", "1", 7, kStart);
  ids.Finish("alice", "1", first.answer.get(), grpc::Status(grpc::StatusCode::UNAVAILABLE, ""), "");
  EXPECT_TRUE(ids.Begin("alice", "1", 7, kStart).first);
}

TEST(RequestIds, ForgetsAfterTenMinutesAndBeyondItsBound) {
  RequestIds ids;
  EXPECT_TRUE(ids.Begin("alice", "1", 7, kStart).first);
  EXPECT_FALSE(
      ids.Begin("alice", "1", 7, kStart + RequestIds::kKept - std::chrono::seconds(1)).first);
  EXPECT_TRUE(ids.Begin("alice", "1", 7, kStart + RequestIds::kKept).first);
  const Instant later = kStart + RequestIds::kKept;
  for (size_t i = 0; i <= RequestIds::kMaxKept; ++i) {
    ids.Begin("bob", absl::StrCat(i), 7, later);
  }
  EXPECT_TRUE(ids.Begin("alice", "1", 7, later).first);
}

}  // namespace
}  // namespace mosh::mgmt
