// Network conditions as people write them: `mosh --here --net=ev-do`, `--net=delay=250,loss=10%`,
// `--net=train,rate=1M`.
//
//   profile  = item { "," item }         a later item overrides an earlier one
//   item     = NAME                      a named network, see Profiles()
//            | ["up." | "down."] KEY "=" VALUE      both directions without a prefix
//
//   delay jitter reorder-delay     time, one way: 250, 250ms, 1.5s, 800us (milliseconds if no unit)
//   loss reorder duplicate corrupt replay mark
//                                  share: 0.1 or 10% (mark: ECN, Congestion Experienced)
//   burst=SHARE/LENGTH[/LOSS]      a burst of loss begins before this share of datagrams, lasts
//                                  LENGTH datagrams on the average and drops LOSS (default: all)
//   rate=1.5M queue=64K            bits a second (k, M, G: powers of 1000); octets (k, K: 1000,
//                                  1024; M)
//   fill=100%                      share of the queue that somebody else's download takes
//   mtu=1280                       largest IP datagram
//   blackout=START+LENGTH[/PERIOD] nothing passes; START counts from the beginning of the relay;
//                                  may be repeated
#ifndef NETEM_PROFILE_H_
#define NETEM_PROFILE_H_

#include <span>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "netem/conditions.h"

namespace mosh::netem {

struct NamedProfile {
  absl::string_view name;
  absl::string_view spec;     // in the syntax above, without names
  absl::string_view summary;  // one line for a person, with the source of the figures
};

// The named networks, in the order in which help should show them.
std::span<const NamedProfile> Profiles();

// Error (kInvalidArgument): names the bad item and says what would be accepted.
absl::StatusOr<PathConditions> ParseProfile(absl::string_view text);

}  // namespace mosh::netem

#endif  // NETEM_PROFILE_H_
