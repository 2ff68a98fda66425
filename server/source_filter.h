// A socket filter for a socket that strangers flood: datagrams from the addresses of clients pass,
// of all others a share, chosen at random. The kernel drops the rest before it queues them, so they
// cost the reader nothing and take no room from its clients' datagrams.
//
// Classic BPF, which asks for no privilege. A source is known by 32 bits (SourceKey): a stranger at
// another address of the same key passes too.
#ifndef SERVER_SOURCE_FILTER_H_
#define SERVER_SOURCE_FILTER_H_

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "io/address.h"

namespace mosh::server {

// Of so many sources the kernel takes a filter in any case: its memory for one socket's options is
// 20 KiB (net.core.optmem_max) where nobody has raised it.
inline constexpr size_t kMostSources = 1000;

// IPv4, mapped or not: the address. IPv6: its four words, XORed. The port doesn't count: a NAT may
// change it.
uint32_t SourceKey(const io::SocketAddress& source);

// `strangers`: the share of datagrams from other sources that passes, in 2^-32; at most
// kMostSources keys. Neither sorted nor unique.
std::vector<sock_filter> SourceFilter(std::vector<uint32_t> keys, uint32_t strangers);

// Replaces whatever filter the socket has. The errors are setsockopt(2)'s.
absl::Status AttachFilter(int socket, const std::vector<sock_filter>& program);
absl::Status DetachFilter(int socket);
// A filter of nothing but `check`, statements that drop a datagram or run off their end: what it
// doesn't drop passes. Without statements the socket has no filter.
absl::Status AttachCheck(int socket, std::vector<sock_filter> check);

}  // namespace mosh::server

#endif  // SERVER_SOURCE_FILTER_H_
