#include "mgmt/link/screen_link.h"

#include "gmock/gmock.h"
#include "mgmt/link/testing/fake_host.h"
#include "mgmt/link/testing/link_world.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

using Opened = absl::StatusOr<std::unique_ptr<ScreenLink>>;
using Frame = absl::StatusOr<control::Frame>;

constexpr auto kPatience = 20s;

struct ScreenLinkTest : LinkWorld {
  ScreenLinkTest() {
    MakeRuntimeDirectory();
    host = std::make_unique<FakeHost>(reactor.get(), Socket(1));
    host->Put("a");
  }
  MOSH_CORO_WRAPPER io::Task<Opened> Open(const std::string& id, bool with_input = false) {
    return ScreenLink::Open(reactor.get(), {.path = Socket(1), .owner = getuid()},
                            {.session_id = id, .watcher = "bob", .with_input = with_input},
                            kPatience, {});
  }
  std::unique_ptr<FakeHost> host;
};

SCENARIO(ScreenLinkTest, GivesFramesAsTheyCome) {
  t->scope.Spawn(t->host->Run(t->scope.token()));
  Opened link = co_await t->Open("a");
  EXPECT_TRUE(link.ok()) << link.status();
  if (!link.ok()) co_return;
  EXPECT_THAT(t->host->asked, ElementsAre("watched a by bob"));
  Frame frame = co_await (*link)->Next({});
  EXPECT_EQ(frame->ansi(), "first");
  EXPECT_TRUE(frame->restart());
  control::Frame shown;
  shown.set_ansi("second");
  t->host->Show(shown);
  frame = co_await (*link)->Next({});
  EXPECT_EQ(frame->ansi(), "second");
  EXPECT_FALSE(frame->restart());
}

SCENARIO(ScreenLinkTest, JoinsTheParts) {
  t->scope.Spawn(t->host->Run(t->scope.token()));
  Opened link = co_await t->Open("a");
  EXPECT_TRUE(link.ok()) << link.status();
  if (!link.ok()) co_return;
  Frame frame = co_await (*link)->Next({});
  control::Frame part;
  part.set_ansi("one ");
  part.set_restart(true);
  part.mutable_size()->set_rows(7);
  part.set_continues(true);
  t->host->Show(part);
  part.Clear();
  part.set_ansi("two");
  part.set_at(5);
  t->host->Show(part);
  frame = co_await (*link)->Next({});
  EXPECT_EQ(frame->ansi(), "one two");
  EXPECT_TRUE(frame->restart());
  EXPECT_EQ(frame->size().rows(), 7u);
  EXPECT_EQ(frame->at(), 5);
  EXPECT_FALSE(frame->continues());
}

SCENARIO(ScreenLinkTest, GivesInputOnlyIfItIsWanted) {
  t->scope.Spawn(t->host->Run(t->scope.token()));
  Opened link = co_await t->Open("a", /*with_input=*/true);
  EXPECT_TRUE(link.ok()) << link.status();
  if (!link.ok()) co_return;
  EXPECT_THAT(t->host->asked, ElementsAre("watched a by bob", "input"));
  Frame frame = co_await (*link)->Next({});
  control::Frame typed;
  typed.add_input()->set_typed("ls");
  t->host->Show(typed);
  frame = co_await (*link)->Next({});
  EXPECT_EQ(frame->input(0).typed(), "ls");
  EXPECT_EQ(frame->ansi(), "");
  t->host->knows_input = false;
  link = co_await t->Open("a", /*with_input=*/true);
  EXPECT_EQ(link.status().code(), absl::StatusCode::kUnimplemented);
}

SCENARIO(ScreenLinkTest, SaysWhyItCanNot) {
  t->scope.Spawn(t->host->Run(t->scope.token()));
  EXPECT_EQ((co_await t->Open("b")).status().code(), absl::StatusCode::kNotFound);
  t->host->old = true;
  EXPECT_EQ((co_await t->Open("a")).status().code(), absl::StatusCode::kUnimplemented);
  t->host->mute = true;
  const Opened late =
      co_await ScreenLink::Open(t->reactor.get(), {.path = t->Socket(1), .owner = getuid()},
                                {.session_id = "a", .watcher = "bob"}, 5ms, {});
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  const Opened foreign =
      co_await ScreenLink::Open(t->reactor.get(), {.path = t->Socket(1), .owner = getuid() + 1},
                                {.session_id = "a", .watcher = "bob"}, kPatience, {});
  EXPECT_EQ(foreign.status().code(), absl::StatusCode::kPermissionDenied);
}

SCENARIO(ScreenLinkTest, EndsWithTheSessionAndWithTheHost) {
  t->scope.Spawn(t->host->Run(t->scope.token()));
  for (const bool session : {true, false}) {
    Opened link = co_await t->Open("a");
    EXPECT_TRUE(link.ok()) << link.status();
    if (!link.ok()) co_return;
    Frame frame = co_await (*link)->Next({});
    if (session) {
      t->host->EndScreens();
    } else {
      t->host->HangUp();
    }
    frame = co_await (*link)->Next({});
    EXPECT_EQ(frame.status().code(),
              session ? absl::StatusCode::kNotFound : absl::StatusCode::kUnavailable);
  }
}

SCENARIO(ScreenLinkTest, TheConnectionEndsWithIt) {
  t->scope.Spawn(t->host->Run(t->scope.token()));
  {
    const Opened link = co_await t->Open("a");
    EXPECT_TRUE(link.ok()) << link.status();
    EXPECT_EQ(t->host->connections, 1);
  }
  EXPECT_TRUE(co_await t->Until([t] { return t->host->connections == 0; }));
}

}  // namespace
}  // namespace mosh::mgmt
