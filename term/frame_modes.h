// The part of a frame that is not cells: bell, titles, clipboard, modes.
// Sources: docs/spec/terminal.md §7, §13 steps 1-4 and 10-15; xterm ctlseqs (DECSET, OSC,
// DECSCUSR).
#ifndef TERM_FRAME_MODES_H_
#define TERM_FRAME_MODES_H_

#include <string>

#include "term/render_options.h"
#include "term/screen.h"

namespace mosh::term {

// Appends what tells the reader of bells, titles and clipboard. None of it moves the cursor, but it
// must not stand between a filled last column and an intended wrap. `from` as for RenderFrame.
void AppendBellAndTexts(const Screen* from, const Screen& to, const RenderOptions& options,
                        std::string* out);

// Appends what sets the modes, cursor visibility and cursor shape. The same holds.
void AppendModes(const Screen* from, const Screen& to, const RenderOptions& options,
                 std::string* out);

}  // namespace mosh::term

#endif  // TERM_FRAME_MODES_H_
