// zlib streams (RFC 1950) for instructions: level 6 out, any valid stream in, neither ever larger
// than 4 MiB unpacked. Source: docs/spec/transport.md §8.
//
// One Codec serves any number of transports of one thread: its results live in buffers it reuses,
// valid until the next call of the same method. A small bomb costs time in proportion to what it
// unpacks to, at most 4 MiB, and the memory is given back afterwards.
#ifndef SSP_COMPRESSION_H_
#define SSP_COMPRESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

struct libdeflate_compressor;
struct libdeflate_decompressor;

namespace mosh::ssp {

inline constexpr size_t kMaxInflated = size_t{4} << 20;  // octets

class Codec {
 public:
  Codec();
  ~Codec();
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  // CHECKs that there are at most kMaxInflated bytes.
  std::span<const uint8_t> Compress(std::span<const uint8_t> bytes);

  // nullopt: not a zlib stream, a damaged one, or one that is larger than kMaxInflated. Bytes
  // behind the stream's end are ignored, as zlib's uncompress() does.
  std::optional<std::span<const uint8_t>> Decompress(std::span<const uint8_t> stream);

 private:
  // Uninitialised bytes: filling a buffer that is about to be overwritten would be most of the
  // work.
  struct Buffer {
    std::unique_ptr<uint8_t[]> bytes;
    size_t size = 0;
    void Reserve(size_t wanted);
    void Trim();
  };
  libdeflate_compressor* compressor_;
  libdeflate_decompressor* decompressor_;
  Buffer packed_;
  Buffer unpacked_;
};

}  // namespace mosh::ssp

#endif  // SSP_COMPRESSION_H_
