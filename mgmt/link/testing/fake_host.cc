#include "mgmt/link/testing/fake_host.h"

#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "server/control/reply_status.h"

namespace mosh::mgmt {

FakeHost::FakeHost(io::Reactor* reactor, const std::string& path) {
  auto listener = io::UnixListener::Bind(reactor, path);
  CHECK(listener.ok());
  listener_ = *std::move(listener);
}

io::Task<void> FakeHost::Run(io::StopToken stop) {
  io::Scope scope(stop);
  while (!stop.stop_requested()) {
    auto accepted = co_await listener_->Accept(stop);
    if (!accepted.ok()) break;
    Connection& connection = connections_.emplace_back();
    connection.socket = *std::move(accepted);
    connections = static_cast<int>(connections_.size());
    changed.Set();
    scope.Spawn(Serve(&connection, scope.token()));
  }
  co_await scope.CancelAndJoin();
  listener_.reset();
}

io::Task<void> FakeHost::Serve(Connection* connection, io::StopToken stop) {
  io::Scope scope(stop);
  connection->scope = &scope;
  scope.Spawn(Listen(connection, &scope));
  scope.Spawn(Speak(connection, &scope));
  co_await scope.Join();
  connections_.remove_if([connection](const Connection& one) { return &one == connection; });
  connections = static_cast<int>(connections_.size());
  changed.Set();
}

io::Task<void> FakeHost::Listen(Connection* connection, io::Scope* scope) {
  const io::StopToken stop = scope->token();
  while (!stop.stop_requested()) {
    const absl::StatusOr<io::UnixMessage> message = co_await connection->socket->Receive(stop);
    if (!message.ok() || message->end) {
      scope->Cancel();
      co_return;
    }
    control::Request request;
    CHECK(request.ParseFromArray(message->bytes.data(), static_cast<int>(message->bytes.size())));
    ++requests;
    if (!mute) Obey(request, connection);
    changed.Set();
  }
}

io::Task<void> FakeHost::Speak(Connection* connection, io::Scope* scope) {
  const io::StopToken stop = scope->token();
  while (!stop.stop_requested()) {
    if (connection->outbox.empty()) {
      connection->output.Reset();
      [[maybe_unused]] const absl::Status waited = co_await connection->output.Wait(stop);
      continue;
    }
    const std::string packet = std::move(connection->outbox.front());
    connection->outbox.pop_front();
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(packet.data()),
                                         packet.size());
    const absl::Status sent = co_await connection->socket->Send(bytes, {}, stop);
    if (!sent.ok()) scope->Cancel();
  }
}

void FakeHost::Obey(const control::Request& request, Connection* connection) {
  control::Reply reply;
  reply.set_id(request.id());
  absl::Status status;
  const auto known = [this](const std::string& id) {
    return sessions_.count(id) > 0 ? answer : absl::NotFoundError("no such session");
  };
  const absl::Status unknown = absl::UnimplementedError("what is this?");
  switch (request.what_case()) {
    case control::Request::kGetHost:
      if (old) {
        status = unknown;
      } else {
        reply.mutable_host()->set_pid(1);
        reply.mutable_host()->set_user("somebody");
        reply.mutable_host()->set_version("1.2.3");
        *reply.mutable_host()->mutable_limits_by_owner() = limits;
      }
      break;
    case control::Request::kSetLimits:
      asked.push_back(absl::StrCat("limits idle ", request.set_limits().limits().idle_seconds()));
      status = old ? unknown : answer;
      if (status.ok()) limits = request.set_limits().limits();
      break;
    case control::Request::kListSessions:
      return SayAll(std::move(reply), false, connection);
    case control::Request::kSubscribe:
      connection->subscription = request.id();
      return SayAll(std::move(reply), true, connection);
    case control::Request::kGetSession: {
      const std::string& id = request.get_session().session_id();
      status = old ? unknown : known(id);
      if (status.ok()) *reply.add_session() = sessions_[id];
      break;
    }
    case control::Request::kDetach:
      asked.push_back(absl::StrCat("detach ", request.detach().session_id()));
      status = known(request.detach().session_id());
      break;
    case control::Request::kSetWatched:
      asked.push_back(absl::StrCat("watched ", request.set_watched().session_id(), " by ",
                                   request.set_watched().watcher(0)));
      status = old ? unknown : known(request.set_watched().session_id());
      break;
    case control::Request::kSubscribeScreenAndInput:
      asked.push_back("input");
      if (!knows_input) {
        status = unknown;
        break;
      }
      [[fallthrough]];
    case control::Request::kSubscribeScreen:
      status = old ? unknown
                   : known(request.has_subscribe_screen()
                               ? request.subscribe_screen().session_id()
                               : request.subscribe_screen_and_input().session_id());
      if (!status.ok()) break;
      connection->screen = request.id();
      reply.mutable_frame()->set_ansi("first");
      reply.mutable_frame()->set_restart(true);
      reply.set_more(true);
      break;
    default:
      status = unknown;
  }
  server::SetStatus(status, &reply);
  Say(reply, connection);
}

void FakeHost::Say(const control::Reply& reply, Connection* connection) {
  connection->outbox.push_back(reply.SerializeAsString());
  connection->output.Set();
}

// One session in each packet.
void FakeHost::SayAll(control::Reply reply, bool subscription, Connection* connection) {
  for (const auto& [id, session] : sessions_) {
    control::Reply one = reply;
    *one.add_session() = session;
    one.set_more(true);
    Say(one, connection);
  }
  if (subscription) {
    reply.set_more(true);
    reply.set_synced(true);
  }
  Say(reply, connection);
}

void FakeHost::Put(control::Session session) {
  for (Connection& connection : connections_) {
    if (connection.subscription == 0) continue;
    control::Reply reply;
    reply.set_id(connection.subscription);
    reply.set_more(true);
    *reply.add_session() = session;
    Say(reply, &connection);
  }
  const std::string id = session.id();
  sessions_[id] = std::move(session);
}

void FakeHost::Put(const std::string& id, const std::string& title) {
  control::Session session;
  session.set_id(id);
  session.set_title(title);
  Put(std::move(session));
}

void FakeHost::PutSilently(const std::string& id, const std::string& title) {
  sessions_[id].set_title(title);
}

void FakeHost::Remove(const std::string& id) {
  sessions_.erase(id);
  for (Connection& connection : connections_) {
    if (connection.subscription == 0) continue;
    control::Reply reply;
    reply.set_id(connection.subscription);
    reply.set_more(true);
    reply.add_gone(id);
    Say(reply, &connection);
  }
}

void FakeHost::Show(const control::Frame& frame) {
  for (Connection& connection : connections_) {
    if (connection.screen == 0) continue;
    control::Reply reply;
    reply.set_id(connection.screen);
    reply.set_more(true);
    *reply.mutable_frame() = frame;
    Say(reply, &connection);
  }
}

void FakeHost::EndScreens() {
  for (Connection& connection : connections_) {
    if (connection.screen == 0) continue;
    control::Reply reply;
    reply.set_id(connection.screen);
    server::SetStatus(absl::NotFoundError("it has ended"), &reply);
    Say(reply, &connection);
  }
}

void FakeHost::SendRaw(const std::string& packet) {
  for (Connection& connection : connections_) {
    connection.outbox.push_back(packet);
    connection.output.Set();
  }
}

void FakeHost::HangUp() {
  for (Connection& connection : connections_) {
    if (connection.scope != nullptr) connection.scope->Cancel();
  }
}

}  // namespace mosh::mgmt
