// Reading and writing plain packets: numbers in network order, strings with their length before
// them. For messages between processes of ours.
#ifndef SERVER_GATE_PACKET_H_
#define SERVER_GATE_PACKET_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "io/address.h"

namespace mosh::server::gate {

class PacketWriter {
 public:
  template <class T>
  PacketWriter& Number(T value) {
    for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8) {
      bytes_.push_back(static_cast<uint8_t>(static_cast<uint64_t>(value) >> shift));
    }
    return *this;
  }
  PacketWriter& Text(absl::string_view text);
  PacketWriter& Address(const io::SocketAddress& address);
  // To the end of the packet.
  PacketWriter& Rest(std::span<const uint8_t> bytes);
  std::vector<uint8_t> Take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

// After a read beyond the end everything reads as zero, and ok() says so.
class PacketReader {
 public:
  explicit PacketReader(std::span<const uint8_t> bytes) : rest_(bytes) {}

  template <class T>
  T Number() {
    uint64_t value = 0;
    for (const uint8_t byte : Bytes(sizeof(T))) value = value << 8 | byte;
    return static_cast<T>(value);
  }
  std::string Text();
  io::SocketAddress Address();
  std::span<const uint8_t> Rest() { return Bytes(rest_.size()); }

  bool ok() const { return ok_; }
  // Everything was read, and nothing beyond.
  bool finished() const { return ok_ && rest_.empty(); }

 private:
  std::span<const uint8_t> Bytes(size_t size);

  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_PACKET_H_
