// The datagrams of one turn of the loop, of any number of endpoints: they leave together, in few
// system calls.
//
// Whoever adds a datagram lives until the next Flush(). Datagrams of one sender leave in the order
// in which they were added.
#ifndef SERVER_OUTBOX_H_
#define SERVER_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "base/instant.h"
#include "io/address.h"
#include "io/udp_socket.h"

namespace mosh::server {

class Outbox {
 public:
  class Sender {
   public:
    // The kernel refused one of its datagrams (see UdpSocket::SendBatch). True: once more, from an
    // address of the kernel's choice.
    virtual bool OnSendFailed(const absl::Status& status, Instant now) = 0;

   protected:
    ~Sender() = default;
  };

  // Copies the bytes. `socket` outlives the next Flush().
  void Add(Sender* sender, io::UdpSocket* socket, std::span<const uint8_t> datagram,
           const io::SocketAddress& to, const io::SocketAddress& from);
  // So much has collected that it should leave before more is added.
  bool full() const { return letters_.size() >= kMostLetters || bytes_.size() >= kMostBytes; }
  void Flush(Instant now);

 private:
  static constexpr size_t kMostLetters = 64;
  static constexpr size_t kMostBytes = size_t{64} << 10;

  struct Letter {
    Sender* sender;
    io::UdpSocket* socket;
    size_t end;  // in bytes_
    io::SocketAddress to;
    io::SocketAddress from;
  };
  // Sends letters [first, last), which share a socket.
  void SendRun(size_t first, size_t last, Instant now);

  std::vector<uint8_t> bytes_;
  std::vector<Letter> letters_;
  std::vector<io::OutgoingDatagram> datagrams_;  // kept for its memory
};

}  // namespace mosh::server

#endif  // SERVER_OUTBOX_H_
