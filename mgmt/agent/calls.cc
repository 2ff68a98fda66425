#include "mgmt/agent/calls.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "io/attributes.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/names.h"
#include "mgmt/model/page.h"
#include "mgmt/model/utf8.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::util::TimeUtil;

// Less than what gRPC's clients take by default, which is 4 MiB.
constexpr size_t kMaxListBytes = 3'500'000;
// Asking all Hosts may go on at this pace, whoever lists how often. Where it would take long it
// isn't waited for: link/hosts asks all in rounds, and what they tell is hardly older.
constexpr std::chrono::nanoseconds kRefreshAge = std::chrono::seconds(2);
constexpr size_t kMostRefreshed = 2'000;

grpc::Status Invalid(absl::string_view why, absl::string_view field, const absl::Status& status) {
  return InvalidField(why, field, status.message());
}

Verbs RightsBy(const Policy& policy, const Caller& caller, const Owner& owner) {
  return policy.RightsOver(caller, owner.elsewhere ? std::nullopt : std::optional<uid_t>(owner.uid),
                           owner.user);
}

void AddHost(const HostState& state, int sessions, const UsageCache& usage, fleet::Node* node) {
  fleet::Host* host = node->add_hosts();
  host->set_pid(state.facts.pid());
  host->set_uid(state.owner.uid);
  host->set_user(ValidUtf8(state.owner.user));
  host->set_port(state.facts.port());
  host->set_version(ValidUtf8(state.facts.version()));
  if (state.facts.started_at() > 0) {
    *host->mutable_start_time() = TimeUtil::MicrosecondsToTimestamp(state.facts.started_at());
  }
  host->set_session_count(sessions);
  host->set_shared(state.facts.number() != 0);
  if (const ProcessUsage* const own = usage.OfProcess(state.facts.pid()); own != nullptr) {
    *host->mutable_cpu_time() = TimeUtil::MicrosecondsToDuration(own->cpu_time.count());
    host->set_memory_bytes(own->memory_bytes);
  }
}

}  // namespace

std::chrono::nanoseconds Calls::Patience(const Call& call) const {
  return std::min<std::chrono::nanoseconds>(kHostPatience, call.deadline - context_.reactor->Now());
}

grpc::Status Calls::CheckNode(const Call& call, absl::string_view field,
                              absl::string_view name) const {
  const std::optional<std::string> node = ParseNodeName(name);
  if (!node) {
    return InvalidField(reason::kInvalidName, field, "must be nodes/NODE; nodes/- is this node");
  }
  if (*node == "-" || name == context_.directory->node_name()) return grpc::Status::OK;
  return Elsewhere(call, std::string(name), NodeNotFound(name));
}

grpc::Status Calls::CheckNodeRight(const Call& call, Verb verb) const {
  if (context_.policy()->RightsOverNode(*call.caller).Has(verb)) return grpc::Status::OK;
  return PermissionDenied(verb, context_.directory->node_name());
}

Visible Calls::VisibleTo(std::shared_ptr<const Caller> caller) const {
  struct Seen {
    std::shared_ptr<const Policy> policy;
    absl::flat_hash_map<uid_t, bool> by_uid;
    // Users of other nodes, of whom there is no end.
    absl::flat_hash_map<std::string, bool> by_name;
  };
  auto seen = std::make_shared<Seen>();
  return [this, caller = std::move(caller), seen = std::move(seen)](const Owner& owner) {
    constexpr size_t kMaxSeen = 10'000;
    std::shared_ptr<const Policy> policy = context_.policy();
    if (policy != seen->policy || seen->by_name.size() > kMaxSeen) {
      seen->by_uid.clear();
      seen->by_name.clear();
      seen->policy = std::move(policy);
    }
    bool* visible;
    bool is_new;
    if (owner.elsewhere) {
      const auto [found, inserted] = seen->by_name.try_emplace(owner.user, false);
      visible = &found->second;
      is_new = inserted;
    } else {
      const auto [found, inserted] = seen->by_uid.try_emplace(owner.uid, false);
      visible = &found->second;
      is_new = inserted;
    }
    if (is_new) *visible = RightsBy(*seen->policy, *caller, owner).Has(Verb::kMetadata);
    return *visible;
  };
}

Verbs Calls::RightsOver(const Caller& caller, const Owner& owner) const {
  return RightsBy(*context_.policy(), caller, owner);
}

grpc::Status Calls::Find(Call* call, absl::string_view name, Verb verb,
                         const Record** record) const {
  call->resource = std::string(name);
  const std::optional<SessionName> parsed = ParseSessionName(name);
  if (!parsed) {
    return InvalidField(reason::kInvalidName, "name", "must be nodes/NODE/sessions/SESSION");
  }
  const Record* const found = context_.directory->Find(parsed->session);
  const std::string full = context_.directory->SessionName(parsed->session);
  if (parsed->node != "-" && name != full) {
    return Elsewhere(*call, absl::StrCat("nodes/", parsed->node), SessionNotFound(name));
  }
  if (found == nullptr) return SessionNotFound(name);
  const Verbs rights = RightsOver(*call->caller, found->owner);
  if (!rights.Has(Verb::kMetadata)) {
    // What he may not see is, for him, not there; the log knows better.
    call->detail = "hidden from the caller";
    return SessionNotFound(name);
  }
  call->resource = full;
  if (!rights.Has(verb)) return PermissionDenied(verb, full);
  *record = found;
  return grpc::Status::OK;
}

MOSH_CORO_WRAPPER io::Task<absl::StatusOr<HostCalls::Replies>> Calls::Ask(
    Call* call, std::string session_id, control::Request request) {
  return context_.hosts->AskAbout(std::move(session_id), std::move(request), Patience(*call),
                                  call->stop);
}

MOSH_CORO_WRAPPER io::Task<void> Calls::RefreshAll(Call* call) {
  return context_.hosts->Refresh(
      kRefreshAge, std::min<std::chrono::nanoseconds>(kRefreshPatience, Patience(*call)),
      call->stop);
}

Calls::Done Calls::GetNode(Call* call, const fleet::GetNodeRequest* request,
                           fleet::Node* response) {
  call->resource = request->name();
  View view;
  const grpc::Status named = ChooseView(*call, "name", request->name(), &view);
  if (!named.ok()) co_return named;
  // Of nodes/- it is the one that answers.
  if (view.fleet && !view.scope.empty()) {
    const grpc::Status status = co_await GetNodeElsewhere(call, request, response);
    co_return status;
  }
  co_await context_.usage->Refresh();

  context_.node->AddTo(response);
  if (context_.nodes != nullptr) {
    const fleet::Node& told = context_.nodes->nodes().at(context_.directory->node_name());
    response->set_state(told.state());
    *response->mutable_state_time() = told.state_time();
    *response->mutable_labels() = told.labels();
    response->set_endpoint(told.endpoint());
  }
  const Visible visible = VisibleTo(call->caller);
  int32_t sessions = 0, detached = 0, clients = 0;
  absl::flat_hash_map<std::string, int> by_host;
  context_.directory->ForEach(Filter(), visible, [&](const Record& record) {
    ++sessions;
    ++by_host[record.source];
    detached += record.session->state() == fleet::Session::DETACHED ? 1 : 0;
    clients += record.session->clients_size();
  });
  response->set_session_count(sessions);
  response->set_detached_session_count(detached);
  response->set_client_count(clients);
  for (const HostState& state : context_.hosts->states()) {
    if (visible(state.owner)) {
      AddHost(state, by_host[state.socket.path], *context_.usage, response);
    }
  }
  const bool problems = CheckNodeRight(*call, Verb::kMetadata).ok();
  if (problems) {
    for (const std::string& problem : context_.hosts->problems()) {
      response->add_problems(ValidUtf8(problem));
    }
    if (context_.nodes != nullptr && !context_.nodes->problem().empty()) {
      response->add_problems(ValidUtf8(context_.nodes->problem()));
    }
  }
  if (context_.add_to_node != nullptr) context_.add_to_node(problems, response);
  co_return grpc::Status::OK;
}

Calls::Done Calls::ListSessions(Call* call, const fleet::ListSessionsRequest* request,
                                fleet::ListSessionsResponse* response) {
  call->resource = request->parent();
  View view;
  const grpc::Status named = ChooseView(*call, "parent", request->parent(), &view);
  if (!named.ok()) co_return named;
  Directory::Query query;
  const absl::StatusOr<int> page_size = PageSize(request->page_size());
  if (!page_size.ok()) {
    co_return Invalid(reason::kInvalidArgument, "page_size", page_size.status());
  }
  query.page_size = *page_size;
  absl::StatusOr<Filter> filter = Filter::Compile(request->filter());
  if (!filter.ok()) co_return Invalid(reason::kInvalidFilter, "filter", filter.status());
  query.filter = *std::move(filter);
  absl::StatusOr<Order> order = Order::Parse(request->order_by());
  if (!order.ok()) co_return Invalid(reason::kInvalidOrderBy, "order_by", order.status());
  query.order = *std::move(order);
  const uint64_t fingerprint = ListFingerprint(*request);
  absl::StatusOr<std::string> after = ReadPageToken(request->page_token(), fingerprint);
  if (!after.ok()) co_return Invalid(reason::kInvalidPageToken, "page_token", after.status());
  query.after_key = *std::move(after);
  const absl::StatusOr<ReadMask> mask = ReadMask::Parse(request->read_mask());
  if (!mask.ok()) co_return Invalid(reason::kInvalidFieldMask, "read_mask", mask.status());
  query.visible = VisibleTo(call->caller);

  if (mask->wants_usage() || query.filter.needs_usage() || query.order.needs_usage()) {
    co_await context_.usage->Refresh();
  }
  // The later pages are of what the first has asked for.
  if (mask->wants_measurements() && request->page_token().empty() && view.has_own &&
      context_.directory->size() <= kMostRefreshed) {
    co_await RefreshAll(call);
  }
  view.detail = DetailFor(mask->wants_measurements() || query.filter.needs_measurements() ||
                          query.order.needs_measurements());
  co_await OpenView(call, &view);
  query.prefix = view.prefix;

  const Directory::Page page = view.directory->List(query, mask->wants_usage());
  std::string next_key = page.next_key;
  size_t bytes = 0;
  for (size_t i = 0; i < page.sessions.size(); ++i) {
    fleet::Session* const added = response->add_sessions();
    *added = mask->Apply(*page.sessions[i]);
    bytes += added->ByteSizeLong() + 8;
    if (bytes > kMaxListBytes && i + 1 < page.sessions.size()) {
      next_key = query.order.Key(*page.sessions[i]);
      break;
    }
  }
  if (!next_key.empty()) response->set_next_page_token(MakePageToken(next_key, fingerprint));
  response->set_total_size(page.total);
  for (std::string& name : Unreachable(*call, view)) {
    response->add_unreachable(std::move(name));
  }
  co_return grpc::Status::OK;
}

Calls::Done Calls::GetSession(Call* call, const fleet::GetSessionRequest* request,
                              fleet::Session* response) {
  const Record* record = nullptr;
  grpc::Status found = Find(call, request->name(), Verb::kMetadata, &record);
  if (ReasonOf(found) == reason::kNodeElsewhere) {
    const std::string node = absl::StrCat("nodes/", ParseSessionName(request->name())->node);
    found = co_await GetSessionElsewhere(call, node, request, response);
    co_return found;
  }
  if (!found.ok()) co_return found;
  google::protobuf::FieldMask wanted = request->read_mask();
  // Of one session everything is told.
  if (wanted.paths().empty()) wanted.add_paths("*");
  const absl::StatusOr<ReadMask> mask = ReadMask::Parse(wanted);
  if (!mask.ok()) co_return Invalid(reason::kInvalidFieldMask, "read_mask", mask.status());

  // What is known will do if the Host is slow to say, or too old to.
  const std::string id = record->session->session_id();
  (void)co_await context_.hosts->RefreshSession(
      id, std::min<std::chrono::nanoseconds>(kRefreshPatience, Patience(*call)), call->stop);
  if (mask->wants_usage()) co_await context_.usage->Refresh();
  found = Find(call, request->name(), Verb::kMetadata, &record);
  if (!found.ok()) co_return found;
  *response = mask->Apply(mask->wants_usage() ? context_.directory->WithUsage(*record->session)
                                              : *record->session);
  co_return grpc::Status::OK;
}

std::string Calls::WatcherName(const Caller& caller, const Record& record) const {
  if ((caller.uid && *caller.uid == record.owner.uid) || context_.policy()->IsQuiet(caller))
    return "";
  std::string name = caller.short_name.substr(0, 64);
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = '?';
  }
  return name;
}

io::Task<void> Calls::TellOfLook(Call* call, std::string session_id, std::string watcher) {
  constexpr std::chrono::seconds kTellAgainAfter{60};
  constexpr int kShownForSeconds = 5;
  if (watcher.empty()) co_return;
  const Instant now = context_.reactor->Now();
  absl::erase_if(looks_told_,
                 [&](const auto& told) { return told.second + kTellAgainAfter <= now; });
  if (!looks_told_.try_emplace(absl::StrCat(session_id, " ", watcher), now).second) co_return;
  control::Request request;
  control::Notify* const notify = request.mutable_notify();
  notify->set_session_id(session_id);
  notify->set_text(absl::StrCat(watcher, " looks at this screen"));
  notify->set_seconds(kShownForSeconds);
  (void)co_await Ask(call, std::move(session_id), std::move(request));
}

Calls::Done Calls::GetScreen(Call* call, const fleet::GetScreenRequest* request,
                             fleet::Screen* response) {
  constexpr int kMaxHistoryLines = 10'000;
  call->reason = request->reason().substr(0, kMaxReasonBytes);
  call->resource = request->name();
  if (request->reason().size() > kMaxReasonBytes) {
    co_return InvalidField(reason::kInvalidArgument, "reason", "has more than 1,000 bytes");
  }
  const fleet::ScreenFormat format =
      request->format() == fleet::SCREEN_FORMAT_UNSPECIFIED ? fleet::TEXT : request->format();
  if (!fleet::ScreenFormat_IsValid(format)) {
    co_return InvalidField(reason::kInvalidArgument, "format", "there is no such format");
  }
  if (request->history_lines() < 0 || request->history_lines() > kMaxHistoryLines) {
    co_return InvalidField(reason::kInvalidArgument, "history_lines", "must be 0 to 10,000");
  }
  const Record* record = nullptr;
  const grpc::Status found = Find(call, request->name(), Verb::kScreen, &record);
  if (!found.ok()) co_return found;
  const std::string id = record->session->session_id();
  const std::string name = record->session->name();

  co_await TellOfLook(call, id, WatcherName(*call->caller, *record));
  control::Request asked;
  control::TakeSnapshot* const take = asked.mutable_take_snapshot();
  take->set_session_id(id);
  take->set_ansi(format == fleet::ANSI);
  take->set_cells(format == fleet::CELLS);
  if (format != fleet::ANSI) {
    take->set_history_lines(static_cast<uint32_t>(request->history_lines()));
  }
  absl::StatusOr<HostCalls::Replies> replies = co_await Ask(call, id, std::move(asked));
  if (!replies.ok()) co_return HostAnswer(replies.status(), name, "");
  control::Snapshot whole;
  for (control::Reply& reply : *replies) {
    std::string ansi = absl::StrCat(whole.ansi(), reply.snapshot().ansi());
    whole.MergeFrom(reply.snapshot());
    whole.set_ansi(std::move(ansi));
  }
  if (format == fleet::CELLS && whole.row().empty()) {
    co_return HostAnswer(absl::UnimplementedError(""), name, "");
  }
  *response = ScreenFromHost(whole, format, name, absl::Now());
  co_return grpc::Status::OK;
}

}  // namespace mosh::mgmt
