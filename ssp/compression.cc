#include "ssp/compression.h"

#include <libdeflate.h>

#include <algorithm>

#include "base/check.h"

namespace mosh::ssp {
namespace {

constexpr int kLevel = 6;
// Holds nearly every instruction; larger buffers are returned after use.
constexpr size_t kUsualSize = size_t{64} << 10;

}  // namespace

Codec::Codec()
    : compressor_(libdeflate_alloc_compressor(kLevel)),
      decompressor_(libdeflate_alloc_decompressor()) {
  CHECK(compressor_ != nullptr);
  CHECK(decompressor_ != nullptr);
}

Codec::~Codec() {
  libdeflate_free_compressor(compressor_);
  libdeflate_free_decompressor(decompressor_);
}

void Codec::Buffer::Reserve(size_t wanted) {
  if (size >= wanted) return;
  bytes.reset();  // before the new one exists: the content need not survive
  bytes.reset(new uint8_t[wanted]);
  size = wanted;
}

void Codec::Buffer::Trim() {
  if (size <= kUsualSize) return;
  bytes.reset();
  size = 0;
}

std::span<const uint8_t> Codec::Compress(std::span<const uint8_t> bytes) {
  CHECK(bytes.size() <= kMaxInflated);
  packed_.Trim();
  packed_.Reserve(
      std::max<size_t>(4096, libdeflate_zlib_compress_bound(compressor_, bytes.size())));
  const size_t size = libdeflate_zlib_compress(compressor_, bytes.data(), bytes.size(),
                                               packed_.bytes.get(), packed_.size);
  CHECK(size > 0);  // the bound is enough for any input
  return {packed_.bytes.get(), size};
}

std::optional<std::span<const uint8_t>> Codec::Decompress(std::span<const uint8_t> stream) {
  unpacked_.Trim();
  // The stream does not say how much it holds, so ask with growing buffers. Starting over four
  // times as large each time costs at most a third more than knowing.
  for (size_t room = kUsualSize;; room = std::min(4 * room, kMaxInflated)) {
    unpacked_.Reserve(room);
    size_t consumed = 0;
    size_t produced = 0;
    switch (libdeflate_zlib_decompress_ex(decompressor_, stream.data(), stream.size(),
                                          unpacked_.bytes.get(), room, &consumed, &produced)) {
      case LIBDEFLATE_SUCCESS:
        return std::span<const uint8_t>(unpacked_.bytes.get(), produced);
      case LIBDEFLATE_INSUFFICIENT_SPACE:
        if (room == kMaxInflated) return std::nullopt;
        break;
      default:
        return std::nullopt;
    }
  }
}

}  // namespace mosh::ssp
