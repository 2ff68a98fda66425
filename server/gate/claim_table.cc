#include "server/gate/claim_table.h"

#include <algorithm>
#include <utility>

namespace mosh::server::gate {

HostNumber ClaimTable::Find(const io::SocketAddress& address) {
  const auto it = entries_.find(address);
  if (it == entries_.end()) return 0;
  Order& order = hosts_[it->second.host];
  order.splice(order.end(), order, it->second.place);
  return it->second.host;
}

void ClaimTable::Claim(const io::SocketAddress& address, HostNumber host) {
  if (Find(address) == host) return;
  Forget(address);
  if (entries_.size() >= capacity_) MakeRoom(host);
  Order& order = hosts_[host];
  entries_[address] = {host, order.insert(order.end(), address)};
}

void ClaimTable::Forget(const io::SocketAddress& address) {
  const auto it = entries_.find(address);
  if (it == entries_.end()) return;
  const auto order = hosts_.find(it->second.host);
  order->second.erase(it->second.place);
  if (order->second.empty()) hosts_.erase(order);
  entries_.erase(it);
}

void ClaimTable::ForgetHost(HostNumber host) {
  const auto order = hosts_.find(host);
  if (order == hosts_.end()) return;
  for (const io::SocketAddress& address : order->second) entries_.erase(address);
  hosts_.erase(order);
}

std::vector<io::SocketAddress> ClaimTable::Newest(size_t most) const {
  std::vector<std::pair<Order::const_reverse_iterator, Order::const_reverse_iterator>> rest;
  for (const auto& [host, order] : hosts_) rest.emplace_back(order.rbegin(), order.rend());
  std::vector<io::SocketAddress> newest;
  while (!rest.empty()) {
    for (auto& [next, end] : rest) {
      if (newest.size() == most) return newest;
      newest.push_back(*next++);
    }
    std::erase_if(rest, [](const auto& range) { return range.first == range.second; });
  }
  return newest;
}

size_t ClaimTable::CountOf(HostNumber host) const {
  const auto order = hosts_.find(host);
  return order == hosts_.end() ? 0 : order->second.size();
}

void ClaimTable::MakeRoom(HostNumber host) {
  const size_t share = capacity_ / (hosts_.size() + (hosts_.contains(host) ? 0 : 1));
  HostNumber loser = host;
  if (CountOf(host) < std::max<size_t>(share, 1)) {
    const auto richest = std::max_element(
        hosts_.begin(), hosts_.end(),
        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    loser = richest->first;
  }
  const io::SocketAddress oldest = hosts_[loser].front();
  Forget(oldest);
}

}  // namespace mosh::server::gate
