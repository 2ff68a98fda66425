#include "server/control/dialogue.h"

#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/control/reply_parts.h"
#include "server/control/testing/fake_host_control.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class DialogueTest : public testing::Test {
 protected:
  void Say(const std::string& packet) {
    dialogue_->OnPacket({reinterpret_cast<const uint8_t*>(packet.data()), packet.size()});
  }
  void Ask(control::Request request, uint64_t id = 1) {
    request.set_id(id);
    Say(request.SerializeAsString());
  }
  static control::Request List() {
    control::Request request;
    request.mutable_list_sessions();
    return request;
  }
  static control::Request Subscription() {
    control::Request request;
    request.mutable_subscribe();
    return request;
  }
  // nullopt: nothing to send.
  std::optional<control::Reply> Next() {
    const std::string packet = dialogue_->NextPacket(now_);
    if (packet.empty()) return std::nullopt;
    EXPECT_LE(packet.size(), kMaxReplySize + 64);
    control::Reply reply;
    EXPECT_TRUE(reply.ParseFromString(packet));
    return reply;
  }
  std::string NextError() {
    const std::optional<control::Reply> reply = Next();
    if (!reply) return "nothing";
    return absl::StrCat(reply->id(), ": ", reply->error().code(), " ", reply->error().message());
  }

  static control::Request ScreenOf(const std::string& id, uint32_t interval_ms = 0) {
    control::Request request;
    request.mutable_subscribe_screen()->set_session_id(id);
    request.mutable_subscribe_screen()->set_interval_ms(interval_ms);
    return request;
  }
  static control::Request Cancel(uint64_t id) {
    control::Request request;
    request.mutable_unsubscribe()->set_request_id(id);
    return request;
  }
  void Draw(const std::string& id, absl::string_view text) {
    term::Screen screen({20, 2});
    screen.SetCellText(0, 0, text, false, {});
    host_.Draw(id, screen);
  }

  Instant now_ = Instant::FromNanos(1'000'000'000);
  FakeHostControl host_;
  int outputs_ = 0;
  std::optional<Dialogue> dialogue_{std::in_place, &host_, [this] { ++outputs_; }};
};

TEST_F(DialogueTest, EachRequestReachesTheHostAndIsAnsweredInOrder) {
  control::Request request;
  request.mutable_new_session()->add_command("top");
  Ask(request, 7);
  request.mutable_attach()->set_session_id("abc");
  request.mutable_attach()->set_view_only(true);
  Ask(request, 8);
  request.mutable_detach()->set_session_id("abc");
  Ask(request, 9);
  request.mutable_notify()->set_session_id("abc");
  request.mutable_notify()->set_text("hi");
  Ask(request, 10);
  request.mutable_take_snapshot()->set_session_id("abc");
  Ask(request, 11);
  request.mutable_terminate()->set_session_id("abc");
  Ask(request, 12);
  request.mutable_hold()->set_session_id("abc");
  request.mutable_hold()->set_held(true);
  request.mutable_hold()->set_text("why");
  Ask(request, 13);
  request.mutable_set_watched()->set_session_id("abc");
  request.mutable_set_watched()->add_watcher("bob");
  Ask(request, 14);
  EXPECT_THAT(host_.asked,
              ElementsAre("new top", "attach abc view", "detach abc", "notify abc hi",
                          "snapshot abc", "terminate abc", "hold abc why", "watched abc bob"));
  EXPECT_EQ(Next()->grant().key().size(), 22);
  EXPECT_EQ(Next()->grant().session_id(), "abc");
  for (const uint64_t id : {9, 10, 11, 12, 13, 14}) {
    const std::optional<control::Reply> reply = Next();
    EXPECT_EQ(reply->id(), id);
    EXPECT_FALSE(reply->has_error());
    EXPECT_FALSE(reply->more());
  }
  EXPECT_FALSE(Next());
}

TEST_F(DialogueTest, WhoTellsLimitsIsWhoIsConnected) {
  control::Request request;
  request.mutable_set_limits()->mutable_limits()->set_idle_seconds(60);
  Ask(request);
  dialogue_.emplace(&host_, [] {}, HostControl::Teller::kRoot);
  Ask(request);
  EXPECT_THAT(host_.asked, ElementsAre("limits by owner idle 60", "limits by root idle 60"));
  EXPECT_FALSE(Next()->has_error());
}

TEST_F(DialogueTest, TheHostsErrorsArePassedOn) {
  host_.answer = absl::NotFoundError("no session abc");
  control::Request request;
  request.mutable_attach()->set_session_id("abc");
  Ask(request, 3);
  EXPECT_EQ(NextError(), "3: 5 no session abc");
}

TEST_F(DialogueTest, GarbageIsAnsweredAndHarmsNothing) {
  Say("\xff\xff garbage");
  EXPECT_EQ(NextError(), "0: 3 the packet holds no request");
  dialogue_->OnTooLongPacket();
  EXPECT_EQ(NextError(), "0: 11 the packet is longer than 64 KiB");
  Ask(control::Request(), 5);
  EXPECT_EQ(NextError(), "5: 12 this version of mosh-server doesn't know the request");
  Ask(List(), 6);
  EXPECT_EQ(Next()->id(), 6);
}

TEST_F(DialogueTest, WithoutAnIdThereIsStillAnAnswer) {
  control::Request request = List();
  Say(request.SerializeAsString());
  EXPECT_TRUE(Next());
  request.mutable_detach()->set_session_id("a");
  Say(request.SerializeAsString());
  EXPECT_TRUE(Next());
}

TEST_F(DialogueTest, ALongListComesInParts) {
  for (int i = 0; i < 1000; ++i) host_.Put(absl::StrCat("s", i), std::string(200, 'x'));
  Ask(List());
  int sessions = 0;
  int packets = 0;
  while (const std::optional<control::Reply> reply = Next()) {
    ++packets;
    sessions += reply->session_size();
    EXPECT_EQ(reply->id(), 1);
    EXPECT_EQ(reply->more(), sessions < 1000);
  }
  EXPECT_EQ(sessions, 1000);
  EXPECT_GT(packets, 5);
}

TEST_F(DialogueTest, ASessionThatEndsBetweenPartsIsLeftOut) {
  for (int i = 0; i < 400; ++i) host_.Put(absl::StrCat("s", i), std::string(200, 'x'));
  Ask(List());
  const int first = Next()->session_size();
  for (int i = first; i < 400; ++i) host_.Remove(absl::StrCat("s", i));
  const std::optional<control::Reply> rest = Next();
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->session_size(), 0);
  EXPECT_FALSE(rest->more());
}

TEST_F(DialogueTest, ALargeSnapshotComesInParts) {
  for (int i = 0; i < 2000; ++i) host_.snapshot.add_line(std::string(80, 'x'));
  control::Request request;
  request.mutable_take_snapshot()->set_session_id("a");
  Ask(request);
  int lines = 0;
  bool more = true;
  while (more) {
    const std::optional<control::Reply> reply = Next();
    ASSERT_TRUE(reply);
    lines += reply->snapshot().line_size();
    more = reply->more();
  }
  EXPECT_EQ(lines, 2000);
}

TEST_F(DialogueTest, WhoDoesNotReadIsNotListenedTo) {
  int asked = 0;
  for (; dialogue_->WantsInput() && asked < 1000; ++asked) Ask(List());
  EXPECT_EQ(asked, 16);
  EXPECT_TRUE(Next());
  EXPECT_TRUE(dialogue_->WantsInput());
}

TEST_F(DialogueTest, LargeAnswersWaitInABoundedQueue) {
  for (int i = 0; i < 4000; ++i) host_.snapshot.add_line(std::string(80, 'x'));
  control::Request request;
  request.mutable_take_snapshot()->set_session_id("a");
  Ask(request);
  EXPECT_FALSE(dialogue_->WantsInput());
  while (Next()) continue;
  EXPECT_TRUE(dialogue_->WantsInput());
}

TEST_F(DialogueTest, SubscriptionTellsEverythingThenChanges) {
  host_.Put("a", "1");
  Ask(Subscription(), 4);
  std::optional<control::Reply> reply = Next();
  EXPECT_EQ(reply->id(), 4);
  EXPECT_EQ(reply->session_size(), 1);
  EXPECT_TRUE(reply->synced());
  EXPECT_TRUE(reply->more());
  EXPECT_FALSE(Next());
  const int before = outputs_;
  host_.Put("a", "2");
  EXPECT_GT(outputs_, before);
  now_ = dialogue_->NextDeadline();
  EXPECT_EQ(Next()->session(0).title(), "2");
  host_.Remove("a");
  now_ = dialogue_->NextDeadline();
  EXPECT_EQ(Next()->gone(0), "a");
  EXPECT_FALSE(Next());
  EXPECT_EQ(dialogue_->NextDeadline(), Instant::Max());
}

TEST_F(DialogueTest, ManyChangesComeTogether) {
  host_.Put("a");
  Ask(Subscription());
  EXPECT_TRUE(Next()->synced());
  const Instant start = now_;
  for (; now_ < start + 49ms; now_ += 1ms) {
    host_.Put("a", "x");
    EXPECT_FALSE(Next());
  }
  host_.Put("b", "y");
  EXPECT_EQ(dialogue_->NextDeadline(), start + 50ms);
  now_ = start + 50ms;
  EXPECT_EQ(Next()->session_size(), 2);
  EXPECT_FALSE(Next());
  // After a pause nothing waits.
  now_ += 50ms;
  host_.Put("a", "z");
  EXPECT_EQ(Next()->session(0).title(), "z");
}

TEST_F(DialogueTest, SessionsComeInSmallPackets) {
  for (int i = 0; i < 100; ++i) host_.Put(absl::StrCat("s", i), std::string(200, 'x'));
  Ask(Subscription());
  int sessions = 0;
  for (std::optional<control::Reply> reply = Next(); reply; reply = Next()) {
    EXPECT_LE(reply->session_size(), 20);
    sessions += reply->session_size();
  }
  EXPECT_EQ(sessions, 100);
}

TEST_F(DialogueTest, OtherRequestsAreAnsweredBesideASubscription) {
  for (int i = 0; i < 1000; ++i) host_.Put(absl::StrCat("s", i), std::string(200, 'x'));
  Ask(Subscription(), 1);
  EXPECT_FALSE(Next()->synced());
  control::Request request;
  request.mutable_detach()->set_session_id("s1");
  Ask(request, 2);
  EXPECT_EQ(Next()->id(), 2);
  EXPECT_EQ(Next()->id(), 1);
}

TEST_F(DialogueTest, OneSubscriptionIsEnough) {
  Ask(Subscription(), 1);
  Next();
  Ask(Subscription(), 2);
  EXPECT_EQ(NextError(), "2: 6 this connection has a subscription");
  EXPECT_EQ(host_.watchers(), 1);
}

TEST_F(DialogueTest, NobodyWatchesAfterItsEnd) {
  Ask(Subscription());
  EXPECT_EQ(host_.watchers(), 1);
  dialogue_.reset();
  EXPECT_EQ(host_.watchers(), 0);
  host_.Put("a");
}

TEST_F(DialogueTest, TellsOfTheHostAndOfOneSession) {
  host_.Put("a", "title");
  control::Request request;
  request.mutable_get_host();
  Ask(request, 1);
  EXPECT_EQ(Next()->host().pid(), 123);
  request.mutable_get_session()->set_session_id("a");
  Ask(request, 2);
  const std::optional<control::Reply> reply = Next();
  ASSERT_EQ(reply->session_size(), 1);
  EXPECT_EQ(reply->session(0).title(), "title");
  EXPECT_FALSE(reply->more());
  request.mutable_get_session()->set_session_id("b");
  Ask(request, 3);
  EXPECT_EQ(NextError(), "3: 5 no such session");
}

TEST_F(DialogueTest, WhatItSaidOfWatchersEndsWithIt) {
  control::Request request;
  request.mutable_set_watched()->set_session_id("a");
  Ask(request);
  dialogue_.reset();
  EXPECT_THAT(host_.asked, ElementsAre("watched a", "unwatched"));
}

TEST_F(DialogueTest, ASubscriptionCanBeCancelled) {
  host_.Put("a");
  Ask(Subscription(), 4);
  Next();
  Ask(Cancel(5), 6);
  EXPECT_EQ(NextError(), "6: 5 there is no subscription 5");
  Ask(Cancel(4), 7);
  EXPECT_EQ(host_.watchers(), 0);
  const std::optional<control::Reply> last = Next();
  EXPECT_EQ(last->id(), 4);
  EXPECT_EQ(last->error().code(), 1);
  EXPECT_FALSE(last->more());
  EXPECT_EQ(NextError(), "7: 0 ");
  host_.Put("a", "changed");
  EXPECT_FALSE(Next());
  Ask(Subscription(), 8);
  EXPECT_TRUE(Next()->synced());
}

TEST_F(DialogueTest, AScreenIsToldThenEachChangeOfIt) {
  host_.Put("a");
  Draw("a", "x");
  Ask(ScreenOf("a", 10), 4);
  std::optional<control::Reply> reply = Next();
  EXPECT_EQ(reply->id(), 4);
  EXPECT_TRUE(reply->more());
  EXPECT_TRUE(reply->frame().restart());
  EXPECT_FALSE(Next());
  EXPECT_EQ(dialogue_->NextDeadline(), Instant::Max());
  const int before = outputs_;
  Draw("a", "y");
  EXPECT_GT(outputs_, before);
  EXPECT_FALSE(Next()) << "too soon";
  EXPECT_EQ(dialogue_->NextDeadline(), now_ + std::chrono::milliseconds(10));
  now_ = dialogue_->NextDeadline();
  EXPECT_FALSE(Next()->frame().restart());
}

TEST_F(DialogueTest, AScreensLastReplySaysWhyItEnded) {
  for (const char* id : {"a", "b"}) {
    host_.Put(id);
    Draw(id, "x");
  }
  Ask(ScreenOf("a"), 1);
  Ask(ScreenOf("b"), 2);
  while (Next()) continue;
  Ask(Cancel(1), 3);
  EXPECT_EQ(host_.screen_watchers(), 1);
  EXPECT_EQ(NextError(), "3: 0 ");
  EXPECT_EQ(NextError(), "1: 1 the subscription has been cancelled");
  host_.Remove("b");
  const std::optional<control::Reply> last = Next();
  EXPECT_EQ(last->id(), 2);
  EXPECT_EQ(last->error().code(), 5);
  EXPECT_FALSE(last->more());
  EXPECT_FALSE(Next());
  Ask(Cancel(2), 4);
  EXPECT_EQ(NextError(), "4: 5 there is no subscription 2");
}

TEST_F(DialogueTest, SubscriptionsHaveTheirIdsForThemselves) {
  host_.Put("a");
  Ask(ScreenOf("a"), 1);
  Ask(ScreenOf("a"), 1);
  EXPECT_EQ(NextError(), "1: 6 this connection has a subscription of this id");
  Ask(Subscription(), 1);
  EXPECT_EQ(NextError(), "1: 6 this connection has a subscription of this id");
  Ask(Subscription(), 2);
  EXPECT_TRUE(Next()->synced());
  Ask(ScreenOf("a"), 2);
  EXPECT_EQ(NextError(), "2: 6 this connection has a subscription of this id");
}

TEST_F(DialogueTest, OnlySoManyScreens) {
  host_.Put("a");
  for (uint64_t id = 1; id <= Dialogue::kMaxScreens; ++id) Ask(ScreenOf("a"), id);
  EXPECT_FALSE(Next()) << "nothing has been drawn";
  Ask(ScreenOf("a"), 17);
  EXPECT_EQ(NextError(), "17: 8 this connection has 16 screens already");
  Ask(Cancel(3), 18);
  while (Next()) continue;
  Ask(ScreenOf("a"), 19);
  EXPECT_EQ(host_.screen_watchers(), 16);
  dialogue_.reset();
  EXPECT_EQ(host_.screen_watchers(), 0);
}

TEST_F(DialogueTest, AScreenOfNoSession) {
  Ask(ScreenOf("a"), 1);
  EXPECT_EQ(NextError(), "1: 5 no such session");
}

TEST_F(DialogueTest, SubscriptionsTakeTurns) {
  for (const char* id : {"a", "b"}) {
    host_.Put(id);
    Draw(id, "x");
  }
  Ask(Subscription(), 1);
  Ask(ScreenOf("a"), 2);
  Ask(ScreenOf("b"), 3);
  // Who would never have nothing to say, if he came first each time.
  std::map<uint64_t, int> told;
  for (int round = 0; round < 40; ++round) {
    host_.Put("a", absl::StrCat(round));
    Draw("a", absl::StrCat(round % 10));
    Draw("b", absl::StrCat(round % 10));
    now_ = now_ + std::chrono::seconds(1);
    ++told[Next()->id()];
  }
  EXPECT_EQ(told[1], 20);
  EXPECT_EQ(told[2], 10);
  EXPECT_EQ(told[3], 10);
}

TEST_F(DialogueTest, DescribesNothingUntilThereIsRoom) {
  for (int i = 0; i < 100; ++i) host_.Put(absl::StrCat("s", i));
  Ask(Subscription());
  for (int round = 0; round < 50; ++round) host_.Put("s1", absl::StrCat(round));
  EXPECT_EQ(host_.describes, 0);
}

}  // namespace
}  // namespace mosh::server
