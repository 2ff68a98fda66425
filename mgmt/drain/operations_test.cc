#include "mgmt/drain/operations.h"

#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "io/sim/sim_world.h"

namespace mosh::mgmt {
namespace {

class OperationsTest : public testing::Test {
 protected:
  OperationsTest() {
    path_ = absl::StrCat(getenv("TEST_TMPDIR"), "/operations.XXXXXX");
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    path_ += "/operations.json";
  }
  absl::Status Open() {
    operations_.reset();  // first: its lock
    operations_.emplace(Operations::Context{"nodes/n1", path_, nullptr, [this] { return now_; }});
    return Do(operations_->Load());
  }
  absl::Status Do(io::Task<absl::Status> task) {
    absl::Status status = absl::UnknownError("not finished");
    world_.RunToCompletion(Keep(std::move(task), &status));
    return status;
  }
  static io::Task<void> Keep(io::Task<absl::Status> task, absl::Status* status) {
    *status = co_await std::move(task);
  }
  static io::Task<void> Wait(Operations* operations, std::string id,
                             std::vector<std::string>* log) {
    const absl::Status waited = co_await operations->WaitDone(id, {});
    log->push_back(absl::StrCat(id, waited.ok() ? " is done" : " is not"));
  }
  static fleet::Operation Done(bool done) {
    fleet::Operation operation;
    operation.set_done(done);
    return operation;
  }

  io::sim::SimWorld world_{1};
  std::string path_;
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  std::optional<Operations> operations_;
};

TEST_F(OperationsTest, IdsSortByTime) {
  EXPECT_EQ(Operations::NewId(now_), "20270115-080000-000000");
  EXPECT_EQ(Operations::NewId(now_ + absl::Microseconds(45)), "20270115-080000-000045");
  EXPECT_EQ(Operations::NewId(now_ + absl::Seconds(59.5)), "20270115-080059-500000");
}

TEST_F(OperationsTest, AreFoundByName) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Do(operations_->Put("1-a", Done(false))).ok());
  for (const char* name : {"nodes/n1/operations/1-a", "nodes/-/operations/1-a"}) {
    ASSERT_NE(operations_->FindByName(name), nullptr) << name;
  }
  for (const char* name : {"nodes/n2/operations/1-a", "nodes/n1/operations/2", "nodes/n1/x/1-a",
                           "nodes/n1/operations/1-a/x", "1-a", ""}) {
    EXPECT_EQ(operations_->FindByName(name), nullptr) << name;
  }
}

TEST_F(OperationsTest, OutliveTheAgentAndTheNodesName) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Do(operations_->Put("1-a", Done(false))).ok());
  ASSERT_TRUE(Do(operations_->Put("2-b", Done(true))).ok());
  operations_.reset();
  operations_.emplace(Operations::Context{"nodes/new", path_, nullptr, [this] { return now_; }});
  ASSERT_TRUE(Do(operations_->Load()).ok());
  ASSERT_EQ(operations_->all().size(), 2u);
  EXPECT_EQ(operations_->Find("1-a")->name(), "nodes/new/operations/1-a");
  EXPECT_TRUE(operations_->Find("2-b")->done());
}

TEST_F(OperationsTest, TheOldestThatAreDoneGo) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Do(operations_->Put("000-running", Done(false))).ok());
  for (int i = 0; i < 102; ++i) {
    ASSERT_TRUE(Do(operations_->Put(absl::StrCat(1000 + i, "-x"), Done(true))).ok());
  }
  EXPECT_EQ(operations_->all().size(), 101u);
  EXPECT_NE(operations_->Find("000-running"), nullptr) << "what goes on stays";
  EXPECT_EQ(operations_->Find("1001-x"), nullptr);
  EXPECT_NE(operations_->Find("1002-x"), nullptr);
  now_ += absl::Hours(25);
  ASSERT_TRUE(Do(operations_->Put("2000-x", Done(true))).ok());
  EXPECT_EQ(operations_->all().size(), 2u);
}

TEST_F(OperationsTest, AreWaitedFor) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Do(operations_->Put("1-a", Done(false))).ok());
  std::vector<std::string> log;
  world_.Start(Wait(&*operations_, "1-a", &log));
  world_.Start(Wait(&*operations_, "none", &log));
  world_.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(log, (std::vector<std::string>{"none is done"}));
  ASSERT_TRUE(Do(operations_->Put("1-a", Done(false))).ok());
  world_.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(log.size(), 1u) << "only further";
  ASSERT_TRUE(Do(operations_->Put("1-a", Done(true))).ok());
  world_.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(log.back(), "1-a is done");
}

TEST_F(OperationsTest, AFileThatIsNotUnderstoodIsPutAside) {
  std::ofstream(path_) << "{ nonsense";
  EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(access((path_ + ".bad").c_str(), F_OK), 0);
  EXPECT_TRUE(Do(operations_->Put("1-a", Done(false))).ok());
  EXPECT_TRUE(Open().ok());
  EXPECT_EQ(operations_->all().size(), 1u);
}

TEST_F(OperationsTest, AnotherAgentsAreNotTouched) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Do(operations_->Put("1-a", Done(false))).ok());
  Operations second({"nodes/n1", path_, nullptr, [this] { return now_; }});
  EXPECT_EQ(Do(second.Load()).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(Do(second.Put("2-b", Done(false))).ok());
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(operations_->all().size(), 1u);
}

}  // namespace
}  // namespace mosh::mgmt
