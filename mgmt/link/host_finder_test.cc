#include "mgmt/link/host_finder.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "gmock/gmock.h"
#include "io/owned_fd.h"
#include "mgmt/link/testing/link_world.h"

namespace mosh::mgmt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct HostFinderTest : LinkWorld {
  std::string At(const std::string& path) const { return folder + path; }
  void MakeDirectory(const std::string& path, mode_t mode = 0700) const {
    std::filesystem::create_directories(At(path));
    chmod(At(path).c_str(), mode);
  }
  // A socket's file is all that is looked at.
  void MakeSocket(const std::string& path) const {
    const io::OwnedFd fd(socket(AF_UNIX, SOCK_SEQPACKET, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(At(path).size(), sizeof address.sun_path);
    std::strcpy(address.sun_path, At(path).c_str());
    ASSERT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
  }
  std::string Mine(const std::string& rest = "") const {
    return absl::StrCat("/tmp/mosh-", getuid(), rest);
  }
  std::vector<std::string> Paths(const HostScan& scan) const {
    std::vector<std::string> paths;
    for (const HostSocket& socket : scan.sockets)
      paths.push_back(socket.path.substr(folder.size()));
    return paths;
  }
  HostPlaces Places(bool everybodys = false) const {
    return {.everybodys = everybodys, .uid = getuid(), .root = folder};
  }
};

TEST_F(HostFinderTest, FindsTheSocketsOfHosts) {
  MakeDirectory(Mine());
  MakeSocket(Mine("/12.sock"));
  MakeSocket(Mine("/3.sock"));
  MakeSocket(Mine("/moshd.sock"));
  MakeSocket(Mine("/12.other"));
  MakeDirectory(Mine("/4.sock"));
  const HostScan scan = FindHostSockets(Places());
  EXPECT_THAT(Paths(scan), ElementsAre(Mine("/12.sock"), Mine("/3.sock")));
  EXPECT_EQ(scan.sockets[0].owner, getuid());
  EXPECT_THAT(scan.problems, IsEmpty());
}

TEST_F(HostFinderTest, LooksWhereverTheUsersRuntimeDirectoryMayBe) {
  const std::string run = absl::StrCat("/run/user/", getuid(), "/mosh");
  for (const std::string& directory : {run, std::string("/xdg/mosh"), Mine()}) {
    MakeDirectory(directory);
    MakeSocket(directory + "/1.sock");
  }
  HostPlaces places = Places();
  places.xdg_runtime_dir = At("/xdg");
  EXPECT_THAT(Paths(FindHostSockets(places)),
              ElementsAre(run + "/1.sock", Mine("/1.sock"), "/xdg/mosh/1.sock"));
  places.xdg_runtime_dir = "relative";
  EXPECT_EQ(FindHostSockets(places).sockets.size(), 2u);
  places.xdg_runtime_dir = At(absl::StrCat("/run/user/", getuid()));
  EXPECT_EQ(FindHostSockets(places).sockets.size(), 2u) << "none twice";
}

TEST_F(HostFinderTest, PassesOverWhatOthersCanEnter) {
  MakeDirectory(Mine(), 0755);
  MakeSocket(Mine("/1.sock"));
  HostScan scan = FindHostSockets(Places());
  EXPECT_THAT(scan.sockets, IsEmpty());
  EXPECT_THAT(scan.problems, ElementsAre(HasSubstr("open to other users")));
  chmod(At(Mine()).c_str(), 0700);
  EXPECT_EQ(FindHostSockets(Places()).sockets.size(), 1u);
}

TEST_F(HostFinderTest, FollowsNoSymbolicLink) {
  MakeDirectory("/elsewhere");
  MakeSocket("/elsewhere/1.sock");
  MakeDirectory("/tmp");
  ASSERT_EQ(symlink(At("/elsewhere").c_str(), At(Mine()).c_str()), 0);
  EXPECT_THAT(FindHostSockets(Places()).sockets, IsEmpty());
  EXPECT_EQ(FindHostSockets(Places()).problems.size(), 1u);
}

TEST_F(HostFinderTest, RootLooksIntoEverybodysButBelievesNoName) {
  MakeDirectory("/probe");
  if (chown(At("/probe").c_str(), 1234, 1234) != 0) GTEST_SKIP() << "there are no other users here";
  for (const uid_t uid : {1234u, 1235u}) {
    const std::string directory = absl::StrCat("/tmp/mosh-", uid);
    MakeDirectory(directory);
    MakeSocket(directory + "/1.sock");
    ASSERT_EQ(chown(At(directory).c_str(), uid, uid), 0);
  }
  // The second user's holds a socket that isn't his.
  ASSERT_EQ(chown(At("/tmp/mosh-1234/1.sock").c_str(), 1234, 1234), 0);
  const std::string run = "/run/user/1236/mosh";
  MakeDirectory(run);
  MakeSocket(run + "/7.sock");
  ASSERT_EQ(chown(At(run).c_str(), 1236, 1236), 0);
  ASSERT_EQ(chown(At(run + "/7.sock").c_str(), 1236, 1236), 0);
  // And one pretends to be somebody else.
  MakeDirectory("/tmp/mosh-1237");
  ASSERT_EQ(chown(At("/tmp/mosh-1237").c_str(), 1236, 1236), 0);
  const HostScan scan = FindHostSockets(Places(true));
  EXPECT_THAT(Paths(scan), ElementsAre(run + "/7.sock", "/tmp/mosh-1234/1.sock"));
  EXPECT_EQ(scan.sockets[0].owner, 1236u);
  EXPECT_THAT(scan.problems, ElementsAre(HasSubstr("mosh-1237: belongs to another user")));
  EXPECT_THAT(FindHostSockets(Places()).sockets, IsEmpty()) << "others look into their own";
}

SCENARIO(HostFinderTest, NoticesWhatComesAndGoesAlsoDirectories) {
  HostScan scan;
  int scans = 0;
  HostFinder finder(t->reactor.get(), t->Places(true), [&](const HostScan& result) {
    scan = result;
    ++scans;
  });
  t->MakeDirectory("/run");
  t->scope.Spawn(finder.Run(t->scope.token()));
  EXPECT_TRUE(co_await t->Until([&] { return scans == 1; }));
  const std::string run = absl::StrCat("/run/user/", getuid());
  for (const std::string& directory : {t->Mine(), run + "/mosh"}) {
    t->MakeDirectory(directory);
    t->MakeSocket(directory + "/1.sock");
    EXPECT_TRUE(co_await t->Until([&] { return scan.sockets.size() == 1; })) << directory;
    t->MakeSocket(directory + "/2.sock");
    EXPECT_TRUE(co_await t->Until([&] { return scan.sockets.size() == 2; })) << directory;
    std::filesystem::remove_all(t->At(directory));
    EXPECT_TRUE(co_await t->Until([&] { return scan.sockets.empty(); })) << directory;
    t->MakeDirectory(directory);
    t->MakeSocket(directory + "/3.sock");
    EXPECT_TRUE(co_await t->Until([&] { return scan.sockets.size() == 1; })) << directory;
    std::filesystem::remove_all(t->At(directory));
    EXPECT_TRUE(co_await t->Until([&] { return scan.sockets.empty(); })) << directory;
  }
  co_await t->scope.CancelAndJoin();
}

}  // namespace
}  // namespace mosh::mgmt
