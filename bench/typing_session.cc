#include "bench/typing_session.h"

#include <cstdio>
#include <cstdlib>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "bench/measure.h"
#include "e2e/tools.h"

namespace mosh::bench {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

const e2e::Deadline kNow = e2e::Deadline::In(std::chrono::seconds(0));

Instant ToInstant(double millis) { return Instant::FromNanos(static_cast<int64_t>(millis * 1e6)); }

}  // namespace

const std::vector<TypingPairing>& TypingPairings() {
  static const auto* pairings = new std::vector<TypingPairing>{
      {Peer::kOurs, Peer::kOurs, "ours"},
      {Peer::kStock, Peer::kStock, "stock"},
      {Peer::kOurs, Peer::kStock, "ours-stock"},
      {Peer::kStock, Peer::kOurs, "stock-ours"},
  };
  return *pairings;
}

TypingSession::TypingSession(const Options& options)
    : options_(options), judge_(options.reference, options.sure_after) {
  e2e::BecomeReaper();
  e2e::Environment environment = options.environment;
  mark_ = e2e::NewMark();
  environment[e2e::kMarkVariable] = mark_;
  // If the benchmark is interrupted, the servers are to go, too.
  environment["MOSH_SERVER_NETWORK_TMOUT"] = "600";
  std::vector<std::string> arguments = {"-i", "127.0.0.1", "-p", "0", "-c", "256", "--"};
  arguments.insert(arguments.end(), options.trace->command.begin(), options.trace->command.end());
  server_ = e2e::StartServer(ServerProgram(options.pairing.server), arguments, environment);
  if (server_.port == 0) {
    std::fprintf(stderr, "typing: the server of '%s' did not start: %s\n",
                 options.pairing.name.c_str(), server_.output.c_str());
    std::abort();
  }
  absl::StatusOr<std::unique_ptr<netem::Relay>> relay =
      netem::Relay::Create({.server_host = "127.0.0.1",
                            .server_port = static_cast<uint16_t>(server_.port),
                            .conditions = options.conditions,
                            .seed = options.seed});
  if (!relay.ok()) {
    std::fprintf(stderr, "typing: %s\n", relay.status().ToString().c_str());
    std::abort();
  }
  relay_ = *std::move(relay);
  environment["MOSH_KEY"] = server_.key;
  const std::vector<std::string> client = {ClientProgram(options.pairing.client), "127.0.0.1",
                                           absl::StrCat(relay_->port())};
  terminal_ = std::make_unique<e2e::TerminalProgram>(
      e2e::TerminalProgram::Options{.argv = client, .environment = environment});
  picture_ = CurrentPicture();
}

TypingSession::~TypingSession() {
  terminal_.reset();
  e2e::KillMarkedProcesses(mark_);
}

Picture TypingSession::CurrentPicture() const { return TakePicture(terminal_->screen()); }

bool TypingSession::Ready() const {
  return options_.reference->Matches(picture_, 0) &&
         picture_.cursor == options_.reference->state(0).cursor;
}

void TypingSession::StartTyping(double now) {
  typing_ = true;
  judge_.Look(picture_, now);
  before_ = Counters();
  next_due_ = now + options_.trace->keys[0].gap;
}

bool TypingSession::Complete() const {
  return next_ == options_.trace->keys.size() && judge_.Settled();
}

void TypingSession::Finish(double now) {
  judge_.Finish(now);
  const Traffic after = Counters();
  traffic_ = {after.datagrams_up - before_.datagrams_up,
              after.datagrams_down - before_.datagrams_down, after.bytes_up - before_.bytes_up,
              after.bytes_down - before_.bytes_down};
}

Traffic TypingSession::Counters() const {
  const netem::RelayStats stats = relay_->stats();
  return {static_cast<double>(stats.up.pushed), static_cast<double>(stats.down.pushed),
          static_cast<double>(stats.up.pushed_bytes), static_cast<double>(stats.down.pushed_bytes)};
}

void TypingSession::AppendPollFds(std::vector<pollfd>* fds) const {
  fds->push_back({terminal_->fd(), POLLIN, 0});
  relay_->AppendPollFds(fds);
}

double TypingSession::Wake() const {
  const Instant relay = relay_->NextDeadline();
  const double network =
      relay == Instant::Max() ? kNever : static_cast<double>(relay.nanos()) / 1e6;
  const bool more = typing_ && next_ < options_.trace->keys.size();
  return std::min(network, more ? next_due_ : kNever);
}

bool TypingSession::ReadOutput() {
  bool any = false;
  while (true) {
    terminal_->Pump(kNow);
    if (terminal_->output().size() == read_) return any;
    read_ = terminal_->output().size();
    any = true;
  }
}

void TypingSession::TypeNext() {
  // What came before the key must not count as its answer.
  if (ReadOutput()) judge_.Look(picture_ = CurrentPicture(), NowMillis());
  const double typed = NowMillis();
  terminal_->Type(options_.trace->keys[next_].bytes);
  terminal_->Pump(kNow);
  judge_.Typed(typed);
  ++next_;
}

void TypingSession::Turn(double now) {
  relay_->Turn(ToInstant(now));
  if (ReadOutput()) {
    picture_ = CurrentPicture();
    if (typing_) judge_.Look(picture_, NowMillis());
  }
  const std::vector<TraceKey>& keys = options_.trace->keys;
  if (!typing_ || next_ == keys.size()) return;
  if (next_due_ == kNever) {
    if (judge_.Shown(static_cast<int>(next_))) next_due_ = now + keys[next_].gap;
    return;
  }
  if (now < next_due_) return;
  TypeNext();
  if (next_ == keys.size()) return;
  next_due_ = keys[next_].awaits ? kNever : next_due_ + keys[next_].gap;
}

}  // namespace mosh::bench
