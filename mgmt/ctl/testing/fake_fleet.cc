#include "mgmt/ctl/testing/fake_fleet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "mgmt/ctl/testing/fake_drains.h"
#include "mgmt/ctl/testing/sample_sessions.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

// So that a list of three has pages.
constexpr int kPageSize = 2;

void WaitForCancel(grpc::ServerContext* context) {
  while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(2));
}

grpc::Status NoSession(const std::string& name) {
  return FakeFleet::Refusal(grpc::StatusCode::NOT_FOUND, absl::StrCat("there is no ", name),
                            "SESSION_NOT_FOUND");
}

}  // namespace

FakeFleet::FakeFleet() : list_(SampleSessions()) {
  fleet::Node node;
  node.set_name("nodes/n1");
  nodes.push_back(node);
  for (int i = 1; i <= 2; ++i) {
    fleet::AuditEntry& entry = audit.emplace_back();
    entry.set_sequence(i);
    entry.set_caller("local:root(0)");
    entry.set_method("mosh.fleet.v1.FleetService/GetScreen");
    entry.set_resource("nodes/n1/sessions/ab12");
  }
}

grpc::Status FakeFleet::Refusal(grpc::StatusCode code, const std::string& message,
                                const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("mosh.fleet.v1");
  google::rpc::Status status;
  status.set_code(code);
  status.add_details()->PackFrom(info);
  return grpc::Status(code, message, status.SerializeAsString());
}

std::vector<std::string> FakeFleet::Asked() {
  std::lock_guard lock(mutex_);
  return asked_;
}

void FakeFleet::AddWatch(Watch watch) {
  std::lock_guard lock(mutex_);
  watches_.push_back(std::move(watch));
}

void FakeFleet::Note(const std::string& method, const google::protobuf::Message& request) {
  std::lock_guard lock(mutex_);
  asked_.push_back(absl::StrCat(method, " ", request.ShortDebugString()));
}

grpc::Status FakeFleet::CheckNode(const std::map<std::string, std::string>& elsewhere,
                                  const std::string& name) {
  for (const auto& [node, endpoint] : elsewhere) {
    if (name.rfind(node + "/", 0) != 0) continue;
    google::rpc::ErrorInfo info;
    info.set_domain("mosh.fleet.v1");
    info.set_reason("NODE_ELSEWHERE");
    (*info.mutable_metadata())["endpoint"] = endpoint;
    google::rpc::Status details;
    details.add_details()->PackFrom(info);
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, node + " is elsewhere",
                        details.SerializeAsString());
  }
  return grpc::Status::OK;
}

const fleet::Session* FakeFleet::Find(const std::string& name) const {
  for (const fleet::Session& session : list_.sessions()) {
    if (session.name() == name) return &session;
  }
  return nullptr;
}

grpc::Status FakeFleet::GetNode(Context* context, const fleet::GetNodeRequest* request,
                                fleet::Node* node) {
  Note("GetNode", *request);
  if (silent) WaitForCancel(context);
  if (request->name() != "nodes/-" && request->name() != "nodes/n1") {
    return Refusal(grpc::StatusCode::NOT_FOUND, absl::StrCat("there is no ", request->name()),
                   "NODE_NOT_FOUND");
  }
  node->set_name("nodes/n1");
  node->set_hostname("web-1");
  node->set_session_count(3);
  fleet::Host* host = node->add_hosts();
  host->set_pid(400);
  host->set_user("alice");
  node->add_problems("can't read /tmp/mosh-7\033[2J");
  return grpc::Status::OK;
}

grpc::Status FakeFleet::ListNodes(Context*, const fleet::ListNodesRequest* request,
                                  fleet::ListNodesResponse* response) {
  Note("ListNodes", *request);
  if (request->filter() == "bad") {
    return Refusal(grpc::StatusCode::INVALID_ARGUMENT, "no field 'bad'", "INVALID_FILTER");
  }
  int begin = 0;
  (void)absl::SimpleAtoi(request->page_token(), &begin);
  const int size = static_cast<int>(nodes.size());
  const int end = std::min(begin + kPageSize, size);
  for (int i = begin; i < end; ++i) {
    const bool wanted = request->filter().empty() ||
                        request->filter() == absl::StrCat("name = \"", nodes[i].name(), "\"");
    if (wanted) *response->add_nodes() = nodes[i];
  }
  response->set_total_size(size);
  if (end < size) response->set_next_page_token(absl::StrCat(end));
  response->set_problem(nodes_problem);
  return grpc::Status::OK;
}

grpc::Status FakeFleet::WatchNodes(Context*, const fleet::WatchNodesRequest* request,
                                   Writer<fleet::WatchNodesResponse>* writer) {
  Note("WatchNodes", *request);
  std::lock_guard lock(mutex_);
  if (node_watches.empty()) {
    return Refusal(grpc::StatusCode::PERMISSION_DENIED, "no more", "PERMISSION_DENIED");
  }
  writer->Write(node_watches.front());
  node_watches.pop_front();
  return Refusal(grpc::StatusCode::UNAVAILABLE, "the agent stops", "AGENT_STOPPING");
}

grpc::Status FakeFleet::ForgetNode(Context*, const fleet::ForgetNodeRequest* request,
                                   fleet::ForgetNodeResponse*) {
  Note("ForgetNode", *request);
  if (request->name() == "nodes/n3") {
    return Refusal(grpc::StatusCode::FAILED_PRECONDITION, "nodes/n3 is not lost", "NODE_NOT_LOST");
  }
  return grpc::Status::OK;
}

grpc::Status FakeFleet::ListSessions(Context*, const fleet::ListSessionsRequest* request,
                                     fleet::ListSessionsResponse* response) {
  Note("ListSessions", *request);
  if (request->filter() == "bad") {
    return Refusal(grpc::StatusCode::INVALID_ARGUMENT, "no field 'bad'", "INVALID_FILTER");
  }
  if (request->filter() == "none") return grpc::Status::OK;
  int begin = 0;
  (void)absl::SimpleAtoi(request->page_token(), &begin);
  const int end = std::min(begin + kPageSize, list_.sessions_size());
  for (int i = begin; i < end; ++i) *response->add_sessions() = list_.sessions(i);
  response->set_total_size(list_.sessions_size());
  if (end < list_.sessions_size()) response->set_next_page_token(absl::StrCat(end));
  if (request->filter() == "partly") response->add_unreachable("nodes/n2");
  return grpc::Status::OK;
}

grpc::Status FakeFleet::GetSession(Context*, const fleet::GetSessionRequest* request,
                                   fleet::Session* session) {
  Note("GetSession", *request);
  const fleet::Session* const found = Find(request->name());
  if (found == nullptr) return NoSession(request->name());
  *session = *found;
  return grpc::Status::OK;
}

grpc::Status FakeFleet::WatchSessions(Context* context, const fleet::WatchSessionsRequest* request,
                                      Writer<fleet::WatchSessionsResponse>* writer) {
  Note("WatchSessions", *request);
  if (request->filter() == "bad") {
    return Refusal(grpc::StatusCode::INVALID_ARGUMENT, "no field 'bad'", "INVALID_FILTER");
  }
  if (mute_watches) {
    WaitForCancel(context);
    return grpc::Status::CANCELLED;
  }
  Watch watch;
  bool stay = true;
  {
    std::lock_guard lock(mutex_);
    if (!watches_.empty()) {
      watch = std::move(watches_.front());
      watches_.pop_front();
      stay = false;
    }
  }
  for (const auto& response : watch.responses) writer->Write(response);
  if (!stay) return watch.end;
  fleet::WatchSessionsResponse all;
  for (const fleet::Session& session : list_.sessions()) {
    fleet::SessionEvent* event = all.add_events();
    event->set_type(fleet::SessionEvent::ADDED);
    *event->mutable_session() = session;
  }
  fleet::SessionEvent* synced = all.add_events();
  synced->set_type(fleet::SessionEvent::SYNCED);
  synced->set_resource_version("v1");
  writer->Write(all);
  WaitForCancel(context);
  return grpc::Status::CANCELLED;
}

grpc::Status FakeFleet::GetScreen(Context*, const fleet::GetScreenRequest* request,
                                  fleet::Screen* screen) {
  Note("GetScreen", *request);
  screen->set_session(request->name());
  screen->mutable_size()->set_columns(20);
  screen->mutable_size()->set_rows(3);
  if (request->format() == fleet::ANSI) {
    screen->set_ansi("\033]0;evil\007\033[?1000h\033[31mred\033[m\r\nsecond");
    return grpc::Status::OK;
  }
  if (request->history_lines() > 0) screen->add_history("before");
  screen->add_lines("first");
  screen->add_lines("sec\033ond");
  screen->add_lines("");
  return grpc::Status::OK;
}

grpc::Status FakeFleet::StreamScreen(Context* context, const fleet::StreamScreenRequest* request,
                                     Writer<fleet::ScreenFrame>* writer) {
  Note("StreamScreen", *request);
  if (const grpc::Status here = CheckNode(elsewhere, request->name()); !here.ok()) return here;
  for (const fleet::ScreenFrame& frame : frames) writer->Write(frame);
  if (!end_streams) WaitForCancel(context);
  return NoSession(request->name());
}

grpc::Status FakeFleet::TerminateSession(Context*, const fleet::TerminateSessionRequest* request,
                                         fleet::TerminateSessionResponse*) {
  Note("TerminateSession", *request);
  if (const grpc::Status here = CheckNode(elsewhere, request->name()); !here.ok()) return here;
  if (request->name() == "nodes/n1/sessions/cd56") {
    return Refusal(grpc::StatusCode::PERMISSION_DENIED, "carol's sessions are hers",
                   "PERMISSION_DENIED");
  }
  return Find(request->name()) != nullptr ? grpc::Status::OK : NoSession(request->name());
}

grpc::Status FakeFleet::DetachClient(Context*, const fleet::DetachClientRequest* request,
                                     fleet::DetachClientResponse*) {
  Note("DetachClient", *request);
  return grpc::Status::OK;
}

grpc::Status FakeFleet::NotifySessions(Context*, const fleet::NotifySessionsRequest* request,
                                       fleet::NotifySessionsResponse* response) {
  Note("NotifySessions", *request);
  int count = request->filter().empty() ? request->names_size() : list_.sessions_size();
  for (const std::string& name : request->names()) {
    if (name != "nodes/n1/sessions/ab34") continue;
    response->add_failed(name);
    --count;
  }
  response->set_notified_count(count);
  for (const std::string& name : unreachable) response->add_unreachable(name);
  return grpc::Status::OK;
}

grpc::Status FakeFleet::HoldSession(Context*, const fleet::HoldSessionRequest* request,
                                    fleet::Session* session) {
  Note("HoldSession", *request);
  session->set_name(request->name());
  session->set_held(request->hold());
  return grpc::Status::OK;
}

grpc::Status FakeFleet::CreateAttachTicket(Context*,
                                           const fleet::CreateAttachTicketRequest* request,
                                           fleet::AttachTicket* ticket) {
  Note("CreateAttachTicket", *request);
  ticket->set_session(request->name());
  ticket->set_port(60001);
  ticket->set_key("AAAAAAAAAAAAAAAAAAAAAA");
  return grpc::Status::OK;
}

grpc::Status FakeFleet::TailAudit(Context*, const fleet::TailAuditRequest* request,
                                  Writer<fleet::AuditEntry>* writer) {
  Note("TailAudit", *request);
  std::lock_guard lock(mutex_);
  if (on_tail != nullptr) on_tail();
  const int64_t last = audit.empty() ? 0 : audit.back().sequence();
  const int64_t first =
      request->start_sequence() > 0 ? request->start_sequence() : last - request->count() + 1;
  for (const fleet::AuditEntry& entry : audit) {
    if (entry.sequence() >= first) writer->Write(entry);
  }
  if (audit_ends.empty()) return grpc::Status::OK;
  const grpc::Status end = audit_ends.front();
  audit_ends.pop_front();
  return end;
}

grpc::Status FakeFleet::DrainNode(Context*, const fleet::DrainNodeRequest* request,
                                  fleet::Operation* operation) {
  Note("DrainNode", *request);
  if (request->name() != "nodes/n1") {
    return Refusal(grpc::StatusCode::NOT_FOUND, "there is no such node", "NODE_NOT_FOUND");
  }
  *operation = FakeOperations::Running(2);
  return grpc::Status::OK;
}

grpc::Status FakeFleet::UndrainNode(Context*, const fleet::UndrainNodeRequest* request,
                                    fleet::Node* node) {
  Note("UndrainNode", *request);
  node->set_name(request->name());
  node->set_state(fleet::Node::READY);
  return grpc::Status::OK;
}

std::unique_ptr<grpc::Server> ServeAt(const std::string& socket, FakeFleet* fleet,
                                      const std::vector<grpc::Service*>& others) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(absl::StrCat("unix:", socket), grpc::InsecureServerCredentials());
  builder.RegisterService(fleet);
  for (grpc::Service* other : others) builder.RegisterService(other);
  return builder.BuildAndStart();
}

}  // namespace mosh::mgmt::ctl
