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

Host::Host(io::Reactor* reactor, HostOptions options, std::unique_ptr<io::UdpSocket> socket,
           std::unique_ptr<io::SignalSource> signals, SessionParts session,
           const crypto::SessionKey& key, crypto::RandomSource* random)
    : reactor_(reactor),
      options_(std::move(options)),
      socket_(std::move(socket)),
      signals_(std::move(signals)),
      release_(std::move(session.release)),
      record_(std::move(session.record)),
      lifetime_(options_.timeouts, reactor->Now()),
      session_(reactor, std::move(session.pty), session.size, this),
      endpoint_(key, session.size, socket_.get(), random, reactor->Now()) {}

io::Task<void> Host::Run(io::StopToken stop) {
  session_.Start();
  scope_.Spawn(ReceiveDatagrams(scope_.token()));
  if (signals_ != nullptr) scope_.Spawn(ReceiveSignals(scope_.token()));

  io::Timer timer(reactor_, &wake_);
  bool session_open = true;
  while (phase_ != Phase::kOver) {
    Turn(reactor_->Now());
    if (phase_ == Phase::kOver) break;
    if (phase_ == Phase::kSettling && session_open) {
      session_open = false;
      co_await session_.Close();
      record_.reset();
    }
    timer.Arm(NextDeadline());
    if (!(co_await wake_.Wait(stop)).ok()) break;
    wake_.Reset();
  }
  timer.Disarm();
  if (session_open) co_await session_.Close();
  record_.reset();
  co_await scope_.CancelAndJoin();
  co_await socket_->Close();
}

io::Task<void> Host::ReceiveDatagrams(io::StopToken stop) {
  while (true) {
    const absl::StatusOr<io::Datagram> datagram = co_await socket_->Receive(stop);
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
  Endpoint* endpoint = Route(datagram);
  const Endpoint::Arrival arrival = endpoint->OnDatagram(datagram, now);
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
  if (release_ != nullptr) std::exchange(release_, nullptr)();

  if (record_ == nullptr || phase_ == Phase::kSettling) return;
  relabel_at_ = now + kDetachedAfter;
  const std::string address = endpoint_.peer().Unmapped().host();
  if (address.empty() || address == recorded_address_) return;
  recorded_address_ = address;
  record_->Attached(address);
}

void Host::PumpInput(Instant now) {
  if (!endpoint_.has_input()) return;
  // A program that doesn't read: its input stays in the transport, which bounds what the client may
  // send.
  if (!session_.WantsInput() && !session_.ended()) return;
  session_.Apply(endpoint_.TakeInput(now));
}

void Host::OnScreenChange(ssp::ChangeHint hint) {
  endpoint_.OnScreenChange(hint, reactor_->Now());
  wake_.Set();
}

void Host::OnProgramEnd() {
  if (phase_ == Phase::kServing) {
    phase_ = Phase::kShuttingDown;
    endpoint_.StartShutdown(reactor_->Now());
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
      if (!endpoint_.has_peer()) {
        phase_ = Phase::kOver;
      } else if (phase_ == Phase::kServing) {
        phase_ = Phase::kShuttingDown;
        endpoint_.StartShutdown(now);
      }
      return;
  }
}

void Host::Turn(Instant now) {
  ++turns_;
  if (options_.verbosity > 1) Log(absl::StrCat("turn ", turns_));
  session_.OnDeadline(now);
  PumpInput(now);
  Obey(lifetime_.OnTime(phase_ != Phase::kServing, now), now);
  Relabel(now);
  if (phase_ == Phase::kOver) return;
  Send(now);
  CheckEnd(now);
}

void Host::Send(Instant now) {
  const term::Screen* screen = session_.holds_screen() ? nullptr : &session_.terminal().screen();
  if (endpoint_.WantsTerminalModes(now)) endpoint_.SetTerminalModes(session_.ReadTerminalModes());
  const Endpoint::Sent sent = endpoint_.OnDeadline(screen, now);
  if (!sent.fatal.ok()) {
    Log(absl::StrCat("Crypto exception: ", absl::string_view(sent.fatal.message())));
    phase_ = Phase::kOver;
  }
  if (sent.peer_forgotten) Log("Server now detached from client.");
}

void Host::CheckEnd(Instant now) {
  if (endpoint_.peer_left() && phase_ != Phase::kOver) phase_ = Phase::kSettling;
  const bool answered = endpoint_.shutdown_acknowledged() || endpoint_.ShutdownTimedOut(now);
  const bool settled = phase_ == Phase::kSettling && now >= endpoint_.ShutdownSettlesAt();
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
      phase_ == Phase::kSettling ? endpoint_.ShutdownSettlesAt() : Instant::Max();
  return std::min({session_.NextDeadline(), endpoint_.NextDeadline(), relabel_at_, settles_at,
                   lifetime_.NextDeadline(phase_ != Phase::kServing)});
}

}  // namespace mosh::server
