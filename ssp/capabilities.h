// What a peer of our own understands beyond stock mosh, as a set of bits. Announced in the
// instructions a transport sends until the first of them is acknowledged; a stock peer ignores the
// field. Source: docs/extensions.md.
#ifndef SSP_CAPABILITIES_H_
#define SSP_CAPABILITIES_H_

#include <cstdint>

namespace mosh::ssp {

// One bit each, never used again for something else.
enum class Capability : uint64_t {
  // The client reads the modes of the pty in what the server sends; the server sends them.
  kTerminalModes = 1 << 0,
  // Between two that announce it the client acknowledges late, and the server allows for that.
  kLongAckDelay = 1 << 1,
  // Reads how many of its datagrams the peer misses.
  kLossReports = 1 << 2,
  // The server begins anew with a later process of its client, under the same key.
  kResume = 1 << 3,
  // The server reads how often its client's guesses came true.
  kPredictionReports = 1 << 4,
};

// For people; docs/extensions.md.
struct CapabilityName {
  Capability capability;
  const char* name;
};
inline constexpr CapabilityName kCapabilityNames[] = {
    {Capability::kTerminalModes, "terminal_modes"},
    {Capability::kLongAckDelay, "long_ack_delay"},
    {Capability::kLossReports, "loss_reports"},
    {Capability::kResume, "resume"},
    {Capability::kPredictionReports, "prediction_reports"},
};

class Capabilities {
 public:
  constexpr Capabilities() = default;
  constexpr Capabilities(Capability one)  // NOLINT: one is a set
      : bits_(static_cast<uint64_t>(one)) {}
  // Bits that mean nothing to us are kept and do no harm.
  static constexpr Capabilities FromWire(uint64_t bits) {
    Capabilities set;
    set.bits_ = bits;
    return set;
  }

  constexpr bool Has(Capability one) const { return (bits_ & static_cast<uint64_t>(one)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr uint64_t wire() const { return bits_; }

  friend constexpr Capabilities operator|(Capabilities a, Capabilities b) {
    return FromWire(a.bits_ | b.bits_);
  }
  constexpr Capabilities& operator|=(Capabilities more) {
    bits_ |= more.bits_;
    return *this;
  }
  friend constexpr bool operator==(Capabilities, Capabilities) = default;

 private:
  uint64_t bits_ = 0;
};

}  // namespace mosh::ssp

#endif  // SSP_CAPABILITIES_H_
