#include "mgmt/link/host_link.h"

#include "gmock/gmock.h"
#include "mgmt/link/testing/fake_host.h"
#include "mgmt/link/testing/link_world.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Texts = std::vector<std::string>;
using Replies = absl::StatusOr<std::vector<control::Reply>>;

constexpr auto kPatience = 20s;

struct HostLinkTest : LinkWorld {
  HostLinkTest() {
    MakeRuntimeDirectory();
    host = std::make_unique<FakeHost>(reactor.get(), Socket(1));
    link = std::make_unique<HostLink>(&context, HostSocket{.path = Socket(1), .owner = getuid()});
  }
  // Both, until the directory has everything.
  io::Task<void> Connect() {
    scope.Spawn(host->Run(scope.token()));
    scope.Spawn(link->Run(scope.token()));
    EXPECT_TRUE(co_await Until([this] { return link->state().connected; }));
  }
  static control::Request Detach(const std::string& id) {
    control::Request request;
    request.mutable_detach()->set_session_id(id);
    return request;
  }

  std::unique_ptr<FakeHost> host;
  std::unique_ptr<HostLink> link;
};

SCENARIO(HostLinkTest, KeepsTheDirectoryUpToDate) {
  t->host->Put("a", "vim");
  t->host->Put("b");
  co_await t->Connect();
  EXPECT_EQ(t->Sessions(), Texts({"a vim", "b"}));
  t->host->Put("c");
  t->host->Put("a", "emacs");
  t->host->Remove("b");
  EXPECT_TRUE(co_await t->Until([t] { return t->Sessions() == Texts({"a emacs", "c"}); }));
}

SCENARIO(HostLinkTest, BelievesTheKernelAboutWhoItIs) {
  t->host->Put("a");
  co_await t->Connect();
  const HostState& state = t->link->state();
  EXPECT_EQ(state.facts.version(), "1.2.3");
  EXPECT_EQ(state.facts.pid(), getpid());
  EXPECT_EQ(state.facts.user(), absl::StrCat("user", getuid()));
  EXPECT_EQ(t->directory.Find("a")->session->user(), absl::StrCat("user", getuid()));
  EXPECT_EQ(t->directory.Find("a")->owner.uid, getuid());
}

SCENARIO(HostLinkTest, DoesWithoutWhatAnOlderHostCanNotTell) {
  t->host->old = true;
  t->host->Put("a");
  co_await t->Connect();
  EXPECT_EQ(t->link->state().facts.pid(), getpid());
  t->host->PutSilently("a", "vim");
  EXPECT_TRUE((co_await t->link->RefreshSession("a", kPatience, {})).ok());
  EXPECT_EQ(t->Sessions(), Texts({"a vim"}));
}

SCENARIO(HostLinkTest, CarriesQuestionsAndAnswers) {
  t->host->Put("a");
  co_await t->Connect();
  EXPECT_TRUE((co_await t->link->Ask(t->Detach("a"), kPatience, {})).ok());
  const Replies refused = co_await t->link->Ask(t->Detach("b"), kPatience, {});
  EXPECT_EQ(refused.status(), absl::NotFoundError("no such session"));
  EXPECT_THAT(t->host->asked, ElementsAre("detach a", "detach b"));
}

control::Limits Idle(uint32_t seconds) {
  control::Limits limits;
  limits.set_idle_seconds(seconds);
  return limits;
}

SCENARIO(HostLinkTest, TellsLimitsThatTheHostDoesNotHave) {
  t->host->limits = Idle(60);
  t->link->SetLimits(Idle(60));
  co_await t->Connect();
  t->link->SetLimits(Idle(70));
  EXPECT_TRUE(co_await t->Until([t] { return t->host->limits.idle_seconds() == 70; }));
  t->host->HangUp();
  EXPECT_TRUE(co_await t->Until([t] { return !t->link->state().connected; }));
  EXPECT_TRUE(co_await t->Until([t] { return t->link->state().connected; }));
  t->link->SetLimits(Idle(0));
  EXPECT_TRUE(co_await t->Until([t] { return t->host->limits.idle_seconds() == 0; }));
  EXPECT_THAT(t->host->asked, ElementsAre("limits idle 70", "limits idle 0"))
      << "and not those that it has";
}

SCENARIO(HostLinkTest, TellsNoLimitsBeforeItKnowsThem) {
  t->host->limits = Idle(60);
  co_await t->Connect();
  EXPECT_TRUE((co_await t->link->Refresh(kPatience, {})).ok());
  EXPECT_THAT(t->host->asked, IsEmpty());
}

SCENARIO(HostLinkTest, SaysWhichHostIsTooOldForLimits) {
  t->host->old = true;
  t->link->SetLimits(Idle(60));
  co_await t->Connect();
  EXPECT_TRUE(co_await t->Until([t] { return !t->link->state().limits_problem.empty(); }));
  EXPECT_THAT(t->link->state().limits_problem, HasSubstr("too old"));
  EXPECT_EQ(t->link->state().problem, "") << "all else works";
  t->link->SetLimits(Idle(0));
  EXPECT_TRUE(co_await t->Until([t] { return t->link->state().limits_problem.empty(); }));
}

SCENARIO(HostLinkTest, TellsLimitsAgainToAHostThatCouldNotTakeThem) {
  t->host->answer = absl::ResourceExhaustedError("not now");
  t->link->SetLimits(Idle(60));
  co_await t->Connect();
  EXPECT_TRUE(co_await t->Until([t] { return !t->link->state().limits_problem.empty(); }));
  EXPECT_THAT(t->link->state().limits_problem, HasSubstr("not now"));
  t->host->answer = absl::OkStatus();
  EXPECT_TRUE(co_await t->Until([t] { return t->host->limits.idle_seconds() == 60; }));
}

SCENARIO(HostLinkTest, CollectsAnAnswerOfManyParts) {
  for (int i = 0; i < 600; ++i) t->host->Put(absl::StrCat("s", i), std::string(200, 'x'));
  co_await t->Connect();
  EXPECT_EQ(t->directory.size(), 600u);
  control::Request list;
  list.mutable_list_sessions();
  const Replies replies = co_await t->link->Ask(std::move(list), kPatience, {});
  EXPECT_TRUE(replies.ok()) << replies.status();
  if (replies.ok()) EXPECT_EQ(replies->size(), 601u);
}

SCENARIO(HostLinkTest, WaitsNoLongerThanAskedTo) {
  t->host->Put("a");
  co_await t->Connect();
  t->host->mute = true;
  Replies late = co_await t->link->Ask(t->Detach("a"), 5ms, {});
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  io::StopSource source;
  source.RequestStop();
  late = co_await t->link->Ask(t->Detach("a"), kPatience, source.token());
  EXPECT_EQ(late.status().code(), absl::StatusCode::kCancelled);
  t->host->mute = false;
  EXPECT_TRUE((co_await t->link->Ask(t->Detach("a"), kPatience, {})).ok());
}

SCENARIO(HostLinkTest, LetsOnlySoMuchWait) {
  co_await t->Connect();
  t->host->mute = true;
  absl::Status last;
  for (int i = 0; i < 300 && !absl::IsResourceExhausted(last); ++i) {
    last = (co_await t->link->Ask(t->Detach("a"), 0s, {})).status();
  }
  EXPECT_EQ(last.code(), absl::StatusCode::kDeadlineExceeded) << "who has given up waits no more";
}

SCENARIO(HostLinkTest, FetchesWhatIsNotAnnounced) {
  t->host->Put("a");
  t->host->Put("b");
  co_await t->Connect();
  t->host->PutSilently("a", "1");
  t->host->PutSilently("b", "1");
  EXPECT_TRUE((co_await t->link->RefreshSession("a", kPatience, {})).ok());
  EXPECT_EQ(t->Sessions(), Texts({"a 1", "b"}));
  EXPECT_TRUE((co_await t->link->Refresh(kPatience, {})).ok());
  EXPECT_EQ(t->Sessions(), Texts({"a 1", "b 1"}));
  const absl::Status status = co_await t->link->RefreshSession("c", kPatience, {});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

io::Task<void> AskAndSay(HostLink* link, control::Request request, absl::Status* out) {
  *out = (co_await link->Ask(std::move(request), kPatience, {})).status();
}

SCENARIO(HostLinkTest, ALostConnectionTakesSessionsAndQuestionsAlongAndComesBack) {
  t->host->Put("a");
  co_await t->Connect();
  t->host->mute = true;
  absl::Status answer = absl::UnknownError("none yet");
  const int requests = t->host->requests;
  io::Scope asking;
  asking.Spawn(AskAndSay(t->link.get(), t->Detach("a"), &answer));
  EXPECT_TRUE(co_await t->Until([&] { return t->host->requests > requests; }));
  t->host->HangUp();
  co_await asking.Join();
  EXPECT_EQ(answer.code(), absl::StatusCode::kUnavailable);
  t->host->mute = false;
  EXPECT_TRUE(co_await t->Until([t] { return t->Sessions().empty(); }));
  EXPECT_FALSE(t->link->state().connected);
  EXPECT_EQ((co_await t->link->Ask(t->Detach("a"), kPatience, {})).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(co_await t->Until([t] { return t->Sessions() == Texts({"a"}); }));
}

SCENARIO(HostLinkTest, NonsenseEndsTheConnection) {
  t->host->Put("a");
  co_await t->Connect();
  t->host->SendRaw("\xff\xff");
  EXPECT_TRUE(co_await t->Until([t] { return t->Sessions().empty(); }));
  EXPECT_THAT(t->link->state().problem, HasSubstr("could not be understood"));
}

SCENARIO(HostLinkTest, TellsNothingToAnotherUsersListener) {
  HostLink link(&t->context, {.path = t->Socket(1), .owner = getuid() + 1});
  t->host->Put("a");
  io::Scope scope;
  scope.Spawn(t->host->Run(scope.token()));
  scope.Spawn(link.Run(scope.token()));
  EXPECT_TRUE((co_await link.settled().Wait()).ok());
  EXPECT_THAT(link.state().problem, HasSubstr("another user"));
  EXPECT_THAT(t->Sessions(), IsEmpty());
  co_await scope.CancelAndJoin();
}

SCENARIO(HostLinkTest, EndsWhenThereIsNeitherConnectionNorSocket) {
  t->host->Put("a");
  io::Scope host, link;
  host.Spawn(t->host->Run(host.token()));
  link.Spawn(t->link->Run(link.token()));
  EXPECT_TRUE(co_await t->Until([t] { return t->link->state().connected; }));
  t->link->SetExists(false);
  t->host->Put("b");
  EXPECT_TRUE(co_await t->Until([t] { return t->Sessions().size() == 2; }))
      << "a connection outlives its file";
  co_await host.CancelAndJoin();
  co_await link.Join();
  EXPECT_THAT(t->Sessions(), IsEmpty());
  EXPECT_EQ(t->link->state().problem, "") << "a Host that has ended is none";
}

}  // namespace
}  // namespace mosh::mgmt
