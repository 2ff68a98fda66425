#include "server/hosted_session.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "crypto/route_tag.h"
#include "ssp/receive_problem.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;

// docs/spec/cli.md §3.4: without a new client state for this long, utmp says "detached".
constexpr auto kDetachedAfter = 30s;

// Deadlines that are further away than kDistant are heartbeats and the like: put together on a
// coarse grid, many sessions share a wake-up. So a heartbeat comes up to 20 ms late in its 3 s.
constexpr auto kDistant = 1s;
constexpr std::chrono::nanoseconds kGrid = 20ms;

Instant OnGrid(Instant deadline, Instant now) {
  if (deadline == Instant::Max() || deadline - now < kDistant) return deadline;
  const int64_t grid = kGrid.count();
  return Instant::FromNanos((deadline.nanos() + grid - 1) / grid * grid);
}

}  // namespace

HostedSession::HostedSession(const SessionServices* services, std::string id, SessionParts parts)
    : io::TimerNode(&services->reactor->timers()),
      services_(services),
      id_(std::move(id)),
      created_at_(services->reactor->Now()),
      command_(std::move(parts.command)),
      start_(std::move(parts.start)),
      lifetime_(services->options->timeouts, created_at_),
      limits_(services->options->limits, created_at_),
      session_(services->reactor, parts.size, services->read_buffer, this,
               services->options->history),
      detached_since_(created_at_) {
  limits_.SetTold(services->options->told_limits, created_at_);
}

HostedSession::~HostedSession() {
  for (const auto& client : clients_) services_->router->Remove(client.get());
}

absl::Status HostedSession::AddClient(const crypto::SessionKey& key, bool view_only, bool steals) {
  if (ending_ || over_) {
    return absl::FailedPreconditionError(absl::StrCat("session ", id_, " is ending"));
  }
  if (clients_.size() >= kMostClients) {
    return absl::ResourceExhaustedError(
        absl::StrCat("session ", id_, " has ", clients_.size(), " clients already"));
  }
  const SessionClient::Terms terms = {absl::StrCat(++clients_ever_), view_only, steals};
  clients_.push_back(std::make_unique<SessionClient>(this, terms, key,
                                                     session_.terminal().screen().size(),
                                                     services_->codec, services_->random, Now()));
  services_->router->Add(clients_.back().get(), crypto::RouteTag::Of(key));
  changed_ = true;
  WantTurn();
  return absl::OkStatus();
}

bool HostedSession::OnDatagram(SessionClient* client, const ReceivedDatagram& datagram) {
  const Instant now = Now();
  const size_t size = datagram.bytes.size();
  const crypto::Nonce nonce = crypto::Nonce::Read(datagram.bytes.first<crypto::kNonceSize>());
  const Endpoint::Arrival arrival = client->endpoint().OnDatagram(datagram, now);
  if (services_->options->verbosity > 0) {
    const bool fine = arrival.problem == ssp::ReceiveProblem::kNone;
    Log(absl::StrCat("received ", size, " bytes from ", datagram.from.ToString(), fine ? "" : ": ",
                     fine ? "" : ssp::Describe(arrival.problem)));
  }
  if (arrival.newest) services_->router->OnAuthentic(client, nonce.sequence, datagram.from);
  if (arrival.peer_moved) {
    client->OnHeardFrom(datagram.from);
    changed_ = true;
    Log(absl::StrCat("Server now attached to client at ", datagram.from.ToString()));
  }
  if (arrival.client_state) OnClientState(client, now);
  if (arrival.authentic) arrival.heartbeat ? services_->want_turn_later(this) : WantTurn();
  return arrival.authentic;
}

void HostedSession::OnClientState(SessionClient* client, Instant now) {
  lifetime_.OnClientState(now);
  if (client->state() == SessionClient::State::kAwaited) Welcome(client, now);
  PumpInput(client, now);
  // The client's window size has been applied by now, so the program never sees another.
  if (start_ != nullptr && client->may_type()) StartProgram();
  if (!ending_ && client->here()) RecordPresence(*client, now);
}

void HostedSession::Welcome(SessionClient* client, Instant now) {
  client->set_state(SessionClient::State::kAttached);
  client->SetAttachedAt(now);
  changed_ = true;
  ShowWatched();
  if (!client->terms().steals) return;
  for (const auto& other : clients_) {
    if (other.get() != client) Dismiss(other.get());
  }
}

void HostedSession::StartProgram() {
  absl::StatusOr<RunningProgram> program =
      std::exchange(start_, nullptr)(session_.terminal().screen().size());
  changed_ = true;
  if (!program.ok()) {
    Log(absl::StrCat("Session ", id_, ": ", absl::string_view(program.status().message())));
    return session_.Fail(program.status());
  }
  pid_ = program->pid;
  child_ = std::move(program->child);
  record_ = std::move(program->record);
  session_.Start(std::move(program->pty));
}

void HostedSession::RecordPresence(const SessionClient& client, Instant now) {
  if (std::exchange(detached_since_, std::nullopt)) changed_ = true;
  if (limits_.OnAttached()) WithdrawNotice();
  counts_as_detached_at_ = now + kDetachedAfter;
  // Of several clients the record names one, for as long as it is heard.
  if (recorded_client_ != nullptr && recorded_client_ != &client &&
      now - recorded_heard_at_ < kDetachedAfter) {
    return;
  }
  recorded_client_ = &client;
  recorded_heard_at_ = now;
  const std::string address = client.address().Unmapped().host();
  if (address == recorded_address_) return;
  recorded_address_ = address;
  if (record_ != nullptr) record_->Attached(address);
}

void HostedSession::MarkDetached(Instant since) {
  counts_as_detached_at_ = Instant::Max();
  if (detached_since_) return;
  detached_since_ = since;
  limits_.OnDetached(since);
  recorded_client_ = nullptr;
  recorded_address_.clear();
  if (record_ != nullptr) record_->Detached();
  changed_ = true;
}

void HostedSession::PumpInput(SessionClient* client, Instant now) {
  if (!client->endpoint().has_input()) return;
  // A program that doesn't read: its input stays in the transport, which bounds what the client may
  // send. Held input must not wait there for the release.
  const bool waits = client->may_type() && !top_row_.held;
  if (waits && !session_.WantsInput() && !session_.ended()) return;
  ApplyInput(client, client->endpoint().TakeInput(now), now);
}

void HostedSession::ApplyInput(SessionClient* client, std::span<const sync::UserEvent> events,
                               Instant now) {
  std::vector<sync::UserEvent> wanted;
  for (const sync::UserEvent& event : events) {
    if (const term::Size* window = std::get_if<term::Size>(&event)) {
      if (term::ClampSize(*window) != *window) continue;  // no screen can have it
      client->SetWindow(*window);
      ++other_picture_changes_;
      changed_ = true;
      if (client->may_type()) {
        wanted.push_back(SizeFor(*client));
      } else {
        client->endpoint().OnScreenChange(ssp::ChangeHint::kBulk, now);
      }
    } else if (client->may_type()) {
      // Also while it is held: somebody is there.
      last_input_at_ = now;
      if (limits_.OnInput(now)) WithdrawNotice();
      if (top_row_.held) continue;
      TellInput(std::get<std::string>(event));
      const term::Size size = SizeFor(*client);
      if (wanted.empty() && size != session_.terminal().screen().size()) wanted.push_back(size);
      wanted.push_back(event);
    }
  }
  session_.Apply(wanted);
}

term::Size HostedSession::SizeFor(const SessionClient& client) const {
  term::Size size = client.window().value_or(session_.terminal().screen().size());
  if (services_->options->size_rule == SizeRule::kLatest) return size;
  for (const auto& other : clients_) {
    if (!other->here() || !other->may_type() || !other->window()) continue;
    size.columns = std::min(size.columns, other->window()->columns);
    size.rows = std::min(size.rows, other->window()->rows);
  }
  return size;
}

void HostedSession::RefitToClients() {
  if (services_->options->size_rule != SizeRule::kSmallest) return;
  for (const auto& client : clients_) {
    if (!client->here() || !client->may_type() || !client->window()) continue;
    const term::Size size = SizeFor(*client);
    if (size == session_.terminal().screen().size()) return;
    const sync::UserEvent resize = size;
    return session_.Apply({&resize, 1});
  }
}

void HostedSession::OnScreenChange(ssp::ChangeHint hint) {
  for (ScreenWatcher* watcher : screen_watchers_) watcher->OnScreenChanged();
  SendPictures(hint);
}

void HostedSession::SendPictures(ssp::ChangeHint hint) {
  const Instant now = Now();
  for (const auto& client : clients_) client->endpoint().OnScreenChange(hint, now);
  WantTurn();
}

void HostedSession::PicturesChanged() {
  ++other_picture_changes_;
  SendPictures(ssp::ChangeHint::kIsolated);
}

void HostedSession::OnProgramEnd() {
  DismissAll();
  WantTurn();
}

void HostedSession::Turn(Instant now) {
  if (over_) return;
  session_.OnDeadline(now);
  if (top_row_.Expire(now)) PicturesChanged();
  for (const auto& client : clients_) PumpInput(client.get(), now);
  Obey(lifetime_.OnTime(ending_, now));
  ApplyLimits(now);
  if (now >= counts_as_detached_at_ && !ending_) MarkDetached(now - kDetachedAfter);
  if (over_) return;
  for (const auto& client : clients_) SendTo(client.get(), now);
  CheckClients(now);
}

void HostedSession::AfterTurn(Instant now) {
  gone_.clear();
  const Instant next = over_ ? Instant::Max() : OnGrid(NextDeadline(), now);
  // Most turns leave it where it is, and moving it costs a walk through the heap of all sessions.
  if (next != deadline()) ArmNode(next);
}

void HostedSession::SendTo(SessionClient* client, Instant now) {
  const auto picture = [this, client] { return PictureFor(client); };
  const Endpoint::Picture of_now = picture;
  if (client->endpoint().WantsTerminalModes(now)) {
    client->endpoint().SetTerminalModes(session_.ReadTerminalModes());
  }
  const Endpoint::Sent sent = client->endpoint().OnDeadline(
      session_.holds_screen() ? nullptr : &of_now, picture_version(), *services_->outbox, now);
  if (!sent.fatal.ok()) {
    Log(absl::StrCat("Crypto exception: ", absl::string_view(sent.fatal.message())));
    client->set_state(SessionClient::State::kGone);
    // Nobody can come back to a session that has the process for itself.
    if (!services_->options->linger) over_ = true;
  }
  if (sent.peer_forgotten) Log("Server now detached from client.");
}

term::Screen HostedSession::PictureFor(SessionClient* client) const {
  term::Screen picture = client->view().Of(session_.terminal().screen());
  top_row_.Draw(picture);
  return picture;
}

Instant HostedSession::DeadlineOf(const SessionClient& client) const {
  switch (client.state()) {
    case SessionClient::State::kAwaited:
      return client.granted_at() + services_->options->timeouts.first_contact;
    case SessionClient::State::kLeft:
      return std::min(client.endpoint().NextDeadline(), client.endpoint().ShutdownSettlesAt());
    case SessionClient::State::kAttached:
    case SessionClient::State::kLeaving:
      return client.endpoint().NextDeadline();
    case SessionClient::State::kGone:
      break;
  }
  return Instant::Max();
}

Instant HostedSession::NextDeadline() const {
  Instant next =
      std::min({session_.NextDeadline(), top_row_.NextDeadline(), lifetime_.NextDeadline(ending_)});
  if (!ending_) next = std::min({next, counts_as_detached_at_, limits_.NextDeadline()});
  for (const auto& client : clients_) next = std::min(next, DeadlineOf(*client));
  return next;
}

}  // namespace mosh::server
