// Field masks, orders and page tokens.
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "mgmt/model/fields.h"
#include "mgmt/model/mask.h"
#include "mgmt/model/order.h"
#include "mgmt/model/page.h"

namespace mosh::mgmt {
namespace {

using testing::HasSubstr;

fleet::Session Parse(const std::string& text) {
  fleet::Session session;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &session));
  return session;
}

absl::StatusOr<ReadMask> MaskOf(const std::vector<std::string>& paths) {
  google::protobuf::FieldMask mask;
  for (const std::string& path : paths) mask.add_paths(path);
  return ReadMask::Parse(mask);
}

const char kSession[] = R"(
    name: "nodes/n/sessions/a" session_id: "a" user: "alice" title: "vim"
    size { columns: 80 rows: 24 } usage { memory_bytes: 5 }
    clients { client_id: "c1" address: "x" srtt { nanos: 5 } }
    clients { client_id: "c2" address: "y" })";

std::string Masked(const std::vector<std::string>& paths) {
  const absl::StatusOr<ReadMask> mask = MaskOf(paths);
  EXPECT_TRUE(mask.ok()) << mask.status();
  return mask->Apply(Parse(kSession)).ShortDebugString();
}

TEST(ReadMask, WithoutPathsIsEverythingButUsage) {
  fleet::Session all = Parse(kSession);
  EXPECT_EQ(Masked({"*"}), all.ShortDebugString());
  all.clear_usage();
  EXPECT_EQ(Masked({}), all.ShortDebugString());
}

TEST(ReadMask, AlwaysLetsTheNameThrough) {
  EXPECT_EQ(Masked({"user"}),
            Parse(R"(name: "nodes/n/sessions/a" user: "alice")").ShortDebugString());
}

TEST(ReadMask, GoesIntoMessagesAlsoRepeatedOnes) {
  EXPECT_EQ(Masked({"size.rows", "clients.address"}),
            Parse(R"(name: "nodes/n/sessions/a" size { rows: 24 }
                     clients { address: "x" } clients { address: "y" })")
                .ShortDebugString());
  EXPECT_EQ(Masked({"clients.srtt.nanos", "size"}),
            Parse(R"(name: "nodes/n/sessions/a" size { columns: 80 rows: 24 }
                     clients { srtt { nanos: 5 } } clients {})")
                .ShortDebugString());
}

TEST(ReadMask, TheLargerOfTwoPathsWins) {
  EXPECT_EQ(MaskOf({"size.rows", "size"})->key(), MaskOf({"size"})->key());
  EXPECT_EQ(MaskOf({"size", "size.rows"})->key(), MaskOf({"size", "size"})->key());
  EXPECT_EQ(MaskOf({"user", "title"})->key(), MaskOf({"title", "user"})->key());
  EXPECT_NE(MaskOf({"size.rows"})->key(), MaskOf({"size.columns"})->key());
  EXPECT_NE(MaskOf({})->key(), MaskOf({"*"})->key());
}

TEST(ReadMask, KnowsWhatItNeeds) {
  EXPECT_TRUE(MaskOf({"usage.memory_bytes"})->wants_usage());
  EXPECT_TRUE(MaskOf({"*"})->wants_usage());
  EXPECT_FALSE(MaskOf({})->wants_usage());
  EXPECT_TRUE(MaskOf({})->wants_measurements());
  EXPECT_TRUE(MaskOf({"clients.srtt.nanos"})->wants_measurements());
  EXPECT_TRUE(MaskOf({"clients"})->wants_measurements());
  EXPECT_FALSE(MaskOf({"user", "state", "clients.address"})->wants_measurements());
}

TEST(ReadMask, AllButMeasurementsIsWhatAnEtagStandsFor) {
  const absl::StatusOr<ReadMask> mask = ReadMask::Parse(AllButMeasurements());
  ASSERT_TRUE(mask.ok()) << mask.status();
  EXPECT_FALSE(mask->wants_measurements());
  fleet::Session session = Parse(kSession);
  session.mutable_last_input_time()->set_seconds(5);
  fleet::Session rest = session;
  ClearMeasurements(&rest);
  EXPECT_EQ(mask->Apply(session).ShortDebugString(), rest.ShortDebugString());
}

TEST(ReadMask, RefusesWhatThereIsNot) {
  EXPECT_THAT(std::string(MaskOf({"titel"}).status().message()), HasSubstr("is it title?"));
  EXPECT_FALSE(MaskOf({"user.name"}).ok());
  EXPECT_FALSE(MaskOf({""}).ok());
  EXPECT_FALSE(MaskOf(std::vector<std::string>(101, "user")).ok());
}

// -1, 0 or 1 as the order has them.
int Compare(absl::string_view order_by, const std::string& a, const std::string& b) {
  const absl::StatusOr<Order> order = Order::Parse(order_by);
  EXPECT_TRUE(order.ok()) << order.status();
  const int result = order->Key(Parse(a)).compare(order->Key(Parse(b)));
  return result < 0 ? -1 : result > 0 ? 1 : 0;
}

TEST(Order, IsByNameWithoutMore) {
  EXPECT_TRUE(Order::Parse(" ")->by_name());
  EXPECT_EQ(Compare("", "name: 'a' uid: 2", "name: 'b' uid: 1"), -1);
}

TEST(Order, ComparesEachKindOfField) {
  EXPECT_EQ(Compare("uid", "uid: 2", "uid: 10"), -1);
  EXPECT_EQ(Compare("pid", "pid: -2", "pid: 1"), -1);
  EXPECT_EQ(Compare("user", "user: 'ab'", "user: 'abc'"), -1);
  EXPECT_EQ(Compare("user", "user: 'a\\000'", "user: 'a'"), 1);
  EXPECT_EQ(Compare("user", "user: 'a' name: 'z'", "user: 'a\\000' name: 'a'"), -1);
  EXPECT_EQ(Compare("held", "held: true", "held: false"), 1);
  EXPECT_EQ(Compare("state", "state: ATTACHED", "state: DETACHED"), -1);
  EXPECT_EQ(Compare("create_time", "create_time { seconds: 1 nanos: 5 }",
                    "create_time { seconds: 1 nanos: 6 }"),
            -1);
  EXPECT_EQ(Compare("create_time", "create_time { seconds: -1 }", "create_time { seconds: 1 }"),
            -1);
  EXPECT_EQ(Compare("size.rows", "size { rows: 2 }", "size { rows: 1 }"), 1);
}

TEST(Order, DescendsWhereAsked) {
  EXPECT_EQ(Compare("uid desc", "uid: 2", "uid: 10"), 1);
  EXPECT_EQ(Compare("user desc", "user: 'ab'", "user: 'abc'"), 1);
  EXPECT_EQ(Compare("uid desc , user asc", "uid: 1 user: 'b'", "uid: 1 user: 'a'"), 1);
}

TEST(Order, PutsWhatIsNotSetFirstAndLastWhenDescending) {
  EXPECT_EQ(Compare("detach_time", "", "detach_time {}"), -1);
  EXPECT_EQ(Compare("detach_time desc", "", "detach_time {}"), 1);
  EXPECT_EQ(Compare("size.rows", "", "size {}"), -1);
}

TEST(Order, LetsTheNameDecide) {
  EXPECT_EQ(Compare("user desc", "user: 'u' name: 'a'", "user: 'u' name: 'b'"), -1);
}

TEST(Order, RefusesWhatHasNone) {
  for (const char* text :
       {"usr", "clients", "clients.srtt", "size", "uid upward", "uid desc desc", "uid,", ",",
        "uid user desc", "uid,uid,uid,uid,uid,uid,uid,uid,uid,uid,uid"}) {
    EXPECT_EQ(Order::Parse(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_TRUE(Order::Parse("usage.memory_bytes desc")->needs_usage());
  EXPECT_TRUE(Order::Parse("user, last_heard_time desc")->needs_measurements());
  EXPECT_FALSE(Order::Parse("user, title desc")->needs_measurements());
}

TEST(Page, SizesAreBounded) {
  EXPECT_EQ(*PageSize(0), 1'000);
  EXPECT_EQ(*PageSize(7), 7);
  EXPECT_EQ(*PageSize(1'000'000), 10'000);
  EXPECT_FALSE(PageSize(-1).ok());
}

TEST(Page, ATokenGivesItsKeyBackToTheSameRequestOnly) {
  const std::string key("k\0\xff", 3);
  const std::string token = MakePageToken(key, 77);
  EXPECT_EQ(*ReadPageToken(token, 77), key);
  EXPECT_FALSE(ReadPageToken(token, 78).ok());
  EXPECT_EQ(*ReadPageToken("", 77), "");
  EXPECT_FALSE(ReadPageToken("nonsense!", 77).ok());
  EXPECT_FALSE(ReadPageToken("abcd", 77).ok());
}

TEST(Page, TheFingerprintIsOfAllButTokenAndSize) {
  fleet::ListSessionsRequest request;
  request.set_filter("alice");
  const uint64_t fingerprint = ListFingerprint(request);
  request.set_page_size(5);
  request.set_page_token("x");
  EXPECT_EQ(ListFingerprint(request), fingerprint);
  request.set_order_by("uid");
  EXPECT_NE(ListFingerprint(request), fingerprint);
}

}  // namespace
}  // namespace mosh::mgmt
