// The small vocabulary types of the State Synchronization Protocol. Source: docs/spec/transport.md.
//
// Two integers of different meaning are two types: construction is explicit, and only comparisons
// and the steps that mean something are offered. All are plain values.
#ifndef SSP_TYPES_H_
#define SSP_TYPES_H_

#include <compare>
#include <cstdint>
#include <limits>
#include <span>

namespace mosh::ssp {

// Names the content of one state of one side's object, for ever: same number, same state. Numbers
// may jump but only rise. 0 is the initial state both sides know without sending it.
struct StateNum {
  uint64_t value = 0;
  friend constexpr auto operator<=>(StateNum, StateNum) = default;
  constexpr StateNum Next() const { return StateNum{value + 1}; }
};

// 2^64-1: "my last state; I am shutting down". Sorts after every other number (spec §11.8).
inline constexpr StateNum kShutdownNum{std::numeric_limits<uint64_t>::max()};

// Names one instruction on the wire while its fragments are put together (spec §7).
struct FragmentId {
  uint64_t value = 0;
  friend constexpr auto operator<=>(FragmentId, FragmentId) = default;
};

// The two congestion bits of the IP header a datagram arrived with (RFC 3168 §5), as the socket
// reports them.
enum class EcnMark : uint8_t { kNotCapable = 0, kCapable1 = 1, kCapable0 = 2, kCongestion = 3 };

// Decides how large a datagram may be (spec §4.2).
enum class AddressFamily : uint8_t { kIpv4, kIpv6 };

// What the caller knows about a change of its object, for deciding how long to collect further
// changes.
enum class ChangeHint : uint8_t {
  kIsolated,  // small and by itself (a key, an echo): leave at once unless changes turn out to come
              // in runs
  kBulk,      // probably part of a run: wait until it is quiet
  kBackground,  // nobody waits for it (an echo acknowledgement): leave only if that holds up
                // nothing that comes next
};

// Takes finished datagrams. Called synchronously; the bytes are only valid during the call.
class DatagramSink {
 public:
  virtual ~DatagramSink() = default;
  virtual void Send(std::span<const uint8_t> datagram) = 0;
};

}  // namespace mosh::ssp

#endif  // SSP_TYPES_H_
