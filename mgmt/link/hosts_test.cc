#include "mgmt/link/hosts.h"

#include "gmock/gmock.h"
#include "mgmt/link/testing/fake_host.h"
#include "mgmt/link/testing/link_world.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

using Texts = std::vector<std::string>;

constexpr auto kPatience = 20s;

struct HostsTest : LinkWorld {
  HostsTest() {
    MakeRuntimeDirectory();
    hosts = std::make_unique<Hosts>(context, HostPlaces{.uid = getuid(), .root = folder});
  }
  std::unique_ptr<FakeHost> MakeHost(int pid) {
    auto host = std::make_unique<FakeHost>(reactor.get(), Socket(pid));
    others.Spawn(host->Run(others.token()));
    return host;
  }
  io::Task<void> Start() {
    scope.Spawn(hosts->Run(scope.token()));
    EXPECT_TRUE((co_await hosts->ready().Wait()).ok());
  }
  // At the end of a test.
  io::Task<void> Stop() {
    co_await scope.CancelAndJoin();
    co_await others.CancelAndJoin();
  }
  static control::Request Detach(const std::string& id) {
    control::Request request;
    request.mutable_detach()->set_session_id(id);
    return request;
  }

  io::Scope others;  // the Hosts
  std::unique_ptr<Hosts> hosts;
};

SCENARIO(HostsTest, IsReadyWhenTheHostsThereAreHaveToldEverything) {
  const auto first = t->MakeHost(1), second = t->MakeHost(2);
  first->Put("a");
  second->Put("b");
  co_await t->Start();
  EXPECT_EQ(t->Sessions(), Texts({"a", "b"}));
  EXPECT_EQ(t->hosts->states().size(), 2u);
  EXPECT_TRUE(t->hosts->problems().empty());
  co_await t->Stop();
}

SCENARIO(HostsTest, TellsLimitsToAllAndToThoseToCome) {
  const auto first = t->MakeHost(1);
  control::Limits limits;
  limits.set_idle_seconds(60);
  t->hosts->SetLimits(limits);
  co_await t->Start();
  EXPECT_TRUE(co_await t->Until([&] { return first->limits.idle_seconds() == 60; }));
  const auto second = t->MakeHost(2);
  EXPECT_TRUE(co_await t->Until([&] { return second->limits.idle_seconds() == 60; }));
  const auto third = t->MakeHost(3);
  third->old = true;
  EXPECT_TRUE(co_await t->Until([&] { return !t->hosts->problems().empty(); }));
  EXPECT_THAT(t->hosts->problems(), ElementsAre(HasSubstr("3.sock: is too old for limits")));
  co_await t->Stop();
}

SCENARIO(HostsTest, IsReadyWithoutAnyHost) {
  co_await t->Start();
  EXPECT_TRUE(t->Sessions().empty());
  co_await t->Stop();
}

SCENARIO(HostsTest, FollowsHostsThatComeAndGo) {
  co_await t->Start();
  const auto first = t->MakeHost(1);
  first->Put("a");
  io::Scope scope;
  FakeHost second(t->reactor.get(), t->Socket(2));
  second.Put("b");
  scope.Spawn(second.Run(scope.token()));
  EXPECT_TRUE(co_await t->Until([t] { return t->Sessions() == Texts({"a", "b"}); }));
  co_await scope.CancelAndJoin();
  EXPECT_TRUE(co_await t->Until([t] { return t->Sessions() == Texts({"a"}); }));
  EXPECT_TRUE(co_await t->Until([t] { return t->hosts->states().size() == 1; }));
  EXPECT_TRUE(t->hosts->problems().empty());
  co_await t->Stop();
}

SCENARIO(HostsTest, AsksTheHostThatHasTheSession) {
  const auto first = t->MakeHost(1), second = t->MakeHost(2);
  first->Put("a");
  second->Put("b");
  co_await t->Start();
  const auto answer = co_await t->hosts->AskAbout("b", t->Detach("b"), kPatience, {});
  EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(first->asked.empty());
  EXPECT_THAT(second->asked, ElementsAre("detach b"));
  const auto missing = co_await t->hosts->AskAbout("c", t->Detach("c"), kPatience, {});
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  co_await t->Stop();
}

SCENARIO(HostsTest, RefreshesWhatIsNotAnnounced) {
  const auto first = t->MakeHost(1), second = t->MakeHost(2);
  first->Put("a");
  second->Put("b");
  co_await t->Start();
  first->PutSilently("a", "1");
  second->PutSilently("b", "1");
  co_await t->hosts->Refresh(1h, kPatience, {});
  EXPECT_EQ(t->Sessions(), Texts({"a", "b"})) << "that is fresh enough";
  EXPECT_TRUE((co_await t->hosts->RefreshSession("a", kPatience, {})).ok());
  EXPECT_EQ(t->Sessions(), Texts({"a 1", "b"}));
  second->mute = true;
  first->PutSilently("a", "2");
  co_await t->hosts->Refresh(0s, 50ms, {});
  EXPECT_EQ(t->Sessions(), Texts({"a 2", "b"})) << "one that doesn't answer keeps nobody";
  second->mute = false;
  first->PutSilently("a", "3");
  t->hosts->KeepFresh(true);
  EXPECT_TRUE(co_await t->Until([t] { return t->Sessions() == Texts({"a 3", "b 1"}); }));
  t->hosts->KeepFresh(false);
  co_await t->Stop();
}

SCENARIO(HostsTest, AsksForAFewAtATimeToKeepAllFresh) {
  const auto host = t->MakeHost(1);
  for (int i = 0; i < 20; ++i) host->Put(absl::StrCat("a", i));
  co_await t->Start();
  const int before = host->requests;
  t->hosts->KeepFresh(true);
  EXPECT_TRUE(co_await t->Until([&] { return host->requests > before; }));
  EXPECT_TRUE(co_await t->Until([&] { return host->requests == before + 8; }));
  t->hosts->KeepFresh(false);
  co_await t->Stop();
}

SCENARIO(HostsTest, WatchesAScreen) {
  const auto host = t->MakeHost(1);
  host->Put("a");
  co_await t->Start();
  {
    const auto screen = co_await t->hosts->WatchScreen({.session_id = "a"}, kPatience, {});
    EXPECT_TRUE(screen.ok()) << screen.status();
  }
  const auto missing = co_await t->hosts->WatchScreen({.session_id = "b"}, kPatience, {});
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  co_await t->Stop();
}

SCENARIO(HostsTest, ComplainsOfWhatItCanNotTrust) {
  chmod(t->RuntimeDirectory().c_str(), 0755);
  co_await t->Start();
  EXPECT_THAT(t->hosts->problems(), ElementsAre(HasSubstr("open to other users")));
  co_await t->Stop();
}

TEST(UserNames, AreTheMachines) {
  const auto names = UserNames();
  EXPECT_EQ(names(0), "root");
  EXPECT_EQ(names(4'000'000'000), "4000000000");
}

}  // namespace
}  // namespace mosh::mgmt
