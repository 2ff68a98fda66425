#include "mgmt/limits/limit_policy.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

fleet::LimitPolicy Policy(const std::string& text) {
  fleet::LimitPolicy policy;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &policy)) << text;
  return policy;
}

std::string BadField(const std::string& text) {
  const std::optional<FieldProblem> problem = ProblemIn(Policy(text));
  return problem ? problem->field : "";
}

TEST(LimitPolicy, NamesAreOfOneKind) {
  for (const char* good : {"policies/night", "policies/a-b_c.1", "policies/0"}) {
    EXPECT_TRUE(IsPolicyName(good)) << good;
  }
  for (const char* bad :
       {"", "night", "policies/", "policies/Night", "policies/a/b", "policies/ä", "nodes/night"}) {
    EXPECT_FALSE(IsPolicyName(bad)) << bad;
  }
  EXPECT_FALSE(IsPolicyName("policies/" + std::string(64, 'a')));
}

TEST(LimitPolicy, WhatCanNotBeMeantIsNamed) {
  EXPECT_EQ(BadField(""), "");
  EXPECT_EQ(BadField("limits { idle { seconds: 1 } lifetime { seconds: 315360000 } detached {} }"),
            "");
  EXPECT_EQ(BadField("limits { idle { seconds: -1 } }"), "limits.idle");
  EXPECT_EQ(BadField("limits { lifetime { seconds: 1 nanos: 5 } }"), "limits.lifetime");
  EXPECT_EQ(BadField("limits { detached { seconds: 315360001 } }"), "limits.detached");
  EXPECT_EQ(BadField("limits { max_sessions_per_user: -1 }"), "limits.max_sessions_per_user");
  EXPECT_EQ(BadField("description: 'a\\nb'"), "description");
  EXPECT_EQ(BadField("selector { nodes: 'nodes/n1' labels { key: 'rack' value: '' } }"), "");
  EXPECT_EQ(BadField("selector { nodes: 'n1' }"), "selector.nodes");
  EXPECT_EQ(BadField("selector { nodes: 'nodes/-' }"), "selector.nodes");
  EXPECT_EQ(BadField("selector { labels { key: '' value: 'b' } }"), "selector.labels");
}

std::string Changed(const std::string& before, const std::string& by,
                    const std::vector<std::string>& paths) {
  fleet::LimitPolicy policy = Policy(before);
  google::protobuf::FieldMask mask;
  for (const std::string& path : paths) mask.add_paths(path);
  const absl::Status status = Change(mask, Policy(by), &policy);
  if (!status.ok()) return std::string(status.message());
  return policy.ShortDebugString();
}

TEST(LimitPolicy, AChangeIsOfWhatTheMaskNames) {
  const std::string before =
      "name: 'policies/a' selector { labels { key: 'x' value: '1' } } "
      "limits { idle { seconds: 5 } max_sessions_per_user: 2 } description: 'd'";
  const std::string by =
      "name: 'policies/b' selector { labels { key: 'y' value: '2' } } "
      "limits { lifetime { seconds: 9 } } etag: 'no'";
  EXPECT_EQ(Changed(before, by, {"selector.labels"}),
            "name: \"policies/a\" selector { labels { key: \"y\" value: \"2\" } } limits { idle { "
            "seconds: 5 } max_sessions_per_user: 2 } description: \"d\"");
  EXPECT_EQ(Changed(before, by, {"limits.idle", "description"}),
            "name: \"policies/a\" selector { labels { key: \"x\" value: \"1\" } } limits { "
            "max_sessions_per_user: 2 }")
      << "taken away";
  EXPECT_EQ(
      Changed(before, by, {"*"}),
      "name: \"policies/a\" selector { labels { key: \"y\" value: \"2\" } } limits { lifetime "
      "{ seconds: 9 } }");
  EXPECT_EQ(Changed(before, "limits { lifetime { seconds: 9 } }", {}),
            "name: \"policies/a\" selector { labels { key: \"x\" value: \"1\" } } limits { idle { "
            "seconds: 5 } lifetime { seconds: 9 } max_sessions_per_user: 2 } description: \"d\"")
      << "what is given";
  EXPECT_EQ(Changed(before, by, {"etag"}), "there is no field etag that can be changed");
  EXPECT_EQ(Changed(before, by, {"name"}), "there is no field name that can be changed");
}

TEST(LimitPolicy, MatchesByLabelsAndNodes) {
  const auto matches = [](const std::string& selector) {
    return Matches(Policy("selector { " + selector + " }").selector(), "nodes/n1",
                   {{"rack", "b"}, {"os", "debian"}});
  };
  EXPECT_TRUE(matches(""));
  EXPECT_TRUE(matches("labels { key: 'rack' value: 'b' }"));
  EXPECT_TRUE(matches("labels { key: 'rack' value: 'b' } labels { key: 'os' value: 'debian' }"));
  EXPECT_FALSE(matches("labels { key: 'rack' value: 'c' }"));
  EXPECT_FALSE(matches("labels { key: 'rack' value: 'b' } labels { key: 'x' value: '' }"));
  EXPECT_TRUE(matches("nodes: 'nodes/n2' nodes: 'nodes/n1'"));
  EXPECT_FALSE(matches("nodes: 'nodes/n2'"));
  EXPECT_FALSE(matches("nodes: 'nodes/n2' labels { key: 'rack' value: 'b' }"));
}

TEST(LimitPolicy, TheStrictestOfThoseThatMatchHolds) {
  LimitPolicies policies;
  EXPECT_THAT(LimitsOn("nodes/n1", {}, policies).policies, IsEmpty());
  policies["policies/a"] = Policy("limits { idle { seconds: 50 } max_sessions_per_user: 9 }");
  policies["policies/b"] = Policy(
      "limits { idle { seconds: 80 } lifetime { seconds: 7 } max_sessions_per_user: 3 detached {} "
      "}");
  policies["policies/c"] =
      Policy("limits { idle { seconds: 1 } } selector { nodes: 'nodes/other' }");
  const LimitsInForce now = LimitsOn("nodes/n1", {}, policies);
  EXPECT_THAT(now.policies, ElementsAre("policies/a", "policies/b"));
  EXPECT_EQ(now.limits.ShortDebugString(),
            "idle { seconds: 50 } lifetime { seconds: 7 } max_sessions_per_user: 3");
  EXPECT_EQ(ForHosts(now.limits).idle_seconds(), 50u);
  EXPECT_EQ(ForHosts(now.limits).lifetime_seconds(), 7u);
  EXPECT_FALSE(ForHosts(now.limits).has_detached_seconds());
}

}  // namespace
}  // namespace mosh::mgmt
