// What the transport asks of the two synchronised objects. It moves them with these operations and
// knows nothing else about them (spec §10-§12). Copies must be cheap: up to 32 sent and about a
// thousand received states are kept.
#ifndef SSP_STATE_H_
#define SSP_STATE_H_

#include <concepts>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace mosh::ssp {

// The object this side owns and sends.
//   a.DiffFrom(b)   bytes that turn b into a, the same every time; "" exactly when there is nothing
//   to say. a == b          cheap when nothing changed. m.Subtract(b)   forget the prefix shared
//   with b, which the peer is known to have (nothing for a screen).
// Optional:
//   a.Limited(b, n) a state between b and a whose diff from b has at most about n bytes. Without
//   it, a diff of more
//                   than kMaxDiffBytes can never be sent.
template <class S>
concept LocalState = std::copyable<S> && requires(const S a, S m, const S b) {
  { a.DiffFrom(b) } -> std::same_as<std::string>;
  { a == b } -> std::convertible_to<bool>;
  {m.Subtract(b)};
};

// The peer's object, as received.
//   m.Apply(diff)   turns the state into the next one. An error means the diff is garbage; m is
//   then thrown away. m.Subtract(b)   as above; with a dishonest peer b need not be a prefix, which
//   must do no harm.
// Optional:
//   a.MemoryUse()   bytes the state holds by itself, roughly; lets the receiver bound what a
//   hostile peer can make it
//                   keep (TransportConfig::max_remote_bytes). Without it, the length of the applied
//                   diff counts.
template <class S>
concept RemoteState = std::copyable<S> && requires(S m, const S b, absl::string_view diff) {
  { m.Apply(diff) } -> std::same_as<absl::Status>;
  {m.Subtract(b)};
};

template <class S>
concept ReportsMemoryUse = requires(const S a) {
  { a.MemoryUse() } -> std::convertible_to<size_t>;
};

template <class S>
concept Limitable = requires(const S a, const S b, size_t n) {
  { a.Limited(b, n) } -> std::same_as<S>;
};

}  // namespace mosh::ssp

#endif  // SSP_STATE_H_
