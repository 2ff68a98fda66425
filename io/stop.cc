#include "io/stop.h"

namespace mosh::io {

void StopListener::Listen(StopToken token) {
  Unlink();
  if (token.source_ == nullptr) return;
  if (token.source_->stopped_) {
    OnStop();
    return;
  }
  token.source_->listeners_.PushBack(this);
}

void StopSource::RequestStop() {
  if (stopped_) return;
  stopped_ = true;
  StopListening();
  while (!listeners_.empty()) listeners_.PopFront()->OnStop();
}

}  // namespace mosh::io
