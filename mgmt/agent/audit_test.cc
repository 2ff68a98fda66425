#include "mgmt/agent/audit.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "io/create_reactor.h"
#include "io/scope.h"

namespace mosh::mgmt {
namespace {

class AuditTest : public testing::Test {
 protected:
  AuditTest() {
    std::string pattern = absl::StrCat(testing::TempDir(), "/audit.XXXXXX");
    directory_ = mkdtemp(pattern.data());
    path_ = absl::StrCat(directory_, "/audit.jsonl");
  }

  static fleet::AuditEntry Entry(const std::string& resource) {
    fleet::AuditEntry entry;
    entry.mutable_time()->set_seconds(1'800'000'000);
    entry.mutable_time()->set_nanos(123'456'000);
    entry.set_caller("local:alice(1000)");
    entry.set_method("mosh.fleet.v1.FleetService/TerminateSession");
    entry.set_resource(resource);
    entry.set_reason("because\n\"he\" said so: \xFF é");
    return entry;
  }
  std::unique_ptr<AuditFile> MustOpen() {
    absl::StatusOr<std::unique_ptr<AuditFile>> file = AuditFile::Open(path_);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? *std::move(file) : nullptr;
  }
  void Append(AuditFile* file, int count) {
    std::vector<fleet::AuditEntry> entries;
    for (int i = 0; i < count; ++i) entries.push_back(Entry(absl::StrCat("s", i)));
    ASSERT_TRUE(file->Append(&entries).ok());
  }
  std::string Contents() const {
    std::ifstream in(path_);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  void Write(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }

  std::string directory_;
  std::string path_;
};

TEST_F(AuditTest, ContinuesItsChainAfterARestart) {
  Append(MustOpen().get(), 3);
  Append(MustOpen().get(), 2);
  const absl::StatusOr<AuditChain> chain = VerifyAuditFile(path_);
  ASSERT_TRUE(chain.ok()) << chain.status();
  EXPECT_EQ(chain->sequence, 5);
  struct stat facts;
  ASSERT_EQ(stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(AuditTest, GivesBackWhatWasWritten) {
  const std::unique_ptr<AuditFile> file = MustOpen();
  Append(file.get(), 600);
  const absl::StatusOr<std::vector<fleet::AuditEntry>> some = file->Read(511, 4);
  ASSERT_TRUE(some.ok()) << some.status();
  ASSERT_EQ(some->size(), 4u);
  EXPECT_EQ((*some)[0].sequence(), 511);
  EXPECT_EQ((*some)[0].resource(), "s510");
  EXPECT_EQ((*some)[1].previous_hash(), (*some)[0].hash());
  EXPECT_EQ((*some)[0].time().nanos(), 123'456'000);
  EXPECT_EQ((*some)[0].reason(), "because\n\"he\" said so: \uFFFD é");
  EXPECT_TRUE(file->Read(601, 4)->empty());
}

TEST_F(AuditTest, EveryChangeOfAByteIsFound) {
  Append(MustOpen().get(), 2);
  const std::string good = Contents();
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    Write(bad);
    EXPECT_FALSE(VerifyAuditFile(path_).ok()) << "byte " << i;
  }
}

TEST_F(AuditTest, AMissingEntryIsFoundAndNothingIsAdded) {
  Append(MustOpen().get(), 3);
  std::vector<std::string> lines = absl::StrSplit(Contents(), '\n');
  Write(absl::StrCat(lines[0], "\n", lines[2], "\n"));
  const absl::Status status = AuditFile::Open(path_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(status.message(), "line 2: entry 2 is missing")) << status;
}

TEST_F(AuditTest, WhatACrashLeftOfAnEntryIsCutOff) {
  Append(MustOpen().get(), 2);
  const std::string good = Contents();
  Write(good + "{\"sequence\":3,\"ti");
  EXPECT_FALSE(VerifyAuditFile(path_).ok());
  const std::unique_ptr<AuditFile> file = MustOpen();
  ASSERT_NE(file, nullptr);
  EXPECT_FALSE(file->repaired().empty());
  Append(file.get(), 1);
  EXPECT_EQ(VerifyAuditFile(path_)->sequence, 3);
}

TEST_F(AuditTest, HasOneWriter) {
  const std::unique_ptr<AuditFile> file = MustOpen();
  EXPECT_EQ(AuditFile::Open(path_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(AuditTest, RefusesAFileThatOthersCanRead) {
  Write("");
  chmod(path_.c_str(), 0644);
  EXPECT_EQ(AuditFile::Open(path_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(AuditTest, AFullDiskLeavesNothingOfTheBatch) {
  const std::unique_ptr<AuditFile> file = MustOpen();
  Append(file.get(), 1);
  const std::string before = Contents();
  signal(SIGXFSZ, SIG_IGN);
  rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small = {before.size() + 100, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  std::vector<fleet::AuditEntry> entries = {Entry("a"), Entry("b")};
  const absl::Status failed = file->Append(&entries);
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(Contents(), before);
  Append(file.get(), 1);
  EXPECT_EQ(VerifyAuditFile(path_)->sequence, 2);
}

io::Task<void> RecordOne(Audit* audit, std::string resource, int* left, io::Event* done) {
  fleet::AuditEntry entry;
  entry.set_resource(std::move(resource));
  EXPECT_TRUE((co_await audit->Record(std::move(entry))).ok());
  if (--*left == 0) done->Set();
}

io::Task<void> RecordMany(Mailbox* mailbox, Audit* audit) {
  io::Event done;
  int left = 50;
  io::Scope scope;
  scope.Spawn(mailbox->Run(scope.token()));
  for (int i = 0; i < 50; ++i) {
    scope.Spawn(RecordOne(audit, absl::StrCat("s", i), &left, &done));
  }
  EXPECT_TRUE((co_await audit->WaitForMoreThan(0, scope.token())).ok());
  (void)co_await done.Wait();
  const auto entries = co_await audit->Read(1, 100);
  EXPECT_EQ(entries->size(), 50u);
  co_await scope.CancelAndJoin();
}

TEST_F(AuditTest, EntriesOfManyCallsAreWrittenTogether) {
  const std::unique_ptr<io::Reactor> reactor = *io::CreateReactor();
  const std::unique_ptr<Mailbox> mailbox = *Mailbox::Create(reactor.get());
  Worker worker(mailbox.get());
  Audit audit(&worker, MustOpen());
  reactor->Run(RecordMany(mailbox.get(), &audit));
  EXPECT_EQ(audit.last_sequence(), 50);
  EXPECT_EQ(VerifyAuditFile(path_)->sequence, 50);
}

}  // namespace
}  // namespace mosh::mgmt
