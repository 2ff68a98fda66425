#include "mgmt/limits/limits_keeper.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_world.h"
#include "server/control/admission.h"

namespace mosh::mgmt {
namespace {

class FakeStore final : public PolicyStore {
 public:
  const LimitPolicies& all() const override { return policies; }
  bool known() const override { return is_known; }
  const std::string& problem() const override { return none_; }
  io::Task<absl::StatusOr<fleet::LimitPolicy>> Put(fleet::LimitPolicy policy, std::string,
                                                   io::StopToken) override {
    co_return policy;
  }
  io::Task<absl::Status> Delete(std::string, std::string, io::StopToken) override {
    co_return absl::OkStatus();
  }
  void SetOnChange(std::function<void()> on_change) override { changed = std::move(on_change); }

  void Set(const std::string& name, int idle, int sessions) {
    fleet::LimitPolicy& policy = policies[name];
    policy.mutable_limits()->mutable_idle()->set_seconds(idle);
    policy.mutable_limits()->set_max_sessions_per_user(sessions);
    changed();
  }
  LimitPolicies policies;
  bool is_known = true;
  std::function<void()> changed;

 private:
  const std::string none_;
};

class LimitsKeeperTest : public testing::Test {
 protected:
  LimitsKeeperTest() {
    path_ = absl::StrCat(getenv("TEST_TMPDIR"), "/limits.XXXXXX");
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    path_ += "/admission";
    admission_.emplace(path_, nullptr);
    keeper_.emplace(LimitsKeeper::Context{
        &reactor_, &store_, &*admission_, "nodes/n1", {}, [this](const control::Limits& limits) {
          told_.push_back(limits.idle_seconds());
        }});
    world_.Start(keeper_->Run(world_.stop()));
  }
  ~LimitsKeeperTest() override { EXPECT_TRUE(world_.StopAll()); }
  size_t InFile() {
    world_.RunFor(std::chrono::milliseconds(1));
    return server::ReadAdmission(path_, geteuid())->max_sessions;
  }

  io::sim::SimWorld world_{1};
  io::sim::SimReactor& reactor_ = world_.AddHost("agent", "192.0.2.1");
  std::string path_;
  FakeStore store_;
  std::optional<AdmissionKeeper> admission_;
  std::vector<uint32_t> told_;
  std::optional<LimitsKeeper> keeper_;
};

TEST_F(LimitsKeeperTest, WhatHoldsIsTold) {
  store_.Set("policies/a", 60, 5);
  EXPECT_EQ(InFile(), 5u);
  store_.Set("policies/b", 30, 7);
  EXPECT_EQ(InFile(), 5u);
  store_.policies.clear();
  store_.changed();
  EXPECT_EQ(InFile(), 0u);
  EXPECT_EQ(told_, (std::vector<uint32_t>{0, 60, 30, 0}));
}

TEST_F(LimitsKeeperTest, WhatIsNotKnownChangesNothing) {
  store_.Set("policies/a", 60, 5);
  EXPECT_EQ(InFile(), 5u);
  store_.is_known = false;
  store_.policies.clear();
  store_.changed();
  EXPECT_EQ(InFile(), 5u);
  EXPECT_EQ(told_.back(), 60u);
}

TEST_F(LimitsKeeperTest, AClosedDoorStaysClosed) {
  admission_->SetClosed("moving");
  store_.Set("policies/a", 60, 5);
  EXPECT_EQ(InFile(), 5u);
  EXPECT_EQ(server::ReadAdmission(path_, geteuid())->closed, "moving");
}

TEST_F(LimitsKeeperTest, WhatCanNotBeWrittenIsWrittenLater) {
  ASSERT_EQ(mkdir((path_ + ".new").c_str(), 0700), 0);
  store_.Set("policies/a", 60, 5);
  EXPECT_EQ(InFile(), 0u);
  EXPECT_FALSE(admission_->status().ok());
  ASSERT_EQ(rmdir((path_ + ".new").c_str()), 0);
  world_.RunFor(std::chrono::seconds(11));
  EXPECT_EQ(InFile(), 5u);
}

}  // namespace
}  // namespace mosh::mgmt
