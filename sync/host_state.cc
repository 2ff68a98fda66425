#include "sync/host_state.h"

#include <utility>

#include "sync/host_message.pb.h"
#include "sync/limits.h"
#include "term/terminal.h"

namespace mosh::sync {

HostState::HostState(term::Size size) : screen_(size), initial_(true) {}

HostState::HostState(term::Screen screen, uint64_t echo_ack, bool peer_is_ours)
    : screen_(std::move(screen)),
      echo_ack_(echo_ack),
      target_(peer_is_ours ? term::RenderTarget::kOwnEmulator
                           : term::RenderTarget::kStockEmulator) {}

namespace {

void Put(const std::optional<term::TerminalModes>& modes, host::TerminalModes& message) {
  if (!modes) return;
  message.set_echo(modes->echo);
  message.set_canonical(modes->canonical);
  message.set_foreground(modes->foreground);
}

std::optional<term::TerminalModes> ModesIn(const host::TerminalModes& message) {
  const bool known = message.has_echo() || message.has_canonical() || message.has_foreground();
  if (!known) return std::nullopt;
  return term::TerminalModes{message.echo(), message.canonical(), message.foreground()};
}

}  // namespace

std::string HostState::DiffFrom(const HostState& base) const {
  host::Message message;
  if (echo_ack_ > base.echo_ack_) {
    message.add_instruction()->mutable_echo_ack()->set_echo_ack_num(echo_ack_);
  }
  if (modes_ != base.modes_) Put(modes_, *message.add_instruction()->mutable_terminal_modes());
  const bool unknown_size = base.initial_ && !initial_;
  if (unknown_size || !(screen_ == base.screen_)) {
    if (unknown_size || screen_.size() != base.screen_.size()) {
      host::Resize* const resize = message.add_instruction()->mutable_resize();
      resize->set_width(screen_.columns());
      resize->set_height(screen_.rows());
    }
    std::string bytes = term::RenderFrame(&base.screen_, screen_, {.target = target_});
    if (!bytes.empty()) {
      message.add_instruction()->mutable_host_bytes()->set_host_string(std::move(bytes));
    }
  }
  return message.SerializeAsString();
}

absl::Status HostState::Apply(absl::string_view diff) {
  host::Message message;
  if (!message.ParseFromArray(diff.data(), static_cast<int>(diff.size()))) {
    return absl::InvalidArgumentError("screen update is not a HostMessage");
  }
  uint64_t echo_ack = echo_ack_;
  std::optional<term::TerminalModes> modes = modes_;
  bool draws = false;
  for (const host::Instruction& instruction : message.instruction()) {
    if (instruction.has_host_bytes()) {
      draws = true;
    } else if (instruction.has_resize()) {
      draws = true;
      absl::Status status = CheckSize(instruction.resize().width(), instruction.resize().height());
      if (!status.ok()) return status;
    } else if (instruction.has_echo_ack()) {
      if (instruction.echo_ack().echo_ack_num() < echo_ack) {
        return absl::InvalidArgumentError("echo ack decreases");
      }
      echo_ack = instruction.echo_ack().echo_ack_num();
    } else if (instruction.has_terminal_modes()) {
      modes = ModesIn(instruction.terminal_modes());
    }
  }
  echo_ack_ = echo_ack;
  modes_ = modes;
  initial_ = false;
  if (!draws) return absl::OkStatus();
  // A fresh emulator: whatever an unfinished sequence in the last diff left behind is forgotten.
  term::Terminal terminal(std::move(screen_), term::Dialect::kFrameDiff);
  for (const host::Instruction& instruction : message.instruction()) {
    if (instruction.has_host_bytes()) {
      terminal.Feed(instruction.host_bytes().host_string());
    } else if (instruction.has_resize()) {
      terminal.Resize({instruction.resize().width(), instruction.resize().height()});
    }
  }
  screen_ = std::move(terminal).TakeScreen();
  return absl::OkStatus();
}

bool operator==(const HostState& a, const HostState& b) {
  return a.echo_ack_ == b.echo_ack_ && a.modes_ == b.modes_ && a.initial_ == b.initial_ &&
         a.screen_ == b.screen_;
}

}  // namespace mosh::sync
