#include "server/gate/host_process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/short_slices.h"
#include "io/create_reactor.h"
#include "io/unix_socket.h"
#include "server/control/admission.h"
#include "server/control/runtime_directory.h"
#include "server/control/serve_control.h"
#include "server/gate/log.h"
#include "server/gate/refusal.h"
#include "server/gate/start_program.h"

namespace mosh::server::gate {
namespace {

using namespace std::chrono_literals;

// The gate decides when it ends, not the Host alone: a connection may be under way.
constexpr std::chrono::hours kForever{24 * 365 * 100};
// Packets of the link that are read before the sessions have their turn.
constexpr int kPacketsATurn = 64;

HostOptions OptionsOf(io::Reactor* reactor, UtmpKeeper* keeper, const HostLife& life) {
  HostOptions options;
  options.limits = life.config.limits;
  options.history = life.config.history;
  options.host_number = life.number;
  options.linger = kForever;
  options.user = life.who.name;
  options.admit = [uid = life.who.uid](size_t sessions) {
    RuntimePlaces places = RuntimePlacesOfProcess();
    places.uid = uid;
    return CheckAdmission(ReadAdmissions(places), sessions);
  };
  options.start_program = MakeProgramStarter(reactor, keeper, life.who, life.open_files);
  return options;
}

}  // namespace

HostProcess::HostProcess(io::Reactor* reactor, UtmpKeeper* keeper, HostLife life,
                         crypto::RandomSource* random)
    : reactor_(reactor),
      life_(std::move(life)),
      host_(reactor, OptionsOf(reactor, keeper, life_), random) {}

absl::Status HostProcess::Prepare() {
  for (io::OwnedFd& fd : life_.sockets) {
    absl::StatusOr<std::unique_ptr<io::UdpSocket>> socket =
        reactor_->AdoptUdp(std::move(fd), io::UdpOptions());
    if (!socket.ok()) return socket.status();
    host_.AddSocket(*std::move(socket));
  }
  auto signals = reactor_->WatchSignals({SIGTERM, SIGINT, SIGUSR1});
  if (!signals.ok()) return signals.status();
  host_.AddSignals(*std::move(signals));
  // Worth having and not worth failing for: the way through the gate is another.
  const absl::StatusOr<std::string> directory = RuntimeDirectory(RuntimePlacesOfProcess());
  if (!directory.ok()) return absl::OkStatus();
  auto listener = ControlListener::Create(reactor_, *directory, getpid());
  if (listener.ok()) listener_ = *std::move(listener);
  return absl::OkStatus();
}

io::Task<void> HostProcess::Run() {
  scope_.Spawn(ReadLink(scope_.token()));
  scope_.Spawn(Report(scope_.token()));
  if (listener_ != nullptr) scope_.Spawn(listener_->Run(&host_, scope_.token()));
  SendState(false);
  co_await host_.Run(end_.token());
  co_await scope_.CancelAndJoin();
}

io::Task<void> HostProcess::ReadLink(io::StopToken stop) {
  std::vector<uint8_t> buffer(kLinkPacket);
  for (;;) {
    const absl::Status ready = co_await reactor_->WaitReadable(life_.link.get(), stop);
    if (!ready.ok()) co_return;
    for (int i = 0; i < kPacketsATurn && life_.link.valid(); ++i) {
      if (!ReadPacket(buffer)) break;
    }
    if (life_.link.valid()) continue;
    host_.StartShutdown();
    co_return;
  }
}

bool HostProcess::ReadPacket(std::span<uint8_t> buffer) {
  ReceivedPacket packet = ReceivePacket(life_.link.get(), buffer, false);
  if (packet.kind == ReceivedPacket::Kind::kNothing) return false;
  if (packet.kind == ReceivedPacket::Kind::kEnd) {
    life_.link.Reset();
    return false;
  }
  const std::optional<LinkMessage> message = DecodeLink(packet.bytes);
  // A gate of a later release may say more than this Host understands.
  if (!message) return true;
  if (const auto* datagram = std::get_if<RelayedDatagram>(&*message)) {
    OnDatagram(*datagram, packet.bytes);
  } else if (std::holds_alternative<LinkConnection>(*message)) {
    for (io::OwnedFd& fd : packet.fds) OnConnection(std::move(fd));
  } else if (const auto* limits = std::get_if<LinkLimits>(&*message)) {
    OnLimits(*limits);
  } else if (std::holds_alternative<LinkHello>(*message)) {
    SendState(false);
  } else if (std::holds_alternative<LinkEnd>(*message)) {
    OnEnd();
  }
  return true;
}

void HostProcess::OnEnd() {
  // The link keeps the order: what was handed over before the gate let go has been seen.
  if (taken_ == taken_when_idle_ && sessions() == 0) {
    end_.RequestStop();
  } else {
    SendState(false);
  }
}

void HostProcess::OnDatagram(const RelayedDatagram& datagram, std::span<uint8_t> packet) {
  // The same bytes, which the Host may change.
  const std::span<uint8_t> bytes = packet.last(datagram.bytes.size());
  const bool authentic = host_.OnRelayedDatagram(bytes, datagram.from, datagram.to, datagram.ecn);
  if (authentic == datagram.offered) {
    const LinkMessage answer =
        authentic ? LinkMessage(LinkClaim{datagram.id}) : LinkMessage(LinkRefusal{datagram.id});
    TrySendPacket(life_.link.get(), EncodeLink(answer));
  }
}

void HostProcess::OnConnection(io::OwnedFd fd) {
  ++taken_;
  if (serving_ >= kMaxConnections) {
    Refuse(fd.get(), absl::ResourceExhaustedError("too many control connections; try again"));
    return;
  }
  auto connection = io::UnixConnection::Adopt(reactor_, std::move(fd));
  // The gate has seen to it; a second look costs nothing.
  if (!connection.ok() || !MayControl((*connection)->peer(), life_.who.uid)) return;
  scope_.Spawn(Serve(*std::move(connection), scope_.token()));
}

io::Task<void> HostProcess::Serve(std::unique_ptr<io::UnixConnection> connection,
                                  io::StopToken stop) {
  ++serving_;
  co_await ServeControl(reactor_, std::move(connection), &host_, stop);
  --serving_;
  SendState(false);
}

void HostProcess::OnLimits(const LinkLimits& limits) {
  const ParsedConfig parsed = ParseConfig(limits.text);
  if (!parsed.problems.empty()) return;
  host_.SetLimits(parsed.config.limits);
  host_.SetHistory(parsed.config.history);
  life_.config.linger = parsed.config.linger;
}

io::Task<void> HostProcess::Report(io::StopToken stop) {
  uint64_t taken_before = taken_;
  for (;;) {
    const std::chrono::seconds period = std::max<std::chrono::seconds>(life_.config.linger, 1s);
    const absl::Status slept = co_await reactor_->Sleep(reactor_->Now() + period, stop);
    if (!slept.ok()) co_return;
    const bool idle = sessions() == 0 && serving_ == 0 && taken_ == taken_before;
    taken_before = taken_;
    SendState(idle);
  }
}

void HostProcess::SendState(bool idle) {
  const LinkState state{
      .pid = static_cast<uint32_t>(getpid()), .sessions = sessions(), .idle = idle};
  if (idle) taken_when_idle_ = taken_;
  TrySendPacket(life_.link.get(), EncodeLink(state));
}

void LiveAsHost(HostLife life) {
  const Log log = Log::OfProcess(life.config.log_level);
  const auto complain = [&log](const absl::Status& status) {
    log.Error(absl::StrCat("Host: ", absl::string_view(status.message())));
  };
  // Before the reactor, whose rings it mustn't inherit; it closes what isn't its own.
  const std::unique_ptr<UtmpKeeper> keeper = UtmpKeeper::Start(getpid(), [] {});
  absl::StatusOr<std::unique_ptr<io::Reactor>> reactor = io::CreateReactor();
  if (!reactor.ok()) return complain(reactor.status());
  crypto::SystemRandom random;
  HostProcess process(reactor->get(), keeper.get(), std::move(life), &random);
  const absl::Status prepared = process.Prepare();
  if (!prepared.ok()) return complain(prepared);
  // From here on it has nothing more to say to root's log.
  const io::OwnedFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null.get(), fd);
  PreferShortSlices();
  (*reactor)->Run(process.Run());
}

}  // namespace mosh::server::gate
