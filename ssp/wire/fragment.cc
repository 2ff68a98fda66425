#include "ssp/wire/fragment.h"

#include "base/check.h"
#include "ssp/wire/big_endian.h"

namespace mosh::ssp {
namespace {

constexpr uint16_t kFinalBit = 0x8000;

}  // namespace

void EncodeFragmentHeader(const Fragment& fragment, std::span<uint8_t, kFragmentHeaderSize> out) {
  CHECK(fragment.number < kMaxFragments);
  StoreBigEndian(fragment.id.value, out.subspan<0, 8>());
  StoreBigEndian(static_cast<uint16_t>(fragment.number | (fragment.final ? kFinalBit : 0)),
                 out.subspan<8, 2>());
}

std::optional<Fragment> DecodeFragment(std::span<const uint8_t> payload) {
  if (payload.size() < kFragmentHeaderSize) return std::nullopt;
  const auto number = LoadBigEndian<uint16_t>(payload.subspan<8, 2>());
  return Fragment{FragmentId{LoadBigEndian<uint64_t>(payload.subspan<0, 8>())},
                  static_cast<uint16_t>(number & ~kFinalBit), (number & kFinalBit) != 0,
                  payload.subspan(kFragmentHeaderSize)};
}

}  // namespace mosh::ssp
