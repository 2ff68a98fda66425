#include "server/source_filter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "base/check.h"
#include "io/status.h"

namespace mosh::server {
namespace {

// Offsets into the IP header, which lies before what a UDP socket's filter sees.
constexpr uint32_t FromNetworkHeader(uint32_t offset) {
  return static_cast<uint32_t>(SKF_NET_OFF) + offset;
}
constexpr uint32_t kRandom = static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM);
constexpr uint32_t kIpv4Source = 12;
constexpr uint32_t kIpv6Source = 8;

// A conditional jump reaches 255 statements; leaves keep far below.
constexpr size_t kKeysInLeaf = 16;

sock_filter Statement(uint16_t code, uint32_t value) { return {code, 0, 0, value}; }
sock_filter Jump(uint16_t code, uint32_t value, size_t if_true, size_t if_false) {
  return {code, static_cast<uint8_t>(if_true), static_cast<uint8_t>(if_false), value};
}
sock_filter Load(uint32_t offset) { return Statement(BPF_LD | BPF_W | BPF_ABS, offset); }

// Leaves the source's key in A.
void AppendKey(std::vector<sock_filter>* out) {
  const std::vector<sock_filter> v6 = {
      Load(FromNetworkHeader(kIpv6Source)),
      Statement(BPF_MISC | BPF_TAX, 0),
      Load(FromNetworkHeader(kIpv6Source + 4)),
      Statement(BPF_ALU | BPF_XOR | BPF_X, 0),
      Statement(BPF_MISC | BPF_TAX, 0),
      Load(FromNetworkHeader(kIpv6Source + 8)),
      Statement(BPF_ALU | BPF_XOR | BPF_X, 0),
      Statement(BPF_MISC | BPF_TAX, 0),
      Load(FromNetworkHeader(kIpv6Source + 12)),
      Statement(BPF_ALU | BPF_XOR | BPF_X, 0),
      Statement(BPF_JMP | BPF_JA, 1),
  };
  out->push_back(Statement(BPF_LD | BPF_B | BPF_ABS, FromNetworkHeader(0)));
  out->push_back(Statement(BPF_ALU | BPF_RSH | BPF_K, 4));
  out->push_back(Jump(BPF_JMP | BPF_JEQ | BPF_K, 4, v6.size(), 0));
  out->insert(out->end(), v6.begin(), v6.end());
  out->push_back(Load(FromNetworkHeader(kIpv4Source)));
}

// A binary search for A among sorted keys. Every path through it ends in a return.
void AppendSearch(std::span<const uint32_t> keys, uint32_t strangers,
                  std::vector<sock_filter>* out) {
  if (keys.size() > kKeysInLeaf) {
    const size_t middle = keys.size() / 2;
    std::vector<sock_filter> below;
    AppendSearch(keys.first(middle), strangers, &below);
    out->push_back(Jump(BPF_JMP | BPF_JGE | BPF_K, keys[middle], 0, 1));
    out->push_back(Statement(BPF_JMP | BPF_JA, static_cast<uint32_t>(below.size())));
    out->insert(out->end(), below.begin(), below.end());
    AppendSearch(keys.subspan(middle), strangers, out);
    return;
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    // Over the rest of the keys and the three statements for strangers.
    out->push_back(Jump(BPF_JMP | BPF_JEQ | BPF_K, keys[i], keys.size() - i - 1 + 3, 0));
  }
  out->push_back(Load(kRandom));
  out->push_back(Jump(BPF_JMP | BPF_JGE | BPF_K, strangers, 0, 1));
  out->push_back(Statement(BPF_RET | BPF_K, 0));
  out->push_back(Statement(BPF_RET | BPF_K, UINT32_MAX));
}

}  // namespace

uint32_t SourceKey(const io::SocketAddress& source) {
  const io::SocketAddress plain = source.Unmapped();
  if (plain.family() == AF_INET) {
    return ntohl(reinterpret_cast<const sockaddr_in*>(plain.address())->sin_addr.s_addr);
  }
  if (plain.family() != AF_INET6) return 0;
  uint32_t words[4];
  std::memcpy(words, &reinterpret_cast<const sockaddr_in6*>(plain.address())->sin6_addr,
              sizeof words);
  return ntohl(words[0] ^ words[1] ^ words[2] ^ words[3]);
}

std::vector<sock_filter> SourceFilter(std::vector<uint32_t> keys, uint32_t strangers) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  CHECK(keys.size() <= kMostSources);
  std::vector<sock_filter> program;
  AppendKey(&program);
  AppendSearch(keys, strangers, &program);
  return program;
}

absl::Status AttachFilter(int socket, const std::vector<sock_filter>& program) {
  const sock_fprog loaded{.len = static_cast<uint16_t>(program.size()),
                          .filter = const_cast<sock_filter*>(program.data())};
  if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &loaded, sizeof loaded) == 0) {
    return absl::OkStatus();
  }
  return io::ErrnoStatus(errno, "setsockopt(SO_ATTACH_FILTER)");
}

absl::Status DetachFilter(int socket) {
  const int ignored = 0;
  if (setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored) == 0 ||
      errno == ENOENT) {
    return absl::OkStatus();
  }
  return io::ErrnoStatus(errno, "setsockopt(SO_DETACH_FILTER)");
}

absl::Status AttachCheck(int socket, std::vector<sock_filter> check) {
  if (check.empty()) return DetachFilter(socket);
  check.push_back(Statement(BPF_RET | BPF_K, UINT32_MAX));
  return AttachFilter(socket, check);
}

}  // namespace mosh::server
