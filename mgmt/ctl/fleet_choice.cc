#include "mgmt/ctl/fleet_choice.h"

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "mgmt/ctl/text.h"
#include "mgmt/etcd/read_once.h"
#include "mgmt/fleet/registered_nodes.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

// For one agent, of many.
constexpr absl::Duration kPatience = absl::Seconds(2);

absl::StatusOr<std::vector<fleet::Node>> ReadFleet(const FleetPlace& place,
                                                   absl::Duration timeout) {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!place.tls.ca.empty()) {
    absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> tls = TlsCredentials(place.tls);
    if (!tls.ok()) return tls.status();
    credentials = *std::move(tls);
  } else if (!place.tls.cert.empty() || !place.tls.key.empty()) {
    return absl::InvalidArgumentError(
        "a certificate for etcd goes with that of etcd's authority\n"
        "  Give --etcd-ca too, or `ca` in the context's etcd-tls.");
  }
  const std::string prefix = place.prefix.empty() ? kDefaultPrefix : place.prefix;
  const absl::StatusOr<etcd::Snapshot> snapshot =
      etcd::ReadOnce(place.etcd, credentials, absl::StrCat(prefix, kNodesKey), timeout);
  if (!snapshot.ok()) {
    return absl::UnavailableError(absl::StrCat(
        "can't read the fleet's nodes: ", Harmless(snapshot.status().message()),
        "\n  Is etcd there, and are --etcd-ca, --etcd-cert and --etcd-key right? --server asks an "
        "agent without etcd."));
  }
  std::vector<fleet::Node> nodes = LivingNodes(*snapshot, prefix);
  if (nodes.empty()) {
    return absl::UnavailableError(absl::StrCat("no agent is registered in etcd under ",
                                               Harmless(prefix),
                                               "\n  Is that their --etcd-prefix?"));
  }
  return nodes;
}

}  // namespace

std::vector<fleet::Node> AgentsToTry(std::vector<fleet::Node> nodes, const std::string& hostname,
                                     uint32_t seed) {
  std::erase_if(nodes, [](const fleet::Node& node) { return node.endpoint().empty(); });
  std::shuffle(nodes.begin(), nodes.end(), std::minstd_rand(seed));
  std::partition(nodes.begin(), nodes.end(), [&hostname](const fleet::Node& node) {
    return node.hostname() == hostname;
  });
  return nodes;
}

absl::StatusOr<std::string> ChooseAgent(const ServerChoice& choice, const std::string& hostname,
                                        absl::Duration timeout,
                                        const std::function<void(const std::string&)>& remark) {
  const absl::Time end = absl::Now() + timeout;
  absl::StatusOr<std::vector<fleet::Node>> nodes = ReadFleet(choice.fleet, timeout);
  if (!nodes.ok()) return nodes.status();
  std::vector<std::string> tried;
  for (const fleet::Node& node : AgentsToTry(*std::move(nodes), hostname, std::random_device()())) {
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) break;
    const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel =
        OpenChannel({.address = node.endpoint(), .tls = choice.tls});
    if (!channel.ok()) return channel.status();
    const std::string shown =
        absl::StrCat(Harmless(node.name()), " at ", Harmless(node.endpoint()));
    if ((*channel)->WaitForConnected(absl::ToChronoTime(absl::Now() + std::min(left, kPatience)))) {
      remark(absl::StrCat("asking ", shown));
      return node.endpoint();
    }
    remark(absl::StrCat("no connection to ", shown));
    tried.push_back(shown);
  }
  if (tried.empty()) {
    return absl::UnavailableError(
        "no agent of the fleet can be reached from other machines\n"
        "  Start them with --listen and --advertise, or ask one with --server unix:PATH.");
  }
  return absl::UnavailableError(
      absl::StrCat("no connection to any agent of the fleet: ", absl::StrJoin(tried, ", "),
                   "\n  Are --tls-ca, --tls-cert and --tls-key right, and can this machine reach "
                   "those addresses?"));
}

}  // namespace mosh::mgmt::ctl
