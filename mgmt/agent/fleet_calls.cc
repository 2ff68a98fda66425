// What calls do about other nodes: whose they are, where they are asked for, what is fetched.
//
// An agent reads from others, and tells others to notify; nothing else does it ask of them, whoever
// wants it. So one node's stolen key ends and watches no other node's sessions: who wants that goes
// there himself, as who he is.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/names.h"
#include "mgmt/model/mask.h"

namespace mosh::mgmt {
namespace {

using Nanos = std::chrono::nanoseconds;

// How long the first who asks waits for nodes that don't answer. Of a shorter deadline, half.
constexpr Nanos kSettlePatience = std::chrono::milliseconds(1'800);

// What another agent's answer is to our caller, who didn't ask it.
grpc::Status PeersAnswer(const grpc::Status& status, const std::string& node,
                         const grpc::Status& not_found) {
  if (status.ok()) return status;
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) return not_found;
  if (status.error_code() == grpc::StatusCode::PERMISSION_DENIED) {
    return NodeUnreachable(node, "its policy gives this agent no right to ask; see docs/fleet.md");
  }
  return NodeUnreachable(node, absl::StrCat(CodeName(status.error_code()), " ",
                                            absl::string_view(status.error_message())));
}

}  // namespace

bool Calls::KnowsElsewhere(const Call& call) const {
  return context_.fleet != nullptr && call.asking_node.empty() &&
         context_.policy()->KnowsElsewhere(*call.caller);
}

grpc::Status Calls::Elsewhere(const Call& call, const std::string& node,
                              grpc::Status otherwise) const {
  if (!KnowsElsewhere(call)) return otherwise;
  const fleet::Node* const found = context_.fleet->FindNode(node);
  if (found == nullptr) return NodeNotFound(node);
  return NodeElsewhere(node, found->endpoint());
}

grpc::Status Calls::CheckOneNode(const Call& call, absl::string_view field,
                                 absl::string_view name) const {
  const grpc::Status named = CheckNode(call, field, name);
  if (!named.ok() || name != "nodes/-" || !KnowsElsewhere(call)) return named;
  return InvalidField(reason::kInvalidName, field,
                      "must name one node: nodes/- is all, and each tells this of itself alone");
}

grpc::Status Calls::ChooseView(const Call& call, absl::string_view field, absl::string_view parent,
                               View* view) const {
  const std::optional<std::string> node = ParseNodeName(parent);
  if (!node) {
    return InvalidField(reason::kInvalidName, field, "must be nodes/NODE; nodes/- is all nodes");
  }
  const bool all = *node == "-";
  view->directory = context_.directory;
  if (parent == context_.directory->node_name() || (all && !KnowsElsewhere(call))) {
    return grpc::Status::OK;
  }
  if (!all) {
    const grpc::Status elsewhere = Elsewhere(call, std::string(parent), NodeNotFound(parent));
    if (ReasonOf(elsewhere) != reason::kNodeElsewhere) return elsewhere;
    view->scope = std::string(parent);
    view->prefix = Directory::PrefixOf(parent);
    view->has_own = false;
  }
  view->fleet = true;
  view->directory = nullptr;
  return grpc::Status::OK;
}

io::Task<void> Calls::OpenView(Call* call, View* view) {
  if (!view->fleet) co_return;
  view->wish = context_.fleet->Want(view->scope, view->detail);
  const Instant now = context_.reactor->Now();
  const Nanos patience = std::min<Nanos>(kSettlePatience, (call->deadline - now) / 2);
  co_await context_.fleet->Settle(view->scope, view->detail, now + patience, call->stop);
  view->directory = context_.fleet->directory();
}

std::vector<std::string> Calls::Unreachable(const Call& call, const View& view) const {
  std::vector<std::string> names;
  if (view.fleet) names = context_.fleet->Unreachable(view.scope, view.detail);
  if (!view.has_own) return names;
  const Visible visible = VisibleTo(call.caller);
  for (const HostState& state : context_.hosts->states()) {
    if (state.problem.empty() || !visible(state.owner)) continue;
    const std::vector<absl::string_view> path = absl::StrSplit(state.socket.path, '/');
    names.push_back(absl::StrCat(context_.directory->node_name(), "/hosts/",
                                 absl::StripSuffix(path.back(), ".sock")));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Calls::Done Calls::GetNodeElsewhere(Call* call, const fleet::GetNodeRequest* request,
                                    fleet::Node* response) {
  const std::string name = request->name();
  const fleet::Node* const known = context_.fleet->FindNode(name);
  if (known == nullptr) co_return NodeNotFound(name);
  // Who may not see all of the node sees what everybody does who knows that there is a fleet.
  if (!context_.policy()->RightsOverNode(*call->caller).Has(Verb::kMetadata)) {
    *response = *known;
    co_return grpc::Status::OK;
  }
  if (known->endpoint().empty()) co_return NodeUnreachable(name, "it listens nowhere");
  const PeerAddress peer = {.node = name, .endpoint = known->endpoint()};
  const grpc::Status status = co_await context_.fleet->calls()->GetNode(
      peer, request, response, Patience(*call), call->stop);
  if (!status.ok()) {
    co_return PeersAnswer(status, name, NodeUnreachable(name, "another node is at its endpoint"));
  }
  if (response->name() != name) {
    response->Clear();
    co_return NodeUnreachable(name, "it says that it is another");
  }
  co_return grpc::Status::OK;
}

Calls::Done Calls::GetSessionElsewhere(Call* call, std::string node,
                                       const fleet::GetSessionRequest* request,
                                       fleet::Session* response) {
  google::protobuf::FieldMask wanted = request->read_mask();
  if (wanted.paths().empty()) wanted.add_paths("*");
  const absl::StatusOr<ReadMask> mask = ReadMask::Parse(wanted);
  if (!mask.ok()) {
    co_return InvalidField(reason::kInvalidFieldMask, "read_mask", mask.status().message());
  }
  const fleet::Node* const known = context_.fleet->FindNode(node);
  if (known == nullptr) co_return NodeNotFound(node);
  if (known->endpoint().empty()) co_return NodeUnreachable(node, "it listens nowhere");
  const PeerAddress peer = {.node = node, .endpoint = known->endpoint()};
  fleet::GetSessionRequest asked;
  asked.set_name(request->name());
  asked.mutable_read_mask()->add_paths("*");
  fleet::Session session;
  const grpc::Status status = co_await context_.fleet->calls()->GetSession(
      peer, &asked, &session, Patience(*call), call->stop);
  if (!status.ok()) co_return PeersAnswer(status, node, SessionNotFound(request->name()));
  if (session.name() != request->name()) {
    co_return NodeUnreachable(node, "it says that it is another");
  }
  const Owner owner = {.uid = session.uid(), .user = session.user(), .elsewhere = true};
  if (!RightsOver(*call->caller, owner).Has(Verb::kMetadata)) {
    call->detail = "hidden from the caller";
    co_return SessionNotFound(request->name());
  }
  *response = mask->Apply(session);
  co_return grpc::Status::OK;
}

}  // namespace mosh::mgmt
