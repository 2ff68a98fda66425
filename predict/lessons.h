// What the screens of a session have taught us about its programs. A value.
#ifndef PREDICT_LESSONS_H_
#define PREDICT_LESSONS_H_

#include <cstdint>
#include <map>
#include <optional>

#include "predict/editor_looks.h"
#include "predict/jump_memory.h"
#include "predict/key_trust.h"
#include "predict/mode_line.h"

namespace mosh::predict {

// What typing does to the text to its right.
enum class Typing : uint8_t { kInserts, kOverwrites };

// What letters do: they are text, or, as in a modal editor or a mail reader, commands.
enum class Mood : uint8_t { kTyping, kCommands };

// Where the cursor goes from the last column.
enum class Edge : uint8_t { kUnknown, kWraps, kWaits };

// Learned from what the screen did.
struct Lessons {
  Typing usually = Typing::kInserts;
  std::map<int, Typing> rows;  // by row, where it has shown
  KeyTrust keys;
  Edge edge = Edge::kUnknown;
  // This is an editor: a line that is broken or opened pushes the lines below down, as far as this
  // row.
  std::optional<int> text_bottom;
  // Where keys that are none of ours have taken the cursor, by row: Tab in a form.
  JumpMemory jumps;
  // The form that the cursor is in has no field without echo (form_ring.h).
  bool all_fields_echo = false;
  std::map<Mood, ModeLine> mode_lines;
  // It is one that is known by its looks.
  std::optional<EditorLooks> editor;
  // What a field shows where something was erased.
  std::optional<char32_t> filler;

  Typing TypingIn(int row) const {
    const auto found = rows.find(row);
    return found == rows.end() ? usually : found->second;
  }
};

}  // namespace mosh::predict

#endif  // PREDICT_LESSONS_H_
