#include "server/control/dialogue.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/control/reply_parts.h"
#include "server/control/testing/fake_host_control.h"

namespace mosh::server {
namespace {

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
    const std::string packet = dialogue_->NextPacket();
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
  EXPECT_THAT(host_.asked, ElementsAre("new top", "attach abc view", "detach abc", "notify abc hi",
                                       "snapshot abc", "terminate abc"));
  EXPECT_EQ(Next()->grant().key().size(), 22);
  EXPECT_EQ(Next()->grant().session_id(), "abc");
  for (const uint64_t id : {9, 10, 11, 12}) {
    const std::optional<control::Reply> reply = Next();
    EXPECT_EQ(reply->id(), id);
    EXPECT_FALSE(reply->has_error());
    EXPECT_FALSE(reply->more());
  }
  EXPECT_FALSE(Next());
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
  EXPECT_EQ(Next()->session(0).title(), "2");
  host_.Remove("a");
  EXPECT_EQ(Next()->gone(0), "a");
  EXPECT_FALSE(Next());
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

TEST_F(DialogueTest, DescribesNothingUntilThereIsRoom) {
  for (int i = 0; i < 100; ++i) host_.Put(absl::StrCat("s", i));
  Ask(Subscription());
  for (int round = 0; round < 50; ++round) host_.Put("s1", absl::StrCat(round));
  EXPECT_EQ(host_.describes, 0);
}

}  // namespace
}  // namespace mosh::server
