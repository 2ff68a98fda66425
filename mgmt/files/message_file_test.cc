#include "mgmt/files/message_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mosh/fleet/v1/drain.pb.h"
#include "mosh/fleet/v1/operation_service.pb.h"

namespace mosh::mgmt {
namespace {

namespace fleet = ::mosh::fleet::v1;

class MessageFileTest : public testing::Test {
 protected:
  MessageFileTest() {
    directory_ = absl::StrCat(getenv("TEST_TMPDIR"), "/message_file.XXXXXX");
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    path_ = directory_ + "/state/agent/operations.json";
  }
  static fleet::ListOperationsResponse Some() {
    fleet::ListOperationsResponse some;
    fleet::DrainNodeMetadata metadata;
    metadata.set_message("kernel \"update\"\nat 6");
    some.add_operations()->set_name("nodes/n1/operations/1");
    some.mutable_operations(0)->mutable_metadata()->PackFrom(metadata);
    return some;
  }

  std::string directory_, path_;
};

TEST_F(MessageFileTest, KeepsWhatWasWritten) {
  MessageFile file(path_);
  ASSERT_TRUE(file.Lock().ok()) << "makes its directory";
  fleet::ListOperationsResponse read;
  read.add_operations();
  ASSERT_TRUE(file.Read(&read).ok());
  EXPECT_EQ(read.operations_size(), 0) << "there is none yet";
  ASSERT_TRUE(file.Write(fleet::ListOperationsResponse()).ok());
  ASSERT_TRUE(file.Write(Some()).ok());
  ASSERT_TRUE(MessageFile(path_).Read(&read).ok());
  EXPECT_EQ(read.SerializeAsString(), Some().SerializeAsString());
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_NE(access((path_ + ".new").c_str(), F_OK), 0);
}

TEST_F(MessageFileTest, IsOneProcesses) {
  MessageFile mine(path_);
  ASSERT_TRUE(mine.Lock().ok());
  ASSERT_TRUE(mine.Lock().ok()) << "again";
  MessageFile other(path_);
  const absl::Status status = other.Lock();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "another mosh-agent"));
}

TEST_F(MessageFileTest, SaysWhatItDoesNotUnderstand) {
  MessageFile file(path_);
  ASSERT_TRUE(file.Lock().ok());
  std::ofstream(path_) << R"({"operations": [{"name": "x", "later": 1}]})";
  fleet::ListOperationsResponse read;
  ASSERT_TRUE(file.Read(&read).ok()) << "a newer version's";
  EXPECT_EQ(read.operations(0).name(), "x");
  std::ofstream(path_) << R"({"operations": [{"name": "x"})";
  const absl::Status status = file.Read(&read);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(status.message(), path_)) << status;
  EXPECT_EQ(read.operations_size(), 0);
}

}  // namespace
}  // namespace mosh::mgmt
