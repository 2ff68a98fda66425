#include "server/control/change_queue.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/control/reply_parts.h"
#include "server/control/testing/fake_host_control.h"

namespace mosh::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ChangeQueueTest : public testing::Test {
 protected:
  ~ChangeQueueTest() override {
    if (queue_ != nullptr) host_.RemoveWatcher(queue_.get());
  }
  void Watch() {
    queue_ = std::make_unique<ChangeQueue>(host_.SessionIds(), [this] { ++news_; });
    host_.AddWatcher(queue_.get());
  }
  // What the next reply tells: "id=title", "-id", "synced".
  std::vector<std::string> Next(size_t max_size = kMaxReplySize) {
    control::Reply reply;
    queue_->Fill(host_, max_size, max_size, &reply);
    std::vector<std::string> told;
    for (const control::Session& session : reply.session()) {
      told.push_back(absl::StrCat(session.id(), "=", session.title()));
    }
    for (const std::string& id : reply.gone()) told.push_back(absl::StrCat("-", id));
    if (reply.synced()) told.push_back("synced");
    return told;
  }

  FakeHostControl host_;
  std::unique_ptr<ChangeQueue> queue_;
  int news_ = 0;
};

TEST_F(ChangeQueueTest, TellsWhatThereIsThenSynced) {
  host_.Put("a", "1");
  host_.Put("b", "2");
  Watch();
  EXPECT_TRUE(queue_->has_news());
  EXPECT_THAT(Next(), ElementsAre("a=1", "b=2", "synced"));
  EXPECT_FALSE(queue_->has_news());
}

TEST_F(ChangeQueueTest, NothingIsSyncedToo) {
  Watch();
  EXPECT_TRUE(queue_->has_news());
  EXPECT_THAT(Next(), ElementsAre("synced"));
  EXPECT_FALSE(queue_->has_news());
}

TEST_F(ChangeQueueTest, ManyChangesOfASessionAreOne) {
  Watch();
  Next();
  for (int i = 0; i < 1000; ++i) host_.Put("a", absl::StrCat(i));
  host_.Put("b", "x");
  EXPECT_EQ(news_, 1001);
  EXPECT_EQ(queue_->remembered(), 2);
  EXPECT_THAT(Next(), ElementsAre("a=999", "b=x"));
}

TEST_F(ChangeQueueTest, OnlyWhatWasToldIsToldToBeGone) {
  host_.Put("a");
  Watch();
  Next();
  host_.Remove("a");
  host_.Put("b");
  host_.Remove("b");
  EXPECT_THAT(Next(), ElementsAre("-a"));
  EXPECT_EQ(queue_->remembered(), 0);
}

TEST_F(ChangeQueueTest, AReaderThatHasStoppedCostsNoMore) {
  host_.Put("a");
  Watch();
  Next();
  for (int i = 0; i < 1000; ++i) {
    host_.Put(absl::StrCat("s", i));
    host_.Remove(absl::StrCat("s", i));
  }
  EXPECT_EQ(queue_->remembered(), 1);
  EXPECT_FALSE(queue_->has_news());
}

TEST_F(ChangeQueueTest, RepliesAreBoundedAndNewsOfTheSnapshotComesInIt) {
  for (const char* id : {"a", "b", "c"}) host_.Put(id, std::string(100, 'x'));
  Watch();
  EXPECT_EQ(Next(150).size(), 1);
  host_.Put("b", "new");
  host_.Put("d", "later");
  host_.Remove("c");
  // `d` isn't needed for being synced, but there was room.
  EXPECT_THAT(Next(150), ElementsAre("b=new", "d=later", "synced"));
}

TEST_F(ChangeQueueTest, SyncedComesEvenIfTheRestOfTheSnapshotEnds) {
  for (const char* id : {"a", "b"}) host_.Put(id, std::string(100, 'x'));
  Watch();
  EXPECT_EQ(Next(100).size(), 1);
  host_.Remove("b");
  EXPECT_TRUE(queue_->has_news());
  EXPECT_THAT(Next(100), ElementsAre("synced"));
}

TEST_F(ChangeQueueTest, AChangedSessionThatEndsIsGone) {
  host_.Put("a");
  Watch();
  Next();
  host_.Put("a", "2");
  host_.Remove("a");
  EXPECT_THAT(Next(), ElementsAre("-a"));
  EXPECT_THAT(Next(), IsEmpty());
}

}  // namespace
}  // namespace mosh::server
