#include "server/control/runtime_directory.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace mosh::server {
namespace {

class RuntimeDirectoryTest : public testing::Test {
 protected:
  RuntimeDirectoryTest() {
    root_ = absl::StrCat(getenv("TEST_TMPDIR"), "/root.XXXXXX");
    EXPECT_NE(mkdtemp(root_.data()), nullptr);
    Make("/run");
    Make("/run/user");
    Make("/tmp");
    places_.uid = getuid();
    places_.root = root_;
    own_run_ = absl::StrCat("/run/user/", getuid());
    own_tmp_ = absl::StrCat("/tmp/mosh-", getuid());
  }
  std::string Make(const std::string& path, mode_t mode = 0700) {
    const std::string whole = root_ + path;
    EXPECT_EQ(mkdir(whole.c_str(), mode), 0);
    EXPECT_EQ(chmod(whole.c_str(), mode), 0);
    return whole;
  }
  std::string Chosen() {
    const absl::StatusOr<std::string> path = RuntimeDirectory(places_);
    return path.ok() ? *path : absl::StrCat("error: ", absl::string_view(path.status().message()));
  }

  std::string root_, own_run_, own_tmp_;
  RuntimePlaces places_;
};

TEST_F(RuntimeDirectoryTest, PrefersTheVariable) {
  places_.xdg_runtime_dir = Make("/xdg");
  Make(own_run_);
  EXPECT_EQ(Chosen(), root_ + "/xdg/mosh");
  EXPECT_EQ(Chosen(), root_ + "/xdg/mosh") << "it is there already";
  struct stat info;
  ASSERT_EQ(stat((root_ + "/xdg/mosh").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700);
}

TEST_F(RuntimeDirectoryTest, IgnoresAVariableThatNamesNoDirectoryOfOurs) {
  Make(own_run_);
  for (const std::string bad : {"relative", "/nowhere/at/all", "/dev/null"}) {
    places_.xdg_runtime_dir = bad;
    EXPECT_EQ(Chosen(), root_ + own_run_ + "/mosh") << bad;
  }
}

TEST_F(RuntimeDirectoryTest, FallsBackToTmp) { EXPECT_EQ(Chosen(), root_ + own_tmp_); }

TEST_F(RuntimeDirectoryTest, RefusesASymbolicLink) {
  Make("/elsewhere");
  ASSERT_EQ(symlink((root_ + "/elsewhere").c_str(), (root_ + own_tmp_).c_str()), 0);
  EXPECT_EQ(Chosen(), absl::StrCat("error: ", root_, own_tmp_,
                                   ": is no directory; remove it, or set XDG_RUNTIME_DIR"));
}

TEST_F(RuntimeDirectoryTest, RefusesWhatOthersMayEnter) {
  Make(own_tmp_, 0750);
  EXPECT_EQ(Chosen(), absl::StrCat("error: ", root_, own_tmp_,
                                   ": is open to other users (mode 750); chmod 700 it"));
}

TEST_F(RuntimeDirectoryTest, RefusesAnotherUsersDirectory) {
  // Seen as another user: what we make here is a stranger's to him.
  places_.uid = getuid() + 1;
  Make(absl::StrCat("/tmp/mosh-", places_.uid));
  EXPECT_TRUE(absl::StrContains(Chosen(), absl::StrCat(": belongs to user ", getuid(), ";")));
  EXPECT_EQ(RuntimeDirectory(places_).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(RuntimeDirectoryTest, SaysWhereItCouldNotBeMade) {
  places_.root = root_ + "/missing";
  EXPECT_TRUE(absl::StrContains(Chosen(), "/missing/tmp/mosh-")) << Chosen();
}

}  // namespace
}  // namespace mosh::server
