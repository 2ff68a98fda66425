// One node that answers for three.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/calls_test_util.h"
#include "mgmt/model/watch.h"

namespace mosh::mgmt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kC1[] = "nodes/n2/sessions/c1";

class FleetCallsTest : public testing::Test {
 protected:
  FleetCallsTest() {
    n2_->Put("c1", "vim", "carol");
    n2_->Put("b2", "", "bob");
    n3_->Put("d1", "vim", "dave");
  }

  // Names without "nodes/" and "/sessions".
  static std::string Short(const std::string& name) {
    std::string text = name.substr(sizeof "nodes/" - 1);
    if (const size_t at = text.find("/sessions"); at != std::string::npos) {
      text.erase(at, sizeof "/sessions" - 1);
    }
    return text;
  }
  std::vector<std::string> List(const std::shared_ptr<const Caller>& caller,
                                fleet::ListSessionsRequest request = {}) {
    if (request.parent().empty()) request.set_parent("nodes/-");
    list_.Clear();
    status_ = node_.Do(caller, method::kListSessions, &Calls::ListSessions, request, &list_);
    std::vector<std::string> names;
    for (const fleet::Session& session : list_.sessions()) names.push_back(Short(session.name()));
    return names;
  }
  std::vector<std::string> ListOf(const std::shared_ptr<const Caller>& caller,
                                  const std::string& parent) {
    fleet::ListSessionsRequest request;
    request.set_parent(parent);
    return List(caller, request);
  }
  std::string Notify(const std::shared_ptr<const Caller>& caller,
                     fleet::NotifySessionsRequest request) {
    request.set_text("hello");
    if (request.parent().empty()) request.set_parent("nodes/-");
    notified_.Clear();
    status_ =
        node_.Do(caller, method::kNotifySessions, &Calls::NotifySessions, request, &notified_);
    return Outcome(status_);
  }
  static fleet::NotifySessionsRequest ToAll() {
    fleet::NotifySessionsRequest request;
    request.set_filter("*");
    return request;
  }
  template <class Request>
  static Request Named(const std::string& name) {
    Request request;
    request.set_name(name);
    return request;
  }
  std::string EndpointIn(const grpc::Status& status) {
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    if (!details.ParseFromString(status.error_details()) || details.details_size() == 0 ||
        !details.details(0).UnpackTo(&info)) {
      return "none";
    }
    const auto found = info.metadata().find("endpoint");
    return found == info.metadata().end() ? "none" : found->second;
  }

  FakeNode node_{/*with_fleet=*/true};
  FakeAgent* n2_ = node_.AddNode("n2");
  FakeAgent* n3_ = node_.AddNode("n3");
  const std::shared_ptr<const Caller> viewer_ = FakeNode::Cert("viewer");
  fleet::ListSessionsResponse list_;
  fleet::NotifySessionsResponse notified_;
  grpc::Status status_;
};

TEST_F(FleetCallsTest, AListIsOfAllNodes) {
  EXPECT_THAT(List(viewer_), ElementsAre("n1/a1", "n1/b1", "n2/b2", "n2/c1", "n3/d1"));
  EXPECT_EQ(list_.total_size(), 5);
  EXPECT_THAT(list_.unreachable(), IsEmpty());
  EXPECT_THAT(ListOf(viewer_, "nodes/n2"), ElementsAre("n2/b2", "n2/c1"));
  EXPECT_THAT(ListOf(viewer_, "nodes/n1"), ElementsAre("n1/a1", "n1/b1"));
  ListOf(viewer_, "nodes/n9");
  EXPECT_EQ(Outcome(status_), "NOT_FOUND NODE_NOT_FOUND");
  fleet::ListSessionsRequest request;
  request.set_filter("title = vim");
  request.set_order_by("user desc");
  EXPECT_THAT(List(viewer_, request), ElementsAre("n3/d1", "n2/c1"));
  request.Clear();
  request.set_filter("name = \"nodes/n3/*\"");
  EXPECT_THAT(List(viewer_, request), ElementsAre("n3/d1"));
}

TEST_F(FleetCallsTest, PagesGoOnAcrossNodes) {
  fleet::ListSessionsRequest request;
  request.set_page_size(2);
  std::vector<std::string> all;
  int pages = 0;
  do {
    const std::vector<std::string> page = List(viewer_, request);
    ASSERT_TRUE(status_.ok());
    all.insert(all.end(), page.begin(), page.end());
    request.set_page_token(list_.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_THAT(all, ElementsAre("n1/a1", "n1/b1", "n2/b2", "n2/c1", "n3/d1"));
  EXPECT_EQ(pages, 3);
}

TEST_F(FleetCallsTest, MeasurementsAreFetchedForWhoLooksAtThem) {
  n2_->Measure("c1", 30);
  fleet::ListSessionsRequest request;
  request.mutable_read_mask()->add_paths("title");
  EXPECT_THAT(List(viewer_, request), testing::SizeIs(5));
  EXPECT_EQ(n2_->watches, 1);
  fleet::NotifySessionsRequest notice;
  notice.set_filter("clients.srtt > 20ms");
  EXPECT_EQ(Notify(FakeNode::Cert("operator"), notice), "OK");
  EXPECT_EQ(notified_.notified_count(), 1);
  EXPECT_EQ(n2_->watches, 2);
  node_.world.RunFor(seconds(70));
  EXPECT_THAT(List(viewer_, request), testing::SizeIs(5));
  request.set_filter("clients.srtt > 20ms");
  EXPECT_THAT(List(viewer_, request), ElementsAre("n2/c1"));
  EXPECT_EQ(n2_->watches, 4) << "anew for each of the two";
  request.Clear();
  List(viewer_, request);
  ASSERT_EQ(list_.sessions(3).clients_size(), 1);
  EXPECT_EQ(list_.sessions(3).clients(0).srtt().nanos(), 30'000'000);
}

TEST_F(FleetCallsTest, WhoDoesNotAnswerIsNamedAndNobodyWaitsLong) {
  n3_->silent = true;
  const Instant began = node_.world.Now();
  EXPECT_THAT(List(viewer_), ElementsAre("n1/a1", "n1/b1", "n2/b2", "n2/c1"));
  EXPECT_THAT(list_.unreachable(), ElementsAre("nodes/n3"));
  EXPECT_EQ(node_.world.Now() - began, milliseconds(1'800));
}

TEST_F(FleetCallsTest, EachSeesOfOthersWhatThePolicyGrants) {
  EXPECT_THAT(List(FakeNode::Local(kAlice)), ElementsAre("n1/a1"));
  EXPECT_EQ(n2_->watches, 0) << "for a user with his own sessions nobody else is asked";
  EXPECT_THAT(List(FakeNode::Cert("limited")), ElementsAre("n1/b1", "n2/b2"));
  EXPECT_THAT(List(FakeNode::Local(0)), testing::SizeIs(5));
  // The uid of carol's is alice's here.
  EXPECT_THAT(List(FakeNode::Local(kAlice)), ElementsAre("n1/a1"));
}

TEST_F(FleetCallsTest, AnotherAgentIsToldOfThisNodeAlone) {
  Call call = node_.MakeCall(viewer_, method::kListSessions);
  call.asking_node = "nodes/n2";
  View view;
  EXPECT_TRUE(node_.calls.ChooseView(call, "parent", "nodes/-", &view).ok());
  EXPECT_FALSE(view.fleet);
  EXPECT_EQ(Outcome(node_.calls.ChooseView(call, "parent", "nodes/n3", &view)),
            "NOT_FOUND NODE_NOT_FOUND");
}

TEST_F(FleetCallsTest, WhatEachTellsOfItselfAloneIsAskedOfOne) {
  const auto check = [this](std::shared_ptr<const Caller> caller, const std::string& name) {
    const Call call = node_.MakeCall(std::move(caller), method::kTailAudit);
    return Outcome(node_.calls.CheckOneNode(call, "parent", name));
  };
  EXPECT_EQ(check(FakeNode::Cert("admin"), "nodes/-"), "INVALID_ARGUMENT INVALID_NAME");
  EXPECT_EQ(check(FakeNode::Cert("admin"), "nodes/n1"), "OK");
  EXPECT_EQ(check(FakeNode::Cert("admin"), "nodes/n2"), "FAILED_PRECONDITION NODE_ELSEWHERE");
  EXPECT_EQ(check(FakeNode::Local(kAlice), "nodes/-"), "OK") << "she has no other nodes";
}

TEST_F(FleetCallsTest, ASessionOfAnotherNodeIsAskedForThere) {
  fleet::Session session;
  const auto get = [&](const std::shared_ptr<const Caller>& caller, const std::string& name) {
    session.Clear();
    return Outcome(node_.Do(caller, method::kGetSession, &Calls::GetSession,
                            Named<fleet::GetSessionRequest>(name), &session));
  };
  EXPECT_EQ(get(viewer_, kC1), "OK");
  EXPECT_EQ(session.title(), "vim");
  EXPECT_EQ(get(viewer_, "nodes/n2/sessions/none"), "NOT_FOUND SESSION_NOT_FOUND");
  EXPECT_EQ(get(viewer_, "nodes/n9/sessions/c1"), "NOT_FOUND NODE_NOT_FOUND");
  EXPECT_EQ(get(FakeNode::Cert("limited"), kC1), "NOT_FOUND SESSION_NOT_FOUND");
  EXPECT_EQ(session.ByteSizeLong(), 0u);
  EXPECT_EQ(get(FakeNode::Cert("limited"), "nodes/n2/sessions/b2"), "OK");
  EXPECT_EQ(get(FakeNode::Local(kAlice), kC1), "NOT_FOUND SESSION_NOT_FOUND");
  n2_->Kill();
  EXPECT_EQ(get(viewer_, kC1), "UNAVAILABLE NODE_UNREACHABLE");
}

TEST_F(FleetCallsTest, ANodeIsAskedAboutItself) {
  fleet::Node response;
  const auto get = [&](const std::shared_ptr<const Caller>& caller, const std::string& name) {
    response.Clear();
    return Outcome(node_.Do(caller, method::kGetNode, &Calls::GetNode,
                            Named<fleet::GetNodeRequest>(name), &response));
  };
  EXPECT_EQ(get(viewer_, "nodes/n2"), "OK");
  EXPECT_EQ(response.session_count(), 2);
  EXPECT_EQ(get(viewer_, "nodes/-"), "OK");
  EXPECT_EQ(response.name(), "nodes/n1");
  EXPECT_EQ(get(FakeNode::Cert("limited"), "nodes/n2"), "OK");
  EXPECT_EQ(response.session_count(), 0) << "what the registry has, no more";
  EXPECT_EQ(get(FakeNode::Local(kAlice), "nodes/n2"), "NOT_FOUND NODE_NOT_FOUND");
  node_.nodes.Put("nodes/n4", "n2:1");
  EXPECT_EQ(get(viewer_, "nodes/n4"), "UNAVAILABLE NODE_UNREACHABLE") << "it is n2 who is there";
}

TEST_F(FleetCallsTest, WhatChangesOrWatchesASessionIsDoneAtItsNode) {
  const std::shared_ptr<const Caller> admin = FakeNode::Cert("admin");
  const auto elsewhere = [&](const grpc::Status& status) {
    EXPECT_EQ(Outcome(status), "FAILED_PRECONDITION NODE_ELSEWHERE");
    EXPECT_EQ(EndpointIn(status), "n2:1");
  };
  elsewhere(
      node_.Do(admin, method::kGetScreen, &Calls::GetScreen, Named<fleet::GetScreenRequest>(kC1)));
  elsewhere(node_.Do(admin, method::kTerminateSession, &Calls::TerminateSession,
                     Named<fleet::TerminateSessionRequest>(kC1)));
  elsewhere(node_.Do(admin, method::kDetachClient, &Calls::DetachClient,
                     Named<fleet::DetachClientRequest>(kC1)));
  elsewhere(node_.Do(admin, method::kHoldSession, &Calls::HoldSession,
                     Named<fleet::HoldSessionRequest>(kC1)));
  elsewhere(node_.Do(admin, method::kCreateAttachTicket, &Calls::CreateAttachTicket,
                     Named<fleet::CreateAttachTicketRequest>(kC1)));
  EXPECT_TRUE(node_.hosts.asked.empty());
  EXPECT_EQ(Outcome(node_.Do(FakeNode::Local(kAlice), method::kGetScreen, &Calls::GetScreen,
                             Named<fleet::GetScreenRequest>(kC1))),
            "NOT_FOUND SESSION_NOT_FOUND")
      << "who has nothing elsewhere is told of nothing elsewhere";
}

TEST_F(FleetCallsTest, ANoticeReachesAllNodes) {
  fleet::NotifySessionsRequest request = ToAll();
  request.set_reason("maintenance");
  request.set_validate_only(true);
  EXPECT_EQ(Notify(FakeNode::Cert("operator"), request), "OK");
  EXPECT_EQ(notified_.notified_count(), 5);
  EXPECT_TRUE(node_.hosts.asked.empty());
  EXPECT_TRUE(n2_->notified.empty());
  request.set_validate_only(false);
  EXPECT_EQ(Notify(FakeNode::Cert("operator"), request), "OK");
  EXPECT_EQ(notified_.notified_count(), 5);
  EXPECT_THAT(notified_.failed(), IsEmpty());
  EXPECT_EQ(node_.hosts.asked.size(), 2u);
  ASSERT_EQ(n2_->notified.size(), 1u);
  EXPECT_THAT(n2_->notified[0].names(), ElementsAre("nodes/n2/sessions/b2", kC1));
  EXPECT_EQ(n2_->notified[0].parent(), "nodes/n2");
  EXPECT_EQ(n2_->notified[0].text(), "hello");
  EXPECT_EQ(n2_->notified[0].reason(), "for cert:CN=operator at nodes/n1: maintenance");
  EXPECT_THAT(node_.last.detail, HasSubstr("told 5 of 5"));
}

TEST_F(FleetCallsTest, ANoticeReachesThoseThatTheCallerMay) {
  EXPECT_EQ(Notify(FakeNode::Cert("limited"), ToAll()), "OK");
  EXPECT_EQ(notified_.notified_count(), 2) << "bob's, of two nodes";
  EXPECT_TRUE(n3_->notified.empty());
  EXPECT_EQ(Notify(viewer_, ToAll()), "PERMISSION_DENIED PERMISSION_DENIED");
  fleet::NotifySessionsRequest request;
  request.add_names(kC1);
  EXPECT_EQ(Notify(viewer_, request), "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(Notify(FakeNode::Cert("limited"), request), "OK");
  EXPECT_THAT(notified_.failed(), ElementsAre(kC1)) << "not there, for him";
  EXPECT_EQ(n2_->notified.size(), 1u);
}

TEST_F(FleetCallsTest, NamedSessionsAreToldAndNoOtherNodeIsAsked) {
  fleet::NotifySessionsRequest request;
  request.add_names("nodes/n1/sessions/a1");
  EXPECT_EQ(Notify(FakeNode::Cert("operator"), request), "OK");
  EXPECT_EQ(notified_.notified_count(), 1);
  EXPECT_EQ(n2_->watches, 0);
  request.add_names(kC1);
  request.add_names(kC1);
  request.add_names("nodes/n2/sessions/none");
  EXPECT_EQ(Notify(FakeNode::Cert("operator"), request), "OK");
  EXPECT_EQ(notified_.notified_count(), 2);
  EXPECT_THAT(notified_.failed(), ElementsAre("nodes/n2/sessions/none"));
  EXPECT_EQ(n3_->watches, 0);
}

TEST_F(FleetCallsTest, WhoCouldNotBeToldIsNamed) {
  List(viewer_);
  n3_->notify_status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "");
  EXPECT_EQ(Notify(FakeNode::Cert("operator"), ToAll()), "OK");
  EXPECT_EQ(notified_.notified_count(), 4);
  EXPECT_THAT(notified_.unreachable(), ElementsAre("nodes/n3"));
  EXPECT_THAT(notified_.failed(), ElementsAre("nodes/n3/sessions/d1"));
  // A node that isn't heard of at all, and is not among those that are counted.
  n2_->Kill();
  node_.world.RunFor(seconds(15));
  fleet::NotifySessionsRequest request = ToAll();
  request.set_validate_only(true);
  EXPECT_EQ(Notify(FakeNode::Cert("operator"), request), "OK");
  EXPECT_EQ(notified_.notified_count(), 3);
  EXPECT_THAT(notified_.unreachable(), ElementsAre("nodes/n2"));
}

// ---- Watching.

class FleetWatchTest : public FleetCallsTest {
 protected:
  FleetWatchTest() { node_.world.Start(streams_.Run(stop_.token())); }
  ~FleetWatchTest() override {
    stop_.RequestStop();
    EXPECT_TRUE(node_.world.StopAll());
  }

  class Collector final : public Sink<std::string> {
   public:
    io::Task<bool> Write(std::string message) override {
      fleet::WatchSessionsResponse response;
      EXPECT_TRUE(response.ParseFromString(message));
      for (const fleet::SessionEvent& event : response.events()) {
        const std::string& name = event.session().name();
        texts.push_back(absl::StrCat(fleet::SessionEvent::Type_Name(event.type()),
                                     name.empty() ? "" : " ", name.empty() ? "" : Short(name)));
        if (!event.resource_version().empty()) version = event.resource_version();
      }
      if (response.has_unreachable()) {
        texts.push_back("unreachable:");
        for (const std::string& one : response.unreachable().names()) texts.back() += " " + one;
      }
      co_return true;
    }
    std::vector<std::string> Take() { return std::exchange(texts, {}); }
    std::vector<std::string> texts;
    std::string version;
  };
  struct Watching {
    Call call;
    fleet::WatchSessionsRequest request;
    Collector collector;
    io::StopSource stop;
    grpc::Status status;
  };
  // Goes on until the test ends.
  Watching* Watch(const std::string& parent, const std::string& version = "") {
    Watching* const watching = watching_.emplace_back(std::make_unique<Watching>()).get();
    watching->call = node_.MakeCall(viewer_, method::kWatchSessions);
    watching->call.stop = stop_.token();
    watching->request.set_parent(parent);
    watching->request.set_resource_version(version);
    node_.world.Start(FakeNode::Keep(
        streams_.WatchSessions(&watching->call, &watching->request, &watching->collector),
        &watching->status));
    node_.world.RunFor(milliseconds(100));
    return watching;
  }

  Worker* const no_worker_ = nullptr;
  Audit audit_{no_worker_, nullptr};
  Streams streams_{&node_.calls, &audit_, nullptr, Limits{}};
  io::StopSource stop_;
  std::vector<std::unique_ptr<Watching>> watching_;
};

TEST_F(FleetWatchTest, IsOfAllNodes) {
  Watching* const watching = Watch("nodes/-");
  EXPECT_THAT(watching->collector.Take(),
              ElementsAre("ADDED n1/a1", "ADDED n1/b1", "ADDED n2/b2", "ADDED n2/c1", "ADDED n3/d1",
                          "SYNCED", "unreachable:"));
  n2_->Put("c1", "emacs");
  node_.Put("a1", kAlice, "top");
  n3_->Remove("d1");
  node_.world.RunFor(milliseconds(200));
  EXPECT_THAT(watching->collector.Take(),
              testing::UnorderedElementsAre("MODIFIED n2/c1", "MODIFIED n1/a1", "DELETED n3/d1"));
}

TEST_F(FleetWatchTest, ConvergesWhenNodesComeAndGo) {
  Watching* const watching = Watch("nodes/-");
  watching->collector.Take();
  n2_->Kill();
  node_.world.RunFor(milliseconds(200));
  EXPECT_THAT(watching->collector.Take(), ElementsAre("unreachable: nodes/n2"));
  node_.world.RunFor(seconds(11));
  EXPECT_THAT(watching->collector.Take(),
              testing::UnorderedElementsAre("DELETED n2/b2", "DELETED n2/c1"));
  n2_->Remove("b2");
  n2_->Start();
  node_.world.RunFor(seconds(30));
  EXPECT_THAT(watching->collector.Take(), testing::IsSupersetOf({"ADDED n2/c1", "unreachable:"}));
  node_.AddNode("n4")->Put("e1");
  node_.world.RunFor(milliseconds(200));
  EXPECT_THAT(watching->collector.Take(), testing::Contains("ADDED n4/e1"));
}

TEST_F(FleetWatchTest, OfOneNodeGoesOnAfterABreak) {
  Watching* const watching = Watch("nodes/n2");
  EXPECT_THAT(watching->collector.Take(),
              ElementsAre("ADDED n2/b2", "ADDED n2/c1", "SYNCED", "unreachable:"));
  n2_->Put("c1", "emacs");
  node_.world.RunFor(milliseconds(200));
  EXPECT_THAT(watching->collector.Take(), ElementsAre("MODIFIED n2/c1"));
  n2_->Remove("b2");
  n3_->Put("d2");
  Watching* const resumed = Watch("nodes/n2", watching->collector.version);
  EXPECT_THAT(resumed->collector.Take(), ElementsAre("DELETED n2/b2", "unreachable:"));
  EXPECT_EQ(n3_->watches, 0);
}

TEST_F(FleetWatchTest, OfAnEarlierReplicaBeginsAnew) {
  Watching* const watching = Watch("nodes/-", "another.7");
  EXPECT_EQ(Outcome(watching->status), "OUT_OF_RANGE VERSION_TOO_OLD");
}

}  // namespace
}  // namespace mosh::mgmt
