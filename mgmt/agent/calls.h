// Calls: what each unary RPC of the API does. Checks the request and the caller's rights, asks the
// session's Host where it has to, and answers. Knows nothing of gRPC's threads; runs in the loop's.
// mgmt/agent/reception.h brings calls here, and keeps the audit log.
#ifndef MGMT_AGENT_CALLS_H_
#define MGMT_AGENT_CALLS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"
#include "io/reactor.h"
#include "io/task.h"
#include "mgmt/agent/call.h"
#include "mgmt/agent/host_calls.h"
#include "mgmt/agent/limits.h"
#include "mgmt/agent/node_facts.h"
#include "mgmt/agent/once.h"
#include "mgmt/agent/policy.h"
#include "mgmt/agent/usage.h"
#include "mgmt/agent/view.h"
#include "mgmt/fleet/fleet_nodes.h"
#include "mgmt/fleet/fleet_sessions.h"
#include "mgmt/model/directory.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {

class Calls {
 public:
  // All outlive it.
  struct Context {
    io::Reactor* reactor;
    Directory* directory;
    HostCalls* hosts;
    UsageCache* usage;
    NodeFacts* node;
    // What holds now; it is replaced when its file is read anew.
    std::function<std::shared_ptr<const Policy>()> policy;
    // Adds to a Node what is known elsewhere; problems only if they are asked for. May be null.
    std::function<void(bool problems, fleet::Node*)> add_to_node = nullptr;
    // What others are told of this node. Null: nothing.
    const FleetNodes* nodes = nullptr;
    // Other nodes' sessions. Null: this node is all there is.
    FleetSessions* fleet = nullptr;
  };
  explicit Calls(Context context) : context_(std::move(context)) {}

  using Done = io::Task<grpc::Status>;
  Done GetNode(Call* call, const fleet::GetNodeRequest* request, fleet::Node* response);
  Done ListSessions(Call* call, const fleet::ListSessionsRequest* request,
                    fleet::ListSessionsResponse* response);
  Done GetSession(Call* call, const fleet::GetSessionRequest* request, fleet::Session* response);
  Done GetScreen(Call* call, const fleet::GetScreenRequest* request, fleet::Screen* response);
  Done TerminateSession(Call* call, const fleet::TerminateSessionRequest* request,
                        fleet::TerminateSessionResponse* response);
  Done DetachClient(Call* call, const fleet::DetachClientRequest* request,
                    fleet::DetachClientResponse* response);
  Done NotifySessions(Call* call, const fleet::NotifySessionsRequest* request,
                      fleet::NotifySessionsResponse* response);
  Done HoldSession(Call* call, const fleet::HoldSessionRequest* request, fleet::Session* response);
  Done CreateAttachTicket(Call* call, const fleet::CreateAttachTicketRequest* request,
                          fleet::AttachTicket* response);

  // ---- What streams need of the same.

  // The session that `name` names and the caller may do `verb` to; NOT_FOUND if he may not even see
  // it.
  grpc::Status Find(Call* call, absl::string_view name, Verb verb, const Record** record) const;
  // OK if it is this node, by its name or as nodes/-.
  grpc::Status CheckNode(const Call& call, absl::string_view field, absl::string_view name) const;
  // The same for what no node tells of another, whoever asks: nodes/- is refused where there may be
  // several, since one alone would look like all.
  grpc::Status CheckOneNode(const Call& call, absl::string_view field,
                            absl::string_view name) const;
  // OK if the caller may do this to the node itself.
  grpc::Status CheckNodeRight(const Call& call, Verb verb) const;
  // What the parent of a request stands for, for this caller; then, once everything else about the
  // request is right, its sessions: those of other nodes are fetched now.
  grpc::Status ChooseView(const Call& call, absl::string_view field, absl::string_view parent,
                          View* view) const;
  io::Task<void> OpenView(Call* call, View* view);
  // Which Hosts and nodes don't answer whose sessions he might see; sorted.
  std::vector<std::string> Unreachable(const Call& call, const View& view) const;
  // What a call about something of `node` ends with, which is another: asks the caller to go there
  // if he may know of it, or says `otherwise`.
  grpc::Status Elsewhere(const Call& call, const std::string& node, grpc::Status otherwise) const;
  // Whose sessions he may see. Follows the policy as it changes.
  Visible VisibleTo(std::shared_ptr<const Caller> caller) const;
  Verbs RightsOver(const Caller& caller, const Owner& owner) const;
  // How the users of a session are told that he watches; empty: they aren't.
  std::string WatcherName(const Caller& caller, const Record& record) const;
  const Context& context() const { return context_; }

 private:
  Done Terminate(Call* call, const fleet::TerminateSessionRequest* request,
                 fleet::TerminateSessionResponse* response);
  Done Detach(Call* call, const fleet::DetachClientRequest* request,
              fleet::DetachClientResponse* response);
  Done Notify(Call* call, const fleet::NotifySessionsRequest* request,
              fleet::NotifySessionsResponse* response);
  Done Hold(Call* call, const fleet::HoldSessionRequest* request, fleet::Session* response);
  Done Attach(Call* call, const fleet::CreateAttachTicketRequest* request,
              fleet::AttachTicket* response);

  // ABORTED if the session is not what it was any more; asks its Host first. Always OK without an
  // etag.
  Done CheckEtag(Call* call, std::string session_id, std::string etag);
  // How long a Host has for an answer to this call.
  std::chrono::nanoseconds Patience(const Call& call) const;
  io::Task<absl::StatusOr<HostCalls::Replies>> Ask(Call* call, std::string session_id,
                                                   control::Request request);
  // Tells the clients of a session that was looked at by whom, at most once a minute.
  io::Task<void> TellOfLook(Call* call, std::string session_id, std::string watcher);
  io::Task<void> RefreshAll(Call* call);
  // Whether there are other nodes for this call.
  bool KnowsElsewhere(const Call& call) const;
  Done GetNodeElsewhere(Call* call, const fleet::GetNodeRequest* request, fleet::Node* response);
  Done GetSessionElsewhere(Call* call, std::string node, const fleet::GetSessionRequest* request,
                           fleet::Session* response);

  io::Task<void> NotifyOne(Call* call, std::string session_id, control::Request request,
                           fleet::NotifySessionsResponse* response);
  // Sessions of another node.
  io::Task<void> NotifyNode(Call* call, PeerAddress peer, fleet::NotifySessionsRequest request,
                            fleet::NotifySessionsResponse* response);
  // Whole names, each once.
  grpc::Status ChooseNotified(Call* call, const fleet::NotifySessionsRequest& request,
                              const View& view, std::vector<std::string>* names,
                              fleet::NotifySessionsResponse* response) const;
  // A session of the view that the caller may notify.
  grpc::Status FindNotified(Call* call, absl::string_view name, const View& view,
                            std::string* full_name) const;

  const Context context_;
  Once once_{context_.reactor};
  absl::flat_hash_map<std::string, Instant> looks_told_;  // by session and watcher
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_CALLS_H_
