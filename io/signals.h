// Signals as values: Reactor::WatchSignals blocks a set of signals and hands them out one by one
// (signalfd).
//
//   auto signals = reactor->WatchSignals({SIGWINCH, SIGTERM, SIGHUP});
//   while (true) { absl::StatusOr<int> s = co_await (*signals)->Next(stop); ... }
#ifndef IO_SIGNALS_H_
#define IO_SIGNALS_H_

#include "absl/status/statusor.h"
#include "io/stop.h"
#include "io/task.h"

namespace mosh::io {

class SignalSource {
 public:
  // Unblocks the signals again. Pending ones then take their usual effect.
  virtual ~SignalSource() = default;

  // The number of the next signal. Equal ones that arrive together may come as one. kCancelled:
  // `stop`.
  virtual Task<absl::StatusOr<int>> Next(StopToken stop) = 0;
};

}  // namespace mosh::io

#endif  // IO_SIGNALS_H_
