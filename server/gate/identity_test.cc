#include "server/gate/identity.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace mosh::server::gate {
namespace {

// What a change of the process's identity looks like from inside; such a process can't go on as a
// test.
bool InChild(const std::function<bool()>& holds) {
  const pid_t pid = fork();
  if (pid == 0) _exit(holds() ? 0 : 1);
  int status = -1;
  return waitpid(pid, &status, 0) == pid && status == 0;
}

TEST(LookUp, Root) {
  const absl::StatusOr<Identity> root = LookUp(0);
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->name, "root");
  EXPECT_FALSE(root->groups.empty());
}

TEST(LookUp, Nobody) {
  EXPECT_EQ(LookUp(4'000'000'000).status().code(), absl::StatusCode::kNotFound);
}

class Allowed : public testing::Test {
 protected:
  bool Check() const { return CheckAllowed(config_, alice_).ok(); }
  Config config_;
  const Identity alice_{.name = "alice", .groups = {"users", "staff"}};
};

TEST_F(Allowed, EverybodyByDefault) { EXPECT_TRUE(Check()); }

TEST_F(Allowed, ByNameOrGroup) {
  config_.allow_users = {"bob"};
  EXPECT_FALSE(Check());
  config_.allow_groups = {"staff"};
  EXPECT_TRUE(Check());
  config_.allow_groups = {"wheel"};
  EXPECT_FALSE(Check());
  config_.allow_users = {"bob", "alice"};
  EXPECT_TRUE(Check());
}

TEST_F(Allowed, DenialWins) {
  config_.allow_users = {"alice"};
  config_.deny_groups = {"users"};
  EXPECT_FALSE(Check());
  EXPECT_TRUE(
      absl::StrContains(CheckAllowed(config_, alice_).message(), "deny_groups names users"));
  config_.deny_groups.clear();
  config_.deny_users = {"alice"};
  EXPECT_FALSE(Check());
}

TEST(BecomeUser, ForGood) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  EXPECT_TRUE(InChild([] {
    const Identity nobody{.name = "nobody", .uid = 65534, .gid = 65534};
    if (!BecomeUser(nobody).ok()) return false;
    gid_t groups[8];
    const int count = getgroups(8, groups);
    return getuid() == 65534 && geteuid() == 65534 && getegid() == 65534 && setuid(0) != 0 &&
           setgid(0) != 0 && seteuid(0) != 0 && count <= 1;
  }));
}

TEST(GiveUpPrivileges, NothingButFilesIsLeft) {
  EXPECT_TRUE(InChild([] {
    if (!GiveUpPrivileges().ok()) return false;
    // Neither another user, nor raw sockets.
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) == 0) return false;
    if (socket(AF_INET, SOCK_RAW, 1) >= 0) return false;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
  }));
}

}  // namespace
}  // namespace mosh::server::gate
