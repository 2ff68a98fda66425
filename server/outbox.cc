#include "server/outbox.h"

namespace mosh::server {

void Outbox::Add(Sender* sender, io::UdpSocket* socket, std::span<const uint8_t> datagram,
                 const io::SocketAddress& to, const io::SocketAddress& from) {
  bytes_.insert(bytes_.end(), datagram.begin(), datagram.end());
  letters_.push_back({sender, socket, bytes_.size(), to, from});
}

void Outbox::Flush(Instant now) {
  for (size_t first = 0; first < letters_.size();) {
    size_t last = first + 1;
    while (last < letters_.size() && letters_[last].socket == letters_[first].socket) ++last;
    SendRun(first, last, now);
    first = last;
  }
  bytes_.clear();
  letters_.clear();
}

void Outbox::SendRun(size_t first, size_t last, Instant now) {
  datagrams_.clear();
  for (size_t i = first; i < last; ++i) {
    const size_t begin = i == 0 ? 0 : letters_[i - 1].end;
    datagrams_.push_back({std::span(bytes_).subspan(begin, letters_[i].end - begin), letters_[i].to,
                          letters_[i].from});
  }
  size_t sent = 0;
  while (sent < datagrams_.size()) {
    const io::BatchResult result =
        letters_[first].socket->SendBatch(std::span(datagrams_).subspan(sent));
    sent += result.sent;
    if (sent == datagrams_.size()) return;
    Sender* const sender = letters_[first + sent].sender;
    if (!sender->OnSendFailed(result.status, now)) {
      ++sent;
      continue;
    }
    for (size_t i = sent; i < datagrams_.size(); ++i) {
      if (letters_[first + i].sender == sender) datagrams_[i].from = io::SocketAddress();
    }
  }
}

}  // namespace mosh::server
