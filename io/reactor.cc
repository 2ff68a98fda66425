#include "io/reactor.h"

#include "io/event.h"
#include "io/timer.h"

namespace mosh::io {

Task<absl::Status> Reactor::Sleep(Instant until, StopToken stop) {
  Event due;
  Timer timer(this, &due);
  timer.Arm(until);
  co_return co_await due.Wait(stop);
}

}  // namespace mosh::io
