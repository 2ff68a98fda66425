#include "mgmt/agent/policy.h"

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

constexpr uid_t kAgent = 900;
constexpr uid_t kAlice = 1000;
constexpr uid_t kBob = 1001;

Caller Local(uid_t uid, std::vector<std::string> principals) {
  return {.name = "local", .principals = std::move(principals), .uid = uid, .short_name = "local"};
}
Caller Certificate(std::string principal) {
  return {.name = principal,
          .principals = {"cert:*", principal},
          .uid = std::nullopt,
          .short_name = "cert"};
}
Policy MustParse(absl::string_view text) {
  const absl::StatusOr<Policy> policy = Policy::Parse(text, kAgent);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return policy.ok() ? *policy : Policy(kAgent);
}

TEST(Policy, GrantsNothingByDefaultToStrangers) {
  const Policy policy(kAgent);
  EXPECT_TRUE(policy.RightsOver(Certificate("cert:CN=x"), kAlice, "alice").empty());
  EXPECT_TRUE(policy.RightsOver(Local(kBob, {"local:bob"}), kAlice, "alice").empty());
  EXPECT_TRUE(policy.RightsOverNode(Local(kBob, {"local:bob"})).empty());
  EXPECT_FALSE(policy.Knows(Certificate("cert:CN=x")));
}

TEST(Policy, OwnerHasEveryRightOverHisSessionsAndNoneOverTheNode) {
  const Policy policy(kAgent);
  const Caller alice = Local(kAlice, {"local:alice"});
  EXPECT_EQ(policy.RightsOver(alice, kAlice, "alice"), Verbs::All().Without(kNodeVerbs));
  EXPECT_TRUE(policy.RightsOverNode(alice).empty());
  EXPECT_TRUE(policy.Knows(alice));
}

TEST(Policy, RootAndTheAgentsUserHaveEveryRight) {
  const Policy policy(kAgent);
  for (const uid_t uid : {uid_t{0}, kAgent}) {
    EXPECT_TRUE(policy.RightsOver(Local(uid, {}), kAlice, "alice").Has(Verb::kTerminate));
    EXPECT_EQ(policy.RightsOverNode(Local(uid, {})), Verbs::All());
  }
}

TEST(Policy, AnotherNodesUserIsNobodyHere) {
  const Policy policy =
      MustParse(R"({"grants":[{"to":["local:alice"],"roles":["viewer"],"users":["carol"]}]})");
  const Caller alice = Local(kAlice, {"local:alice"});
  EXPECT_TRUE(policy.RightsOver(alice, std::nullopt, "alice").empty());
  EXPECT_TRUE(policy.RightsOver(alice, std::nullopt, "carol").Has(Verb::kMetadata));
  EXPECT_TRUE(policy.RightsOver(Local(0, {}), std::nullopt, "alice").Has(Verb::kTerminate));
  EXPECT_TRUE(policy.KnowsElsewhere(alice));
  EXPECT_TRUE(policy.KnowsElsewhere(Local(kAgent, {})));
  EXPECT_FALSE(policy.KnowsElsewhere(Local(kBob, {"local:bob"})));
}

TEST(Policy, UidZeroMeansNothingForACertificate) {
  const Policy policy(kAgent);
  EXPECT_TRUE(policy.RightsOver(Certificate("cert:CN=root"), 0, "root").empty());
}

TEST(Policy, EachBuiltInRoleHasItsVerbs) {
  const struct {
    const char* role;
    Verbs verbs;
  } kRoles[] = {
      {"viewer", {Verb::kMetadata}},
      {"operator", {Verb::kMetadata, Verb::kNotify, Verb::kInput, Verb::kTerminate, Verb::kDrain}},
      {"recorder", {Verb::kMetadata, Verb::kScreen, Verb::kRecord}},
      {"agent", {Verb::kMetadata, Verb::kNotify}},
      {"admin", Verbs::All().Without({Verb::kRecordInput})}};
  for (const auto& [role, verbs] : kRoles) {
    const Policy policy =
        MustParse(std::string(R"({"grants":[{"to":["cert:CN=x"],"roles":[")") + role + R"("]}]})");
    EXPECT_EQ(policy.RightsOverNode(Certificate("cert:CN=x")), verbs) << role;
    EXPECT_EQ(policy.RightsOver(Certificate("cert:CN=x"), kAlice, "alice"),
              verbs.Without(kNodeVerbs));
    EXPECT_TRUE(policy.RightsOver(Certificate("cert:CN=y"), kAlice, "alice").empty()) << role;
  }
}

TEST(Policy, GrantForSomeUsersReachesNoOtherAndNotTheNode) {
  const Policy policy = MustParse(
      R"({"roles":{"desk":["metadata","audit"]},
          "grants":[{"to":["group:desk"],"roles":["desk"],"verbs":["screen"],"users":["alice"]}]})");
  const Caller desk = Local(kBob, {"group:desk"});
  EXPECT_EQ(policy.RightsOver(desk, kAlice, "alice"), Verbs({Verb::kMetadata, Verb::kScreen}));
  EXPECT_TRUE(policy.RightsOver(desk, 1002, "carol").empty());
  EXPECT_TRUE(policy.RightsOverNode(desk).empty());
}

TEST(Policy, GrantsAdd) {
  const Policy policy = MustParse(
      R"({"grants":[{"to":["cert:*"],"roles":["viewer"]},{"to":["cert:CN=x"],"verbs":["screen"]}]})");
  EXPECT_EQ(policy.RightsOver(Certificate("cert:CN=x"), kAlice, "alice"),
            Verbs({Verb::kMetadata, Verb::kScreen}));
  EXPECT_EQ(policy.RightsOver(Certificate("cert:CN=y"), kAlice, "alice"), Verbs({Verb::kMetadata}));
}

TEST(Policy, QuietIsForThoseItNames) {
  const Policy policy = MustParse(R"(/* why */ {"quiet":["cert:CN=recorder"]})");
  EXPECT_TRUE(policy.IsQuiet(Certificate("cert:CN=recorder")));
  EXPECT_FALSE(policy.IsQuiet(Certificate("cert:CN=other")));
}

TEST(Policy, SaysWhereItIsWrong) {
  const struct {
    const char* text;
    const char* says;
  } kWrong[] = {
      {"{", "not JSON"},
      {"[]", "object"},
      {R"({"grant":[]})", "grant: not known"},
      {R"({"grants":{}})", "grants: a list"},
      {R"({"grants":[{"to":["cert:*"]}]})", "grants[0]: \"roles\" or \"verbs\""},
      {R"({"grants":[{"roles":["viewer"]}]})", "grants[0]: \"to\""},
      {R"({"grants":[{"to":["alice"],"roles":["viewer"]}]})",
       "grants[0].to: \"alice\" names nobody"},
      {R"({"grants":[{"to":["cert:CN="],"roles":["viewer"]}]})", "names nobody"},
      {R"({"grants":[{"to":["cert:*"],"roles":["chief"]}]})", "no role \"chief\""},
      {R"({"grants":[{"to":["cert:*"],"verbs":["see"]}]})", "no verb \"see\""},
      {R"({"grants":[{"to":["cert:*"],"verbs":[]}]})", "grants[0].verbs: a list"},
      {R"({"grants":[{"to":["cert:*"],"roles":["viewer"],"user":["x"]}]})",
       "grants[0].user: not known"},
      {R"({"roles":{"admin":["metadata"]}})", "roles.admin: this role is built in"},
      {R"({"quiet":[1]})", "quiet: a list of strings"},
  };
  for (const auto& [text, says] : kWrong) {
    const absl::StatusOr<Policy> policy = Policy::Parse(text, kAgent);
    ASSERT_FALSE(policy.ok()) << text;
    EXPECT_TRUE(absl::StrContains(policy.status().message(), says)) << policy.status();
  }
}

}  // namespace
}  // namespace mosh::mgmt
