// The fragment: a numbered slice of one compressed instruction. Source: docs/spec/transport.md §7.
//
//   0  instruction id   8 octets
//   8  number           2 octets: bit 15 = last fragment, bits 14..0 = number from 0
//  10  slice
//
// Encoding and decoding only; big-endian. Views point into the caller's bytes.
#ifndef SSP_WIRE_FRAGMENT_H_
#define SSP_WIRE_FRAGMENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ssp/types.h"

namespace mosh::ssp {

inline constexpr size_t kFragmentHeaderSize = 10;
inline constexpr size_t kMaxFragments = 32768;

struct Fragment {
  FragmentId id;
  uint16_t number = 0;  // < kMaxFragments
  bool final = false;
  std::span<const uint8_t> slice;
};

// Writes id, number and final; the slice is the caller's to place behind it.
void EncodeFragmentHeader(const Fragment& fragment, std::span<uint8_t, kFragmentHeaderSize> out);

// nullopt: too short.
std::optional<Fragment> DecodeFragment(std::span<const uint8_t> payload);

}  // namespace mosh::ssp

#endif  // SSP_WIRE_FRAGMENT_H_
