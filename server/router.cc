#include "server/router.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/check.h"

namespace mosh::server {

uint32_t Router::KeyOf(crypto::RouteTag tag) {
  return uint32_t{tag.host} << crypto::RouteTag::kEndpointBits | tag.endpoint;
}

void Router::Add(Routed* endpoint, crypto::RouteTag tag) {
  endpoint->tag_ = tag;
  endpoint->order_ = next_order_++;
  Routed*& head = by_tag_[KeyOf(tag)];
  endpoint->next_of_tag_ = head;
  head = endpoint;
  untagged_.emplace(Place(0, endpoint->order_), endpoint);
  ++size_;
}

void Router::Remove(Routed* endpoint) {
  const auto chain = by_tag_.find(KeyOf(endpoint->tag_));
  CHECK(chain != by_tag_.end());
  Routed** link = &chain->second;
  while (*link != endpoint) link = &(*link)->next_of_tag_;
  *link = endpoint->next_of_tag_;
  if (chain->second == nullptr) by_tag_.erase(chain);
  const auto address = by_address_.find(endpoint->address_);
  if (address != by_address_.end() && address->second == endpoint) by_address_.erase(address);
  untagged_.erase(Place(endpoint->expected_, endpoint->order_));
  --size_;
}

Routed* Router::Find(std::span<const uint8_t> datagram, const io::SocketAddress& from,
                     Instant now) {
  if (datagram.size() < crypto::kNonceSize || size_ == 0) return nullptr;
  const crypto::Nonce nonce = crypto::Nonce::Read(datagram.first<crypto::kNonceSize>());
  if (nonce.direction != crypto::Direction::kToServer) return nullptr;
  if (size_ == 1) return by_tag_.begin()->second;
  if (Routed* endpoint = FindByTag(datagram, nonce.sequence)) return endpoint;
  const auto known = by_address_.find(from.Unmapped());
  if (known != by_address_.end() && known->second->Authenticates(datagram)) return known->second;
  return FindByTrial(datagram, nonce.sequence, now);
}

Routed* Router::FindByTag(std::span<const uint8_t> datagram,
                          crypto::SequenceNumber sequence) const {
  const auto chain = by_tag_.find(KeyOf(crypto::RouteTag::Of(sequence)));
  if (chain == by_tag_.end()) return nullptr;
  Routed* endpoint = chain->second;
  if (endpoint->next_of_tag_ == nullptr) return endpoint;
  while (endpoint != nullptr && !endpoint->Authenticates(datagram)) {
    endpoint = endpoint->next_of_tag_;
  }
  return endpoint;
}

Routed* Router::FindByTrial(std::span<const uint8_t> datagram, crypto::SequenceNumber sequence,
                            Instant now) {
  const double seconds = std::chrono::duration<double>(now - refilled_).count();
  budget_ = std::min(kTrialBurst, budget_ + seconds * kTrialsPerSecond);
  refilled_ = now;
  auto place = untagged_.upper_bound(Place(sequence.value, UINT64_MAX));
  while (place != untagged_.begin()) {
    --place;
    if (sequence.value - place->first.first >= kMostAhead) return nullptr;
    if (budget_ < 1) {
      ++cut_short_;
      return nullptr;
    }
    --budget_;
    ++trials_;
    if (place->second->Authenticates(datagram)) return place->second;
  }
  return nullptr;
}

void Router::OnAuthentic(Routed* endpoint, crypto::SequenceNumber sequence,
                         const io::SocketAddress& from) {
  const io::SocketAddress address = from.Unmapped();
  if (crypto::RouteTag::Of(sequence) == endpoint->tag_) {
    if (endpoint->uses_tag_) return;
    endpoint->uses_tag_ = true;
    untagged_.erase(Place(endpoint->expected_, endpoint->order_));
    return;
  }
  if (endpoint->address_ != address) {
    const auto old = by_address_.find(endpoint->address_);
    if (old != by_address_.end() && old->second == endpoint) by_address_.erase(old);
    endpoint->address_ = address;
  }
  by_address_[address] = endpoint;
  if (endpoint->uses_tag_) return;
  auto node = untagged_.extract(Place(endpoint->expected_, endpoint->order_));
  CHECK(!node.empty());
  endpoint->expected_ = sequence.value + 1;
  node.key() = Place(endpoint->expected_, endpoint->order_);
  untagged_.insert(std::move(node));
}

}  // namespace mosh::server
