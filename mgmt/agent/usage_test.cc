#include "mgmt/agent/usage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

void Process(const std::string& proc, int pid, const std::string& stat) {
  const std::string directory = absl::StrCat(proc, "/", pid);
  mkdir(directory.c_str(), 0700);
  std::ofstream(directory + "/stat") << stat;
}

TEST(Usage, AddsUpTheProcessesOfATerminalSession) {
  std::string proc = absl::StrCat(testing::TempDir(), "/proc.XXXXXX");
  ASSERT_NE(mkdtemp(proc.data()), nullptr);
  const int64_t ticks = sysconf(_SC_CLK_TCK);
  const std::string tail =
      absl::StrCat(" 0 0 0 0 0 0 0 ", 2 * ticks, " ", ticks, " 0 0 20 0 1 0 100 1000000 10 0 0\n");
  Process(proc, 50, "50 (bash) S 1 50 50" + tail);
  Process(proc, 51, "51 (a) S 1 (b) S 50 51 50" + tail);
  Process(proc, 60, "60 (other) S 1 60 60" + tail);
  Process(proc, 70, "nonsense");
  const UsageSnapshot usage = ReadUsage(proc);
  ASSERT_TRUE(usage.by_session.contains(50));
  const ProcessUsage& sum = usage.by_session.at(50);
  EXPECT_EQ(sum.processes, 2);
  EXPECT_EQ(sum.cpu_time, std::chrono::seconds(6));
  EXPECT_EQ(sum.memory_bytes, uint64_t(20 * sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(usage.by_process.size(), 3u);
}

TEST(Usage, SeesItself) { EXPECT_TRUE(ReadUsage("/proc").by_process.contains(getpid())); }

}  // namespace
}  // namespace mosh::mgmt
