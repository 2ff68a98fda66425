// Which Host answers a source address: what stock clients' datagrams are forwarded by. Bounded; the
// least recently used entries go first, and a Host that claims much can push out only its own once
// it has more than its share. Pure.
#ifndef SERVER_GATE_CLAIM_TABLE_H_
#define SERVER_GATE_CLAIM_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "io/address.h"

namespace mosh::server::gate {

// A Host's number, which is its socket's place in the group. 0 is the gate itself.
using HostNumber = uint16_t;

class ClaimTable {
 public:
  explicit ClaimTable(size_t capacity) : capacity_(capacity) {}

  // 0: nobody. Makes the entry the newest of its Host.
  HostNumber Find(const io::SocketAddress& address);
  // Replaces an entry of another Host. Makes room first where the table is full.
  void Claim(const io::SocketAddress& address, HostNumber host);
  void Forget(const io::SocketAddress& address);
  void ForgetHost(HostNumber host);

  // At most so many, the newest of each Host: of one with many clients only after the others'.
  std::vector<io::SocketAddress> Newest(size_t most) const;

  size_t size() const { return entries_.size(); }
  size_t CountOf(HostNumber host) const;

 private:
  using Order = std::list<io::SocketAddress>;  // the oldest first
  struct Entry {
    HostNumber host;
    Order::iterator place;
  };
  void MakeRoom(HostNumber host);

  size_t capacity_;
  absl::flat_hash_map<io::SocketAddress, Entry> entries_;
  absl::flat_hash_map<HostNumber, Order> hosts_;  // those with an entry
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_CLAIM_TABLE_H_
