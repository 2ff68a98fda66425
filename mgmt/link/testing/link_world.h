// A place for tests of links: a folder with a runtime directory of this user's, a loop, a
// Directory.
//
//   SCENARIO(LinkWorld, FindsWhatThereIs) {
//     FakeHost host(t->reactor.get(), t->Socket(1));
//     t->scope.Spawn(host.Run(t->scope.token()));
//     EXPECT_TRUE(co_await t->Until([&] { return ...; }));
//   }
#ifndef MGMT_LINK_TESTING_LINK_WORLD_H_
#define MGMT_LINK_TESTING_LINK_WORLD_H_

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "io/create_reactor.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/task.h"
#include "mgmt/link/host_link.h"
#include "mgmt/model/directory.h"

// A test that is a coroutine, with the fixture as `t`. What it has spawned is stopped at its end.
#define SCENARIO(fixture, name)                  \
  io::Task<void> name(fixture* t);               \
  TEST_F(fixture, name) { RunLoop(name(this)); } \
  io::Task<void> name([[maybe_unused]] fixture* t)

namespace mosh::mgmt {

struct LinkWorld : testing::Test {
  LinkWorld() {
    // The bound of every wait in a test.
    alarm(60);
    folder = "/tmp/mgmt_link.XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    reactor = *io::CreateReactor();
    context = {.reactor = reactor.get(),
               .directory = &directory,
               .wall_clock = [] { return absl::FromUnixSeconds(1'793'620'800); },
               .user_name = [](uid_t uid) { return absl::StrCat("user", uid); }};
  }
  ~LinkWorld() override {
    std::filesystem::remove_all(folder);
    alarm(0);
  }

  void RunLoop(io::Task<void> scenario) { reactor->Run(RunAll(std::move(scenario))); }
  io::Task<void> RunAll(io::Task<void> scenario) {
    co_await std::move(scenario);
    co_await scope.CancelAndJoin();
  }

  std::string RuntimeDirectory() const { return absl::StrCat(folder, "/tmp/mosh-", getuid()); }
  void MakeRuntimeDirectory() const {
    std::filesystem::create_directories(absl::StrCat(folder, "/tmp"));
    mkdir(RuntimeDirectory().c_str(), 0700);
  }
  std::string Socket(int pid) const { return absl::StrCat(RuntimeDirectory(), "/", pid, ".sock"); }

  // Whether it has come to be so, before the test's time is up. What real sockets and files do has
  // no virtual time.
  io::Task<bool> Until(std::function<bool()> condition) {
    while (!condition()) {
      const absl::Status slept =
          co_await reactor->Sleep(reactor->Now() + std::chrono::milliseconds(1), {});
      if (!slept.ok()) co_return false;
    }
    co_return true;
  }
  // "a vim": all sessions that the directory has.
  std::vector<std::string> Sessions() const {
    std::vector<std::string> texts;
    for (const auto& [name, record] : directory.records()) {
      const std::string& title = record->session->title();
      texts.push_back(absl::StrCat(record->session->session_id(), title.empty() ? "" : " ", title));
    }
    return texts;
  }

  std::string folder;
  std::unique_ptr<io::Reactor> reactor;
  Directory directory{{.node = "n1", .instance = "i1"}};
  HostLink::Context context;
  io::Scope scope;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_TESTING_LINK_WORLD_H_
