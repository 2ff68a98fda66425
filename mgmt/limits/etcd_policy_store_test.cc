// Two agents with one etcd, in memory and on a virtual clock.
#include "mgmt/limits/etcd_policy_store.h"

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_world.h"
#include "mgmt/etcd/testing/fake_etcd.h"

namespace mosh::mgmt {
namespace {

using std::chrono::seconds;

class EtcdPolicyStoreTest : public testing::Test {
 protected:
  EtcdPolicyStoreTest() {
    first_.SetOnChange([this] { ++changes_; });
    world_.Start(store_.Run(world_.stop()));
    world_.Start(first_.Run(world_.stop()));
    world_.Start(second_.Run(world_.stop()));
  }
  ~EtcdPolicyStoreTest() override { EXPECT_TRUE(world_.StopAll()); }

  template <class T>
  T Do(io::Task<T> task) {
    T result = absl::UnknownError("not finished");
    world_.RunToCompletion(Keep(std::move(task), &result));
    return result;
  }
  template <class T>
  static io::Task<void> Keep(io::Task<T> task, T* result) {
    *result = co_await std::move(task);
  }
  absl::StatusOr<fleet::LimitPolicy> Put(EtcdPolicyStore* store, int idle,
                                         const std::string& seen) {
    fleet::LimitPolicy policy;
    policy.set_name("policies/night");
    policy.mutable_limits()->mutable_idle()->set_seconds(idle);
    return Do(store->Put(policy, seen, {}));
  }
  static int64_t Idle(const EtcdPolicyStore& store) {
    const auto found = store.all().find("policies/night");
    return found == store.all().end() ? 0 : found->second.limits().idle().seconds();
  }

  io::sim::SimWorld world_{1};
  io::sim::SimReactor& reactor_ = world_.AddHost("agent", "192.0.2.1");
  etcd::FakeStore store_{&reactor_};
  etcd::FakeEtcd a_{&store_}, b_{&store_};
  EtcdPolicyStore first_{&reactor_, &a_, "/f/"}, second_{&reactor_, &b_, "/f/"};
  int changes_ = 0;
};

TEST_F(EtcdPolicyStoreTest, APolicyIsTheWholeFleets) {
  EXPECT_FALSE(first_.known());
  world_.RunFor(seconds(1));
  EXPECT_TRUE(first_.known());
  EXPECT_EQ(first_.problem(), "");
  const auto made = Put(&first_, 60, "");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(Idle(first_), 60) << "who has changed it sees it";
  world_.RunFor(seconds(1));
  EXPECT_EQ(Idle(second_), 60);
  EXPECT_EQ(second_.all().at("policies/night").etag(), made->etag());
  EXPECT_GT(changes_, 0);
  EXPECT_TRUE(Do(second_.Delete("policies/night", made->etag(), {})).ok());
  world_.RunFor(seconds(1));
  EXPECT_EQ(Idle(first_), 0);
}

TEST_F(EtcdPolicyStoreTest, WhatHasChangedSinceStaysAsItIs) {
  world_.RunFor(seconds(1));
  const std::string etag = Put(&first_, 60, "")->etag();
  EXPECT_EQ(Put(&second_, 61, "").status().code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(Put(&second_, 62, etag).ok());
  EXPECT_EQ(Put(&first_, 63, etag).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Put(&first_, 63, "a file's").status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Do(first_.Delete("policies/night", etag, {})).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Do(first_.Delete("policies/night", "", {})).code(), absl::StatusCode::kAborted);
  world_.RunFor(seconds(1));
  EXPECT_EQ(Idle(first_), 62);
}

TEST_F(EtcdPolicyStoreTest, WithoutEtcdWhatHeldHolds) {
  world_.RunFor(seconds(1));
  const std::string etag = Put(&first_, 60, "")->etag();
  a_.SetReachable(false);
  world_.RunFor(seconds(60));
  EXPECT_EQ(Idle(first_), 60);
  EXPECT_TRUE(first_.known());
  EXPECT_TRUE(absl::StrContains(first_.problem(), "policies may be old")) << first_.problem();
  EXPECT_FALSE(Put(&first_, 70, etag).ok());
  EXPECT_TRUE(Put(&second_, 80, etag).ok());
  a_.SetReachable(true);
  world_.RunFor(seconds(60));
  EXPECT_EQ(Idle(first_), 80);
  EXPECT_EQ(first_.problem(), "");
}

TEST_F(EtcdPolicyStoreTest, WhatIsNotUnderstoodDoesNotHold) {
  store_.Put("/f/policies/bad", "\xff\xff");
  store_.Put("/f/policies/NoName", "");
  world_.RunFor(seconds(1));
  EXPECT_TRUE(first_.all().empty());
  EXPECT_TRUE(absl::StrContains(first_.problem(), "is not understood")) << first_.problem();
  EXPECT_TRUE(Put(&first_, 60, "").ok()) << "the others are as ever";
}

}  // namespace
}  // namespace mosh::mgmt
