// Any bytes as a zlib stream: libdeflate must agree with zlib on what they hold.
#include <zlib.h>

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "ssp/compression.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mosh::ssp;
  static Codec codec;
  static std::vector<uint8_t> expected(kMaxInflated);
  const auto unpacked = codec.Decompress({data, size});
  uLongf length = expected.size();
  const int status = uncompress(expected.data(), &length, data, size);
  // zlib may accept a stream with unneeded defects in tables that libdeflate rejects; never the
  // other way round.
  if (unpacked) {
    CHECK(status == Z_OK);
    CHECK(std::equal(unpacked->begin(), unpacked->end(), expected.begin(),
                     expected.begin() + static_cast<ptrdiff_t>(length)));
  }
  const auto packed = codec.Compress({data, size});
  length = expected.size();
  CHECK(uncompress(expected.data(), &length, packed.data(), packed.size()) == Z_OK);
  CHECK(length == size);
  return 0;
}
