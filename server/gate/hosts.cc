#include "server/gate/hosts.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "io/event.h"
#include "server/gate/packet_socket.h"

namespace mosh::server::gate {
namespace {

// A user whose Host can't live (a broken PAM module, a denied user who insists) must not keep the
// machine forking.
constexpr Rate kStarts{.per_second = 0.5, .burst = 5};
// In the kernel's octets, of the 200,000 or so that a link takes: strangers' datagrams must not
// fill it, there is more than half of it left for known clients' and for connections.
constexpr int kMostWaitingForAnOffer = 64 * 1024;
// So many packets of one link before the others have their turn.
constexpr int kPacketsATurn = 64;

RelayLimits LimitsOf(const Config& config) {
  RelayLimits limits;
  limits.offers.per_second = config.offer_rate;
  limits.offers.burst = 4.0 * config.offer_rate;
  return limits;
}

}  // namespace

Hosts::Hosts(io::Reactor* reactor, const Log* log, Parts parts, Config config,
             std::string config_text)
    : reactor_(reactor),
      log_(log),
      port_(std::move(parts.port)),
      keeper_(std::move(parts.keeper)),
      spawner_(std::move(parts.spawner)),
      build_(parts.build),
      config_(std::move(config)),
      config_text_(std::move(config_text)),
      relay_(LimitsOf(config_), this) {
  for (KeptHost& kept : parts.kept) Adopt(std::move(kept));
}

io::Task<void> Hosts::Run(io::StopToken stop) {
  io::Scope scope(stop);
  scope_ = &scope;
  for (auto& [number, host] : hosts_) Listen(host.get());
  io::Event never;
  static_cast<void>(co_await never.Wait(stop));
  scope_ = nullptr;
  co_await scope.CancelAndJoin();
}

void Hosts::Adopt(KeptHost kept) {
  // The keeper's word is good, but its copy of a table may be a step behind.
  if (kept.number == 0 || kept.number >= port_.size() || hosts_.contains(kept.number)) return;
  auto host = std::make_unique<Host>();
  host->number = kept.number;
  host->uid = kept.uid;
  host->build = kept.build;
  host->link = std::move(kept.link);
  Tell(*host, LinkHello{});
  Tell(*host, LinkLimits{HostLines(config_)});
  relay_.AddHost(host->number);
  // Of this program: it goes on as its user's Host. An earlier one's sessions run to their end.
  if (host->build == build_) current_.try_emplace(host->uid, host->number);
  hosts_[kept.number] = std::move(host);
}

absl::Status Hosts::HandOver(uid_t uid, int connection) {
  const Host* host = CurrentOf(uid);
  return host == nullptr ? Start(uid, connection) : Pass(host->link.get(), connection);
}

absl::Status Hosts::Pass(int link, int connection) {
  if (!TrySendPacket(link, EncodeLink(LinkConnection{}), {&connection, 1})) {
    return absl::UnavailableError("your Host doesn't answer; try again");
  }
  return absl::OkStatus();
}

Hosts::Host* Hosts::CurrentOf(uid_t uid) {
  const auto number = current_.find(uid);
  return number == current_.end() ? nullptr : hosts_.at(number->second).get();
}

absl::Status Hosts::Start(uid_t uid, int connection) {
  if (hosts_.size() >= static_cast<size_t>(config_.max_hosts)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("max_hosts = ", config_.max_hosts, " users have sessions here already"));
  }
  if (!starts_.try_emplace(uid, kStarts).first->second.Take(1, reactor_->Now())) {
    return absl::ResourceExhaustedError("your Host was started too often; try again later");
  }
  const absl::StatusOr<HostNumber> number = FreeNumber();
  if (!number.ok()) return number.status();
  auto pair = MakePacketPair();
  if (!pair.ok()) return pair.status();
  // What its last owner's clients have sent isn't for this one.
  port_.Drain(*number);
  // First the keeper: a Host that it doesn't know of would be lost with the gate.
  absl::Status status = keeper_.HoldHost(*number, uid, build_, pair->first.get());
  if (!status.ok()) log_->Warning(absl::StrCat("keeper: ", absl::string_view(status.message())));
  // Before the Host is: one that refuses its user tells this connection why and is gone at once.
  status = Pass(pair->first.get(), connection);
  if (!status.ok()) return status;
  status =
      spawner_.StartHost(*number, uid, config_text_, pair->second.get(), port_.SocketsOf(*number));
  if (!status.ok()) return status;
  log_->Info(absl::StrCat("starting Host ", *number, " for user ", uid));

  auto host = std::make_unique<Host>();
  host->number = *number;
  host->uid = uid;
  host->link = std::move(pair->first);
  host->build = build_;
  Host* started = host.get();
  hosts_[*number] = std::move(host);
  current_[uid] = *number;
  relay_.AddHost(*number);
  Steer();
  Listen(started);
  return absl::OkStatus();
}

absl::StatusOr<HostNumber> Hosts::FreeNumber() {
  for (size_t number = 1; number < port_.size(); ++number) {
    if (!hosts_.contains(static_cast<HostNumber>(number))) return static_cast<HostNumber>(number);
  }
  const size_t number = port_.size();
  if (absl::Status s = port_.Grow(); !s.ok()) return s;
  const absl::Status held = keeper_.HoldSockets(port_.SocketsOf(number));
  if (!held.ok()) log_->Warning(absl::StrCat("keeper: ", absl::string_view(held.message())));
  return static_cast<HostNumber>(number);
}

void Hosts::Listen(Host* host) {
  if (scope_ != nullptr) scope_->Spawn(ReadLink(host->number, scope_->token()));
}

io::Task<void> Hosts::ReadLink(HostNumber number, io::StopToken stop) {
  // A Host leaves the table only below, so neither it nor its link goes while this waits.
  Host* host = hosts_.at(number).get();
  std::vector<uint8_t> buffer(256);
  for (;;) {
    const absl::Status ready = co_await reactor_->WaitReadable(host->link.get(), stop);
    if (!ready.ok()) co_return;
    for (int i = 0; i < kPacketsATurn; ++i) {
      const ReceivedPacket packet = ReceivePacket(host->link.get(), buffer, false);
      if (packet.kind == ReceivedPacket::Kind::kNothing) break;
      const std::optional<LinkMessage> message =
          packet.kind == ReceivedPacket::Kind::kPacket ? DecodeLink(packet.bytes) : std::nullopt;
      if (!message) {
        OnEnd(number);
        co_return;
      }
      OnMessage(host, *message);
    }
  }
}

void Hosts::OnMessage(Host* host, const LinkMessage& message) {
  if (const auto* claim = std::get_if<LinkClaim>(&message)) {
    relay_.OnClaim(host->number, claim->id);
  } else if (const auto* refusal = std::get_if<LinkRefusal>(&message)) {
    relay_.OnRefusal(host->number, refusal->id, reactor_->Now());
  } else if (const auto* state = std::get_if<LinkState>(&message)) {
    OnState(host, *state);
  }
}

void Hosts::OnState(Host* host, const LinkState& state) {
  host->state = state;
  if (!state.idle) {
    // One that was let go may have found that something had come before the End.
    if (host->build == build_) current_.try_emplace(host->uid, host->number);
    return;
  }
  // What is handed over from here on is for its successor.
  const auto current = current_.find(host->uid);
  if (current != current_.end() && current->second == host->number) current_.erase(current);
  Tell(*host, LinkEnd{});
}

void Hosts::OnEnd(HostNumber number) {
  const auto host = hosts_.find(number);
  log_->Info(absl::StrCat("Host ", number, " of user ", host->second->uid, " has ended"));
  const auto current = current_.find(host->second->uid);
  if (current != current_.end() && current->second == number) current_.erase(current);
  relay_.RemoveHost(number);
  hosts_.erase(host);
  Steer();
}

void Hosts::Reconfigure(Config config, std::string config_text) {
  config_ = std::move(config);
  config_text_ = std::move(config_text);
  relay_.SetOfferRate(LimitsOf(config_).offers);
  for (const auto& [number, host] : hosts_) Tell(*host, LinkLimits{HostLines(config_)});
}

absl::Status Hosts::SetKeeper(KeeperConnection keeper) {
  keeper_ = std::move(keeper);
  for (size_t number = 0; number < port_.size(); ++number) {
    if (absl::Status s = keeper_.HoldSockets(port_.SocketsOf(number)); !s.ok()) return s;
  }
  for (const auto& [number, host] : hosts_) {
    if (absl::Status s = keeper_.HoldHost(number, host->uid, host->build, host->link.get());
        !s.ok())
      return s;
  }
  return absl::OkStatus();
}

std::vector<Hosts::Facts> Hosts::All() const {
  std::vector<Facts> all;
  for (const auto& [number, host] : hosts_) {
    const auto current = current_.find(host->uid);
    all.push_back(
        {number, host->uid, host->state, current != current_.end() && current->second == number});
  }
  return all;
}

bool Hosts::Deliver(HostNumber number, const RelayedDatagram& datagram) {
  const Host& host = *hosts_.at(number);
  int waiting = 0;
  const bool busy =
      ioctl(host.link.get(), SIOCOUTQ, &waiting) == 0 && waiting > kMostWaitingForAnOffer;
  if (datagram.offered && busy) return false;
  return Tell(host, datagram);
}

bool Hosts::Tell(const Host& host, const LinkMessage& message) const {
  return TrySendPacket(host.link.get(), EncodeLink(message));
}

void Hosts::Steer() {
  const absl::Status status = port_.Steer();
  if (!status.ok()) log_->Error(absl::StrCat("port: ", absl::string_view(status.message())));
}

}  // namespace mosh::server::gate
