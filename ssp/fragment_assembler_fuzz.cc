// Any sequence of fragments. Input: records of id (1 octet), number and final bit (2), length (1),
// slice.
#include <algorithm>

#include "base/check.h"
#include "ssp/fragment_assembler.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mosh::ssp;
  FragmentAssembler assembler;
  size_t fed = 0;
  while (size >= 4) {
    const size_t length = std::min<size_t>(data[3], size - 4);
    const Fragment fragment{.id = {data[0]},
                            .number = static_cast<uint16_t>((data[1] & 0x7f) << 8 | data[2]),
                            .final = (data[1] & 0x80) != 0,
                            .slice = {data + 4, length}};
    fed += length;
    const auto result = assembler.Add(fragment);
    CHECK(result.instruction.size() <= fed);
    CHECK(assembler.buffered_bytes() <= fed);
    uint64_t sum = 0;  // touches every byte, for the sanitizer
    for (const uint8_t byte : result.instruction) sum += byte;
    CHECK(sum <= 255 * fed);
    data += 4 + length;
    size -= 4 + length;
  }
  return 0;
}
