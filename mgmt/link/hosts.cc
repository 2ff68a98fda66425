#include "mgmt/link/hosts.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "io/timer.h"
#include "mgmt/model/utf8.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;

constexpr Hosts::Nanos kFirstAnswers = 5s;
constexpr Hosts::Nanos kRefreshEvery = 5s;
constexpr Hosts::Nanos kRefreshPatience = 5s;
// How long a session has in a round when there are many.
constexpr Hosts::Nanos kRefreshPace = 1ms;
// So many are asked for together: few enough that nobody's key waits for them, enough to sleep in
// between.
constexpr size_t kRefreshedAtOnce = 8;

std::string NameOf(uid_t uid) {
  const long asked = sysconf(_SC_GETPW_R_SIZE_MAX);
  std::vector<char> buffer(asked > 0 ? static_cast<size_t>(asked) : 16 * 1024);
  passwd entry;
  passwd* found = nullptr;
  getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? ValidUtf8(found->pw_name) : absl::StrCat(uid);
}

}  // namespace

std::function<std::string(uid_t)> UserNames() {
  return [names = std::make_shared<std::map<uid_t, std::string>>()](uid_t uid) {
    const auto [entry, is_new] = names->try_emplace(uid);
    if (is_new) entry->second = NameOf(uid);
    return entry->second;
  };
}

Hosts::Hosts(HostLink::Context context, HostPlaces places)
    : context_(std::move(context)), places_(std::move(places)) {}

io::Task<void> Hosts::Run(io::StopToken stop) {
  io::Scope scope(stop);
  HostFinder finder(context_.reactor, places_,
                    [this, &scope](const HostScan& scan) { OnScan(scan, &scope); });
  scope.Spawn(finder.Run(scope.token()));
  scope.Spawn(BecomeReady(scope.token()));
  scope.Spawn(RefreshRounds(&scope));
  co_await scope.Join();
}

void Hosts::OnScan(const HostScan& scan, io::Scope* scope) {
  scan_problems_ = scan.problems;
  std::set<std::string> found;
  for (const HostSocket& socket : scan.sockets) {
    found.insert(socket.path);
    Link& link = links_[socket.path];
    if (link == nullptr) {
      link = std::make_shared<HostLink>(&context_, socket);
      if (limits_) link->SetLimits(*limits_);
      scope->Spawn(RunLink(link, scope->token()));
    }
  }
  for (const auto& [path, link] : links_) link->SetExists(found.count(path) > 0);
  scanned_.Set();
}

io::Task<void> Hosts::RunLink(Link link, io::StopToken stop) {
  co_await link->Run(stop);
  links_.erase(link->socket().path);
}

io::Task<void> Hosts::BecomeReady(io::StopToken stop) {
  io::Deadline limit(context_.reactor, context_.reactor->Now() + kFirstAnswers, stop);
  absl::Status status = co_await scanned_.Wait(limit.token());
  for (const Link& link : Links()) {
    if (status.ok()) status = co_await link->settled().Wait(limit.token());
  }
  ready_.Set();
}

Hosts::Link Hosts::LinkOf(absl::string_view session_id) const {
  const Record* const record = context_.directory->Find(session_id);
  if (record == nullptr) return nullptr;
  const auto found = links_.find(record->source);
  return found != links_.end() ? found->second : nullptr;
}

std::vector<Hosts::Link> Hosts::Links() const {
  std::vector<Link> links;
  for (const auto& [path, link] : links_) links.push_back(link);
  return links;
}

io::Task<absl::StatusOr<std::vector<control::Reply>>> Hosts::AskAbout(std::string session_id,
                                                                      control::Request request,
                                                                      Nanos patience,
                                                                      io::StopToken stop) {
  const Link link = LinkOf(session_id);
  if (link == nullptr) co_return absl::NotFoundError(absl::StrCat("no session ", session_id));
  co_return co_await link->Ask(std::move(request), patience, stop);
}

io::Task<absl::Status> Hosts::RefreshSession(std::string session_id, Nanos patience,
                                             io::StopToken stop) {
  const Link link = LinkOf(session_id);
  if (link == nullptr) co_return absl::NotFoundError(absl::StrCat("no session ", session_id));
  co_return co_await link->RefreshSession(session_id, patience, stop);
}

io::Task<void> Hosts::RefreshLink(Link link, Nanos patience, io::StopToken stop) {
  [[maybe_unused]] const absl::Status status = co_await link->Refresh(patience, stop);
}

io::Task<void> Hosts::Refresh(Nanos max_age, Nanos patience, io::StopToken stop) {
  io::Scope scope(stop);
  const Instant now = context_.reactor->Now();
  for (const auto& [path, link] : links_) {
    if (!link->state().connected || now - link->refreshed_at() < max_age) continue;
    scope.Spawn(RefreshLink(link, patience, scope.token()));
  }
  co_await scope.Join();
}

io::Task<absl::StatusOr<std::unique_ptr<ScreenLink>>> Hosts::WatchScreen(ScreenLink::Terms terms,
                                                                         Nanos patience,
                                                                         io::StopToken stop) {
  const Link link = LinkOf(terms.session_id);
  if (link == nullptr) {
    co_return absl::NotFoundError(absl::StrCat("no session ", terms.session_id));
  }
  co_return co_await ScreenLink::Open(context_.reactor, link->socket(), std::move(terms), patience,
                                      stop);
}

void Hosts::SetLimits(const control::Limits& limits) {
  limits_ = limits;
  for (const auto& [path, link] : links_) link->SetLimits(limits);
}

void Hosts::KeepFresh(bool fresh) {
  if (fresh) {
    fresh_.Set();
  } else {
    fresh_.Reset();
  }
}

io::Task<void> Hosts::RefreshOne(Link link, std::string session_id, io::StopToken stop) {
  [[maybe_unused]] const absl::Status status =
      co_await link->RefreshSession(std::move(session_id), kRefreshPatience, stop);
}

// Round after round, session by session, each round spread over its time: a Host that tells
// thousands in one go answers those who type meanwhile later.
io::Task<void> Hosts::RefreshRounds(io::Scope* scope) {
  const io::StopToken stop = scope->token();
  io::Reactor* const reactor = context_.reactor;
  while (!stop.stop_requested()) {
    const absl::Status wanted = co_await fresh_.Wait(stop);
    if (!wanted.ok()) co_return;
    const Instant began = reactor->Now();
    std::vector<std::string> ids;
    for (const auto& [name, record] : context_.directory->records()) {
      ids.push_back(record->session->session_id());
    }
    const auto count = static_cast<int64_t>(ids.size());
    const Nanos round = std::max<Nanos>(kRefreshEvery, kRefreshPace * count);
    for (size_t i = 0; i < ids.size() && fresh_.is_set() && !stop.stop_requested(); ++i) {
      const Link link = LinkOf(ids[i]);
      // One that is behind has its next turn in the next round. An older one, which says nothing of
      // itself, would tell all its sessions instead of one.
      if (link != nullptr && link->TakesQuestions() && link->state().facts.has_version()) {
        scope->Spawn(RefreshOne(link, std::move(ids[i]), stop));
      }
      if ((i + 1) % kRefreshedAtOnce != 0) continue;
      const Instant next = began + round * static_cast<int64_t>(i + 1) / count;
      [[maybe_unused]] const absl::Status paced = co_await reactor->Sleep(next, stop);
    }
    if (!fresh_.is_set()) continue;
    [[maybe_unused]] const absl::Status rested = co_await reactor->Sleep(began + round, stop);
  }
}

std::vector<HostState> Hosts::states() const {
  std::vector<HostState> states;
  for (const auto& [path, link] : links_) states.push_back(link->state());
  return states;
}

std::vector<std::string> Hosts::unreachable() const {
  std::vector<std::string> paths;
  for (const auto& [path, link] : links_) {
    if (!link->state().connected && !link->state().problem.empty()) paths.push_back(path);
  }
  return paths;
}

std::vector<std::string> Hosts::problems() const {
  std::vector<std::string> problems = scan_problems_;
  for (const auto& [path, link] : links_) {
    for (const std::string& problem : {link->state().problem, link->state().limits_problem}) {
      if (!problem.empty()) problems.push_back(absl::StrCat(path, ": ", problem));
    }
  }
  return problems;
}

}  // namespace mosh::mgmt
