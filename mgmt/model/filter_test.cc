#include "mgmt/model/filter.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "mosh/fleet/v1/node.pb.h"

namespace mosh::mgmt {
namespace {

using testing::HasSubstr;

fleet::Session Alices() {
  fleet::Session session;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
      name: "nodes/n1/sessions/abcde" session_id: "abcde" user: "alice" uid: 1000
      command: "vim" command: "Notes.txt" title: "notes - VIM"
      size { columns: 80 rows: 24 } state: DETACHED
      create_time { seconds: 1793620800 }  # 2026-11-02T12:00:00Z
      clients { client_id: "c1" address: "10.0.0.7:60001" view_only: true
                srtt { nanos: 150000000 } datagrams_sent: 18446744073709551615 }
      clients { client_id: "c2" address: "10.0.0.8:60002" srtt { seconds: 1 nanos: 500000000 }
                loss_to_client: 0.25 capabilities: "history" capabilities: "menu" }
      history_lines: 500)",
                                                            &session));
  return session;
}

bool Matches(absl::string_view text) {
  const absl::StatusOr<Filter> filter = Filter::Compile(text);
  EXPECT_TRUE(filter.ok()) << filter.status();
  return filter.ok() && filter->Matches(Alices());
}

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<Filter> filter = Filter::Compile(text);
  EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(filter.status().message());
}

TEST(Filter, NothingAndAStarLetEverythingThrough) {
  for (const char* text : {"", "  \t", "*", " * "}) {
    ASSERT_TRUE(Filter::Compile(text).ok()) << text;
    EXPECT_TRUE(Filter::Compile(text)->matches_all()) << text;
    EXPECT_TRUE(Matches(text)) << text;
  }
}

TEST(Filter, ComparesStringsWholeWithTheirCase) {
  EXPECT_TRUE(Matches("user = alice"));
  EXPECT_TRUE(Matches("user=\"alice\""));
  EXPECT_TRUE(Matches("user = 'alice'"));
  EXPECT_FALSE(Matches("user = Alice"));
  EXPECT_FALSE(Matches("user = ali"));
  EXPECT_TRUE(Matches("user != bob"));
  EXPECT_FALSE(Matches("user != alice"));
  EXPECT_TRUE(Matches("user >= alice"));
  EXPECT_TRUE(Matches("user < bob"));
}

TEST(Filter, AStarStandsForAnything) {
  EXPECT_TRUE(Matches("user = al*"));
  EXPECT_TRUE(Matches("user = *ice"));
  EXPECT_TRUE(Matches("user = a*i*e"));
  EXPECT_TRUE(Matches("user = *"));
  EXPECT_FALSE(Matches("user = b*"));
  EXPECT_FALSE(Matches("user = alice*alice"));
  EXPECT_FALSE(Matches("user = al*lice")) << "no character stands for two";
  EXPECT_FALSE(Matches("user = \"al\\*\"")) << "an escaped one is itself";
  EXPECT_TRUE(Matches("user != b*"));
}

TEST(Filter, ComparesNumbersExactly) {
  EXPECT_TRUE(Matches("uid = 1000 AND uid >= 1000 AND uid <= 1000"));
  EXPECT_FALSE(Matches("uid > 1000"));
  EXPECT_TRUE(Matches("uid > -5"));
  EXPECT_TRUE(Matches("size.columns < 80.5"));
  EXPECT_TRUE(Matches("clients.datagrams_sent = 18446744073709551615"));
  EXPECT_FALSE(Matches("clients.datagrams_sent = 18446744073709551614"));
}

TEST(Filter, ComparesDurationsAndTimes) {
  EXPECT_TRUE(Matches("clients.srtt > 200ms"));
  EXPECT_TRUE(Matches("clients.srtt = 1.5s"));
  EXPECT_FALSE(Matches("clients.srtt > 1m30s"));
  EXPECT_TRUE(Matches("create_time < 2026-11-03T00:00:00Z"));
  EXPECT_TRUE(Matches("create_time = \"2026-11-02T13:00:00+01:00\""));
  EXPECT_FALSE(Matches("create_time > 2026-11-03T00:00:00Z"));
}

TEST(Filter, ComparesEnumsAndBools) {
  EXPECT_TRUE(Matches("state = DETACHED"));
  EXPECT_TRUE(Matches("state = detached"));
  EXPECT_TRUE(Matches("state != ATTACHED"));
  EXPECT_TRUE(Matches("held = false"));
  EXPECT_FALSE(Matches("held = true"));
}

TEST(Filter, OfARepeatedFieldAnyMemberWillDo) {
  EXPECT_TRUE(Matches("clients.address = 10.0.0.8:60002"));
  EXPECT_TRUE(Matches("clients.view_only = true AND clients.view_only = false"));
  EXPECT_TRUE(Matches("command = vim"));
  EXPECT_TRUE(Matches("clients.capabilities = menu"));
  EXPECT_FALSE(Matches("clients.capabilities != menu")) << "the opposite of =";
  EXPECT_TRUE(Matches("clients.capabilities != other"));
}

TEST(Filter, WhatIsNotSetComparesAsFalse) {
  EXPECT_FALSE(Matches("detach_time < 2030-01-01T00:00:00Z"));
  EXPECT_TRUE(Matches("detach_time != 2030-01-01T00:00:00Z"));
  EXPECT_FALSE(Matches("usage.memory_bytes = 0"));
  EXPECT_TRUE(Matches("clients.loss_to_client < 0.3"));
  EXPECT_FALSE(Matches("clients.loss_to_client < 0.2")) << "the other client's is not 0";
}

TEST(Filter, AColonIsForPartsAndForPresence) {
  EXPECT_TRUE(Matches("title:VIM"));
  EXPECT_FALSE(Matches("title:emacs"));
  EXPECT_TRUE(Matches("clients:*"));
  EXPECT_FALSE(Matches("watchers:*"));
  EXPECT_TRUE(Matches("clients:\"10.0.0.7:\""));
  EXPECT_TRUE(Matches("clients:10.0.0.7:60001"));
  EXPECT_FALSE(Matches("clients:10.0.0.9"));
  EXPECT_TRUE(Matches("size:*"));
  EXPECT_FALSE(Matches("detach_time:*"));
  EXPECT_FALSE(Matches("pid:*"));
  EXPECT_TRUE(Matches("uid:*"));
  EXPECT_TRUE(Matches("clients.capabilities:hist"));
}

TEST(Filter, BareWordsAreLookedForInAnyCase) {
  EXPECT_TRUE(Matches("ALICE"));
  EXPECT_TRUE(Matches("vim"));
  EXPECT_TRUE(Matches("notes.TXT"));
  EXPECT_TRUE(Matches("abcd"));
  EXPECT_TRUE(Matches("\"notes - vim\""));
  EXPECT_TRUE(Matches("no*vim"));
  EXPECT_FALSE(Matches("bob"));
  EXPECT_FALSE(Matches("10.0.0.7"));
}

TEST(Filter, OrBindsTighterThanAnd) {
  EXPECT_FALSE(Matches("bob AND alice OR vim"));
  EXPECT_TRUE(Matches("(bob AND alice) OR vim"));
  EXPECT_TRUE(Matches("bob OR alice AND vim"));
  EXPECT_FALSE(Matches("bob OR alice AND emacs"));
  EXPECT_FALSE(Matches("alice emacs")) << "words beside each other are joined by AND";
  EXPECT_TRUE(Matches("alice vim OR emacs"));
}

TEST(Filter, Negates) {
  EXPECT_TRUE(Matches("NOT bob"));
  EXPECT_TRUE(Matches("-bob"));
  EXPECT_FALSE(Matches("NOT alice"));
  EXPECT_TRUE(Matches("NOT NOT alice"));
  EXPECT_TRUE(Matches("alice -user = bob -(uid < 1000)"));
  EXPECT_FALSE(Matches("-(alice OR bob)"));
}

TEST(Filter, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(ErrorOf("uid = 5 usr = bob"), "column 9: there is no field usr; is it user?");
  EXPECT_EQ(ErrorOf("srtt > 1s"), "column 1: there is no field srtt; is it clients.srtt?");
  EXPECT_EQ(ErrorOf("clients.sort = 1s"),
            "column 1: there is no field clients.sort; is it clients.srtt?");
  EXPECT_EQ(ErrorOf("user.name = x"), "column 1: user has no fields");
  EXPECT_THAT(ErrorOf("clients.srtt > 200"), HasSubstr("column 16: srtt is a duration"));
  EXPECT_THAT(ErrorOf("state = GONE"), HasSubstr("one of AWAITED, ATTACHED"));
  EXPECT_THAT(ErrorOf("state < ATTACHED"), HasSubstr("no order"));
  EXPECT_THAT(ErrorOf("held = yes"), HasSubstr("true or false"));
  EXPECT_THAT(ErrorOf("uid = many"), HasSubstr("a number"));
  EXPECT_THAT(ErrorOf("create_time > yesterday"), HasSubstr("a time such as"));
  EXPECT_THAT(ErrorOf("size = 80"), HasSubstr("compare one of them"));
  EXPECT_THAT(ErrorOf("user < a*"), HasSubstr("wildcard"));
  EXPECT_EQ(ErrorOf("user ="), "column 7: after = belongs a value");
  EXPECT_EQ(ErrorOf("user = (a OR b)"), "column 8: after = belongs a value");
  EXPECT_EQ(ErrorOf("(alice"), "column 1: this ( is not closed");
  EXPECT_EQ(ErrorOf("alice)"), "column 6: this ) closes nothing");
  EXPECT_EQ(ErrorOf("alice \"bob"), "column 7: this quote is not closed");
  EXPECT_THAT(ErrorOf("alice AND"), HasSubstr("column 10: a field or a word is missing"));
  EXPECT_THAT(ErrorOf("OR alice"), HasSubstr("column 1"));
  EXPECT_THAT(ErrorOf("user ! alice"), HasSubstr("after ! belongs ="));
  EXPECT_THAT(ErrorOf("len(user)"), HasSubstr("no functions"));
  EXPECT_THAT(ErrorOf("\"user\" = alice"), HasSubstr("belongs a field"));
  EXPECT_THAT(ErrorOf("= alice"), HasSubstr("missing"));
  EXPECT_THAT(ErrorOf("()"), HasSubstr("missing"));
}

TEST(Filter, IsBounded) {
  EXPECT_THAT(ErrorOf(std::string(5'000, 'x')), HasSubstr("longer than 4096"));
  EXPECT_THAT(ErrorOf(std::string(51, '(') + "x" + std::string(51, ')')),
              HasSubstr("more than 50"));
  EXPECT_THAT(ErrorOf(std::string(4'000, '-') + "x"), HasSubstr("more than 50"));
  EXPECT_TRUE(Filter::Compile(std::string(50, '(') + "x" + std::string(50, ')')).ok());
}

TEST(Filter, OfNodesLooksAtLabelsByTheirKeys) {
  fleet::Node node;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
      name: "nodes/web-1" hostname: "web-1.example.org" state: DRAINING
      labels { key: "rack" value: "b" } labels { key: "tier-2" value: "Front end" })",
                                                            &node));
  const auto matches = [&node](absl::string_view text) {
    const absl::StatusOr<Filter> filter = Filter::CompileForNodes(text);
    EXPECT_TRUE(filter.ok()) << filter.status();
    return filter.ok() && filter->Matches(node);
  };
  EXPECT_TRUE(matches("labels.rack = \"b\" AND state = DRAINING"));
  EXPECT_TRUE(matches("labels.tier-2 = \"Front*\""));
  EXPECT_FALSE(matches("labels.rack = \"Front end\""));
  EXPECT_FALSE(matches("labels.row = \"b\""));
  EXPECT_TRUE(matches("labels.row != \"b\""));
  EXPECT_FALSE(matches("labels.rack != \"b\""));
  EXPECT_TRUE(matches("labels.rack:*"));
  EXPECT_FALSE(matches("labels.row:*"));
  EXPECT_TRUE(matches("labels:rack"));
  EXPECT_TRUE(matches("state != LOST web"));
  EXPECT_TRUE(matches("FRONT"));
  EXPECT_FALSE(matches("back"));
  EXPECT_THAT(std::string(Filter::CompileForNodes("labels.a.b = c").status().message()),
              HasSubstr("labels.a has no fields"));
  EXPECT_THAT(std::string(Filter::CompileForNodes("label.a = c").status().message()),
              HasSubstr("is it labels?"));
  EXPECT_THAT(std::string(Filter::CompileForNodes("labels = c").status().message()),
              HasSubstr("has fields"));
}

TEST(Filter, KnowsWhetherItLooksAtUsage) {
  EXPECT_TRUE(Filter::Compile("alice AND usage.memory_bytes > 1000000")->needs_usage());
  EXPECT_FALSE(Filter::Compile("alice")->needs_usage());
}

TEST(Filter, KnowsWhetherItLooksAtMeasurements) {
  EXPECT_TRUE(Filter::Compile("alice AND clients.srtt > 100ms")->needs_measurements());
  EXPECT_FALSE(Filter::Compile("alice AND clients.address = \"192.0.2.*\"")->needs_measurements());
}

}  // namespace
}  // namespace mosh::mgmt
