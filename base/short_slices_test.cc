#include "base/short_slices.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "gtest/gtest.h"

namespace mosh {
namespace {

// Of this process, in nanoseconds; 0: the kernel doesn't tell.
uint64_t Slice() {
  std::array<uint64_t, 6> attributes = {};  // the fourth is the slice: sched_setattr(2)
  if (syscall(SYS_sched_getattr, 0, attributes.data(), sizeof attributes, 0) != 0) return 0;
  return attributes[3];
}

TEST(ShortSlices, AreTheProcessOwnAndNotItsChildrens) {
  const uint64_t usual = Slice();
  if (usual == 0) GTEST_SKIP() << "this kernel has no slices to choose from";
  PreferShortSlices();
  if (nice(0) < 0) {
    EXPECT_EQ(Slice(), usual);
    return;
  }
  EXPECT_EQ(Slice(), 100'000);
  const pid_t child = fork();
  if (child == 0) _exit(Slice() == usual ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace mosh
