#include "server/host.h"

#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "io/ready_queue.h"

namespace mosh::server {
namespace {

// What one turn of a session reads at most, so that datagrams get their turn in a flood of output.
// The kernel's ptys give 4 KiB at a time.
constexpr size_t kReadSize = size_t{64} << 10;

// So that the heartbeats of thousands of clients that come while the loop is busy find room.
constexpr int kReceiveBuffer = 4 << 20;

// Of those for whom nobody waits so many have their turn before the loop looks for keys again. A
// turn takes about ten microseconds; heartbeats of hundreds of clients may come at once.
constexpr int kUnhurriedTurns = 16;

}  // namespace

Host::Host(io::Reactor* reactor, HostOptions options, crypto::RandomSource* random)
    : reactor_(reactor),
      options_(std::move(options)),
      random_(random),
      router_(reactor->Now()),
      shield_(
          reactor, {}, [this](size_t most) { return ClientAddresses(most); },
          [this](absl::string_view line) { options_.log(line); }),
      read_buffer_(std::make_unique_for_overwrite<uint8_t[]>(kReadSize)),
      services_{.reactor = reactor_,
                .options = &options_,
                .random = random_,
                .router = &router_,
                .outbox = &outbox_,
                .codec = std::make_shared<ssp::Codec>(),
                .read_buffer = {read_buffer_.get(), kReadSize},
                .want_turn =
                    [this](HostedSession* session) {
                      want_turn_.PushBack(session);
                      wake_.Set();
                    },
                .want_turn_later =
                    [this](HostedSession* session) {
                      if (!session->linked()) want_turn_later_.PushBack(session);
                      wake_.Set();
                    }},
      started_at_(reactor->Now()),
      linger_timer_(reactor, &wake_),
      empty_since_(reactor->Now()) {}

Host::~Host() = default;

void Host::AddSocket(std::unique_ptr<io::UdpSocket> socket) {
  if (options_.linger && socket->fd() >= 0) {
    // The kernel gives as much of it as the administrator allows.
    setsockopt(socket->fd(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  }
  shield_.AddSocket(socket->fd());
  sockets_.push_back(std::move(socket));
}

void Host::AddSignals(std::unique_ptr<io::SignalSource> signals) { signals_ = std::move(signals); }

std::string Host::AddSession(SessionParts parts, const crypto::SessionKey& key) {
  HostedSession* const session = OpenSession(std::move(parts));
  CHECK(session->AddClient(key, /*view_only=*/false, /*steals=*/false).ok());
  return session->id();
}

HostedSession* Host::OpenSession(SessionParts parts) {
  const std::string id = NewSessionId();
  sessions_.push_back(std::make_unique<HostedSession>(&services_, id, std::move(parts)));
  return by_id_[id] = sessions_.back().get();
}

const HostedSession* Host::Find(absl::string_view session_id) const {
  const auto found = by_id_.find(session_id);
  return found == by_id_.end() ? nullptr : found->second;
}

io::Task<void> Host::Run(io::StopToken stop) {
  for (const auto& socket : sockets_) scope_.Spawn(ReceiveDatagrams(socket.get(), scope_.token()));
  if (signals_ != nullptr) scope_.Spawn(ReceiveSignals(scope_.token()));
  while (true) {
    Turn();
    if (IsOver()) break;
    if (!want_turn_later_.empty() && !stop.stop_requested()) {
      co_await io::Yield();
      continue;
    }
    if (!(co_await wake_.Wait(stop)).ok()) break;
    wake_.Reset();
  }
  linger_timer_.Disarm();
  while (!sessions_.empty()) Remove(sessions_.back().get());
  co_await scope_.CancelAndJoin();
  for (const auto& socket : sockets_) co_await socket->Close();
}

void Host::StartShutdown() {
  shutting_down_ = true;
  for (const auto& session : sessions_) session->ShutDown();
  wake_.Set();
}

bool Host::IsOver() {
  if (broken_) return true;
  if (!sessions_.empty()) {
    linger_timer_.Disarm();
    return false;
  }
  if (!options_.linger || shutting_down_) return true;
  const Instant ends = empty_since_ + *options_.linger;
  linger_timer_.Arm(ends);
  return reactor_->Now() >= ends;
}

io::Task<void> Host::ReceiveDatagrams(io::UdpSocket* socket, io::StopToken stop) {
  while (true) {
    absl::StatusOr<io::Datagram> datagram = co_await socket->Receive(stop);
    if (stop.stop_requested()) co_return;
    if (!datagram.ok()) {
      options_.log(
          absl::StrCat("Network exception: ", absl::string_view(datagram.status().message())));
      broken_ = true;
      wake_.Set();
      co_return;
    }
    DeliverOwn(*datagram, socket);
    // The rest of what one wake-up brought.
    while (const std::optional<io::Datagram> more = socket->TryReceive()) {
      DeliverOwn(*more, socket);
    }
    shield_.Update();
  }
}

void Host::DeliverOwn(const io::Datagram& datagram, io::UdpSocket* socket) {
  const bool authentic =
      Deliver({datagram.bytes(), datagram.from(), datagram.to(), datagram.ecn(), socket});
  if (!authentic) shield_.OnStranger();
}

bool Host::OnRelayedDatagram(std::span<uint8_t> bytes, const io::SocketAddress& from,
                             const io::SocketAddress& to, io::EcnMark ecn) {
  return Deliver({bytes, from, to, ecn, sockets_.front().get()});
}

bool Host::Deliver(const ReceivedDatagram& datagram) {
  auto* const client =
      static_cast<SessionClient*>(router_.Find(datagram.bytes, datagram.from, reactor_->Now()));
  if (client == nullptr) return false;
  const io::SocketAddress before = client->address();
  const bool authentic = client->session()->OnDatagram(client, datagram);
  if (!(client->address() == before)) shield_.OnClientMoved();
  return authentic;
}

std::vector<io::SocketAddress> Host::ClientAddresses(size_t most) const {
  std::vector<std::pair<Instant, const io::SocketAddress*>> heard;
  for (const auto& session : sessions_) {
    for (const auto& client : session->clients()) {
      if (const auto when = client->endpoint().last_heard()) {
        heard.emplace_back(*when, &client->address());
      }
    }
  }
  if (heard.size() > most) {
    std::nth_element(heard.begin(), heard.begin() + most, heard.end(), std::greater<>());
    heard.resize(most);
  }
  std::vector<io::SocketAddress> addresses;
  for (const auto& [when, address] : heard) addresses.push_back(*address);
  return addresses;
}

io::Task<void> Host::ReceiveSignals(io::StopToken stop) {
  while (true) {
    const absl::StatusOr<int> signal = co_await signals_->Next(stop);
    if (!signal.ok()) co_return;
    if (*signal == SIGTERM || *signal == SIGINT) shutting_down_ = true;
    for (const auto& session : sessions_) session->OnSignal(*signal);
    wake_.Set();
  }
}

void Host::Turn() {
  ++turns_;
  if (options_.verbosity > 1) options_.log(absl::StrCat("turn ", turns_));
  const Instant now = reactor_->Now();
  while (!want_turn_.empty()) TakeTurn(want_turn_.front(), now);
  for (int i = 0; i < kUnhurriedTurns && !want_turn_later_.empty(); ++i) {
    TakeTurn(want_turn_later_.front(), now);
  }
  outbox_.Flush(now);
  while (!had_turn_.empty()) FinishTurn(had_turn_.PopFront());
}

void Host::TakeTurn(HostedSession* session, Instant now) {
  had_turn_.PushBack(session);
  session->Turn(now);
  if (outbox_.full()) outbox_.Flush(now);
}

void Host::FinishTurn(HostedSession* session) {
  session->AfterTurn(reactor_->Now());
  if (session->over()) return Remove(session);
  if (session->TakeProgramToClose()) scope_.Spawn(CloseProgram(session));
  if (!session->TakeChanged()) return;
  for (SessionWatcher* watcher : watchers_) watcher->OnSessionChanged(session->id());
}

void Host::Remove(HostedSession* session) {
  const auto found =
      std::find_if(sessions_.begin(), sessions_.end(),
                   [session](const auto& candidate) { return candidate.get() == session; });
  std::unique_ptr<HostedSession> owned = std::move(*found);
  sessions_.erase(found);
  by_id_.erase(owned->id());
  if (sessions_.empty()) empty_since_ = reactor_->Now();
  for (SessionWatcher* watcher : watchers_) watcher->OnSessionGone(owned->id());
  owned->EndWatch();
  scope_.Spawn(Bury(std::move(owned), scope_.token()));
}

io::Task<void> Host::CloseProgram(HostedSession* session) { co_await session->Close(); }

io::Task<void> Host::Bury(std::unique_ptr<HostedSession> session, io::StopToken stop) {
  co_await session->Close();
  const std::unique_ptr<io::Child> child = session->TakeChild();
  session.reset();
  if (child == nullptr) co_return;
  const absl::StatusOr<io::ExitStatus> status = co_await child->Wait(stop);
  static_cast<void>(status);
}

}  // namespace mosh::server
