// Forms all of whose fields are known to echo. In one of these what is typed shows at once even if
// it is for a field that the cursor has not reached yet: whichever it goes to, it is no secret.
//
// Known is a form that keys have led round through twice, from field to field and back to the first
// (JumpMemory::Ring), while nothing but its fields changed. A field that is left out for now could
// be anywhere; one that would stand in line with the others is seen.
#ifndef PREDICT_FORM_RING_H_
#define PREDICT_FORM_RING_H_

#include "absl/functional/function_ref.h"
#include "predict/jump_memory.h"
#include "predict/row_model.h"
#include "term/screen.h"

namespace mosh::predict {

// Nothing has changed but what is in the rows that jumps lead to, from there to the right, and in
// the cursor's. Both screens are of one size.
bool OnlyFieldsDiffer(const term::Screen& before, const term::Screen& after,
                      const JumpMemory& jumps);
// The cursor is in such a form. `echoes`: whether what was typed at a place has been echoed.
bool AllFieldsEcho(const term::Screen& screen, const JumpMemory& jumps,
                   absl::FunctionRef<bool(Position)> echoes);

}  // namespace mosh::predict

#endif  // PREDICT_FORM_RING_H_
