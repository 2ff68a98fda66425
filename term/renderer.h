// RenderFrame: the bytes that turn one picture into another. Source: docs/spec/terminal.md §13-§15.
//
// The same diff serves two readers: a peer's emulator (the server describes its screen to the
// client) and the user's real terminal (the client paints). Both get short, stateless strings: what
// the reader shows must be `from`, with the renderer's own conventions at rest (full scroll region,
// origin mode off, autowrap on, insert off, default tab stops, no pending wrap), and it shows `to`
// afterwards, at rest again. Pure; no clock, no I/O; the Screens must be of the caller's thread.
#ifndef TERM_RENDERER_H_
#define TERM_RENDERER_H_

#include <cstdint>
#include <string>

#include "term/screen.h"

namespace mosh::term {

// Who reads the bytes.
enum class RenderTarget : uint8_t {
  // A peer that may be stock mosh: only the safe repertoire of spec §14.
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

// The bytes from `from` to `to`; empty if there is nothing to tell. `from` == nullptr: nothing is
// known about the reader, everything is set up and drawn anew (bells and clipboard excepted).
//
// If the sizes differ, an emulator must have been resized to `to`'s size before it reads the bytes;
// a real terminal has been resized by its user. The picture is then drawn anew.
//
// Not conveyed: the wrapped mark of the bottom row (no sequence can set it), the counts of bells
// and clipboard writes (only that they changed), the sender's own marks (Cell::is_protected,
// RowRef::id, title_set), and toward emulators underlines beyond single and double (single
// instead), for which stock has no separator-free sequence. Titles lose control characters.
std::string RenderFrame(const Screen* from, const Screen& to, const RenderOptions& options);

}  // namespace mosh::term

#endif  // TERM_RENDERER_H_
