// OpenSSL's AES-128-OCB behind a C interface, as a shared object of its own: OpenSSL and BoringSSL
// define the same symbols, so the benchmark loads this with dlopen(RTLD_DEEPBIND) and the two never
// meet.
//
// The fair peer: one context a direction, its key set once; per datagram only the nonce, the data
// and the tag.
#ifndef CRYPTO_BENCHMARK_PEER_OPENSSL_PEER_H_
#define CRYPTO_BENCHMARK_PEER_OPENSSL_PEER_H_

#include <cstddef>
#include <cstdint>

extern "C" {

struct OpensslPeer;

OpensslPeer* OpensslPeerNew(const uint8_t key[16]);
void OpensslPeerFree(OpensslPeer* peer);
// datagram = [8 nonce][size octets of text][16 tag]; the nonce is the caller's. Nonzero on success.
int OpensslPeerSeal(OpensslPeer* peer, uint8_t* datagram, size_t size);
int OpensslPeerOpen(OpensslPeer* peer, uint8_t* datagram, size_t size);
// For the report: which OpenSSL this is.
const char* OpensslPeerVersion();

}  // extern "C"

#endif  // CRYPTO_BENCHMARK_PEER_OPENSSL_PEER_H_
