#include "server/host.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "io/timer.h"
#include "ssp/receive_problem.h"

namespace mosh::server {
namespace {

// docs/spec/cli.md §3.4: without a new client state for this long, utmp says "detached".
constexpr std::chrono::seconds kDetachedAfter{30};

}  // namespace

Host::Host(io::Reactor* reactor, HostOptions options, crypto::RandomSource* random)
    : reactor_(reactor),
      options_(std::move(options)),
      random_(random),
      lifetime_(options_.timeouts, reactor->Now()) {}

Host::~Host() = default;

void Host::AddSocket(std::unique_ptr<io::UdpSocket> socket) {
  sockets_.push_back(std::move(socket));
}

void Host::AddSignals(std::unique_ptr<io::SignalSource> signals) { signals_ = std::move(signals); }

std::string Host::AddSession(SessionParts parts, const crypto::SessionKey& key) {
  start_ = std::move(parts.start);
  session_ = std::unique_ptr<Session>(new Session(reactor_, parts.size, this));
  endpoint_ =
      std::make_unique<Endpoint>(key, parts.size, sockets_.front().get(), random_, reactor_->Now());
  return "first";
}

void Host::StartShutdown() {
  Obey({Lifetime::Wish::kShutDown, ""}, reactor_->Now());
  wake_.Set();
}

bool Host::OnRelayedDatagram(std::span<uint8_t> bytes, const io::SocketAddress& from,
                             const io::SocketAddress& to, io::EcnMark ecn) {
  return endpoint_
      ->OnDatagram(io::Datagram({bytes, from, to, ecn, {}}, nullptr, 0), reactor_->Now())
      .authentic;
}

absl::StatusOr<control::Grant> Host::NewSession(const control::NewSession&) {
  return absl::UnimplementedError("not yet");
}
absl::StatusOr<control::Grant> Host::Attach(const control::Attach&) {
  return absl::UnimplementedError("not yet");
}
absl::Status Host::Detach(const control::Detach&) { return absl::UnimplementedError("not yet"); }
absl::Status Host::Terminate(const control::Terminate&) {
  return absl::UnimplementedError("not yet");
}
absl::Status Host::Notify(const control::Notify&) { return absl::UnimplementedError("not yet"); }
absl::StatusOr<control::Snapshot> Host::TakeSnapshot(const control::TakeSnapshot&) {
  return absl::UnimplementedError("not yet");
}
std::vector<std::string> Host::SessionIds() const { return {}; }
absl::StatusOr<control::Session> Host::Describe(absl::string_view) const {
  return absl::UnimplementedError("not yet");
}
void Host::AddWatcher(SessionWatcher*) {}
void Host::RemoveWatcher(SessionWatcher*) {}

io::Task<void> Host::Run(io::StopToken stop) {
  for (const auto& socket : sockets_) scope_.Spawn(ReceiveDatagrams(socket.get(), scope_.token()));
  if (signals_ != nullptr) scope_.Spawn(ReceiveSignals(scope_.token()));

  io::Timer timer(reactor_, &wake_);
  bool session_open = true;
  while (phase_ != Phase::kOver) {
    Turn(reactor_->Now());
    if (phase_ == Phase::kOver) break;
    if (phase_ == Phase::kSettling && session_open) {
      session_open = false;
      co_await session_->Close();
      record_.reset();
    }
    timer.Arm(NextDeadline());
    if (!(co_await wake_.Wait(stop)).ok()) break;
    wake_.Reset();
  }
  timer.Disarm();
  if (session_open) co_await session_->Close();
  record_.reset();
  co_await scope_.CancelAndJoin();
  for (const auto& socket : sockets_) co_await socket->Close();
}

io::Task<void> Host::ReceiveDatagrams(io::UdpSocket* socket, io::StopToken stop) {
  while (true) {
    const absl::StatusOr<io::Datagram> datagram = co_await socket->Receive(stop);
    if (stop.stop_requested()) co_return;
    if (!datagram.ok()) {
      Log(absl::StrCat("Network exception: ", absl::string_view(datagram.status().message())));
      phase_ = Phase::kOver;
      wake_.Set();
      co_return;
    }
    OnDatagram(*datagram);
    wake_.Set();
  }
}

io::Task<void> Host::ReceiveSignals(io::StopToken stop) {
  while (true) {
    const absl::StatusOr<int> signal = co_await signals_->Next(stop);
    if (!signal.ok()) co_return;
    const Instant now = reactor_->Now();
    Obey(lifetime_.OnSignal(*signal, phase_ != Phase::kServing, now), now);
    wake_.Set();
  }
}

void Host::OnDatagram(const io::Datagram& datagram) {
  const Instant now = reactor_->Now();
  const size_t size = datagram.bytes().size();
  const Endpoint::Arrival arrival = endpoint_->OnDatagram(datagram, now);
  if (options_.verbosity > 0) {
    const bool fine = arrival.problem == ssp::ReceiveProblem::kNone;
    Log(absl::StrCat("received ", size, " bytes from ", datagram.from().ToString(),
                     fine ? "" : ": ", fine ? "" : ssp::Describe(arrival.problem)));
  }
  if (arrival.peer_moved) {
    Log(absl::StrCat("Server now attached to client at ", datagram.from().ToString()));
  }
  if (arrival.client_state) OnClientState(now);
}

void Host::OnClientState(Instant now) {
  lifetime_.OnClientState(now);
  PumpInput(now);
  // The first client's window size has been applied by now, so the program never sees another.
  if (start_ != nullptr) StartProgram();

  if (record_ == nullptr || phase_ == Phase::kSettling) return;
  relabel_at_ = now + kDetachedAfter;
  const std::string address = endpoint_->peer().Unmapped().host();
  if (address.empty() || address == recorded_address_) return;
  recorded_address_ = address;
  record_->Attached(address);
}

void Host::StartProgram() {
  absl::StatusOr<RunningProgram> program =
      std::exchange(start_, nullptr)(session_->terminal().screen().size());
  if (!program.ok()) return session_->Fail(program.status());
  record_ = std::move(program->record);
  session_->Start(std::move(program->pty));
}

void Host::PumpInput(Instant now) {
  if (!endpoint_->has_input()) return;
  // A program that doesn't read: its input stays in the transport, which bounds what the client may
  // send.
  if (!session_->WantsInput() && !session_->ended()) return;
  session_->Apply(endpoint_->TakeInput(now));
}

void Host::OnScreenChange(ssp::ChangeHint hint) {
  endpoint_->OnScreenChange(hint, reactor_->Now());
  wake_.Set();
}

void Host::OnProgramEnd() {
  if (phase_ == Phase::kServing) {
    phase_ = Phase::kShuttingDown;
    endpoint_->StartShutdown(reactor_->Now());
  }
  wake_.Set();
}

void Host::Obey(const Lifetime::Decision& decision, Instant now) {
  if (!decision.message.empty()) Log(decision.message);
  switch (decision.wish) {
    case Lifetime::Wish::kStay:
      return;
    case Lifetime::Wish::kLeave:
      phase_ = Phase::kOver;
      return;
    case Lifetime::Wish::kShutDown:
      if (!endpoint_->has_peer()) {
        phase_ = Phase::kOver;
      } else if (phase_ == Phase::kServing) {
        phase_ = Phase::kShuttingDown;
        endpoint_->StartShutdown(now);
      }
      return;
  }
}

void Host::Turn(Instant now) {
  ++turns_;
  if (options_.verbosity > 1) Log(absl::StrCat("turn ", turns_));
  session_->OnDeadline(now);
  PumpInput(now);
  Obey(lifetime_.OnTime(phase_ != Phase::kServing, now), now);
  Relabel(now);
  if (phase_ == Phase::kOver) return;
  Send(now);
  CheckEnd(now);
}

void Host::Send(Instant now) {
  const term::Screen* screen = session_->holds_screen() ? nullptr : &session_->terminal().screen();
  const Endpoint::Sent sent = endpoint_->OnDeadline(screen, now);
  if (!sent.fatal.ok()) {
    Log(absl::StrCat("Crypto exception: ", absl::string_view(sent.fatal.message())));
    phase_ = Phase::kOver;
  }
  if (sent.peer_forgotten) Log("Server now detached from client.");
}

void Host::CheckEnd(Instant now) {
  if (endpoint_->peer_left() && phase_ != Phase::kOver) phase_ = Phase::kSettling;
  const bool answered = endpoint_->shutdown_acknowledged() || endpoint_->ShutdownTimedOut(now);
  const bool settled = phase_ == Phase::kSettling && now >= endpoint_->ShutdownSettlesAt();
  if (answered || settled) phase_ = Phase::kOver;
}

void Host::Relabel(Instant now) {
  if (now < relabel_at_) return;
  relabel_at_ = Instant::Max();
  recorded_address_.clear();
  if (record_ != nullptr) record_->Detached();
}

Instant Host::NextDeadline() const {
  const Instant settles_at =
      phase_ == Phase::kSettling ? endpoint_->ShutdownSettlesAt() : Instant::Max();
  return std::min({session_->NextDeadline(), endpoint_->NextDeadline(), relabel_at_, settles_at,
                   lifetime_.NextDeadline(phase_ != Phase::kServing)});
}

}  // namespace mosh::server
