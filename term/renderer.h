// RenderFrame: the bytes that turn one picture into another. Source: docs/spec/terminal.md §13-§15.
//
// The same diff serves two readers: a peer's emulator (the server describes its screen to the
// client) and the user's real terminal (the client paints). Both get short, stateless strings: what
// the reader shows must be `from`, with the renderer's own conventions at rest (full scroll region,
// origin mode off, autowrap on, insert off, default tab stops, no pending wrap), and it shows `to`
// afterwards, at rest again. Pure; no clock, no I/O; the Screens must be of the caller's thread.
#ifndef TERM_RENDERER_H_
#define TERM_RENDERER_H_

#include <string>

#include "term/render_options.h"
#include "term/screen.h"

namespace mosh::term {

// The bytes from `from` to `to`; empty if there is nothing to tell. `from` == nullptr: nothing is
// known about the reader, everything is set up and drawn anew (but no bell rings, and a user's
// clipboard stays).
//
// If the sizes differ, an emulator must have been resized to `to`'s size before it reads the bytes;
// a real terminal has been resized by its user. The picture is then drawn anew.
//
// Not conveyed: the wrapped mark of the bottom row (no sequence can set it), the counts of bells
// and clipboard writes (only that they changed), the sender's own marks (Cell::is_protected,
// RowRef::id, title_set), and toward emulators underlines beyond single and double (single
// instead): they need a colon, with which stock skips the whole sequence. Titles lose control
// characters.
std::string RenderFrame(const Screen* from, const Screen& to, const RenderOptions& options);

}  // namespace mosh::term

#endif  // TERM_RENDERER_H_
