#include "crypto/benchmark_peer/openssl_peer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstring>

struct OpensslPeer {
  EVP_CIPHER_CTX* sealing;
  EVP_CIPHER_CTX* opening;
};

namespace {

constexpr int kTag = 16;

EVP_CIPHER_CTX* NewContext(const uint8_t* key, int encrypt) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EVP_CipherInit_ex(context, EVP_aes_128_ocb(), nullptr, nullptr, nullptr, encrypt);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, 12, nullptr);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTag, nullptr);
  EVP_CipherInit_ex(context, nullptr, nullptr, key, nullptr, encrypt);
  return context;
}

}  // namespace

OpensslPeer* OpensslPeerNew(const uint8_t key[16]) {
  return new OpensslPeer{.sealing = NewContext(key, 1), .opening = NewContext(key, 0)};
}

void OpensslPeerFree(OpensslPeer* peer) {
  EVP_CIPHER_CTX_free(peer->sealing);
  EVP_CIPHER_CTX_free(peer->opening);
  delete peer;
}

int OpensslPeerSeal(OpensslPeer* peer, uint8_t* datagram, size_t size) {
  uint8_t nonce[12] = {};
  std::memcpy(nonce + 4, datagram, 8);
  uint8_t* const text = datagram + 8;
  int updated = 0;
  int finished = 0;
  return EVP_EncryptInit_ex(peer->sealing, nullptr, nullptr, nullptr, nonce) &&
         EVP_EncryptUpdate(peer->sealing, text, &updated, text, static_cast<int>(size)) &&
         EVP_EncryptFinal_ex(peer->sealing, text + updated, &finished) &&
         EVP_CIPHER_CTX_ctrl(peer->sealing, EVP_CTRL_AEAD_GET_TAG, kTag, text + size);
}

int OpensslPeerOpen(OpensslPeer* peer, uint8_t* datagram, size_t size) {
  uint8_t nonce[12] = {};
  std::memcpy(nonce + 4, datagram, 8);
  uint8_t* const text = datagram + 8;
  int updated = 0;
  int finished = 0;
  return EVP_DecryptInit_ex(peer->opening, nullptr, nullptr, nullptr, nonce) &&
         EVP_CIPHER_CTX_ctrl(peer->opening, EVP_CTRL_AEAD_SET_TAG, kTag, text + size) &&
         EVP_DecryptUpdate(peer->opening, text, &updated, text, static_cast<int>(size)) &&
         EVP_DecryptFinal_ex(peer->opening, text + updated, &finished);
}

const char* OpensslPeerVersion() { return OpenSSL_version(OPENSSL_VERSION); }
