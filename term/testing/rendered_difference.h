// Whether a rendered frame did its work. For tests and fuzzers of the renderer.
#ifndef TERM_TESTING_RENDERED_DIFFERENCE_H_
#define TERM_TESTING_RENDERED_DIFFERENCE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "term/render_options.h"
#include "term/screen.h"
#include "term/terminal.h"

namespace mosh::term {

// "" if the reader of a frame shows what it should, up to what a frame does not convey to this
// target (renderer.h); else what differs.
std::string RenderedDifference(const Screen& wanted, const Screen& shown, RenderTarget target);

// "" if the reader is at rest as the next frame expects it: region, modes, no pending wrap.
std::string UnrestOf(const Terminal& reader);

// Bytes with escapes spelled out, for messages.
std::string Spell(absl::string_view bytes);

}  // namespace mosh::term

#endif  // TERM_TESTING_RENDERED_DIFFERENCE_H_
