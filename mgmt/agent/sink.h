// Where a stream's messages go. One at a time.
#ifndef MGMT_AGENT_SINK_H_
#define MGMT_AGENT_SINK_H_

#include "io/task.h"

namespace mosh::mgmt {

template <class Message>
class Sink {
 public:
  virtual ~Sink() = default;
  // Returns when there is room for the next. False: the caller is gone.
  virtual io::Task<bool> Write(Message message) = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_SINK_H_
