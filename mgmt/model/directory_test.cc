#include "mgmt/model/directory.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

using testing::ElementsAre;

class DirectoryTest : public testing::Test {
 protected:
  absl::Status Put(const std::string& id, const std::string& title = "", uid_t uid = 1000,
                   const std::string& host = "h1") {
    control::Session told;
    told.set_id(id);
    told.set_title(title);
    return directory_.Put(host, {.uid = uid, .user = absl::StrCat("u", uid)}, told, now_);
  }
  std::vector<std::string> List(const Directory::Query& query, bool with_usage = false) {
    page_ = directory_.List(query, with_usage);
    std::vector<std::string> ids;
    for (const SessionPtr& session : page_.sessions) ids.push_back(session->session_id());
    return ids;
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'793'620'800);
  Directory directory_{{.node = "n1", .instance = "i1", .max_tombstones = 3, .max_sessions = 5}};
  Directory::Page page_;
};

TEST_F(DirectoryTest, KnowsWhatItHasBeenTold) {
  EXPECT_TRUE(Put("a", "vim").ok());
  ASSERT_NE(directory_.Find("a"), nullptr);
  EXPECT_EQ(directory_.Find("a")->session->name(), "nodes/n1/sessions/a");
  EXPECT_EQ(directory_.Find("a")->session->title(), "vim");
  EXPECT_EQ(directory_.Find("a")->owner.uid, 1000u);
  EXPECT_EQ(directory_.Find("b"), nullptr);
}

TEST_F(DirectoryTest, OnlyWhatIsDifferentIsAChange) {
  int changes = 0;
  directory_.SetOnChange([&] { ++changes; });
  EXPECT_TRUE(Put("a", "vim").ok());
  const SessionPtr before = directory_.Find("a")->session;
  EXPECT_TRUE(Put("a", "vim").ok());
  EXPECT_EQ(directory_.Find("a")->session, before);
  EXPECT_EQ(changes, 1);
  EXPECT_TRUE(Put("a", "emacs").ok());
  EXPECT_EQ(before->title(), "vim") << "what somebody has is not changed under him";
  EXPECT_EQ(changes, 2);
  EXPECT_NE(directory_.Find("a")->session->etag(), before->etag());
}

TEST_F(DirectoryTest, ASessionStaysItsFirstHosts) {
  EXPECT_TRUE(Put("a", "vim", 1000, "h1").ok());
  EXPECT_EQ(Put("a", "mine", 1001, "h2").code(), absl::StatusCode::kAlreadyExists);
  directory_.Remove("h2", "a");
  directory_.RemoveHost("h2");
  ASSERT_NE(directory_.Find("a"), nullptr);
  EXPECT_EQ(directory_.Find("a")->owner.uid, 1000u);
}

TEST_F(DirectoryTest, RefusesBadIdsAndTooMany) {
  EXPECT_EQ(Put("a/b").code(), absl::StatusCode::kInvalidArgument);
  for (const char* id : {"a", "b", "c", "d", "e"}) EXPECT_TRUE(Put(id).ok());
  EXPECT_EQ(Put("f").code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Put("e", "changed").ok());
}

TEST_F(DirectoryTest, AHostTakesItsSessionsAlong) {
  ASSERT_TRUE(Put("a", "", 1000, "h1").ok());
  ASSERT_TRUE(Put("b", "", 1000, "h2").ok());
  ASSERT_TRUE(Put("c", "", 1000, "h1").ok());
  directory_.RemoveOthers("h1", {"c"});
  EXPECT_THAT(List({}), ElementsAre("b", "c"));
  directory_.RemoveHost("h1");
  EXPECT_THAT(List({}), ElementsAre("b"));
}

TEST_F(DirectoryTest, MarksWhatHasBeenToldToEnd) {
  ASSERT_TRUE(Put("a").ok());
  const std::string etag = directory_.Find("a")->session->etag();
  directory_.MarkEnding("a", now_);
  directory_.MarkEnding("b", now_);
  EXPECT_EQ(directory_.Find("a")->session->state(), fleet::Session::ENDING);
  EXPECT_NE(directory_.Find("a")->session->etag(), etag);
}

TEST_F(DirectoryTest, ListsWhatMayBeSeenAndTheFilterLetsThrough) {
  ASSERT_TRUE(Put("a", "vim", 1000, "h1").ok());
  ASSERT_TRUE(Put("b", "vim", 1001, "h2").ok());
  ASSERT_TRUE(Put("c", "emacs", 1000, "h1").ok());
  const Visible mine = [](const Owner& owner) { return owner.uid == 1000; };
  EXPECT_THAT(List({.visible = mine}), ElementsAre("a", "c"));
  EXPECT_THAT(List({.filter = *Filter::Compile("title = vim")}), ElementsAre("a", "b"));
  EXPECT_EQ(page_.total, 2);
  std::vector<std::string> visited;
  directory_.ForEach(*Filter::Compile("vim"), mine, [&](const Record& record) {
    visited.push_back(record.session->session_id());
  });
  EXPECT_THAT(visited, ElementsAre("a"));
}

TEST_F(DirectoryTest, PagesGoOnWhereTheLastEndedWhateverHappened) {
  for (const char* id : {"a", "b", "c", "d"}) ASSERT_TRUE(Put(id, "same").ok());
  Directory::Query query{.order = *Order::Parse("title desc"), .page_size = 2};
  EXPECT_THAT(List(query), ElementsAre("a", "b"));
  EXPECT_EQ(page_.total, 4);
  directory_.Remove("h1", "b");
  ASSERT_TRUE(Put("aa", "same").ok());
  query.after_key = page_.next_key;
  EXPECT_THAT(List(query), ElementsAre("c", "d"));
  EXPECT_EQ(page_.next_key, "") << "there is no third";
  query = {.page_size = 3};
  EXPECT_THAT(List(query), ElementsAre("a", "aa", "c"));
  query.after_key = page_.next_key;
  EXPECT_THAT(List(query), ElementsAre("d"));
}

TEST_F(DirectoryTest, AsksForUsageOnlyWhereItIsLookedAt) {
  int asked = 0;
  directory_.SetUsageSource([&](fleet::Session* session) {
    ++asked;
    session->mutable_usage()->set_memory_bytes(session->session_id() == "a" ? 1 : 2);
  });
  ASSERT_TRUE(Put("a").ok());
  ASSERT_TRUE(Put("b").ok());
  EXPECT_THAT(List({}), ElementsAre("a", "b"));
  EXPECT_EQ(asked, 0);
  EXPECT_THAT(List({.page_size = 1}, true), ElementsAre("a"));
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(page_.sessions[0]->usage().memory_bytes(), 1u);
  EXPECT_THAT(List({.order = *Order::Parse("usage.memory_bytes desc")}), ElementsAre("b", "a"));
  EXPECT_THAT(List({.filter = *Filter::Compile("usage.memory_bytes > 1")}), ElementsAre("b"));
}

TEST_F(DirectoryTest, KeepsSoManyTombstonesAndThenReusesTheirSlots) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(Put(absl::StrCat("s", i)).ok());
    directory_.Remove("h1", absl::StrCat("s", i));
  }
  EXPECT_EQ(directory_.tombstones().size(), 3u);
  EXPECT_EQ(directory_.tombstones().front().name, "nodes/n1/sessions/s7");
  EXPECT_EQ(directory_.forgotten(), 14u) << "s6 was the seventh to begin and to end";
  EXPECT_LE(directory_.slots(), 5u);
}

TEST_F(DirectoryTest, EncodesOnceForEachMask) {
  ASSERT_TRUE(Put("a", "vim").ok());
  const Record* record = directory_.Find("a");
  const auto bytes = record->Encoded(ReadMask());
  EXPECT_EQ(record->Encoded(ReadMask()), bytes);
  EXPECT_EQ(*bytes, record->session->SerializeAsString());
  ASSERT_TRUE(Put("a", "emacs").ok());
  EXPECT_EQ(*record->Encoded(ReadMask()), record->session->SerializeAsString());
}

fleet::Session Elsewhere(const std::string& node, const std::string& id, uid_t uid = 1000) {
  fleet::Session session;
  session.set_name(absl::StrCat("nodes/", node, "/sessions/", id));
  session.set_session_id(id);
  session.set_uid(uid);
  session.set_user(absl::StrCat("u", uid));
  return session;
}

TEST_F(DirectoryTest, OfSeveralNodesEachIsByItself) {
  EXPECT_TRUE(*directory_.PutOf("nodes/n1", Elsewhere("n1", "a")));
  EXPECT_TRUE(*directory_.PutOf("nodes/n2", Elsewhere("n2", "a")));
  EXPECT_TRUE(*directory_.PutOf("nodes/n22", Elsewhere("n22", "b")));
  EXPECT_FALSE(*directory_.PutOf("nodes/n2", Elsewhere("n2", "a"))) << "there already";
  EXPECT_FALSE(directory_.FindNamed("nodes/n1/sessions/a")->owner.elsewhere);
  EXPECT_TRUE(directory_.FindNamed("nodes/n2/sessions/a")->owner.elsewhere);
  EXPECT_EQ(directory_.Find("a"), directory_.FindNamed("nodes/n1/sessions/a"));
  EXPECT_EQ(directory_.Find("b"), nullptr) << "of another node";
  EXPECT_THAT(List({.prefix = Directory::PrefixOf("nodes/n2")}), ElementsAre("a"));
  EXPECT_EQ(page_.total, 1);
  EXPECT_FALSE(directory_.RemoveOf("nodes/n22", "nodes/n2/sessions/a")) << "not its own";
  EXPECT_EQ(directory_.RemoveOthersOf("nodes/n2", {}), 1u);
  EXPECT_THAT(List({}), ElementsAre("a", "b"));
  EXPECT_EQ(directory_.RemoveOthersOf("nodes/n22", {"nodes/n22/sessions/b"}), 0u);
  EXPECT_TRUE(directory_.RemoveOf("nodes/n22", "nodes/n22/sessions/b"));
  EXPECT_EQ(directory_.size(), 1u);
}

TEST_F(DirectoryTest, ANodeTellsOnlyOfItsOwn) {
  for (const char* name : {"nodes/n3/sessions/a", "nodes/n2/sessions/", "nodes/n2/sessions/a/b",
                           "nodes/n2/sessions/x", "a", ""}) {
    fleet::Session session = Elsewhere("n2", "a");
    session.set_name(name);
    EXPECT_EQ(directory_.PutOf("nodes/n2", session).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(directory_.PutOf("nodes/n2", Elsewhere("n2", absl::StrCat(i))).ok());
  }
  EXPECT_EQ(directory_.PutOf("nodes/n2", Elsewhere("n2", "a")).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(directory_.size(), 5u);
}

}  // namespace
}  // namespace mosh::mgmt
