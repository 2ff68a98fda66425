// HostState: the screen that the user is to see, and how much of the user's input it reflects; the
// state that the server synchronises to the client. Source: docs/spec/transport.md §9.3, §12.2.
//
// A value; copies cost O(rows) reference bumps. One thread, like term::Screen.
#ifndef SYNC_HOST_STATE_H_
#define SYNC_HOST_STATE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "term/renderer.h"
#include "term/screen.h"
#include "term/size.h"
#include "term/terminal_modes.h"

namespace mosh::sync {

class HostState {
 public:
  // State 0: a blank screen. The two ends may disagree about its size, so every diff based on it
  // has a resize, and no snapshot equals it.
  explicit HostState(term::Size size);
  // A snapshot, on the server. `peer_is_ours`: the client has announced that it is ours, and
  // DiffFrom may use what stock lacks.
  HostState(term::Screen screen, uint64_t echo_ack, bool peer_is_ours = false);
  // On the server: only for a client that has announced that it reads them.
  void SetTerminalModes(std::optional<term::TerminalModes> modes) { modes_ = modes; }

  const term::Screen& screen() const { return screen_; }
  // The newest user state that the screen has had time to reflect (EchoAckTracker).
  uint64_t echo_ack() const { return echo_ack_; }
  // Of the programs' terminal, when the snapshot was made. Nothing if the server does not say.
  const std::optional<term::TerminalModes>& terminal_modes() const { return modes_; }

  // Serialised HostMessage that turns `base` into this; empty if they are equal. It has no echo ack
  // if this one's is lower than `base`'s, since stock clients abort on that.
  std::string DiffFrom(const HostState& base) const;
  // kInvalidArgument, and nothing changed, if `diff` is not a HostMessage, has a resize outside 1x1
  // to kMaxColumns x kMaxRows, or an echo ack that decreases. Elements of unknown kinds are
  // skipped; host bytes may be anything.
  absl::Status Apply(absl::string_view diff);
  // Nothing: a screen has no prefix.
  void Subtract(const HostState&) {}

  friend bool operator==(const HostState& a, const HostState& b);

 private:
  term::Screen screen_;
  uint64_t echo_ack_ = 0;
  std::optional<term::TerminalModes> modes_;
  bool initial_ = false;  // State 0.
  term::RenderTarget target_ = term::RenderTarget::kStockEmulator;
};

}  // namespace mosh::sync

#endif  // SYNC_HOST_STATE_H_
