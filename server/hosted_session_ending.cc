// How clients leave a HostedSession, and how it ends.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/hosted_session.h"

namespace mosh::server {

using State = SessionClient::State;

void HostedSession::OnSignal(int signal) { Obey(lifetime_.OnSignal(signal, ending_, Now())); }

void HostedSession::ShutDown() { Obey({Lifetime::Wish::kShutDown, ""}); }

void HostedSession::EndAtOnce() {
  over_ = true;
  WantTurn();
}

void HostedSession::Obey(const Lifetime::Decision& decision) {
  if (!decision.message.empty()) Log(decision.message);
  if (decision.wish == Lifetime::Wish::kStay) return;
  WantTurn();
  const bool reachable = std::any_of(clients_.begin(), clients_.end(), [](const auto& client) {
    return client->endpoint().has_peer();
  });
  if (decision.wish == Lifetime::Wish::kLeave || !reachable) {
    over_ = true;
  } else if (!ending_) {
    DismissAll();
  }
}

void HostedSession::SetToldLimits(const Limits& told) {
  if (limits_.SetTold(told, Now())) WithdrawNotice();
  WantTurn();
}

void HostedSession::ApplyLimits(Instant now) {
  if (ending_) return;
  const SessionLimits::Decision decision = limits_.OnTime(now);
  if (decision.end) return Obey({Lifetime::Wish::kShutDown, decision.reason});
  if (!decision.notice.empty()) Notify(decision.notice, decision.show_for);
}

bool HostedSession::Detach(absl::string_view client_id) {
  bool found = client_id.empty();
  for (const auto& client : clients_) {
    if (!client_id.empty() && client->terms().id != client_id) continue;
    Dismiss(client.get());
    found = true;
  }
  WantTurn();
  return found;
}

void HostedSession::Dismiss(SessionClient* client) {
  if (client->state() == State::kAwaited) client->set_state(State::kGone);
  if (client->state() != State::kAttached) return;
  client->set_state(State::kLeaving);
  client->endpoint().StartShutdown(Now());
  changed_ = true;
}

void HostedSession::DismissAll() {
  ending_ = true;
  for (const auto& client : clients_) Dismiss(client.get());
}

void HostedSession::OnGoodbye(SessionClient* client) {
  client->set_state(State::kLeft);
  changed_ = true;
  if (ending_ || !client->may_type()) return;
  const bool others = std::any_of(clients_.begin(), clients_.end(), [](const auto& other) {
    return other->may_type() && (other->here() || other->state() == State::kAwaited);
  });
  if (others) return;
  close_program_ = true;
  DismissAll();
}

bool HostedSession::IsDone(const SessionClient& client, Instant now) const {
  const Endpoint& endpoint = client.endpoint();
  switch (client.state()) {
    case State::kAwaited:
      return now >= client.granted_at() + services_->options->timeouts.first_contact;
    case State::kAttached:
      return false;
    case State::kLeaving:
      return endpoint.shutdown_acknowledged() || endpoint.ShutdownTimedOut(now);
    case State::kLeft:
      return endpoint.shutdown_acknowledged() || now >= endpoint.ShutdownSettlesAt();
    case State::kGone:
      return true;
  }
  return true;
}

void HostedSession::CheckClients(Instant now) {
  for (const auto& client : clients_) {
    const bool said_goodbye =
        client->state() == State::kAttached || client->state() == State::kLeaving;
    if (said_goodbye && client->endpoint().peer_left()) OnGoodbye(client.get());
  }
  RemoveDone(now);
  if (ending_) {
    if (clients_.empty()) over_ = true;
  } else if (!detached_since_ && !AnybodyHere()) {
    MarkDetached(now);
  }
}

void HostedSession::RemoveDone(Instant now) {
  const size_t before = clients_.size();
  for (auto& client : clients_) {
    if (!IsDone(*client, now)) continue;
    if (recorded_client_ == client.get()) recorded_client_ = nullptr;
    services_->router->Remove(client.get());
    gone_.push_back(std::move(client));
  }
  std::erase(clients_, nullptr);
  if (clients_.size() == before) return;
  changed_ = true;
  if (!ending_) RefitToClients();
}

bool HostedSession::AnybodyHere() const {
  return std::any_of(clients_.begin(), clients_.end(),
                     [](const auto& client) { return client->here(); });
}

io::Task<void> HostedSession::Close() {
  if (std::exchange(closing_, true)) {
    const absl::Status closed = co_await closed_.Wait();
    static_cast<void>(closed);
    co_return;
  }
  co_await session_.Close();
  record_.reset();
  closed_.Set();
}

}  // namespace mosh::server
