// A FleetService with three sessions (sample_sessions.h) that does what its test says, at a Unix
// socket.
#ifndef MGMT_CTL_TESTING_FAKE_FLEET_H_
#define MGMT_CTL_TESTING_FAKE_FLEET_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "grpcpp/server.h"
#include "mosh/fleet/v1/fleet_service.grpc.pb.h"

namespace mosh::mgmt::ctl {

class FakeFleet final : public ::mosh::fleet::v1::FleetService::Service {
 public:
  FakeFleet();

  // With a google.rpc.ErrorInfo.
  static grpc::Status Refusal(grpc::StatusCode code, const std::string& message,
                              const std::string& reason);

  // OK unless what is called so is another node's affair: one of `elsewhere`'s.
  static grpc::Status CheckNode(const std::map<std::string, std::string>& elsewhere,
                                const std::string& name);

  // What it was asked, oldest first, as "Method field: value …" of protobuf's short text form.
  std::vector<std::string> Asked();

  // A watch answers with these, then ends so; without any left it says SYNCED and stays open.
  struct Watch {
    std::vector<::mosh::fleet::v1::WatchSessionsResponse> responses;
    grpc::Status end;
  };
  void AddWatch(Watch watch);
  // What StreamScreen shows; it stays open unless `end_streams`.
  std::vector<::mosh::fleet::v1::ScreenFrame> frames;
  bool end_streams = false;
  // Watches say nothing at all.
  bool mute_watches = false;
  // By node: the agent to ask about its sessions instead.
  std::map<std::string, std::string> elsewhere;
  // What TailAudit tells, by the request's rules, before it ends with the next of audit_ends, or
  // OK. on_tail is called at its beginning.
  std::vector<::mosh::fleet::v1::AuditEntry> audit;
  std::deque<grpc::Status> audit_ends;
  std::function<void()> on_tail;
  // Of NotifySessions.
  std::vector<std::string> unreachable;
  // GetNode answers never.
  bool silent = false;
  // nodes/n1 alone, unless the test says otherwise.
  std::vector<::mosh::fleet::v1::Node> nodes;
  std::string nodes_problem;
  // WatchNodes answers with these, one a call, and ends with UNAVAILABLE; after the last one with
  // PERMISSION_DENIED.
  std::deque<::mosh::fleet::v1::WatchNodesResponse> node_watches;

 private:
  using Context = grpc::ServerContext;
  template <class T>
  using Writer = grpc::ServerWriter<T>;

  grpc::Status GetNode(Context* context, const ::mosh::fleet::v1::GetNodeRequest* request,
                       ::mosh::fleet::v1::Node* node) override;
  grpc::Status ListNodes(Context* context, const ::mosh::fleet::v1::ListNodesRequest* request,
                         ::mosh::fleet::v1::ListNodesResponse* response) override;
  grpc::Status WatchNodes(Context* context, const ::mosh::fleet::v1::WatchNodesRequest* request,
                          Writer<::mosh::fleet::v1::WatchNodesResponse>* writer) override;
  // n3 is not lost.
  grpc::Status ForgetNode(Context* context, const ::mosh::fleet::v1::ForgetNodeRequest* request,
                          ::mosh::fleet::v1::ForgetNodeResponse* response) override;
  grpc::Status ListSessions(Context* context, const ::mosh::fleet::v1::ListSessionsRequest* request,
                            ::mosh::fleet::v1::ListSessionsResponse* response) override;
  grpc::Status GetSession(Context* context, const ::mosh::fleet::v1::GetSessionRequest* request,
                          ::mosh::fleet::v1::Session* session) override;
  grpc::Status WatchSessions(Context* context,
                             const ::mosh::fleet::v1::WatchSessionsRequest* request,
                             Writer<::mosh::fleet::v1::WatchSessionsResponse>* writer) override;
  grpc::Status GetScreen(Context* context, const ::mosh::fleet::v1::GetScreenRequest* request,
                         ::mosh::fleet::v1::Screen* screen) override;
  grpc::Status StreamScreen(Context* context, const ::mosh::fleet::v1::StreamScreenRequest* request,
                            Writer<::mosh::fleet::v1::ScreenFrame>* writer) override;
  // cd56 is not the caller's.
  grpc::Status TerminateSession(Context* context,
                                const ::mosh::fleet::v1::TerminateSessionRequest* request,
                                ::mosh::fleet::v1::TerminateSessionResponse* response) override;
  grpc::Status DetachClient(Context* context, const ::mosh::fleet::v1::DetachClientRequest* request,
                            ::mosh::fleet::v1::DetachClientResponse* response) override;
  // ab34 can't be told.
  grpc::Status NotifySessions(Context* context,
                              const ::mosh::fleet::v1::NotifySessionsRequest* request,
                              ::mosh::fleet::v1::NotifySessionsResponse* response) override;
  grpc::Status HoldSession(Context* context, const ::mosh::fleet::v1::HoldSessionRequest* request,
                           ::mosh::fleet::v1::Session* session) override;
  grpc::Status CreateAttachTicket(Context* context,
                                  const ::mosh::fleet::v1::CreateAttachTicketRequest* request,
                                  ::mosh::fleet::v1::AttachTicket* ticket) override;
  grpc::Status TailAudit(Context* context, const ::mosh::fleet::v1::TailAuditRequest* request,
                         Writer<::mosh::fleet::v1::AuditEntry>* writer) override;

  grpc::Status DrainNode(Context* context, const ::mosh::fleet::v1::DrainNodeRequest* request,
                         ::mosh::fleet::v1::Operation* operation) override;
  grpc::Status UndrainNode(Context* context, const ::mosh::fleet::v1::UndrainNodeRequest* request,
                           ::mosh::fleet::v1::Node* node) override;

  void Note(const std::string& method, const google::protobuf::Message& request);
  const ::mosh::fleet::v1::Session* Find(const std::string& name) const;

  const ::mosh::fleet::v1::ListSessionsResponse list_;
  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::deque<Watch> watches_;
};

// Serves until it is destroyed.
std::unique_ptr<grpc::Server> ServeAt(const std::string& socket, FakeFleet* fleet,
                                      const std::vector<grpc::Service*>& others = {});

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_TESTING_FAKE_FLEET_H_
