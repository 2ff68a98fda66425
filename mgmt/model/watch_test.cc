#include "mgmt/model/watch.h"

#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ReadMask MaskOf(const std::vector<std::string>& paths) {
  google::protobuf::FieldMask mask;
  for (const std::string& path : paths) mask.add_paths(path);
  return *ReadMask::Parse(mask);
}

class WatchTest : public testing::Test {
 protected:
  void Put(const std::string& id, const std::string& title = "", uid_t uid = 1000,
           int64_t srtt_us = 0) {
    control::Session told;
    told.set_id(id);
    told.set_title(title);
    told.set_pid(1);
    if (srtt_us != 0) {
      told.add_client()->set_id("c");
      told.mutable_client(0)->set_srtt_us(srtt_us);
    }
    const std::string host = absl::StrCat("h", uid);
    EXPECT_TRUE(directory_.Put(host, {.uid = uid, .user = "u"}, told, now_).ok());
  }
  void Remove(const std::string& id) {
    directory_.Remove(absl::StrCat("h", directory_.Find(id)->owner.uid), id);
  }
  Watch Begin(Watch::Terms terms = {}, const std::string& version = "") {
    absl::StatusOr<Watch> watch = Watch::Begin(&directory_, std::move(terms), version);
    EXPECT_TRUE(watch.ok()) << watch.status();
    return *std::move(watch);
  }
  absl::Status BeginError(const std::string& version) {
    return Watch::Begin(&directory_, {}, version).status();
  }
  // "ADDED a vim", "SYNCED".
  static std::vector<std::string> Texts(const absl::StatusOr<Watch::Batch>& batch) {
    EXPECT_TRUE(batch.ok()) << batch.status();
    fleet::WatchSessionsResponse response;
    EXPECT_TRUE(response.ParseFromString(batch->response));
    EXPECT_EQ(static_cast<size_t>(response.events_size()), batch->events);
    std::vector<std::string> texts;
    for (const fleet::SessionEvent& event : response.events()) {
      absl::string_view id = event.session().name();
      absl::ConsumePrefix(&id, "nodes/n1/sessions/");
      texts.push_back(
          absl::StrJoin({absl::string_view(fleet::SessionEvent::Type_Name(event.type())), id,
                         absl::string_view(event.session().title())},
                        " "));
      absl::StripTrailingAsciiWhitespace(&texts.back());
    }
    return texts;
  }
  static std::vector<std::string> Next(Watch* watch, size_t max = 100) {
    return Texts(watch->Next(max));
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'793'620'800);
  Directory directory_{{.node = "n1", .instance = "i1", .max_tombstones = 50}};
};

TEST_F(WatchTest, TellsWhatThereIsAndThenWhatHappens) {
  Put("b", "vim");
  Put("a");
  Watch watch = Begin();
  EXPECT_EQ(watch.resource_version(), "");
  EXPECT_THAT(Next(&watch), ElementsAre("ADDED a", "ADDED b vim", "SYNCED"));
  EXPECT_FALSE(watch.behind());
  EXPECT_THAT(Next(&watch), IsEmpty());
  Put("a", "emacs");
  Put("c");
  Remove("b");
  EXPECT_TRUE(watch.behind());
  EXPECT_THAT(Next(&watch), ElementsAre("MODIFIED a emacs", "ADDED c", "DELETED b"));
  EXPECT_EQ(watch.resource_version(), "i1.5");
}

TEST_F(WatchTest, WhatHappensToASessionMeanwhileIsOneEvent) {
  Put("a");
  Watch watch = Begin();
  Next(&watch);
  for (int i = 0; i < 10; ++i) Put("a", absl::StrCat(i));
  Put("b");
  Remove("b");
  Put("c", "1");
  Put("c", "2");
  Remove("a");
  EXPECT_THAT(Next(&watch), ElementsAre("ADDED c 2", "DELETED a"));
}

TEST_F(WatchTest, GivesNoMoreThanFits) {
  for (const char* id : {"a", "b", "c"}) Put(id);
  Watch watch = Begin();
  EXPECT_THAT(Next(&watch, 2), ElementsAre("ADDED a", "ADDED b"));
  Put("a", "1");
  Remove("c");
  EXPECT_THAT(Next(&watch, 1), ElementsAre("SYNCED")) << "c was never told, nor is its end";
  EXPECT_THAT(Next(&watch, 1), ElementsAre("MODIFIED a 1"));
  EXPECT_THAT(Next(&watch, 1), IsEmpty());
  for (const char* id : {"x", "y"}) Put(id, std::string(1000, 'x'));
  EXPECT_EQ(watch.Next(100, 500)->events, 1u);
}

TEST_F(WatchTest, ASessionThatIsNewAndChangesIsStillNew) {
  Watch watch = Begin();
  Next(&watch);
  Put("a", "1");
  Put("b");
  Put("a", "2");
  EXPECT_THAT(Next(&watch, 1), ElementsAre("ADDED b"));
  EXPECT_THAT(Next(&watch, 1), ElementsAre("ADDED a 2"));
}

TEST_F(WatchTest, TheFilterAddsAndDeletes) {
  Put("a", "vim");
  Put("b");
  Watch watch = Begin({.filter = *Filter::Compile("title:vim")});
  EXPECT_THAT(Next(&watch), ElementsAre("ADDED a vim", "SYNCED"));
  Put("b", "vim 2");
  Put("a", "emacs");
  EXPECT_THAT(Next(&watch), ElementsAre("ADDED b vim 2", "DELETED a"));
  Put("a", "less");
  Remove("a");
  EXPECT_THAT(Next(&watch), IsEmpty());
}

TEST_F(WatchTest, WhatMayNotBeSeenIsNotToldNorItsEnd) {
  Put("a", "", 1000);
  Put("b", "", 1001);
  Watch watch = Begin({.visible = [](const Owner& owner) { return owner.uid == 1000; }});
  EXPECT_THAT(Next(&watch), ElementsAre("ADDED a", "SYNCED"));
  Put("b", "x", 1001);
  Remove("b");
  EXPECT_THAT(Next(&watch), IsEmpty());
}

TEST_F(WatchTest, ABookmarkTellsThatNothingWasOfInterest) {
  Watch watch = Begin({.filter = *Filter::Compile("title:vim")});
  EXPECT_TRUE(watch.Bookmark().empty());
  Next(&watch);
  EXPECT_TRUE(watch.Bookmark().empty());
  Put("a");
  EXPECT_TRUE(watch.Bookmark().empty()) << "that has not been looked at";
  EXPECT_THAT(Next(&watch), IsEmpty());
  EXPECT_THAT(Texts(watch.Bookmark()), ElementsAre("BOOKMARK"));
  EXPECT_TRUE(watch.Bookmark().empty());
}

TEST_F(WatchTest, WhoWantsNoMeasurementsIsNotTroubledWithThem) {
  Put("a", "vim", 1000, 5);
  Watch titles = Begin({.mask = MaskOf({"title"})});
  Watch all = Begin();
  Next(&titles);
  Next(&all);
  Put("a", "vim", 1000, 6);
  EXPECT_THAT(Next(&titles), IsEmpty());
  EXPECT_THAT(Next(&all), ElementsAre("MODIFIED a vim"));
  Put("a", "emacs", 1000, 7);
  EXPECT_THAT(Next(&titles), ElementsAre("MODIFIED a emacs"));
}

TEST_F(WatchTest, TheMaskDecidesWhatIsTold) {
  directory_.SetUsageSource(
      [](fleet::Session* session) { session->mutable_usage()->set_memory_bytes(5); });
  Put("a", "vim");
  Watch watch = Begin({.mask = MaskOf({"uid", "usage"})});
  fleet::WatchSessionsResponse response;
  ASSERT_TRUE(response.ParseFromString(watch.Next(1)->response));
  EXPECT_EQ(response.events(0).session().ShortDebugString(),
            "name: \"nodes/n1/sessions/a\" uid: 1000 usage { memory_bytes: 5 }");
}

TEST_F(WatchTest, EachEventSaysWhereToResume) {
  Put("a");
  Put("b");
  Watch watch = Begin();
  Next(&watch);
  for (const char* id : {"c", "d"}) Put(id);
  Remove("a");
  fleet::WatchSessionsResponse response;
  ASSERT_TRUE(response.ParseFromString(watch.Next(1)->response));
  Watch resumed = Begin({}, response.events(0).resource_version());
  EXPECT_THAT(Next(&resumed), ElementsAre("ADDED d", "DELETED a"));
  Watch uptodate = Begin({}, watch.Next(100).ok() ? watch.resource_version() : "");
  EXPECT_THAT(Next(&uptodate), IsEmpty());
  Put("d", "x");
  EXPECT_THAT(Next(&uptodate), ElementsAre("MODIFIED d x"));
}

TEST_F(WatchTest, AFilteredOneResumesToo) {
  Put("a", "vim");
  Put("b", "less");
  const std::string version = absl::StrCat("i1.", directory_.version());
  Put("a", "emacs");
  Watch watch = Begin({.filter = *Filter::Compile("title:vim")}, version);
  EXPECT_THAT(Next(&watch), ElementsAre("DELETED a"));
  Put("b", "vim");
  EXPECT_THAT(Next(&watch), ElementsAre("ADDED b vim"));
}

TEST_F(WatchTest, WhatIsForgottenCannotBeResumed) {
  EXPECT_EQ(BeginError("other.0").code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(BeginError("i1.5").code(), absl::StatusCode::kInvalidArgument) << "is yet to come";
  for (const char* text : {"i1", "i1.x", ".", "i1.1.1", "i1.-1"}) {
    EXPECT_EQ(BeginError(text).code(), absl::StatusCode::kInvalidArgument) << text;
  }
  Watch slow = Begin();
  Next(&slow);
  Watch quick = Begin();
  for (int i = 0; i < 51; ++i) {
    Put("a");
    Remove("a");
    Next(&quick);
  }
  EXPECT_EQ(BeginError("i1.1").code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(slow.Next(100).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(quick.Next(100).ok());
}

// A reader of the API, strict about what it may be told.
struct Reader {
  Watch watch;
  Filter filter;
  std::map<std::string, std::string> titles;
  bool synced = false;

  void Read(size_t max) {
    const absl::StatusOr<Watch::Batch> batch = watch.Next(max);
    ASSERT_TRUE(batch.ok()) << batch.status();
    ASSERT_LE(batch->events, max);
    fleet::WatchSessionsResponse response;
    ASSERT_TRUE(response.ParseFromString(batch->response));
    for (const fleet::SessionEvent& event : response.events()) {
      const std::string& name = event.session().name();
      switch (event.type()) {
        case fleet::SessionEvent::ADDED:
          ASSERT_TRUE(titles.emplace(name, event.session().title()).second) << name;
          break;
        case fleet::SessionEvent::MODIFIED:
          ASSERT_EQ(titles.count(name), 1u) << name;
          titles[name] = event.session().title();
          break;
        case fleet::SessionEvent::DELETED:
          ASSERT_EQ(titles.erase(name), 1u) << name;
          break;
        default:
          ASSERT_FALSE(std::exchange(synced, true));
      }
    }
  }
};

TEST_F(WatchTest, WhateverHappensReadersOfAnySpeedComeToTheTruth) {
  Directory directory({.node = "n1", .instance = "i1"});
  std::mt19937 random(5);
  const auto below = [&](uint32_t bound) { return random() % bound; };
  const auto change = [&] {
    const std::string id = absl::StrCat("s", below(30));
    if (below(4) == 0) return directory.Remove("h", id);
    control::Session told;
    told.set_id(id);
    told.set_title(absl::StrCat(below(4)));
    EXPECT_TRUE(directory.Put("h", {.uid = 1000, .user = "u"}, told, now_).ok());
  };
  std::vector<Reader> readers;
  for (int step = 0; step < 20'000; ++step) {
    change();
    if (step % 200 == 0 && readers.size() < 20) {
      const Filter filter = readers.size() % 2 == 0 ? Filter() : *Filter::Compile("title < 2");
      readers.push_back(
          {.watch = *Watch::Begin(&directory, {.filter = filter}, ""), .filter = filter});
    }
    for (size_t i = 0; i < readers.size(); ++i) {
      if (below(static_cast<uint32_t>(1 + 3 * i)) == 0) readers[i].Read(1 + below(5));
      ASSERT_FALSE(HasFatalFailure());
    }
  }
  ASSERT_EQ(readers.size(), 20u);
  for (Reader& reader : readers) {
    while (reader.watch.behind()) reader.Read(3);
    EXPECT_TRUE(reader.synced);
    std::map<std::string, std::string> truth;
    for (const SessionPtr& session : directory.List({.filter = reader.filter}).sessions) {
      truth.emplace(session->name(), session->title());
    }
    EXPECT_EQ(reader.titles, truth);
  }
}

TEST_F(WatchTest, OfOneNodeIsOnlyThat) {
  const auto put = [&](const char* node, const char* id, const char* title) {
    fleet::Session session;
    session.set_name(absl::StrCat(node, "/sessions/", id));
    session.set_session_id(id);
    session.set_title(title);
    session.set_etag(title);
    EXPECT_TRUE(directory_.PutOf(node, session).ok());
  };
  put("nodes/n1", "a", "");
  put("nodes/n0", "z", "");
  put("nodes/n11", "b", "");
  Watch watch = Begin({.prefix = Directory::PrefixOf("nodes/n1")});
  EXPECT_THAT(Next(&watch), ElementsAre("ADDED a", "SYNCED"));
  const std::string version = watch.resource_version();
  put("nodes/n0", "z", "vim");
  put("nodes/n1", "c", "");
  directory_.RemoveOthersOf("nodes/n11", {});
  EXPECT_THAT(Next(&watch), ElementsAre("ADDED c"));
  Watch resumed = Begin({.prefix = Directory::PrefixOf("nodes/n11")}, version);
  EXPECT_THAT(Next(&resumed), ElementsAre("DELETED nodes/n11/sessions/b"));
}

}  // namespace
}  // namespace mosh::mgmt
