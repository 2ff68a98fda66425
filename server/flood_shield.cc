#include "server/flood_shield.h"

#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/source_filter.h"

namespace mosh::server {

FloodShield::FloodShield(io::Reactor* reactor, std::vector<sock_filter> check, Clients clients,
                         Log log)
    : io::TimerNode(&reactor->timers()),
      reactor_(reactor),
      check_(std::move(check)),
      clients_(std::move(clients)),
      log_(std::move(log)),
      gauge_(reactor->Now()) {}

void FloodShield::AddSocket(int fd) {
  if (fd < 0) return;
  AttachCheck(fd, check_).IgnoreError();
  sockets_.push_back(fd);
}

void FloodShield::Update() {
  if (sockets_.empty()) return;
  const Instant now = reactor_->Now();
  if (!gauge_.Measure(now, share_)) return;
  if (!gauge_.flooded(now)) {
    if (raised_) Lower();
    return;
  }
  // A filter is made anew only for a good reason: that costs the kernel a compilation.
  const double share = gauge_.share();
  const bool fits = share_ / 2 <= share && share <= share_ * 2;
  if (!raised_ || moved_ || !fits) Raise(share);
}

void FloodShield::OnTimer() {
  Update();
  if (raised_) ArmNode(reactor_->Now() + FloodGauge::kCalm);
}

void FloodShield::Raise(double share) {
  std::vector<uint32_t> keys;
  for (const io::SocketAddress& client : clients_(kMostSources)) keys.push_back(SourceKey(client));
  std::vector<sock_filter> filter = check_;
  const std::vector<sock_filter> by_source =
      SourceFilter(std::move(keys), static_cast<uint32_t>(share * UINT32_MAX));
  filter.insert(filter.end(), by_source.begin(), by_source.end());
  for (const int socket : sockets_) {
    const absl::Status status = AttachFilter(socket, filter);
    if (status.ok()) continue;
    log_(absl::StrCat("The kernel can't be told to filter a flood: ",
                      absl::string_view(status.message())));
    Lower();
    return sockets_.clear();
  }
  if (!raised_) {
    log_(absl::StrCat("A flood of datagrams from strangers, about ", std::lround(gauge_.rate()),
                      " a second: until it ends, most from addresses that no client has are "
                      "dropped"));
    ArmNode(reactor_->Now() + FloodGauge::kCalm);
  }
  raised_ = true;
  moved_ = false;
  share_ = share;
}

void FloodShield::Lower() {
  for (const int socket : sockets_) AttachCheck(socket, check_).IgnoreError();
  if (raised_) log_("The flood of datagrams from strangers has ended");
  raised_ = false;
  share_ = 1;
  DisarmNode();
}

}  // namespace mosh::server
