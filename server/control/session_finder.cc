#include "server/control/session_finder.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mosh::server {
namespace {

// A Host that has ended leaves a socket for a while, or closes a connection that it had not seen.
bool NobodyThere(const absl::Status& status) {
  return status.code() == absl::StatusCode::kNotFound ||
         status.code() == absl::StatusCode::kUnavailable;
}

struct Asked {
  std::string socket;
  ControlClient client;
};

absl::Status Collect(Asked& asked, ControlClient::Deadline deadline, FoundSessions& found) {
  bool more = true;
  while (more) {
    absl::StatusOr<control::Reply> reply = asked.client.Receive(deadline);
    if (!reply.ok()) return reply.status();
    more = reply->more();
    for (control::Session& session : *reply->mutable_session()) {
      found.sessions.push_back({std::move(session), asked.socket});
    }
  }
  return absl::OkStatus();
}

}  // namespace

FoundSessions FindSessions(const std::vector<std::string>& sockets,
                           ControlClient::Deadline deadline) {
  FoundSessions found;
  const auto note = [&found](absl::string_view socket, const absl::Status& status) {
    if (status.ok() || NobodyThere(status)) return;
    found.problems.push_back(absl::StrCat(socket, ": ", absl::string_view(status.message())));
  };
  std::vector<Asked> all;
  for (const std::string& socket : sockets) {
    absl::StatusOr<ControlClient> client = ControlClient::Connect(socket, deadline);
    absl::Status status = client.status();
    if (status.ok()) {
      control::Request request;
      request.mutable_list_sessions();
      status = client->Send(&request, deadline);
    }
    if (status.ok()) {
      all.push_back({socket, *std::move(client)});
    } else {
      note(socket, status);
    }
  }
  for (Asked& asked : all) note(asked.socket, Collect(asked, deadline, found));

  std::set<std::pair<int, std::string>> seen;
  std::erase_if(found.sessions, [&seen](const FoundSession& one) {
    return !seen.emplace(one.session.server_pid(), one.session.id()).second;
  });
  std::sort(found.sessions.begin(), found.sessions.end(),
            [](const FoundSession& a, const FoundSession& b) {
              return std::pair(a.session.created_at(), absl::string_view(a.session.id())) <
                     std::pair(b.session.created_at(), absl::string_view(b.session.id()));
            });
  return found;
}

absl::StatusOr<FoundSession> ChooseSession(const FoundSessions& found, absl::string_view prefix) {
  std::vector<const FoundSession*> exact;
  std::vector<const FoundSession*> begins;
  for (const FoundSession& one : found.sessions) {
    if (one.session.id() == prefix) exact.push_back(&one);
    if (absl::StartsWith(one.session.id(), prefix)) begins.push_back(&one);
  }
  const std::vector<const FoundSession*>& fitting = exact.empty() ? begins : exact;
  if (fitting.empty()) return absl::NotFoundError(absl::StrCat("no session ", prefix));
  if (fitting.size() == 1) return *fitting.front();
  std::string text = absl::StrCat(prefix, " is not enough:");
  for (const FoundSession* one : fitting) {
    absl::StrAppend(&text, " ", one->session.id(), " (server ", one->session.server_pid(), ")");
  }
  return absl::InvalidArgumentError(text);
}

absl::StatusOr<FoundSession> NewestDetached(const FoundSessions& found) {
  const FoundSession* newest = nullptr;
  for (const FoundSession& one : found.sessions) {
    const int64_t since = one.session.detached_since();
    if (since > 0 && one.session.pid() != 0 &&
        (newest == nullptr || since > newest->session.detached_since())) {
      newest = &one;
    }
  }
  if (newest != nullptr) return *newest;
  return absl::NotFoundError(found.sessions.empty()
                                 ? "there is no session"
                                 : "no session is without a client; name one by its ID");
}

}  // namespace mosh::server
