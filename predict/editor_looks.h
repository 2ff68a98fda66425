// Editors that are known by what they keep at the bottom of the screen, so that what their keys do
// need not be learned anew in each session: vi's "-- INSERT --", and the two rows of keys that nano
// and pico show. Pure.
#ifndef PREDICT_EDITOR_LOOKS_H_
#define PREDICT_EDITOR_LOOKS_H_

#include <cstdint>
#include <optional>

#include "predict/mode_line.h"
#include "term/screen.h"

namespace mosh::predict {

struct EditorLooks {
  enum class Kind : uint8_t { kVi, kNano };
  Kind kind = Kind::kVi;
  int text_top = 0;  // the first and the last row of the text
  int text_bottom = 0;
  // The bottom row of a vi, if it says nothing but that what is typed is inserted: where letters
  // are commands it is blank.
  std::optional<ModeLine> insert;
};

// The editor that shows this, its cursor in the text; nothing if it is none of these. vi is known
// while it inserts.
std::optional<EditorLooks> EditorByLooks(const term::Screen& screen);

}  // namespace mosh::predict

#endif  // PREDICT_EDITOR_LOOKS_H_
