// What must hold for every Screen, whatever bytes made it. For tests and fuzzers.
#ifndef TERM_TESTING_SCREEN_INVARIANTS_H_
#define TERM_TESTING_SCREEN_INVARIANTS_H_

#include <string>

#include "term/screen.h"

namespace mosh::term {

// "" if all invariants hold, else which one is broken and where.
std::string BrokenInvariant(const Screen& screen);

// Everything visible as text, for failure messages and for proving that a snapshot did not change.
std::string DumpScreen(const Screen& screen);

}  // namespace mosh::term

#endif  // TERM_TESTING_SCREEN_INVARIANTS_H_
