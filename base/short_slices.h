// Getting a processor soon on a busy machine.
#ifndef BASE_SHORT_SLICES_H_
#define BASE_SHORT_SLICES_H_

namespace mosh {

// Asks the kernel to run this thread in slices of 0.1 ms instead of milliseconds: on a busy machine it
// then comes to run sooner after it has woken up, and gets no larger share than before. Children begin with
// the usual slices. Nothing changes for a thread that isn't scheduled as usual or is preferred already
// (a negative nice value), nor on a kernel that can't (sched_setattr(2); Linux 6.12 and later can).
void PreferShortSlices();

}  // namespace mosh

#endif  // BASE_SHORT_SLICES_H_
