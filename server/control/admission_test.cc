#include "server/control/admission.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Admission Closed(const std::string& why) { return {.closed = why}; }
Admission AtMost(size_t sessions) { return {.max_sessions = sessions}; }

TEST(AdmissionText, IsReadAsItWasWritten) {
  for (const Admission& admission :
       {Admission(), Closed(""), Closed("kernel update at 6 = soon # really"), AtMost(20),
        Admission{.closed = "both", .max_sessions = 1}}) {
    std::vector<std::string> problems;
    EXPECT_EQ(ParseAdmission(FormatAdmission(admission), &problems), admission);
    EXPECT_THAT(problems, IsEmpty());
  }
}

TEST(AdmissionText, HasNoLineOfSomebodyElses) {
  const std::string text = FormatAdmission(Closed("a\nmax_sessions_per_user = 1\x1b[31m"));
  EXPECT_EQ(ParseAdmission(text, nullptr), Closed("a max_sessions_per_user = 1 [31m"));
}

TEST(AdmissionText, PassesOverWhatIsUnknown) {
  std::vector<std::string> problems;
  EXPECT_EQ(ParseAdmission("# x\n\nlater = 7\nnonsense\n max_sessions_per_user=3", &problems),
            AtMost(3));
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_TRUE(ParseAdmission("max_sessions_per_user = many", &problems).open());
  EXPECT_TRUE(ParseAdmission("max_sessions_per_user = -1", &problems).open());
  EXPECT_THAT(problems, ElementsAre("line 1: max_sessions_per_user is no number",
                                    "line 1: max_sessions_per_user is no number"));
}

TEST(Admission, TheStrictestHolds) {
  EXPECT_EQ(Strictest(AtMost(5), AtMost(3)), AtMost(3));
  EXPECT_EQ(Strictest(AtMost(3), AtMost(5)), AtMost(3));
  EXPECT_EQ(Strictest(AtMost(3), Admission()), AtMost(3));
  EXPECT_EQ(Strictest(Admission(), AtMost(3)), AtMost(3));
  EXPECT_EQ(Strictest(Closed("a"), Closed("b")), Closed("a"));
  EXPECT_EQ(Strictest(Closed(""), Closed("b")), Closed("b"));
  EXPECT_EQ(Strictest(Admission(), Closed("b")), Closed("b"));
  EXPECT_EQ(Strictest(Closed("a"), Admission()), Closed("a"));
}

TEST(Admission, RefusesInWords) {
  EXPECT_TRUE(CheckAdmission(Admission(), 1000).ok());
  EXPECT_TRUE(CheckAdmission(AtMost(2), 1).ok());
  EXPECT_EQ(CheckAdmission(Closed("moving house"), 0).message(),
            "no new sessions are taken here: moving house");
  EXPECT_EQ(CheckAdmission(Closed(""), 0).code(), absl::StatusCode::kUnavailable);
  const absl::Status full = CheckAdmission(AtMost(2), 2);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(full.message(),
            "you have 2 sessions here, and no more than 2 are allowed: end one, or attach to it");
}

class AdmissionFileTest : public testing::Test {
 protected:
  AdmissionFileTest() {
    root_ = absl::StrCat(getenv("TEST_TMPDIR"), "/root.XXXXXX");
    EXPECT_NE(mkdtemp(root_.data()), nullptr);
    for (const char* directory : {"/run", "/run/mosh-agent", "/tmp"}) {
      EXPECT_EQ(mkdir((root_ + directory).c_str(), 0755), 0);
    }
    places_ = {.xdg_runtime_dir = "", .uid = getuid(), .root = root_};
    machines_ = MachinesAdmissionPath(root_);
  }
  Admission Read() {
    problems_.clear();
    return ReadAdmissions(places_, &problems_);
  }

  std::string root_, machines_;
  RuntimePlaces places_;
  std::vector<std::string> problems_;
};

TEST_F(AdmissionFileTest, WithoutFilesEverythingIsAllowed) {
  EXPECT_TRUE(Read().open());
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(AdmissionFileTest, BothFilesHold) {
  const std::string own = UsersAdmissionPath(*RuntimeDirectory(places_));
  ASSERT_TRUE(WriteAdmission(machines_, Closed("noon")).ok());
  ASSERT_TRUE(WriteAdmission(own, AtMost(4)).ok());
  EXPECT_EQ(Read(), (Admission{.closed = "noon", .max_sessions = 4}));
  EXPECT_THAT(problems_, IsEmpty());
  ASSERT_TRUE(WriteAdmission(machines_, Admission()).ok());
  EXPECT_EQ(Read(), AtMost(4));
  EXPECT_NE(access(machines_.c_str(), F_OK), 0) << "nothing to say, no file";
  ASSERT_TRUE(WriteAdmission(machines_, Admission()).ok()) << "again";
}

TEST_F(AdmissionFileTest, OneIsReplacedWhateverIsLeftThere) {
  const mode_t before = umask(077);
  std::ofstream(machines_ + ".new") << "half a";
  ASSERT_TRUE(WriteAdmission(machines_, AtMost(1)).ok());
  ASSERT_TRUE(WriteAdmission(machines_, AtMost(2)).ok());
  umask(before);
  EXPECT_EQ(Read(), AtMost(2));
  struct stat info;
  ASSERT_EQ(stat(machines_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0644u) << "users' servers read it";
}

TEST_F(AdmissionFileTest, WhatAnybodyMayWriteDoesNotCount) {
  ASSERT_TRUE(WriteAdmission(machines_, Closed("a joke")).ok());
  ASSERT_EQ(chmod(machines_.c_str(), 0664), 0);
  EXPECT_TRUE(Read().open());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("nobody else may write")));
}

TEST_F(AdmissionFileTest, WhatIsSomebodyElsesDoesNotCount) {
  ASSERT_TRUE(WriteAdmission(machines_, Closed("a joke")).ok());
  uid_t owner = geteuid();
  if (owner == 0) {
    owner = 1;
    if (chown(machines_.c_str(), owner, 0) != 0) GTEST_SKIP() << "can't give files away here";
  }
  EXPECT_EQ(*ReadAdmission(machines_, owner), Closed("a joke"));
  EXPECT_EQ(ReadAdmission(machines_, owner + 1).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(AdmissionFileTest, WhatIsNoFileDoesNotCount) {
  ASSERT_EQ(mkfifo(machines_.c_str(), 0644), 0);
  EXPECT_TRUE(Read().open()) << "and nobody waits";
  EXPECT_EQ(problems_.size(), 1u);
  ASSERT_EQ(unlink(machines_.c_str()), 0);
  ASSERT_TRUE(WriteAdmission(root_ + "/elsewhere", Closed("a joke")).ok());
  ASSERT_EQ(symlink((root_ + "/elsewhere").c_str(), machines_.c_str()), 0);
  EXPECT_TRUE(Read().open());
  EXPECT_EQ(problems_.size(), 1u);
}

TEST_F(AdmissionFileTest, WhatIsTooLongDoesNotCount) {
  std::ofstream(machines_) << std::string(5000, '#') << "\nclosed = x\n";
  ASSERT_EQ(chmod(machines_.c_str(), 0644), 0);
  EXPECT_TRUE(Read().open());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("too long")));
}

}  // namespace
}  // namespace mosh::server
