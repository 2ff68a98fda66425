#include "mgmt/limits/file_policy_store.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/sim/sim_world.h"

namespace mosh::mgmt {
namespace {

using testing::HasSubstr;

class FilePolicyStoreTest : public testing::Test {
 protected:
  FilePolicyStoreTest() {
    path_ = absl::StrCat(getenv("TEST_TMPDIR"), "/policies.XXXXXX");
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    path_ += "/policies.json";
  }
  absl::Status Open() {
    store_ = nullptr;  // first: its lock
    store_ = std::make_unique<FilePolicyStore>(path_, nullptr);
    store_->SetOnChange([this] { ++changes_; });
    return Do(store_->Load());
  }
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
  absl::StatusOr<fleet::LimitPolicy> Put(const std::string& name, int idle,
                                         const std::string& seen) {
    fleet::LimitPolicy policy;
    policy.set_name(name);
    policy.mutable_limits()->mutable_idle()->set_seconds(idle);
    return Do(store_->Put(policy, seen, {}));
  }

  io::sim::SimWorld world_{1};
  std::string path_;
  std::unique_ptr<FilePolicyStore> store_;
  int changes_ = 0;
};

TEST_F(FilePolicyStoreTest, KeepsThem) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(store_->problem(), "");
  const auto made = Put("policies/a", 60, "");
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_TRUE(Put("policies/b", 70, "").ok());
  EXPECT_EQ(changes_, 3);
  ASSERT_TRUE(Open().ok());
  ASSERT_EQ(store_->all().size(), 2u);
  EXPECT_EQ(store_->all().at("policies/a").SerializeAsString(), made->SerializeAsString());
  EXPECT_TRUE(Do(store_->Delete("policies/a", made->etag(), {})).ok());
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(store_->all().size(), 1u);
}

TEST_F(FilePolicyStoreTest, ChangesWhatWasSeenAndNothingElse) {
  ASSERT_TRUE(Open().ok());
  const std::string first = Put("policies/a", 60, "")->etag();
  EXPECT_EQ(Put("policies/a", 61, "").status().code(), absl::StatusCode::kAborted);
  const std::string second = Put("policies/a", 60, first)->etag();
  EXPECT_NE(second, first) << "another one, though it says the same";
  EXPECT_EQ(Put("policies/a", 62, first).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Do(store_->Delete("policies/a", first, {})).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Do(store_->Delete("policies/b", first, {})).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(store_->all().at("policies/a").limits().idle().seconds(), 60);
}

TEST_F(FilePolicyStoreTest, WhatIsAnotherAgentsIsReadAndNotChanged) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Put("policies/a", 60, "").ok());
  const std::unique_ptr<FilePolicyStore> first = std::move(store_);
  EXPECT_EQ(Open().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->all().size(), 1u);
  EXPECT_THAT(store_->problem(), HasSubstr("another mosh-agent"));
  EXPECT_EQ(Put("policies/b", 60, "").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(FilePolicyStoreTest, WhatIsNotUnderstoodIsNotOverwritten) {
  std::ofstream(path_) << R"({"policies": [{"name": "policies/a", "limits": {"idle": "-5s"}},
                                           {"name": "policies/b"}]})";
  EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(store_->problem(), HasSubstr("policies/a: limits.idle must be whole seconds"));
  EXPECT_EQ(store_->all().size(), 1u) << "the others hold";
  EXPECT_EQ(Put("policies/c", 60, "").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(FilePolicyStoreTest, WhatCanNotBeWrittenDoesNotHold) {
  ASSERT_TRUE(Open().ok());
  changes_ = 0;
  ASSERT_EQ(mkdir((path_ + ".new").c_str(), 0700), 0);
  EXPECT_EQ(Put("policies/a", 60, "").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(store_->all().empty());
  EXPECT_EQ(changes_, 0);
}

}  // namespace
}  // namespace mosh::mgmt
