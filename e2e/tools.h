// Where the tests find other people's programs: stock mosh, sshd, vim, …
//
// MOSH_TEST_TOOLS names a folder of unpacked Debian packages (usr/bin, usr/sbin, usr/lib/<triplet>,
// …), which tools/bazel fills; a program that isn't there is looked up in PATH and the usual system
// folders.
#ifndef E2E_TOOLS_H_
#define E2E_TOOLS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "e2e/process.h"

namespace mosh::e2e {

// The program's path; "" if there is none. A name with a slash is returned as it is.
std::string FindTool(absl::string_view name);

// The same, but a missing program ends the test run with a message that says how to get it.
std::string RequireTool(absl::string_view name);

// What programs under test start with: PATH (MOSH_TEST_TOOLS first), LD_LIBRARY_PATH and data
// folders for unpacked packages, a UTF-8 locale, TERM, an empty HOME of its own under the test's
// temporary folder, SHELL=/bin/sh, a runtime folder of its own, no moshd, and the mark.
Environment BaseEnvironment(absl::string_view mark);

// A fresh folder under the test's temporary folder.
std::string MakeTempFolder(absl::string_view name);

// A fresh folder for control sockets, whose paths must be short: under /tmp, and gone when the test
// process ends.
std::string MakeRuntimeFolder();

void WriteFile(const std::string& path, absl::string_view content, int mode = 0644);

}  // namespace mosh::e2e

#endif  // E2E_TOOLS_H_
