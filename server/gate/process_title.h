// What ps and top show of this process: "moshd: host of alice".
#ifndef SERVER_GATE_PROCESS_TITLE_H_
#define SERVER_GATE_PROCESS_TITLE_H_

#include "absl/strings/string_view.h"

namespace mosh::server::gate {

// Before anything else, with main's own. The text goes where the kernel has put the arguments and
// the environment; what a program reads of the latter is copied first.
void PrepareProcessTitle(int argc, char** argv);
// `name`: for the short name, at most 15 characters. `title`: cut to the room there is.
void SetProcessTitle(const char* name, absl::string_view title);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_PROCESS_TITLE_H_
