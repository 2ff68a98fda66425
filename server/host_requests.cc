// What a Host does when it is asked through HostControl.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/version.h"
#include "crypto/route_tag.h"
#include "server/environment.h"
#include "server/host.h"
#include "server/session_id.h"

namespace mosh::server {
namespace {

constexpr std::chrono::seconds kUsualNotice{10};

absl::Status NoSuchSession(absl::string_view id) {
  return absl::NotFoundError(absl::StrCat("there is no session '", id, "'"));
}

term::Size SizeOf(const control::NewSession& request) {
  if (!request.has_size()) return term::Size();
  const auto bounded = [](uint32_t value, int most) {
    return static_cast<int>(std::min<uint32_t>(value, static_cast<uint32_t>(most)));
  };
  return term::ClampSize({bounded(request.size().columns(), term::kMaxColumns),
                          bounded(request.size().rows(), term::kMaxRows)});
}

Limits FromMessage(const control::Limits& message) {
  const auto span = [](uint32_t seconds) {
    return seconds == 0 ? std::nullopt : std::optional(std::chrono::seconds(seconds));
  };
  Limits limits;
  limits.idle = span(message.idle_seconds());
  limits.lifetime = span(message.lifetime_seconds());
  limits.detached = span(message.detached_seconds());
  return limits;
}

void NameInEnvironment(absl::string_view id, control::NewSession* request) {
  Environment environment({request->environment().begin(), request->environment().end()});
  environment.Set(kSessionIdVariable, id);
  request->clear_environment();
  for (const std::string& assignment : environment.assignments()) {
    request->add_environment(assignment);
  }
}

}  // namespace

crypto::SessionKey Host::NewKey() const {
  if (options_.host_number == 0) return crypto::SessionKey::Generate(*random_);
  return crypto::GenerateKeyForHost(*random_, options_.host_number);
}

std::string Host::NewSessionId() const {
  std::string id;
  do {
    id = RandomSessionId(*random_);
  } while (by_id_.contains(id));
  return id;
}

HostedSession* Host::FindMutable(absl::string_view session_id) {
  return const_cast<HostedSession*>(Find(session_id));
}

HostedSession* Host::NewestDetached() {
  HostedSession* newest = nullptr;
  for (const auto& session : sessions_) {
    // One that nobody has come to yet isn't detached: its client is on the way.
    if (!session->started() || !session->detached_since()) continue;
    if (newest == nullptr || *session->detached_since() >= *newest->detached_since()) {
      newest = session.get();
    }
  }
  return newest;
}

absl::StatusOr<control::Grant> Host::GrantTo(HostedSession* session, bool view_only, bool steals) {
  const crypto::SessionKey key = NewKey();
  const absl::Status added = session->AddClient(key, view_only, steals);
  if (!added.ok()) return added;
  control::Grant grant;
  grant.set_session_id(session->id());
  grant.set_port(sockets_.front()->local_address().port());
  grant.set_key(key.ToBase64());
  return grant;
}

absl::StatusOr<control::Grant> Host::NewSession(const control::NewSession& request) {
  if (options_.start_program == nullptr) {
    return absl::UnimplementedError("this server is for one session");
  }
  if (shutting_down_) return absl::UnavailableError("this server is shutting down");
  const size_t most = options_.limits.sessions;
  if (most != 0 && sessions_.size() >= most) {
    return absl::ResourceExhaustedError(
        absl::StrCat(sessions_.size(), " sessions are running, and no more than ", most,
                     " are allowed here: end one, or attach to it"));
  }
  if (options_.admit != nullptr) {
    const absl::Status admitted = options_.admit(sessions_.size());
    if (!admitted.ok()) return admitted;
  }
  SessionParts parts;
  parts.size = SizeOf(request);
  parts.command.assign(request.command().begin(), request.command().end());
  const auto to_start = std::make_shared<control::NewSession>(request);
  parts.start = [this, to_start](term::Size size) {
    return options_.start_program(*to_start, size);
  };
  HostedSession* const session = OpenSession(std::move(parts));
  NameInEnvironment(session->id(), to_start.get());
  return GrantTo(session, /*view_only=*/false, /*steals=*/false);
}

absl::StatusOr<control::Grant> Host::Attach(const control::Attach& request) {
  HostedSession* session = FindMutable(request.session_id());
  if (request.session_id().empty()) {
    session = NewestDetached();
    if (session == nullptr) return absl::NotFoundError("no session is detached");
  }
  if (session == nullptr) return NoSuchSession(request.session_id());
  return GrantTo(session, request.view_only(), request.steal());
}

absl::Status Host::Detach(const control::Detach& request) {
  HostedSession* const session = FindMutable(request.session_id());
  if (session == nullptr) return NoSuchSession(request.session_id());
  if (session->Detach(request.client_id())) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("session '", session->id(), "' has no client '", request.client_id(), "'"));
}

absl::Status Host::Terminate(const control::Terminate& request) {
  HostedSession* const session = FindMutable(request.session_id());
  if (session == nullptr) return NoSuchSession(request.session_id());
  if (request.at_once()) {
    session->EndAtOnce();
  } else {
    session->ShutDown();
  }
  return absl::OkStatus();
}

absl::Status Host::Notify(const control::Notify& request) {
  HostedSession* const session = FindMutable(request.session_id());
  if (session == nullptr) return NoSuchSession(request.session_id());
  session->Notify(request.text(),
                  request.seconds() == 0 ? kUsualNotice : std::chrono::seconds(request.seconds()));
  return absl::OkStatus();
}

absl::StatusOr<control::Snapshot> Host::TakeSnapshot(const control::TakeSnapshot& request) {
  const HostedSession* const session = Find(request.session_id());
  if (session == nullptr) return NoSuchSession(request.session_id());
  return session->TakeSnapshot(request);
}

absl::Status Host::Hold(const control::Hold& request) {
  HostedSession* const session = FindMutable(request.session_id());
  if (session == nullptr) return NoSuchSession(request.session_id());
  if (request.held()) {
    session->Hold(request.text());
  } else {
    session->Release();
  }
  return absl::OkStatus();
}

absl::Status Host::SetWatched(const control::SetWatched& request, const void* by) {
  HostedSession* const session = FindMutable(request.session_id());
  if (session == nullptr) return NoSuchSession(request.session_id());
  session->SetWatched(by, {request.watcher().begin(), request.watcher().end()});
  return absl::OkStatus();
}

void Host::EndWatched(const void* by) {
  for (const auto& session : sessions_) session->SetWatched(by, {});
}

void Host::SetLimits(const control::SetLimits& request, Teller teller) {
  told_[static_cast<size_t>(teller)] = request.limits();
  options_.told_limits = Limits();
  for (const control::Limits& told : told_) {
    options_.told_limits = Strictest(options_.told_limits, FromMessage(told));
  }
  for (const auto& session : sessions_) session->SetToldLimits(options_.told_limits);
}

control::Host Host::DescribeHost() const {
  control::Host facts;
  facts.set_pid(getpid());
  facts.set_uid(geteuid());
  facts.set_user(options_.user);
  facts.set_port(sockets_.front()->local_address().port());
  facts.set_version(MOSH_FLEET_VERSION);
  facts.set_started_at(options_.WallMicros(reactor_->Now() - started_at_));
  facts.set_sessions(static_cast<uint32_t>(sessions_.size()));
  facts.set_number(options_.host_number);
  *facts.mutable_limits_by_root() = told_[static_cast<size_t>(Teller::kRoot)];
  *facts.mutable_limits_by_owner() = told_[static_cast<size_t>(Teller::kOwner)];
  return facts;
}

std::vector<std::string> Host::SessionIds() const {
  std::vector<std::string> ids;
  for (const auto& session : sessions_) ids.push_back(session->id());
  return ids;
}

absl::StatusOr<control::Session> Host::Describe(absl::string_view session_id) const {
  const HostedSession* const session = Find(session_id);
  if (session == nullptr) return NoSuchSession(session_id);
  control::Session facts;
  session->Describe(&facts);
  facts.set_server_pid(getpid());
  facts.set_port(sockets_.front()->local_address().port());
  return facts;
}

void Host::AddWatcher(SessionWatcher* watcher) { watchers_.push_back(watcher); }

void Host::RemoveWatcher(SessionWatcher* watcher) { std::erase(watchers_, watcher); }

absl::Status Host::AddScreenWatcher(absl::string_view session_id, ScreenWatcher* watcher) {
  HostedSession* const session = FindMutable(session_id);
  if (session == nullptr) return NoSuchSession(session_id);
  session->AddScreenWatcher(watcher);
  return absl::OkStatus();
}

void Host::RemoveScreenWatcher(absl::string_view session_id, ScreenWatcher* watcher) {
  HostedSession* const session = FindMutable(session_id);
  if (session != nullptr) session->RemoveScreenWatcher(watcher);
}

std::optional<HostControl::ScreenNow> Host::LookAt(absl::string_view session_id) const {
  const HostedSession* const session = Find(session_id);
  if (session == nullptr || session->session().holds_screen()) return std::nullopt;
  return ScreenNow{&session->session().terminal().screen(),
                   options_.WallMicros(std::chrono::nanoseconds(0))};
}

}  // namespace mosh::server
