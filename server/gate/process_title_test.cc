#include "server/gate/process_title.h"

#include <errno.h>

#include "gtest/gtest.h"

namespace mosh::server::gate {
namespace {

TEST(ProcessTitle, StandsWhereTheArgumentsWereAndLeavesTheNameInLogsAlone) {
  char words[] = "/usr/bin/moshd\0--config=x";
  char* argv[] = {words, words + 15, nullptr};
  // As the C library has set them.
  program_invocation_name = words;
  program_invocation_short_name = words + 9;
  PrepareProcessTitle(2, argv);
  SetProcessTitle("moshd-host", "moshd: host of alice");
  EXPECT_STREQ(words, "moshd: host of alice");
  EXPECT_STREQ(program_invocation_name, "/usr/bin/moshd");
  EXPECT_STREQ(program_invocation_short_name, "moshd");
  SetProcessTitle("moshd-host", "a title that is longer than there is room for");
  EXPECT_STREQ(words, "a title that is longer th");
}

}  // namespace
}  // namespace mosh::server::gate
