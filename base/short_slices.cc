#include "base/short_slices.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace mosh {
namespace {

// sched_setattr(2). The C library has no declaration of it.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;  // of SCHED_OTHER: the slice, in nanoseconds
  uint64_t deadline = 0;
  uint64_t period = 0;
};

constexpr uint64_t kResetOnFork = 1;
constexpr uint64_t kShortSlice = 100'000;  // the least there is

}  // namespace

void PreferShortSlices() {
  SchedulingAttributes attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  // A negative nice value would be taken from its children, too.
  if (attributes.policy != SCHED_OTHER || attributes.nice < 0) return;
  attributes.size = sizeof attributes;
  attributes.flags = kResetOnFork;
  attributes.runtime = kShortSlice;
  // Where it can't be had there is nothing to do about it.
  static_cast<void>(syscall(SYS_sched_setattr, 0, &attributes, 0));
}

}  // namespace mosh
