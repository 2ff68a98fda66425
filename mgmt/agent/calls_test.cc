#include "mgmt/agent/calls.h"

#include <functional>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "mgmt/agent/calls_test_util.h"

namespace mosh::mgmt {
namespace {

constexpr char kA1[] = "nodes/n1/sessions/a1";
constexpr char kB1[] = "nodes/n1/sessions/b1";

template <class Request>
Request Named(const std::string& name) {
  Request request;
  request.set_name(name);
  return request;
}

// Each call about alice's session, by whoever calls.
using Attempt = std::function<grpc::Status(FakeNode*, std::shared_ptr<const Caller>)>;
const std::map<std::string, Attempt>& Attempts() {
  static const std::map<std::string, Attempt> kAttempts = {
      {"get",
       [](FakeNode* node, auto caller) {
         return node->Do(caller, method::kGetSession, &Calls::GetSession,
                         Named<fleet::GetSessionRequest>(kA1));
       }},
      {"screen",
       [](FakeNode* node, auto caller) {
         return node->Do(caller, method::kGetScreen, &Calls::GetScreen,
                         Named<fleet::GetScreenRequest>(kA1));
       }},
      {"terminate",
       [](FakeNode* node, auto caller) {
         return node->Do(caller, method::kTerminateSession, &Calls::TerminateSession,
                         Named<fleet::TerminateSessionRequest>(kA1));
       }},
      {"detach",
       [](FakeNode* node, auto caller) {
         return node->Do(caller, method::kDetachClient, &Calls::DetachClient,
                         Named<fleet::DetachClientRequest>(kA1));
       }},
      {"hold",
       [](FakeNode* node, auto caller) {
         return node->Do(caller, method::kHoldSession, &Calls::HoldSession,
                         Named<fleet::HoldSessionRequest>(kA1));
       }},
      {"notify",
       [](FakeNode* node, auto caller) {
         fleet::NotifySessionsRequest request;
         request.set_parent("nodes/-");
         request.add_names(kA1);
         request.set_text("hello");
         return node->Do(caller, method::kNotifySessions, &Calls::NotifySessions, request);
       }},
      {"attach",
       [](FakeNode* node, auto caller) {
         node->hosts.replies[0].mutable_grant()->set_key("k");
         return node->Do(caller, method::kCreateAttachTicket, &Calls::CreateAttachTicket,
                         Named<fleet::CreateAttachTicketRequest>(kA1));
       }},
  };
  return kAttempts;
}

TEST(Calls, EachRoleMayWhatItMayAndNothingElse) {
  const std::map<std::string, std::vector<std::string>> kMay = {
      {"viewer", {"get"}},
      {"operator", {"get", "notify", "hold", "terminate", "detach"}},
      {"recorder", {"get", "screen"}},
      {"admin", {"get", "notify", "hold", "terminate", "detach", "screen"}},
  };
  for (const auto& [role, may] : kMay) {
    for (const auto& [what, attempt] : Attempts()) {
      FakeNode node;
      const std::string outcome = Outcome(attempt(&node, FakeNode::Cert(role)));
      const bool allowed = std::find(may.begin(), may.end(), what) != may.end();
      const std::string refused =
          what == "attach" ? "PERMISSION_DENIED NOT_OWNER" : "PERMISSION_DENIED PERMISSION_DENIED";
      EXPECT_EQ(outcome, allowed ? "OK" : refused) << role << " " << what;
      if (!allowed) EXPECT_TRUE(node.hosts.asked.empty()) << role << " " << what;
    }
  }
}

TEST(Calls, TheOwnerMayEverythingAndAnotherUserDoesNotSeeIt) {
  for (const auto& [what, attempt] : Attempts()) {
    {
      FakeNode node;
      EXPECT_EQ(Outcome(attempt(&node, FakeNode::Local(kAlice))), "OK") << what;
    }
    FakeNode node;
    const std::string outcome = Outcome(attempt(&node, FakeNode::Local(kBob)));
    // A notice says which names it could not reach.
    EXPECT_EQ(outcome, what == "notify" ? "OK" : "NOT_FOUND SESSION_NOT_FOUND") << what;
    EXPECT_TRUE(node.hosts.asked.empty()) << what;
  }
}

TEST(Calls, RootMayEverythingButBeTheUser) {
  for (const auto& [what, attempt] : Attempts()) {
    FakeNode node;
    EXPECT_EQ(Outcome(attempt(&node, FakeNode::Local(0))),
              what == "attach" ? "PERMISSION_DENIED NOT_OWNER" : "OK")
        << what;
  }
}

TEST(Calls, WhatIsHiddenLooksAsIfItWereNotThere) {
  FakeNode node;
  const auto bob = FakeNode::Local(kBob);
  const grpc::Status hidden =
      node.Do(bob, method::kGetSession, &Calls::GetSession, Named<fleet::GetSessionRequest>(kA1));
  node.Remove("a1", kAlice);
  const grpc::Status absent =
      node.Do(bob, method::kGetSession, &Calls::GetSession, Named<fleet::GetSessionRequest>(kA1));
  EXPECT_EQ(hidden.error_message(), absent.error_message());
  EXPECT_EQ(hidden.error_details(), absent.error_details());
}

TEST(Calls, HostsErrorsBecomeTheApis) {
  const std::map<absl::StatusCode, std::string> kCodes = {
      {absl::StatusCode::kNotFound, "NOT_FOUND SESSION_NOT_FOUND"},
      {absl::StatusCode::kUnavailable, "UNAVAILABLE HOST_UNREACHABLE"},
      {absl::StatusCode::kDeadlineExceeded, "UNAVAILABLE HOST_UNREACHABLE"},
      {absl::StatusCode::kUnimplemented, "UNIMPLEMENTED UNSUPPORTED_BY_HOST"},
      {absl::StatusCode::kFailedPrecondition, "FAILED_PRECONDITION SESSION_ENDING"},
      {absl::StatusCode::kResourceExhausted, "RESOURCE_EXHAUSTED LIMIT_EXCEEDED"},
      {absl::StatusCode::kInvalidArgument, "INVALID_ARGUMENT INVALID_ARGUMENT"},
      {absl::StatusCode::kInternal, "INTERNAL INTERNAL"},
  };
  for (const auto& [code, outcome] : kCodes) {
    for (const char* what : {"screen", "terminate", "detach", "hold", "attach"}) {
      FakeNode node;
      node.hosts.answer = absl::Status(code, "so");
      EXPECT_EQ(Outcome(Attempts().at(what)(&node, FakeNode::Local(kAlice))), outcome) << what;
    }
  }
}

TEST(Calls, NamesAreChecked) {
  FakeNode node;
  const std::map<std::string, std::string> kNames = {
      {"nodes/n1/sessions/a1", "OK"},
      {"nodes/-/sessions/a1", "OK"},
      {"nodes/n2/sessions/a1", "NOT_FOUND SESSION_NOT_FOUND"},
      {"nodes/n1/sessions/zz", "NOT_FOUND SESSION_NOT_FOUND"},
      {"nodes/n1/sessions/a/1", "INVALID_ARGUMENT INVALID_NAME"},
      {"nodes/n1/sessions/a-1", "INVALID_ARGUMENT INVALID_NAME"},
      {"nodes//sessions/a1", "INVALID_ARGUMENT INVALID_NAME"},
      {"a1", "INVALID_ARGUMENT INVALID_NAME"},
      {"", "INVALID_ARGUMENT INVALID_NAME"},
  };
  for (const auto& [name, outcome] : kNames) {
    EXPECT_EQ(Outcome(node.Do(FakeNode::Local(kAlice), method::kGetSession, &Calls::GetSession,
                              Named<fleet::GetSessionRequest>(name))),
              outcome)
        << name;
  }
}

TEST(Calls, ListShowsWhatTheCallerMaySee) {
  FakeNode node;
  fleet::ListSessionsRequest request;
  request.set_parent("nodes/-");
  fleet::ListSessionsResponse response;
  const auto list = [&](std::shared_ptr<const Caller> caller) {
    response.Clear();
    EXPECT_EQ(
        Outcome(node.Do(caller, method::kListSessions, &Calls::ListSessions, request, &response)),
        "OK");
    std::string ids;
    for (const fleet::Session& session : response.sessions()) ids += session.session_id() + " ";
    return ids;
  };
  EXPECT_EQ(list(FakeNode::Local(kAlice)), "a1 ");
  EXPECT_EQ(list(FakeNode::Local(0)), "a1 b1 ");
  EXPECT_EQ(list(FakeNode::Cert("viewer")), "a1 b1 ");
  EXPECT_EQ(list(FakeNode::Cert("limited")), "b1 ");
  EXPECT_EQ(list(FakeNode::Cert("stranger")), "");
  request.set_filter("user = \"bob\"");
  EXPECT_EQ(list(FakeNode::Cert("viewer")), "b1 ");
}

TEST(Calls, ListHasPages) {
  FakeNode node;
  fleet::ListSessionsRequest request;
  request.set_parent("nodes/n1");
  request.set_page_size(1);
  request.mutable_read_mask()->add_paths("title");
  fleet::ListSessionsResponse first, second;
  const auto root = FakeNode::Local(0);
  ASSERT_EQ(Outcome(node.Do(root, method::kListSessions, &Calls::ListSessions, request, &first)),
            "OK");
  ASSERT_EQ(first.sessions_size(), 1);
  EXPECT_EQ(first.total_size(), 2);
  EXPECT_EQ(first.sessions(0).title(), "t");
  EXPECT_EQ(first.sessions(0).user(), "");
  request.set_page_token(first.next_page_token());
  ASSERT_EQ(Outcome(node.Do(root, method::kListSessions, &Calls::ListSessions, request, &second)),
            "OK");
  ASSERT_EQ(second.sessions_size(), 1);
  EXPECT_EQ(second.sessions(0).name(), kB1);
  EXPECT_EQ(second.next_page_token(), "");
  request.set_filter("held");
  EXPECT_EQ(Outcome(node.Do(root, method::kListSessions, &Calls::ListSessions, request, &second)),
            "INVALID_ARGUMENT INVALID_PAGE_TOKEN");
}

TEST(Calls, ListChecksItsRequest) {
  FakeNode node;
  const std::map<std::string, std::function<void(fleet::ListSessionsRequest*)>> kWrong = {
      {"INVALID_ARGUMENT INVALID_NAME", [](auto* r) { r->set_parent("n1"); }},
      {"NOT_FOUND NODE_NOT_FOUND", [](auto* r) { r->set_parent("nodes/n2"); }},
      {"INVALID_ARGUMENT INVALID_ARGUMENT", [](auto* r) { r->set_page_size(-1); }},
      {"INVALID_ARGUMENT INVALID_FILTER", [](auto* r) { r->set_filter("usr = 1"); }},
      {"INVALID_ARGUMENT INVALID_ORDER_BY", [](auto* r) { r->set_order_by("nothing"); }},
      {"INVALID_ARGUMENT INVALID_PAGE_TOKEN", [](auto* r) { r->set_page_token("x"); }},
      {"INVALID_ARGUMENT INVALID_FIELD_MASK",
       [](auto* r) { r->mutable_read_mask()->add_paths("nothing"); }},
  };
  for (const auto& [outcome, change] : kWrong) {
    fleet::ListSessionsRequest request;
    request.set_parent("nodes/-");
    change(&request);
    EXPECT_EQ(
        Outcome(node.Do(FakeNode::Local(0), method::kListSessions, &Calls::ListSessions, request)),
        outcome);
  }
}

TEST(Calls, ErrorsNameTheField) {
  FakeNode node;
  fleet::ListSessionsRequest request;
  request.set_parent("nodes/-");
  request.set_filter("usr = 1");
  const grpc::Status status =
      node.Do(FakeNode::Local(0), method::kListSessions, &Calls::ListSessions, request);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), status.error_code());
  ASSERT_EQ(details.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.domain(), "mosh.fleet.v1");
  google::rpc::BadRequest bad;
  ASSERT_TRUE(details.details(1).UnpackTo(&bad));
  EXPECT_EQ(bad.field_violations(0).field(), "filter");
}

TEST(Calls, AnEtagThatNoLongerHoldsAborts) {
  FakeNode node;
  auto request = Named<fleet::TerminateSessionRequest>(kA1);
  request.set_etag(node.directory.Find("a1")->session->etag());
  node.Put("a1", kAlice, "another title");
  const auto alice = FakeNode::Local(kAlice);
  EXPECT_EQ(Outcome(node.Do(alice, method::kTerminateSession, &Calls::TerminateSession, request)),
            "ABORTED ETAG_MISMATCH");
  EXPECT_TRUE(node.hosts.asked.empty());
  request.set_etag(node.directory.Find("a1")->session->etag());
  EXPECT_EQ(Outcome(node.Do(alice, method::kTerminateSession, &Calls::TerminateSession, request)),
            "OK");
  EXPECT_EQ(node.directory.Find("a1")->session->state(), fleet::Session::ENDING);
}

TEST(Calls, ValidateOnlyChecksAndDoesNothing) {
  FakeNode node;
  auto request = Named<fleet::TerminateSessionRequest>(kA1);
  request.set_validate_only(true);
  request.set_request_id("1");
  EXPECT_EQ(Outcome(node.Do(FakeNode::Local(kAlice), method::kTerminateSession,
                            &Calls::TerminateSession, request)),
            "OK");
  EXPECT_EQ(Outcome(node.Do(FakeNode::Cert("viewer"), method::kTerminateSession,
                            &Calls::TerminateSession, request)),
            "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_TRUE(node.hosts.asked.empty());
  // And it is not what a later request with the same id repeats.
  request.set_validate_only(false);
  EXPECT_EQ(Outcome(node.Do(FakeNode::Local(kAlice), method::kTerminateSession,
                            &Calls::TerminateSession, request)),
            "OK");
  EXPECT_EQ(node.hosts.asked.size(), 1u);
}

TEST(Calls, ARepetitionIsAnsweredAndNotDone) {
  FakeNode node;
  auto request = Named<fleet::TerminateSessionRequest>(kA1);
  request.set_request_id("once");
  const auto alice = FakeNode::Local(kAlice);
  const auto terminate = [&] {
    return Outcome(node.Do(alice, method::kTerminateSession, &Calls::TerminateSession, request));
  };
  EXPECT_EQ(terminate(), "OK");
  node.Remove("a1", kAlice);
  EXPECT_EQ(terminate(), "OK");
  EXPECT_EQ(node.hosts.asked.size(), 1u);
  EXPECT_EQ(node.last.detail, "a repetition");
  request.set_force(true);
  EXPECT_EQ(terminate(), "INVALID_ARGUMENT REQUEST_ID_REUSED");
  request.set_request_id(std::string(65, 'x'));
  EXPECT_EQ(terminate(), "INVALID_ARGUMENT INVALID_ARGUMENT");
}

TEST(Calls, ARepetitionThatComesEarlyWaitsForTheFirst) {
  FakeNode node;
  io::Event hold;
  node.hosts.hold = &hold;
  auto request = Named<fleet::TerminateSessionRequest>(kA1);
  request.set_request_id("once");
  Call first = node.MakeCall(FakeNode::Local(kAlice), method::kTerminateSession);
  Call second = first;
  fleet::TerminateSessionResponse responses[2];
  grpc::Status statuses[2] = {grpc::Status::CANCELLED, grpc::Status::CANCELLED};
  node.world.Start(
      FakeNode::Keep(node.calls.TerminateSession(&first, &request, &responses[0]), &statuses[0]));
  node.world.Start(
      FakeNode::Keep(node.calls.TerminateSession(&second, &request, &responses[1]), &statuses[1]));
  node.world.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(node.world.programs_running(), 2u);
  hold.Set();
  node.world.RunFor(std::chrono::seconds(1));
  EXPECT_TRUE(statuses[0].ok());
  EXPECT_TRUE(statuses[1].ok());
  EXPECT_EQ(node.hosts.asked.size(), 1u);
}

TEST(Calls, ATicketIsGivenOnce) {
  FakeNode node;
  control::Grant* grant = node.hosts.replies[0].mutable_grant();
  grant->set_port(60001);
  grant->set_key("secret");
  auto request = Named<fleet::CreateAttachTicketRequest>(kA1);
  request.set_request_id("1");
  request.set_view_only(true);
  fleet::AttachTicket ticket;
  const auto alice = FakeNode::Local(kAlice);
  ASSERT_EQ(Outcome(node.Do(alice, method::kCreateAttachTicket, &Calls::CreateAttachTicket, request,
                            &ticket)),
            "OK");
  EXPECT_EQ(ticket.key(), "secret");
  EXPECT_EQ(ticket.port(), 60001u);
  EXPECT_EQ(ticket.session(), kA1);
  EXPECT_TRUE(node.hosts.asked[0].second.attach().view_only());
  EXPECT_EQ(Outcome(node.Do(alice, method::kCreateAttachTicket, &Calls::CreateAttachTicket, request,
                            &ticket)),
            "ALREADY_EXISTS REQUEST_ID_REUSED");
}

TEST(Calls, NotifyReachesThoseTheFilterLetsThroughAndTheCallerMay) {
  FakeNode node;
  fleet::NotifySessionsRequest request;
  request.set_parent("nodes/-");
  request.set_filter("*");
  request.set_text("reboot at noon");
  request.mutable_display_duration()->set_nanos(1);
  fleet::NotifySessionsResponse response;
  const auto notify = [&](std::shared_ptr<const Caller> caller) {
    response.Clear();
    return Outcome(
        node.Do(caller, method::kNotifySessions, &Calls::NotifySessions, request, &response));
  };
  EXPECT_EQ(notify(FakeNode::Cert("operator")), "OK");
  EXPECT_EQ(response.notified_count(), 2);
  EXPECT_EQ(node.hosts.asked[0].second.notify().text(), "reboot at noon");
  EXPECT_EQ(node.hosts.asked[0].second.notify().seconds(), 1u);
  EXPECT_EQ(notify(FakeNode::Cert("limited")), "OK");
  EXPECT_EQ(response.notified_count(), 1);
  EXPECT_EQ(notify(FakeNode::Cert("viewer")), "PERMISSION_DENIED PERMISSION_DENIED");
  request.set_validate_only(true);
  node.hosts.asked.clear();
  EXPECT_EQ(notify(FakeNode::Cert("operator")), "OK");
  EXPECT_EQ(response.notified_count(), 2);
  EXPECT_TRUE(node.hosts.asked.empty());
  request.set_validate_only(false);
  node.hosts.answer = absl::UnavailableError("");
  EXPECT_EQ(notify(FakeNode::Cert("operator")), "OK");
  EXPECT_EQ(response.notified_count(), 0);
  EXPECT_EQ(response.failed_size(), 2);
}

TEST(Calls, NotifyByNamesSaysWhichItCouldNotReach) {
  FakeNode node;
  fleet::NotifySessionsRequest request;
  request.set_parent("nodes/-");
  request.set_text("x");
  request.add_names(kA1);
  request.add_names(kB1);
  request.add_names(kB1);
  request.add_names("nodes/n1/sessions/zz");
  fleet::NotifySessionsResponse response;
  EXPECT_EQ(Outcome(node.Do(FakeNode::Cert("limited"), method::kNotifySessions,
                            &Calls::NotifySessions, request, &response)),
            "OK");
  EXPECT_EQ(response.notified_count(), 1);
  ASSERT_EQ(response.failed_size(), 2);
  EXPECT_EQ(response.failed(0), kA1);
}

TEST(Calls, NotifyChecksItsRequest) {
  FakeNode node;
  const std::vector<std::function<void(fleet::NotifySessionsRequest*)>> kWrong = {
      [](auto* r) { r->set_text(""); },
      [](auto* r) { r->set_text(std::string(1001, 'x')); },
      [](auto* r) { r->set_text("two\nlines"); },
      [](auto* r) { r->set_text("\x1b[2J"); },
      [](auto* r) { r->clear_filter(); },
      [](auto* r) { r->add_names(kA1); },
      [](auto* r) { r->mutable_display_duration(); },
      [](auto* r) { r->mutable_display_duration()->set_seconds(-1); },
      [](auto* r) { r->mutable_display_duration()->set_seconds(86'401); },
      [](auto* r) { r->set_reason(std::string(1001, 'x')); },
  };
  int index = 0;
  for (const auto& change : kWrong) {
    fleet::NotifySessionsRequest request;
    request.set_parent("nodes/-");
    request.set_filter("*");
    request.set_text("x");
    change(&request);
    EXPECT_EQ(Outcome(node.Do(FakeNode::Local(0), method::kNotifySessions, &Calls::NotifySessions,
                              request)),
              "INVALID_ARGUMENT INVALID_ARGUMENT")
        << index++;
  }
  EXPECT_TRUE(node.hosts.asked.empty());
}

TEST(Calls, HoldTellsTheUsersWhyAndGivesTheSession) {
  FakeNode node;
  auto request = Named<fleet::HoldSessionRequest>(kA1);
  request.set_hold(true);
  request.set_reason("please call the desk");
  fleet::Session session;
  EXPECT_EQ(Outcome(node.Do(FakeNode::Cert("operator"), method::kHoldSession, &Calls::HoldSession,
                            request, &session)),
            "OK");
  EXPECT_EQ(session.name(), kA1);
  EXPECT_TRUE(node.hosts.asked[0].second.hold().held());
  EXPECT_EQ(node.hosts.asked[0].second.hold().text(), "please call the desk");
  EXPECT_EQ(node.last.reason, "please call the desk");
}

TEST(Calls, DetachWantsAClientThatIsThere) {
  FakeNode node;
  auto request = Named<fleet::DetachClientRequest>(kA1);
  const auto detach = [&] {
    return Outcome(
        node.Do(FakeNode::Local(kAlice), method::kDetachClient, &Calls::DetachClient, request));
  };
  request.set_client_id("c9");
  EXPECT_EQ(detach(), "NOT_FOUND CLIENT_NOT_FOUND");
  request.set_client_id("../");
  EXPECT_EQ(detach(), "INVALID_ARGUMENT INVALID_ARGUMENT");
  request.set_client_id("c1");
  EXPECT_EQ(detach(), "OK");
  EXPECT_EQ(node.hosts.asked[0].second.detach().client_id(), "c1");
}

TEST(Calls, AScreenIsJoinedFromItsParts) {
  FakeNode node;
  node.hosts.replies.resize(2);
  control::Snapshot* first = node.hosts.replies[0].mutable_snapshot();
  first->mutable_size()->set_columns(80);
  first->mutable_size()->set_rows(2);
  first->set_history(1);
  first->add_line("old");
  first->add_line("one");
  node.hosts.replies[1].mutable_snapshot()->add_line("two");
  auto request = Named<fleet::GetScreenRequest>(kA1);
  request.set_history_lines(1);
  fleet::Screen screen;
  ASSERT_EQ(Outcome(node.Do(FakeNode::Local(kAlice), method::kGetScreen, &Calls::GetScreen, request,
                            &screen)),
            "OK");
  ASSERT_EQ(screen.history_size(), 1);
  EXPECT_EQ(screen.history(0), "old");
  ASSERT_EQ(screen.lines_size(), 2);
  EXPECT_EQ(screen.lines(1), "two");
  request.set_format(fleet::CELLS);
  EXPECT_EQ(
      Outcome(node.Do(FakeNode::Local(kAlice), method::kGetScreen, &Calls::GetScreen, request)),
      "UNIMPLEMENTED UNSUPPORTED_BY_HOST");
  request.set_history_lines(10'001);
  EXPECT_EQ(
      Outcome(node.Do(FakeNode::Local(kAlice), method::kGetScreen, &Calls::GetScreen, request)),
      "INVALID_ARGUMENT INVALID_ARGUMENT");
}

TEST(Calls, AUserIsToldThatHisScreenWasLookedAt) {
  FakeNode node;
  const auto request = Named<fleet::GetScreenRequest>(kA1);
  const auto look = [&](std::shared_ptr<const Caller> caller) {
    node.hosts.asked.clear();
    EXPECT_EQ(Outcome(node.Do(caller, method::kGetScreen, &Calls::GetScreen, request)), "OK");
    return node.hosts.asked[0].second.has_notify() ? node.hosts.asked[0].second.notify().text()
                                                   : "";
  };
  EXPECT_EQ(look(FakeNode::Local(kAlice)), "");
  EXPECT_EQ(look(FakeNode::Cert("silent")), "");
  EXPECT_EQ(look(FakeNode::Cert("recorder")), "recorder looks at this screen");
  EXPECT_EQ(look(FakeNode::Cert("recorder")), "");
  node.world.RunFor(std::chrono::seconds(61));
  EXPECT_EQ(look(FakeNode::Cert("recorder")), "recorder looks at this screen");
}

TEST(Calls, TheNodeShowsWhatTheCallerMaySee) {
  FakeNode node;
  HostState host;
  host.owner = {kBob, "bob"};
  host.facts.set_pid(77);
  host.connected = true;
  node.hosts.states_ = {host};
  fleet::GetNodeRequest request;
  request.set_name("nodes/-");
  const auto get = [&](std::shared_ptr<const Caller> caller) {
    fleet::Node response;
    EXPECT_EQ(Outcome(node.Do(caller, method::kGetNode, &Calls::GetNode, request, &response)),
              "OK");
    return response;
  };
  const fleet::Node all = get(FakeNode::Cert("viewer"));
  EXPECT_EQ(all.name(), "nodes/n1");
  EXPECT_EQ(all.session_count(), 2);
  EXPECT_EQ(all.client_count(), 2);
  ASSERT_EQ(all.hosts_size(), 1);
  EXPECT_EQ(all.hosts(0).pid(), 77);
  EXPECT_EQ(all.problems_size(), 1);
  const fleet::Node some = get(FakeNode::Local(kAlice));
  EXPECT_EQ(some.session_count(), 1);
  EXPECT_EQ(some.hosts_size(), 0);
  EXPECT_EQ(some.problems_size(), 0);
  request.set_name("nodes/other");
  EXPECT_EQ(Outcome(node.Do(FakeNode::Local(0), method::kGetNode, &Calls::GetNode, request)),
            "NOT_FOUND NODE_NOT_FOUND");
}

TEST(Calls, APolicyThatChangesHoldsAtOnce) {
  FakeNode node;
  const Visible visible = node.calls.VisibleTo(FakeNode::Cert("viewer"));
  EXPECT_TRUE(visible({.uid = kAlice, .user = "alice"}));
  node.policy_ = std::make_shared<const Policy>(Policy(900));
  EXPECT_FALSE(visible({.uid = kAlice, .user = "alice"}));
}

}  // namespace
}  // namespace mosh::mgmt
