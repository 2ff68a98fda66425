#include "bench/fleet/processes.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/short_slices.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/create_reactor.h"
#include "io/scope.h"
#include "io/timer.h"
#include "server/host.h"
#include "server/login_mode.h"

namespace mosh::bench {
namespace {

using namespace std::chrono_literals;

// Packets over a seqpacket pair, one request and one answer at a time.
std::string ReceiveText(int socket) {
  std::array<char, 256> text;
  const ssize_t size = recv(socket, text.data(), text.size(), 0);
  return size > 0 ? std::string(text.data(), static_cast<size_t>(size)) : "";
}

void SendText(int socket, const std::string& text) {
  CHECK(send(socket, text.data(), text.size(), MSG_NOSIGNAL) == std::ssize(text));
}

std::string ToText(const Entry& entry) {
  return absl::StrCat(entry.port, " ", entry.key, " ",
                      entry.start == LightClient::Start::kAtTag ? "tag" : "zero");
}

Entry ToEntry(const std::string& text) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  CHECK(words.size() == 3);
  int port = 0;
  CHECK(absl::SimpleAtoi(words[0], &port));
  return {static_cast<uint16_t>(port), words[1],
          words[2] == "tag" ? LightClient::Start::kAtTag : LightClient::Start::kAtZero};
}

// Forks a process that runs `program` with its end of a socket pair, and gives ours.
template <class Program>
std::pair<pid_t, int> Fork(Program program) {
  std::array<int, 2> sockets;
  CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) == 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(sockets[0]);
    program(sockets[1]);
    _exit(0);
  }
  close(sockets[1]);
  return {pid, sockets[0]};
}

io::Task<void> AnswerOpenings(io::Reactor* reactor, int socket, server::Host* host,
                              std::string program) {
  while ((co_await reactor->WaitReadable(socket, {})).ok()) {
    if (ReceiveText(socket).empty()) break;
    server::control::NewSession request;
    request.add_command(program);
    request.add_environment("HOME=/");
    const absl::StatusOr<server::control::Grant> grant = host->NewSession(request);
    CHECK(grant.ok());
    SendText(socket, ToText({static_cast<uint16_t>(grant->port()), grant->key()}));
  }
  _exit(0);
}

void RunHost(int socket, const std::string& program) {
  auto reactor = io::CreateReactor();
  CHECK(reactor.ok());
  crypto::SystemRandom random;
  server::HostOptions options;
  options.linger = 1h;
  options.host_number = 1;
  options.timeouts.first_contact = 600s;
  options.start_program = server::LoginModeStarter(reactor->get(), nullptr);
  server::Host host(reactor->get(), std::move(options), &random);
  host.AddSocket(*(*reactor)->BindUdp(io::SocketAddress::LoopbackV4(0), io::UdpOptions()));
  const auto serve = [](io::Reactor* r, int s, server::Host* h, std::string p) -> io::Task<void> {
    io::Scope scope;
    scope.Spawn(AnswerOpenings(r, s, h, p));
    co_await h->Run();
    co_await scope.CancelAndJoin();
  };
  PreferShortSlices();
  (*reactor)->Run(serve(reactor->get(), socket, &host, program));
}

// Connects whom it is told to, and answers how many are up whenever that is all of them.
io::Task<void> RunCrowdLoop(io::Reactor* reactor, int socket) {
  crypto::SystemRandom random;
  const auto codec = std::make_shared<ssp::Codec>();
  std::vector<std::unique_ptr<LightClient>> clients;
  io::Scope scope;
  while ((co_await reactor->WaitReadable(socket, {})).ok()) {
    const std::string text = ReceiveText(socket);
    if (text.empty()) _exit(0);
    if (text != "up?") {
      const Entry entry = ToEntry(text);
      clients.push_back(std::make_unique<LightClient>(
          reactor, io::SocketAddress::LoopbackV4(entry.port),
          *crypto::SessionKey::FromBase64(entry.key), entry.start, codec, &random));
      clients.back()->Connect(&scope);
      continue;
    }
    for (const auto& client : clients) {
      while (!client->up()) {
        const absl::Status slept = co_await reactor->Sleep(reactor->Now() + 1ms, {});
        CHECK(slept.ok());
      }
    }
    SendText(socket, "up");
  }
}

}  // namespace

HostProcess::HostProcess(const std::string& program) {
  std::tie(pid_, socket_) = Fork([&program](int socket) { RunHost(socket, program); });
}

HostProcess::~HostProcess() {
  close(socket_);
  waitpid(pid_, nullptr, 0);
}

Entry HostProcess::Open() {
  SendText(socket_, "open");
  return ToEntry(ReceiveText(socket_));
}

CrowdProcess::CrowdProcess() {
  std::tie(pid_, socket_) = Fork([](int socket) {
    // Thousands of sockets: too many for the few receive buffers that those of one ring share.
    setenv("MOSH_IO_BACKEND", "epoll", 1);
    auto reactor = io::CreateReactor();
    CHECK(reactor.ok());
    (*reactor)->Run(RunCrowdLoop(reactor->get(), socket));
  });
}

CrowdProcess::~CrowdProcess() {
  close(socket_);
  waitpid(pid_, nullptr, 0);
}

void CrowdProcess::Connect(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) SendText(socket_, ToText(entry));
  SendText(socket_, "up?");
  CHECK(ReceiveText(socket_) == "up");
}

}  // namespace mosh::bench
