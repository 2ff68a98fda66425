#include "mgmt/agent/policy_calls.h"

#include <stdlib.h>

#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/agent/calls_test_util.h"
#include "mgmt/limits/file_policy_store.h"

namespace mosh::mgmt {
namespace {

using testing::HasSubstr;

class PolicyCallsTest : public testing::Test {
 protected:
  PolicyCallsTest() {
    std::string place = absl::StrCat(getenv("TEST_TMPDIR"), "/policy_calls.XXXXXX");
    EXPECT_NE(mkdtemp(place.data()), nullptr);
    store_.emplace(place + "/policies.json", nullptr);
    policies_.emplace(
        PolicyCalls::Context{.calls = &node_.calls,
                             .store = &*store_,
                             .unavailable = [this] { return unavailable_; },
                             .wall_clock = [] { return absl::FromUnixSeconds(1'800'000'000); }});
    node_.world.RunToCompletion(Load());
  }
  io::Task<void> Load() {
    const absl::Status loaded = co_await store_->Load();
    EXPECT_TRUE(loaded.ok()) << loaded;
  }
  template <class Request, class Response>
  std::string Do(std::shared_ptr<const Caller> caller, const Method& method,
                 Calls::Done (PolicyCalls::*handler)(Call*, const Request*, Response*),
                 const Request& request, Response* response) {
    last_ = node_.MakeCall(std::move(caller), method);
    grpc::Status status;
    node_.world.RunToCompletion(
        FakeNode::Keep(((*policies_).*handler)(&last_, &request, response), &status));
    message_ = status.error_message();
    return Outcome(status);
  }
  static fleet::UpdatePolicyRequest Wanted(int idle, bool allow_missing = true) {
    fleet::UpdatePolicyRequest request;
    request.mutable_policy()->set_name("policies/night");
    request.mutable_policy()->mutable_limits()->mutable_idle()->set_seconds(idle);
    request.set_allow_missing(allow_missing);
    return request;
  }
  std::string Update(const fleet::UpdatePolicyRequest& request, const std::string& by = "admin") {
    return Do(FakeNode::Cert(by), method::kUpdatePolicy, &PolicyCalls::UpdatePolicy, request,
              &policy_);
  }
  std::string Get(const std::string& name, const std::string& by = "viewer") {
    fleet::GetPolicyRequest request;
    request.set_name(name);
    return Do(FakeNode::Cert(by), method::kGetPolicy, &PolicyCalls::GetPolicy, request, &policy_);
  }
  std::string Delete(const std::string& etag, const std::string& by = "admin") {
    fleet::DeletePolicyRequest request;
    request.set_name("policies/night");
    request.set_etag(etag);
    fleet::DeletePolicyResponse response;
    return Do(FakeNode::Cert(by), method::kDeletePolicy, &PolicyCalls::DeletePolicy, request,
              &response);
  }

  FakeNode node_;
  std::string unavailable_, message_;
  std::optional<FilePolicyStore> store_;
  std::optional<PolicyCalls> policies_;
  Call last_;
  fleet::LimitPolicy policy_;
};

TEST_F(PolicyCallsTest, AreChangedByAdminsAndSeenByWhoSeesTheNode) {
  for (const char* nobody : {"viewer", "operator", "recorder", "limited"}) {
    EXPECT_EQ(Update(Wanted(60), nobody), "PERMISSION_DENIED PERMISSION_DENIED") << nobody;
  }
  EXPECT_EQ(Update(Wanted(60)), "OK");
  EXPECT_EQ(policy_.updated_by(), "cert:CN=admin");
  EXPECT_EQ(policy_.update_time().seconds(), 1'800'000'000);
  EXPECT_EQ(last_.resource, "policies/night");
  EXPECT_THAT(last_.detail, HasSubstr("idle { seconds: 60 }"));
  const std::string etag = policy_.etag();
  EXPECT_EQ(Get("policies/night"), "OK");
  EXPECT_EQ(policy_.etag(), etag);
  EXPECT_EQ(Get("policies/night", "limited"), "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(Get("policies/none"), "NOT_FOUND POLICY_NOT_FOUND");
  EXPECT_EQ(Get("night"), "INVALID_ARGUMENT INVALID_NAME");
  fleet::ListPoliciesResponse list;
  EXPECT_EQ(Do(FakeNode::Local(0), method::kListPolicies, &PolicyCalls::ListPolicies,
               fleet::ListPoliciesRequest(), &list),
            "OK");
  EXPECT_EQ(list.policies_size(), 1);
  EXPECT_EQ(Delete("", "operator"), "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(Delete(""), "OK");
  EXPECT_EQ(Delete(""), "NOT_FOUND POLICY_NOT_FOUND");
}

TEST_F(PolicyCallsTest, OneIsMadeIfThatIsMeant) {
  EXPECT_EQ(Update(Wanted(60, /*allow_missing=*/false)), "NOT_FOUND POLICY_NOT_FOUND");
  fleet::UpdatePolicyRequest request = Wanted(60);
  request.set_validate_only(true);
  EXPECT_EQ(Update(request), "OK");
  EXPECT_TRUE(store_->all().empty());
  EXPECT_EQ(Update(Wanted(60)), "OK");
  EXPECT_EQ(Update(Wanted(70, /*allow_missing=*/false)), "OK");
  EXPECT_EQ(store_->all().at("policies/night").limits().idle().seconds(), 70);
}

TEST_F(PolicyCallsTest, OnlyWhatWasSeenIsChangedIfThatIsAsked) {
  EXPECT_EQ(Update(Wanted(60)), "OK");
  const std::string seen = policy_.etag();
  fleet::UpdatePolicyRequest request = Wanted(70);
  request.mutable_policy()->set_etag(seen);
  EXPECT_EQ(Update(request), "OK");
  EXPECT_EQ(Update(request), "ABORTED ETAG_MISMATCH");
  EXPECT_EQ(Delete(seen), "ABORTED ETAG_MISMATCH");
  EXPECT_EQ(Delete(policy_.etag()), "OK");
}

TEST_F(PolicyCallsTest, ARepetitionChangesNothing) {
  fleet::UpdatePolicyRequest request = Wanted(60);
  request.set_request_id("once");
  EXPECT_EQ(Update(request), "OK");
  const std::string etag = policy_.etag();
  EXPECT_EQ(Update(request), "OK");
  EXPECT_EQ(policy_.etag(), etag);
  request.mutable_policy()->mutable_limits()->mutable_idle()->set_seconds(61);
  EXPECT_EQ(Update(request), "INVALID_ARGUMENT REQUEST_ID_REUSED");
}

TEST_F(PolicyCallsTest, WhatCanNotBeMeantIsRefused) {
  EXPECT_EQ(Update(Wanted(-1)), "INVALID_ARGUMENT INVALID_ARGUMENT");
  EXPECT_THAT(message_, HasSubstr("policy.limits.idle: must be whole seconds"));
  fleet::UpdatePolicyRequest request = Wanted(60);
  request.mutable_update_mask()->add_paths("etag");
  EXPECT_EQ(Update(request), "INVALID_ARGUMENT INVALID_FIELD_MASK");
  request = Wanted(60);
  request.mutable_policy()->set_name("policies/NIGHT");
  EXPECT_EQ(Update(request), "INVALID_ARGUMENT INVALID_NAME");
  EXPECT_TRUE(store_->all().empty());
}

TEST_F(PolicyCallsTest, AnAgentThatKeepsNoneSaysSo) {
  unavailable_ = "it ends with its command";
  EXPECT_EQ(Update(Wanted(60)), "FAILED_PRECONDITION STATE_UNAVAILABLE");
  EXPECT_EQ(Get("policies/night"), "FAILED_PRECONDITION STATE_UNAVAILABLE");
}

}  // namespace
}  // namespace mosh::mgmt
