// Any bytes as a diff of a screen: nothing aborts, what was accepted survives a round trip, what
// was refused changed nothing. Sizes are kept small here: large ones are legal but slow.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "sync/host_state.h"
#include "term/testing/rendered_difference.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mosh::sync::HostState;
  const absl::string_view diff(reinterpret_cast<const char*>(data), size);
  const HostState base(mosh::term::Screen({20, 5}), 3);
  HostState state = base;
  if (!state.Apply(diff).ok()) {
    if (!(state == base)) std::abort();
    return 0;
  }
  if (state.screen().columns() > 300 || state.screen().rows() > 300) return 0;
  HostState copy = base;
  HostState again(state.screen(), state.echo_ack());
  again.SetTerminalModes(state.terminal_modes());
  if (!copy.Apply(again.DiffFrom(base)).ok()) std::abort();
  if (copy.echo_ack() != state.echo_ack()) std::abort();
  if (copy.terminal_modes() != state.terminal_modes()) std::abort();
  if (!mosh::term::RenderedDifference(state.screen(), copy.screen(),
                                      mosh::term::RenderTarget::kStockEmulator)
           .empty()) {
    std::abort();
  }
  return 0;
}
