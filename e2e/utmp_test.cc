// The utmp entry of a session, in a /run of the test's own: who is attached, and nothing left
// behind.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "e2e/mosh_session.h"
#include "e2e/tools.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::e2e {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;

// Gives this process, and those it starts, a /run with an empty utmp. Why not, if so.
std::string MakeOwnRun() {
  if (access("/usr/lib/x86_64-linux-gnu/utempter/utempter", X_OK) != 0 &&
      access("/usr/libexec/utempter/utempter", X_OK) != 0 &&
      access("/usr/lib/aarch64-linux-gnu/utempter/utempter", X_OK) != 0) {
    return "utempter's helper is not installed";
  }
  struct stat run;
  struct stat var_run;
  if (stat("/run", &run) != 0 || stat("/var/run", &var_run) != 0 || run.st_ino != var_run.st_ino) {
    return "/var/run is not /run here";
  }
  if (unshare(CLONE_NEWNS) != 0) return absl::StrCat("unshare: ", strerror(errno));
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", "/run", "tmpfs", 0, "mode=755") != 0) {
    return absl::StrCat("mount: ", strerror(errno));
  }
  const group* utmp = getgrnam("utmp");
  const int fd = open("/run/utmp", O_CREAT | O_WRONLY | O_CLOEXEC, 0664);
  if (fd < 0 || utmp == nullptr || fchown(fd, 0, utmp->gr_gid) != 0 || fchmod(fd, 0664) != 0) {
    return "/run/utmp could not be made";
  }
  close(fd);
  return "";
}

class UtmpTest : public testing::TestWithParam<Pairing> {
 protected:
  static void SetUpTestSuite() { *why_not_ = MakeOwnRun(); }
  void SetUp() override {
    if (!why_not_->empty()) GTEST_SKIP() << *why_not_;
    session_ = std::make_unique<MoshSession>(GetParam(), MoshSession::Options{});
    ASSERT_TRUE(session_->terminal().WaitForText("$")) << session_->Describe();
  }
  // Until the server's entries end so.
  bool WaitForEntry(const std::string& text) {
    const Deadline deadline = Patience();
    std::vector<std::string> entries;
    while (!deadline.passed()) {
      entries = UtmpEntriesOf(session_->server().pid());
      if (entries.size() == 1 && entries[0].ends_with(text)) return true;
      session_->terminal().Pump(Deadline::In(std::chrono::milliseconds(5)));
    }
    EXPECT_THAT(entries, ElementsAre(EndsWith(text)));
    return false;
  }

  static std::string* why_not_;
  std::unique_ptr<MoshSession> session_;
};
std::string* UtmpTest::why_not_ = new std::string;

INSTANTIATE_TEST_SUITE_P(, UtmpTest, testing::ValuesIn(PairingsUnderTest()),
                         [](const auto& info) { return info.param.Name(); });

TEST_P(UtmpTest, NamesTheClientWhileItIsThere) {
  // 127.0.0.2 is where the relay sends from.
  EXPECT_TRUE(WaitForEntry(absl::StrCat(" 127.0.0.2 via mosh [", session_->server().pid(), "]")));
  EXPECT_TRUE(session_->Quit()) << session_->Describe();
  EXPECT_THAT(session_->Strays(), IsEmpty());
  EXPECT_THAT(UtmpEntriesOf(session_->server().pid()), IsEmpty());
}

TEST_P(UtmpTest, NothingIsLeftOfAKilledServer) {
  ASSERT_TRUE(WaitForEntry("]"));
  session_->server().Signal(SIGKILL);
  ASSERT_TRUE(session_->server().WaitExit(Patience()));
  session_->terminal().process().Signal(SIGKILL);
  EXPECT_THAT(session_->Strays(), IsEmpty());
  EXPECT_THAT(UtmpEntriesOf(session_->server().pid()), IsEmpty());
}

TEST_P(UtmpTest, ADetachedSessionIsNoLongerTheClients) {
  const pid_t server = session_->server().pid();
  ASSERT_TRUE(WaitForEntry(absl::StrCat("via mosh [", server, "]")));
  session_->terminal().Type(absl::StrCat(ServerPath(GetParam()), " detach\r"));
  EXPECT_TRUE(session_->terminal().WaitExit()) << session_->Describe();
  EXPECT_TRUE(WaitForEntry(absl::StrCat(" mosh [", server, "]")));
}

}  // namespace
}  // namespace mosh::e2e
