// RenderOptions: for whom a frame is rendered.
#ifndef TERM_RENDER_OPTIONS_H_
#define TERM_RENDER_OPTIONS_H_

#include <cstdint>

namespace mosh::term {

// Who reads the bytes.
enum class RenderTarget : uint8_t {
  // A peer that may be stock mosh: only the safe repertoire of docs/spec/terminal.md §14.
  kStockEmulator,
  // A peer that has announced to be ours: the same, without the precautions that only other width
  // tables and stock's limits make necessary.
  kOwnEmulator,
  // A terminal of the xterm family, in raw mode: nothing that the Linux console, screen or tmux
  // lack.
  kRealTerminal,
};

struct RenderOptions {
  RenderTarget target = RenderTarget::kStockEmulator;
  // Capabilities of a real terminal (terminfo); emulators have all three.
  bool ech = true;    // Erase Character (CSI X).
  bool bce = true;    // Erasing fills with the current background.
  bool title = true;  // Understands OSC 0, 1, 2.
  // Real terminal only: brackets each frame with ?2026 so that it appears at once. Terminals that
  // lack it ignore it.
  bool synchronized_output = false;
};

}  // namespace mosh::term

#endif  // TERM_RENDER_OPTIONS_H_
