#include "client/resume_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/sequence_lease.h"
#include "crypto/route_tag.h"
#include "crypto/testing/seeded_random.h"

namespace mosh::client {
namespace {

using crypto::SequenceNumber;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kKey[] = "SF/MlfhoOVaLoagbnZgzHQ";
crypto::SessionKey Key() { return *crypto::SessionKey::FromBase64(kKey); }
const uint64_t kFirst = crypto::RouteTag::Of(Key()).FirstSequence().value;

class ResumeFileTest : public ::testing::Test {
 protected:
  ResumeFileTest() {
    std::string pattern = absl::StrCat(::testing::TempDir(), "/resume.XXXXXX");
    top_ = mkdtemp(pattern.data());
    folder_ = absl::StrCat(top_, "/state/mosh");
  }

  ResumeFile New(const std::string& id, absl::Time started = absl::FromUnixSeconds(1000)) {
    return ResumeFile(folder_, id,
                      {.key = Key(),
                       .address = "192.0.2.1",
                       .port = 60001,
                       .target = "user@host",
                       .started = started});
  }
  std::string Path(const std::string& id) const {
    return absl::StrCat(folder_, "/", id, ".session");
  }
  static int Mode(const std::string& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 ? static_cast<int>(info.st_mode & 07777) : -1;
  }
  void Overwrite(const std::string& id, const std::string& text) {
    FILE* const file = fopen(Path(id).c_str(), "w");
    ASSERT_NE(file, nullptr);
    fwrite(text.data(), 1, text.size(), file);
    fclose(file);
  }

  std::string top_;
  std::string folder_;
};

TEST_F(ResumeFileTest, IsWrittenWithTheFirstLeaseForTheUserAlone) {
  ResumeFile file = New("aaaaaa");
  EXPECT_FALSE(file.exists());
  EXPECT_EQ(Mode(folder_), -1);
  ASSERT_TRUE(file.Lease({kFirst + 99}).ok());
  EXPECT_TRUE(file.exists());
  EXPECT_EQ(Mode(folder_), 0700);
  EXPECT_EQ(Mode(Path("aaaaaa")), 0600);
  const auto state = file.Read();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->key, Key());
  EXPECT_EQ(state->next.value, kFirst + 100);
  EXPECT_EQ(state->target, "user@host");
}

TEST_F(ResumeFileTest, LaterLeasesReplaceIt) {
  ResumeFile file = New("aaaaaa");
  ASSERT_TRUE(file.Lease({kFirst + 99}).ok());
  ASSERT_TRUE(file.Lease({kFirst + 199}).ok());
  EXPECT_EQ(file.Read()->next.value, kFirst + 200);
  EXPECT_EQ(file.Read()->key, Key());
  EXPECT_THAT(ListResumable(folder_), SizeIs(1));
}

TEST_F(ResumeFileTest, TheNextProcessBeginsBeyondWhatTheLastOneMayHaveUsed) {
  uint64_t last = kFirst + 99;
  {
    ResumeFile file = New("aaaaaa");
    ASSERT_TRUE(file.Lease({last}).ok());
  }
  for (uint64_t incarnation = 1; incarnation <= 3; ++incarnation) {
    auto file = ResumeFile::Open(folder_, "aaaaaa");
    ASSERT_TRUE(file.ok()) << file.status();
    const auto process = (*file)->Begin();
    ASSERT_TRUE(process.ok()) << process.status();
    EXPECT_EQ(process->incarnation, incarnation);
    EXPECT_EQ(process->first.value, last + 1);
    EXPECT_EQ(process->last.value, last + SequenceLease::kLength);
    last = process->last.value;
    EXPECT_EQ((*file)->Read()->next.value, last + 1);
  }
}

TEST_F(ResumeFileTest, OnlyOneProcessHasASession) {
  ResumeFile file = New("aaaaaa");
  ASSERT_TRUE(file.Lease({kFirst + 99}).ok());
  EXPECT_EQ(ResumeFile::Open(folder_, "aaaaaa").status().code(),
            absl::StatusCode::kFailedPrecondition);
  // Also after it has been replaced.
  ASSERT_TRUE(file.Lease({kFirst + 199}).ok());
  EXPECT_EQ(ResumeFile::Open(folder_, "aaaaaa").status().code(),
            absl::StatusCode::kFailedPrecondition);
  const auto sessions = ListResumable(folder_);
  ASSERT_THAT(sessions, SizeIs(1));
  EXPECT_TRUE(sessions[0].in_use);
}

TEST_F(ResumeFileTest, IsGoneWhenForgotten) {
  ResumeFile file = New("aaaaaa");
  EXPECT_TRUE(file.Forget().ok());
  ResumeFile other = New("bbbbbb");
  ASSERT_TRUE(other.Lease({kFirst + 99}).ok());
  EXPECT_TRUE(other.Forget().ok());
  EXPECT_FALSE(other.exists());
  EXPECT_THAT(ListResumable(folder_), IsEmpty());
  EXPECT_EQ(ResumeFile::Open(folder_, "bbbbbb").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ResumeFileTest, ListsTheLatestFirstAndDamagedOnesToo) {
  {
    ResumeFile a = New("aaaaaa", absl::FromUnixSeconds(1000));
    ResumeFile b = New("bbbbbb", absl::FromUnixSeconds(3000));
    ResumeFile c = New("cccccc", absl::FromUnixSeconds(2000));
    for (ResumeFile* file : {&a, &b, &c}) ASSERT_TRUE(file->Lease({kFirst + 99}).ok());
  }
  Overwrite("cccccc", "mosh-resume 1\nkey garbage");
  const auto sessions = ListResumable(folder_);
  ASSERT_THAT(sessions, SizeIs(3));
  EXPECT_EQ(sessions[0].id, "bbbbbb");
  EXPECT_EQ(sessions[1].id, "aaaaaa");
  EXPECT_EQ(sessions[2].id, "cccccc");
  EXPECT_TRUE(sessions[0].status.ok());
  EXPECT_FALSE(sessions[0].in_use);
  EXPECT_THAT(std::string(sessions[2].status.message()), HasSubstr("damaged"));
  EXPECT_EQ(ResumeFile::Open(folder_, "cccccc").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ResumeFileTest, TrustsNoFileThatOthersMayRead) {
  {
    ResumeFile file = New("aaaaaa");
    ASSERT_TRUE(file.Lease({kFirst + 99}).ok());
  }
  ASSERT_EQ(chmod(Path("aaaaaa").c_str(), 0644), 0);
  EXPECT_EQ(ResumeFile::Open(folder_, "aaaaaa").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ResumeFileTest, IdsAreNoPaths) {
  for (const char* id : {"", "..", "../aaaaaa", "a/b", "AAAAAA", "aaaaaa.session"}) {
    EXPECT_EQ(ResumeFile::Open(folder_, id).status().code(), absl::StatusCode::kNotFound) << id;
  }
}

TEST_F(ResumeFileTest, WhatADyingProcessLeftHalfWrittenIsNoObstacle) {
  ResumeFile file = New("aaaaaa");
  ASSERT_TRUE(file.Lease({kFirst + 99}).ok());
  ASSERT_EQ(symlink("/nowhere", absl::StrCat(folder_, "/.aaaaaa.new").c_str()), 0);
  EXPECT_TRUE(file.Lease({kFirst + 199}).ok());
  EXPECT_EQ(file.Read()->next.value, kFirst + 200);
}

TEST_F(ResumeFileTest, AFolderThatCannotBeMadeIsAnError) {
  folder_ = "/proc/nonexistent/mosh";
  ResumeFile file = New("aaaaaa");
  EXPECT_FALSE(file.Lease({kFirst + 99}).ok());
  EXPECT_TRUE(file.Forget().ok());
  EXPECT_THAT(ListResumable(folder_), IsEmpty());
}

TEST(ResumeFolder, IsInTheUsersStateDirectory) {
  std::map<std::string, std::string> variables;
  const Environment environment = [&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  EXPECT_EQ(ResumeFolder(environment), "");
  variables["HOME"] = "/home/u";
  EXPECT_EQ(ResumeFolder(environment), "/home/u/.local/state/mosh");
  variables["XDG_STATE_HOME"] = "relative";
  EXPECT_EQ(ResumeFolder(environment), "/home/u/.local/state/mosh");
  variables["XDG_STATE_HOME"] = "/var/state";
  EXPECT_EQ(ResumeFolder(environment), "/var/state/mosh");
}

TEST_F(ResumeFileTest, NewIdsAreNotTaken) {
  crypto::SeededRandom first(1), again(1);
  const std::string id = NewResumeId(folder_, first);
  ResumeFile file = New(id);
  ASSERT_TRUE(file.Lease({kFirst + 99}).ok());
  EXPECT_NE(NewResumeId(folder_, again), id);
}

}  // namespace
}  // namespace mosh::client
