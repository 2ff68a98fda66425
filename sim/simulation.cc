#include "sim/simulation.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client/session.h"
#include "crypto/session_key.h"
#include "crypto/testing/seeded_random.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_stream.h"
#include "io/sim/sim_world.h"
#include "server/host.h"
#include "sim/netem_link.h"
#include "sim/plan.h"
#include "term/terminal.h"

namespace mosh::sim {
namespace {

using namespace std::chrono_literals;

constexpr uint16_t kPort = 60001;
// How long after the trouble keys and screens may take to arrive. SSP's slowest timers are seconds,
// and a queue of 256 KiB at 20 kbit/s, filled while there was trouble, belongs to the old path.
constexpr auto kConvergence = 60s;
// Goodbyes: ten seconds of trying, and some to settle.
constexpr auto kGoodbye = 90s;
// The loops may wake up for datagrams, keys, output and timers, never just so.
constexpr uint64_t kMostTurnsPerSecond = 400;
// What a session may keep: unacknowledged input, unread output.
constexpr size_t kMostQueuedInput = size_t{1} << 20;

class FakeTerminalControl final : public client::TerminalControl {
 public:
  void EnterRaw() override {}
  void LeaveRaw() override {}
  void StopProcessGroup() override {}
};

io::WindowSize ToWindow(term::Size size) {
  return {.columns = static_cast<uint16_t>(size.columns), .rows = static_cast<uint16_t>(size.rows)};
}

// "" if the user sees what the server has, else the first difference.
std::string ScreenDifference(const term::Screen& server, const term::Screen& user,
                             absl::string_view title_prefix) {
  if (server.size() != user.size()) {
    return absl::StrCat("the server's screen is ", server.columns(), "x", server.rows(),
                        ", the user's ", user.columns(), "x", user.rows());
  }
  for (int row = 0; row < server.rows(); ++row) {
    for (int column = 0; column < server.columns(); ++column) {
      if (!term::Screen::SameCell(server, server.cell(row, column), user, user.cell(row, column))) {
        return absl::StrCat("row ", row, " column ", column, ": the server has '",
                            server.RowText(row), "', the user sees '", user.RowText(row), "'");
      }
    }
  }
  if (server.cursor().visible != user.cursor().visible) return "the cursor's visibility differs";
  if (server.cursor().row != user.cursor().row || server.cursor().column != user.cursor().column) {
    return absl::StrCat("the cursor is at ", server.cursor().row, ",", server.cursor().column,
                        " on the server, at ", user.cursor().row, ",", user.cursor().column,
                        " for the user");
  }
  if (server.modes().bracketed_paste != user.modes().bracketed_paste)
    return "bracketed paste differs";
  if (server.title_set() && user.title() != absl::StrCat(title_prefix, server.title())) {
    return absl::StrCat("the title is '", user.title(), "' instead of '", server.title(), "'");
  }
  return "";
}

class Simulation {
 public:
  explicit Simulation(uint64_t seed);
  ~Simulation();
  Outcome Run();

 private:
  void StartServer();
  void StartClient();
  void OnProgramInput();
  void Perform(const Action& action);
  void Resize(term::Size size);
  void Connect(const netem::PathConditions& path);
  void End();
  void CheckSafety();
  bool Converged();
  std::string Difference() const;
  void Drain();
  io::Task<void> RunHost() {
    co_await host_->Run(world_.stop());
    host_over_ = true;
  }
  io::Task<void> RunClient() {
    co_await client_->Run(world_.stop());
    client_over_ = true;
  }
  void Fail(const std::string& why) {
    if (outcome_.failure.empty())
      outcome_.failure = absl::StrCat("at ", world_.Now().millis(), " ms: ", why);
  }

  Plan plan_;
  io::sim::SimWorld world_;
  io::sim::SimReactor& server_machine_;
  io::sim::SimReactor& laptop_;
  crypto::SeededRandom random_;
  const std::string key_;  // base64
  FakeTerminalControl control_;

  std::shared_ptr<io::sim::SimPeer> program_;  // the program's side of the pty
  std::unique_ptr<server::Host> host_;
  std::string session_id_;
  std::shared_ptr<io::sim::SimPeer> user_;  // the person before the client's terminal
  std::unique_ptr<io::Tty> tty_;
  std::unique_ptr<client::Session> client_;
  term::Terminal user_terminal_;

  std::string typed_, read_;  // by the user; by the program
  size_t checked_ = 0;        // of read_, found equal to typed_
  int roams_ = 0;
  bool host_over_ = false, client_over_ = false;
  Outcome outcome_;
};

Simulation::Simulation(uint64_t seed)
    : plan_(MakePlan(seed)),
      world_(seed),
      server_machine_(world_.AddHost("server", "192.0.2.1")),
      laptop_(world_.AddHost("laptop", "198.51.100.7")),
      random_(seed),
      key_(crypto::SessionKey::Generate(random_).ToBase64()),
      user_terminal_(plan_.size, term::Dialect::kProgram) {
  Connect(plan_.path);
  StartServer();
  StartClient();
}

Simulation::~Simulation() {
  // Whatever failed: nothing may be waiting when the world ends.
  if (!world_.StopAll()) std::abort();
}

void Simulation::Connect(const netem::PathConditions& path) {
  world_.network().ConnectOneWay(laptop_, server_machine_, NetemLink(path.up));
  world_.network().ConnectOneWay(server_machine_, laptop_, NetemLink(path.down));
}

void Simulation::StartServer() {
  io::sim::SimTtyPair pty = io::sim::MakeSimTty(&world_, {80, 24});
  program_ = pty.peer;
  program_->on_output = [this] { OnProgramInput(); };
  server::SessionParts parts;
  parts.size = {80, 24};
  parts.start = [this, tty = std::make_shared<std::unique_ptr<io::Tty>>(std::move(pty.tty))](
                    term::Size) -> absl::StatusOr<server::RunningProgram> {
    program_->Feed("$ ");
    server::RunningProgram program;
    program.pty = std::move(*tty);
    return program;
  };
  host_ = std::make_unique<server::Host>(&server_machine_, server::HostOptions(), &random_);
  host_->AddSocket(*server_machine_.BindUdp(io::SocketAddress::AnyV4(kPort), io::UdpOptions()));
  host_->AddSignals(*server_machine_.WatchSignals({SIGTERM, SIGINT, SIGUSR1}));
  session_id_ = host_->AddSession(std::move(parts), *crypto::SessionKey::FromBase64(key_));
  world_.Start(RunHost());
}

void Simulation::StartClient() {
  io::sim::SimTtyPair terminal = io::sim::MakeSimTty(&world_, ToWindow(plan_.size));
  user_ = terminal.peer;
  tty_ = std::move(terminal.tty);
  client::SessionConfig config;
  config.server = *io::SocketAddress::Parse("192.0.2.1", kPort);
  config.render.target = term::RenderTarget::kRealTerminal;
  const client::SessionTerminal ends{
      .input = tty_.get(), .output = tty_.get(), .window = tty_.get(), .control = &control_};
  client_ = std::make_unique<client::Session>(&laptop_, ends, std::move(config),
                                              *crypto::SessionKey::FromBase64(key_), &random_);
  world_.Start(RunClient());
}

// The program echoes what it reads, as a shell would, and answers each line.
void Simulation::OnProgramInput() {
  if (plan_.sometimes_slow_program && world_.Now().millis() % 7 == 0) return;  // reads it later
  const std::string input = program_->TakeOutput();
  read_ += input;
  std::string answer;
  for (const char c : input) {
    if (c == '\r') {
      absl::StrAppend(&answer, "\r\nline ", read_.size(), "\r\n$ ");
    } else if (c == '\x7f') {
      answer += "\b \b";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      answer += c;
    }
  }
  program_->Feed(answer);
}

void Simulation::Resize(term::Size size) {
  Drain();
  user_terminal_.Resize(size);
  user_->set_window_size(ToWindow(size));
  laptop_.RaiseSignal(SIGWINCH);
}

void Simulation::Perform(const Action& action) {
  switch (action.kind) {
    case ActionKind::kType:
      typed_ += action.text;
      user_->Feed(action.text);
      break;
    case ActionKind::kPrint:
      program_->Feed(action.text);
      break;
    case ActionKind::kResize:
      Resize(action.size);
      break;
    case ActionKind::kRoam:
      ++roams_;
      laptop_.Roam(absl::StrCat("198.51.100.", 8 + roams_ % 200));
      break;
    case ActionKind::kHop:
      ++roams_;
      laptop_.Roam(laptop_.address().host(), roams_);
      break;
    case ActionKind::kPathChange:
      Connect(action.path);
      break;
  }
}

// Lets the user's terminal draw what the client has written.
void Simulation::Drain() { user_terminal_.Feed(user_->TakeOutput()); }

void Simulation::CheckSafety() {
  if (read_.size() > typed_.size() ||
      read_.compare(checked_, std::string::npos, typed_, checked_, read_.size() - checked_) != 0) {
    size_t at = checked_;
    while (at < read_.size() && at < typed_.size() && read_[at] == typed_[at]) ++at;
    Fail(absl::StrCat("the program read something else than was typed, from octet ", at, " on: '",
                      absl::CEscape(read_.substr(at, 20)), "' instead of '",
                      absl::CEscape(typed_.substr(at, 20)), "'"));
  }
  checked_ = std::min(read_.size(), typed_.size());
  const server::HostedSession* const hosted = host_->Find(session_id_);
  if (hosted != nullptr && hosted->session().queued_bytes() > kMostQueuedInput)
    Fail("the server's queue toward the program grows without bound");
  const uint64_t most =
      2000 + kMostTurnsPerSecond * static_cast<uint64_t>(world_.Now().millis() / 1000 + 1);
  if (host_->turns() > most) Fail(absl::StrCat("the server woke up ", host_->turns(), " times"));
}

bool Simulation::Converged() {
  Drain();
  OnProgramInput();
  return read_.size() == typed_.size() && Difference().empty();
}

// Which half of the way went wrong: server to client, or client to terminal.
std::string Simulation::Difference() const {
  const server::HostedSession* const hosted = host_->Find(session_id_);
  if (hosted == nullptr) return "the session is over";
  const term::Screen& server = hosted->session().terminal().screen();
  const term::Screen& state = client_->connection().transport().remote().screen();
  const std::string synchronised = ScreenDifference(server, state, "");
  if (!synchronised.empty()) return absl::StrCat("in the client's state: ", synchronised);
  const std::string painted = ScreenDifference(server, user_terminal_.screen(), "[mosh] ");
  return painted.empty() ? "" : absl::StrCat("only on the terminal: ", painted);
}

void Simulation::End() {
  switch (plan_.ending) {
    case Ending::kUserQuits:
      user_->Feed("\x1e.");
      break;
    case Ending::kProgramExits:
      program_->Hangup();
      break;
    case Ending::kServerSignal:
      server_machine_.RaiseSignal(SIGTERM);
      break;
    case Ending::kClientSignal:
      laptop_.RaiseSignal(SIGTERM);
      break;
    case Ending::kTerminalCloses:
      user_->Hangup();
      break;
  }
}

Outcome Simulation::Run() {
  const Instant start = world_.Now();
  for (const Action& action : plan_.actions) {
    world_.RunUntil(start + action.at);
    CheckSafety();
    if (client_over_) break;  // gave up: never reached the server within its patience
    Perform(action);
  }
  world_.RunUntil(start + plan_.trouble_ends);
  CheckSafety();

  Connect({});
  if (!client_over_) {
    if (!world_.RunUntilTrue([this] { return Converged() || client_over_; },
                             world_.Now() + kConvergence)) {
      Fail(absl::StrCat("no convergence: ", read_.size(), " of ", typed_.size(), " octets read; ",
                        Difference()));
    }
    CheckSafety();
  }
  // A client that never heard its server leaves by itself after 15 s; the server then waits for its
  // minute.
  if (client_over_ && client_->connection().connected()) Fail("the client ended by itself");
  if (!client_over_) End();
  if (!world_.RunUntilTrue([this] { return host_over_ && client_over_; },
                           world_.Now() + kGoodbye)) {
    // A server whose client vanished lives on: only a client that gave up before it was ever heard
    // may cause that.
    if (client_over_ && !client_->connection().connected()) {
      server_machine_.RaiseSignal(SIGTERM);
      world_.RunUntilTrue([this] { return host_over_; }, world_.Now() + kGoodbye);
    }
    if (!client_over_) Fail("the client did not end");
    if (!host_over_) Fail("the server did not end");
  }
  outcome_.trace_hash = world_.trace_hash();
  outcome_.datagrams = world_.network().stats().sent;
  outcome_.keys = typed_.size();
  outcome_.virtual_seconds = std::chrono::duration<double>(world_.Now() - start).count();
  return outcome_;
}

}  // namespace

Outcome Simulate(uint64_t seed) { return Simulation(seed).Run(); }

}  // namespace mosh::sim
