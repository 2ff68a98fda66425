// The calls that change something: once for each request_id, and only if the session is what the
// caller thinks it is.
#include <openssl/crypto.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "io/attributes.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/names.h"
#include "mgmt/agent/run_some.h"
#include "mgmt/model/convert.h"
#include "mgmt/model/utf8.h"

namespace mosh::mgmt {
namespace {

constexpr size_t kMaxNoticeBytes = 1'000;
constexpr int kDefaultNoticeSeconds = 10;
constexpr int kMaxNoticeSeconds = 86'400;
constexpr int kMaxFailed = 100;
// Another node's sessions in one request to its agent, which is kept short of kMaxRequestBytes.
constexpr int kNamesAtOnce = 2'000;
// For it; its Hosts have kHostPatience.
constexpr std::chrono::seconds kNodePatience{8};

bool HasControls(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

void Wipe(std::string* secret) { OPENSSL_cleanse(secret->data(), secret->size()); }

// The client that the API's request is about, if it is about one.
grpc::Status CheckClient(const fleet::Session& session, absl::string_view client_id) {
  if (client_id.empty()) return grpc::Status::OK;
  const bool there =
      std::any_of(session.clients().begin(), session.clients().end(),
                  [&](const fleet::Client& c) { return c.client_id() == client_id; });
  return there ? grpc::Status::OK : ClientNotFound(session.name(), client_id);
}

}  // namespace

Calls::Done Calls::CheckEtag(Call* call, std::string session_id, std::string etag) {
  if (etag.empty()) co_return grpc::Status::OK;
  (void)co_await context_.hosts->RefreshSession(
      session_id, std::min<std::chrono::nanoseconds>(kRefreshPatience, Patience(*call)),
      call->stop);
  const Record* const record = context_.directory->Find(session_id);
  if (record == nullptr) co_return SessionNotFound(call->resource);
  if (record->session->etag() == etag) co_return grpc::Status::OK;
  co_return ApiError(grpc::StatusCode::ABORTED, reason::kEtagMismatch,
                     absl::StrCat(call->resource, " has changed since: look again"))
      .Metadata("etag", record->session->etag());
}

MOSH_CORO_WRAPPER Calls::Done Calls::TerminateSession(Call* call,
                                                      const fleet::TerminateSessionRequest* request,
                                                      fleet::TerminateSessionResponse* response) {
  return once_.Run(call, request->name(), request, response, this, &Calls::Terminate);
}
MOSH_CORO_WRAPPER Calls::Done Calls::DetachClient(Call* call,
                                                  const fleet::DetachClientRequest* request,
                                                  fleet::DetachClientResponse* response) {
  return once_.Run(call, request->name(), request, response, this, &Calls::Detach);
}
MOSH_CORO_WRAPPER Calls::Done Calls::NotifySessions(Call* call,
                                                    const fleet::NotifySessionsRequest* request,
                                                    fleet::NotifySessionsResponse* response) {
  return once_.Run(call, request->parent(), request, response, this, &Calls::Notify);
}
MOSH_CORO_WRAPPER Calls::Done Calls::HoldSession(Call* call,
                                                 const fleet::HoldSessionRequest* request,
                                                 fleet::Session* response) {
  return once_.Run(call, request->name(), request, response, this, &Calls::Hold);
}
MOSH_CORO_WRAPPER Calls::Done Calls::CreateAttachTicket(
    Call* call, const fleet::CreateAttachTicketRequest* request, fleet::AttachTicket* response) {
  return once_.Run(call, request->name(), request, response, this, &Calls::Attach);
}

Calls::Done Calls::Terminate(Call* call, const fleet::TerminateSessionRequest* request,
                             fleet::TerminateSessionResponse*) {
  const Record* record = nullptr;
  const grpc::Status found = Find(call, request->name(), Verb::kTerminate, &record);
  if (!found.ok()) co_return found;
  const std::string id = record->session->session_id();
  const grpc::Status same = co_await CheckEtag(call, id, request->etag());
  if (!same.ok() || request->validate_only()) co_return same;
  control::Request asked;
  asked.mutable_terminate()->set_session_id(id);
  asked.mutable_terminate()->set_at_once(request->force());
  const auto replies = co_await Ask(call, id, std::move(asked));
  if (!replies.ok()) co_return HostAnswer(replies.status(), call->resource, "");
  context_.directory->MarkEnding(id, absl::Now());
  co_return grpc::Status::OK;
}

Calls::Done Calls::Detach(Call* call, const fleet::DetachClientRequest* request,
                          fleet::DetachClientResponse*) {
  if (!request->client_id().empty()) call->detail = absl::StrCat("client ", request->client_id());
  if (!request->client_id().empty() && !IsSessionId(request->client_id())) {
    co_return InvalidField(reason::kInvalidArgument, "client_id", "is none");
  }
  const Record* record = nullptr;
  const grpc::Status found = Find(call, request->name(), Verb::kTerminate, &record);
  if (!found.ok()) co_return found;
  const std::string id = record->session->session_id();
  const grpc::Status there = CheckClient(*record->session, request->client_id());
  if (!there.ok()) co_return there;
  const grpc::Status same = co_await CheckEtag(call, id, request->etag());
  if (!same.ok() || request->validate_only()) co_return same;
  control::Request asked;
  asked.mutable_detach()->set_session_id(id);
  if (!request->client_id().empty()) asked.mutable_detach()->set_client_id(request->client_id());
  const auto replies = co_await Ask(call, id, std::move(asked));
  if (!replies.ok()) co_return HostAnswer(replies.status(), call->resource, request->client_id());
  co_return grpc::Status::OK;
}

Calls::Done Calls::Hold(Call* call, const fleet::HoldSessionRequest* request,
                        fleet::Session* response) {
  call->detail = absl::StrCat(call->detail, call->detail.empty() ? "" : "; ",
                              request->hold() ? "hold" : "release");
  if (HasControls(request->reason())) {
    co_return InvalidField(reason::kInvalidArgument, "reason", "must be one line");
  }
  const Record* record = nullptr;
  const grpc::Status found = Find(call, request->name(), Verb::kInput, &record);
  if (!found.ok()) co_return found;
  const std::string id = record->session->session_id();
  const grpc::Status same = co_await CheckEtag(call, id, request->etag());
  if (!same.ok()) co_return same;
  if (!request->validate_only()) {
    control::Request asked;
    control::Hold* const hold = asked.mutable_hold();
    hold->set_session_id(id);
    hold->set_held(request->hold());
    if (request->hold()) hold->set_text(request->reason());
    const auto replies = co_await Ask(call, id, std::move(asked));
    if (!replies.ok()) co_return HostAnswer(replies.status(), call->resource, "");
    (void)co_await context_.hosts->RefreshSession(
        id, std::min<std::chrono::nanoseconds>(kRefreshPatience, Patience(*call)), call->stop);
  }
  record = context_.directory->Find(id);
  if (record == nullptr) co_return SessionNotFound(call->resource);
  *response = *record->session;
  co_return grpc::Status::OK;
}

Calls::Done Calls::Attach(Call* call, const fleet::CreateAttachTicketRequest* request,
                          fleet::AttachTicket* response) {
  call->detail = absl::StrCat(request->view_only() ? "view only" : "read-write",
                              request->steal() ? ", steal" : "");
  const Record* record = nullptr;
  const grpc::Status found = Find(call, request->name(), Verb::kMetadata, &record);
  if (!found.ok()) co_return found;
  // Not even root: who has the key is the user.
  if (!call->caller->uid || *call->caller->uid != record->owner.uid) {
    co_return ApiError(grpc::StatusCode::PERMISSION_DENIED, reason::kNotOwner,
                       absl::StrCat("only the owner of ", call->resource,
                                    " gets a ticket, at the agent's Unix socket"));
  }
  const std::string id = record->session->session_id();
  control::Request asked;
  control::Attach* const attach = asked.mutable_attach();
  attach->set_session_id(id);
  attach->set_view_only(request->view_only());
  attach->set_steal(request->steal());
  absl::StatusOr<HostCalls::Replies> replies = co_await Ask(call, id, std::move(asked));
  if (!replies.ok()) co_return HostAnswer(replies.status(), call->resource, "");
  if (replies->empty() || !replies->back().has_grant()) {
    co_return HostAnswer(absl::InternalError("the session's server gave no key"), call->resource,
                         "");
  }
  control::Grant* const grant = replies->back().mutable_grant();
  response->set_session(call->resource);
  response->set_port(grant->port());
  response->set_key(ValidUtf8(grant->key()));
  Wipe(grant->mutable_key());
  co_return grpc::Status::OK;
}

grpc::Status Calls::FindNotified(Call* call, absl::string_view name, const View& view,
                                 std::string* full_name) const {
  const std::optional<SessionName> parsed = ParseSessionName(name);
  const bool elsewhere = view.fleet && parsed && parsed->node != "-" &&
                         !context_.fleet->IsOwn(absl::StrCat("nodes/", parsed->node));
  if (!elsewhere) {
    const Record* record = nullptr;
    const grpc::Status found = Find(call, name, Verb::kNotify, &record);
    if (found.ok()) *full_name = record->session->name();
    return found;
  }
  call->resource = std::string(name);
  const Record* const record =
      absl::StartsWith(name, view.prefix) ? view.directory->FindNamed(name) : nullptr;
  if (record == nullptr) return SessionNotFound(name);
  const Verbs rights = RightsOver(*call->caller, record->owner);
  if (!rights.Has(Verb::kMetadata)) return SessionNotFound(name);
  if (!rights.Has(Verb::kNotify)) return PermissionDenied(Verb::kNotify, name);
  *full_name = std::string(name);
  return grpc::Status::OK;
}

grpc::Status Calls::ChooseNotified(Call* call, const fleet::NotifySessionsRequest& request,
                                   const View& view, std::vector<std::string>* names,
                                   fleet::NotifySessionsResponse* response) const {
  if (request.names().empty()) {
    const absl::StatusOr<Filter> filter = Filter::Compile(request.filter());
    if (!filter.ok()) {
      return InvalidField(reason::kInvalidFilter, "filter", filter.status().message());
    }
    call->detail = absl::StrCat("filter ", request.filter());
    bool denied = false;
    view.directory->ForEach(
        *filter, VisibleTo(call->caller),
        [&](const Record& record) {
          if (RightsOver(*call->caller, record.owner).Has(Verb::kNotify)) {
            names->push_back(record.session->name());
          } else {
            denied = true;
          }
        },
        view.prefix);
    // Those that he may not are passed over, unless that is all there are.
    return denied && names->empty() ? PermissionDenied(Verb::kNotify, request.parent())
                                    : grpc::Status::OK;
  }
  if (static_cast<size_t>(request.names_size()) > kMaxNames) {
    return InvalidField(reason::kInvalidArgument, "names", "are more than 10,000");
  }
  const std::string parent = call->resource;
  for (const std::string& name : request.names()) {
    std::string full_name;
    const grpc::Status found = FindNotified(call, name, view, &full_name);
    if (found.ok()) {
      names->push_back(std::move(full_name));
    } else if (found.error_code() != grpc::StatusCode::NOT_FOUND) {
      return found;
    } else if (response->failed_size() < kMaxFailed) {
      response->add_failed(name);
    }
  }
  if (request.names_size() > 1) {
    call->resource = parent;
    call->detail = absl::StrCat(request.names_size(), " names, first ", request.names(0));
  }
  // Once each.
  std::sort(names->begin(), names->end());
  names->erase(std::unique(names->begin(), names->end()), names->end());
  return grpc::Status::OK;
}

io::Task<void> Calls::NotifyOne(Call* call, std::string session_id, control::Request request,
                                fleet::NotifySessionsResponse* response) {
  const auto replies = co_await Ask(call, session_id, std::move(request));
  if (replies.ok()) {
    response->set_notified_count(response->notified_count() + 1);
  } else if (response->failed_size() < kMaxFailed) {
    response->add_failed(context_.directory->SessionName(session_id));
  }
}

io::Task<void> Calls::NotifyNode(Call* call, PeerAddress peer, fleet::NotifySessionsRequest request,
                                 fleet::NotifySessionsResponse* response) {
  fleet::NotifySessionsResponse answer;
  const grpc::Status status = co_await context_.fleet->calls()->NotifySessions(
      peer, &request, &answer,
      std::min<std::chrono::nanoseconds>(kNodePatience, call->deadline - context_.reactor->Now()),
      call->stop);
  const auto fail = [response](const std::string& name) {
    if (response->failed_size() < kMaxFailed) response->add_failed(name);
  };
  if (!status.ok()) {
    response->add_unreachable(peer.node);
    for (const std::string& name : request.names()) fail(name);
    co_return;
  }
  // Of what it was asked, and no more.
  response->set_notified_count(response->notified_count() +
                               std::clamp(answer.notified_count(), 0, request.names_size()));
  const absl::flat_hash_set<absl::string_view> asked(request.names().begin(),
                                                     request.names().end());
  for (const std::string& name : answer.failed()) {
    if (asked.contains(name)) fail(name);
  }
}

namespace {

// Why another node's agent is asked to notify, for its audit log.
std::string ReasonOnBehalf(const Call& call, const std::string& own_node) {
  const std::string text = absl::StrCat("for ", call.caller->name, " at ", own_node,
                                        call.reason.empty() ? "" : ": ", call.reason);
  return ValidUtf8(text.substr(0, kMaxReasonBytes - 3));
}

// No more of the fleet than named sessions are on.
void NarrowView(const fleet::NotifySessionsRequest& request, Directory* own, View* view) {
  if (!view->fleet || request.names().empty()) return;
  std::set<std::string> nodes;
  for (const std::string& name : request.names()) {
    const std::optional<SessionName> parsed = ParseSessionName(name);
    if (parsed && parsed->node != "-") nodes.insert(absl::StrCat("nodes/", parsed->node));
  }
  nodes.erase(own->node_name());
  if (nodes.size() > 1 || !view->scope.empty()) return;
  view->fleet = !nodes.empty();
  if (view->fleet) {
    view->scope = *nodes.begin();
  } else {
    view->directory = own;
  }
}

// Who doesn't answer, each once.
void SortUnreachable(fleet::NotifySessionsResponse* response) {
  std::vector<std::string> names(response->unreachable().begin(), response->unreachable().end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  response->mutable_unreachable()->Assign(names.begin(), names.end());
}

}  // namespace

Calls::Done Calls::Notify(Call* call, const fleet::NotifySessionsRequest* request,
                          fleet::NotifySessionsResponse* response) {
  View view;
  const grpc::Status named = ChooseView(*call, "parent", request->parent(), &view);
  if (!named.ok()) co_return named;
  if (request->text().empty() || request->text().size() > kMaxNoticeBytes ||
      HasControls(request->text())) {
    co_return InvalidField(reason::kInvalidArgument, "text",
                           "must be one line of 1 to 1,000 bytes");
  }
  if (request->names().empty() == request->filter().empty()) {
    co_return InvalidField(reason::kInvalidArgument, "names",
                           "give either names or a filter; the filter * is for all");
  }
  int64_t seconds = kDefaultNoticeSeconds;
  if (request->has_display_duration()) {
    const google::protobuf::Duration& asked = request->display_duration();
    seconds = asked.seconds() + (asked.nanos() > 0 ? 1 : 0);
    if (asked.seconds() < 0 || asked.nanos() < 0 || seconds < 1 || seconds > kMaxNoticeSeconds) {
      co_return InvalidField(reason::kInvalidArgument, "display_duration",
                             "must be more than nothing and at most a day");
    }
  }
  NarrowView(*request, context_.directory, &view);
  const absl::StatusOr<Filter> filter = Filter::Compile(request->filter());
  view.detail = DetailFor(filter.ok() && filter->needs_measurements());
  co_await OpenView(call, &view);
  std::vector<std::string> names;
  const grpc::Status chosen = ChooseNotified(call, *request, view, &names, response);
  if (!chosen.ok()) co_return chosen;
  if (view.fleet) {
    for (std::string& name : Unreachable(*call, view)) {
      response->add_unreachable(std::move(name));
    }
  }
  if (request->validate_only()) {
    response->set_notified_count(static_cast<int32_t>(names.size()));
    co_return grpc::Status::OK;
  }
  std::vector<io::Task<void>> tasks;
  // By their names, a node's are beside each other.
  for (auto name = names.begin(); name != names.end();) {
    const std::optional<SessionName> parsed = ParseSessionName(*name);
    const std::string node = absl::StrCat("nodes/", parsed->node);
    if (node != context_.directory->node_name()) {
      const fleet::Node* const known = context_.fleet->FindNode(node);
      fleet::NotifySessionsRequest asked;
      asked.set_parent(node);
      asked.set_text(request->text());
      asked.mutable_display_duration()->set_seconds(seconds);
      asked.set_reason(ReasonOnBehalf(*call, context_.directory->node_name()));
      const std::string prefix = Directory::PrefixOf(node);
      while (name != names.end() && absl::StartsWith(*name, prefix) &&
             asked.names_size() < kNamesAtOnce) {
        asked.add_names(*name++);
      }
      tasks.push_back(
          NotifyNode(call, {.node = node, .endpoint = known == nullptr ? "" : known->endpoint()},
                     std::move(asked), response));
      continue;
    }
    const std::string& id = parsed->session;
    ++name;
    control::Request asked;
    control::Notify* const notify = asked.mutable_notify();
    notify->set_session_id(id);
    notify->set_text(request->text());
    notify->set_seconds(static_cast<uint32_t>(seconds));
    tasks.push_back(NotifyOne(call, id, std::move(asked), response));
  }
  co_await RunSome(std::move(tasks), kNotifyConcurrency);
  SortUnreachable(response);
  call->detail = absl::StrCat(call->detail, call->detail.empty() ? "" : "; ", "told ",
                              response->notified_count(), " of ", names.size());
  co_return grpc::Status::OK;
}

}  // namespace mosh::mgmt
