// What the sender needs to know about the path at the moment.
#ifndef SSP_PATH_H_
#define SSP_PATH_H_

#include <chrono>

namespace mosh::ssp {

struct Path {
  std::chrono::nanoseconds frame_interval;  // of a steady stream
  std::chrono::nanoseconds rto;             // a datagram and its answer are rarely apart for longer
  std::chrono::nanoseconds srtt;            // usually it is this
  std::chrono::nanoseconds latest_rtt{};    // so much it took the last time
  bool measured = false;                    // false: all are guesses
};

}  // namespace mosh::ssp

#endif  // SSP_PATH_H_
