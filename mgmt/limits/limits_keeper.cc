#include "mgmt/limits/limits_keeper.h"

#include <chrono>

#include "io/timer.h"

namespace mosh::mgmt {
namespace {

constexpr std::chrono::seconds kTryAgainAfter{10};

}  // namespace

LimitsKeeper::LimitsKeeper(Context context) : context_(std::move(context)) {
  context_.store->SetOnChange([this] { Update(); });
  Update();
}

void LimitsKeeper::Update() {
  if (!context_.store->known()) return;
  now_ = LimitsOn(context_.node, context_.labels, context_.store->all());
  context_.tell_hosts(ForHosts(now_.limits));
  const auto most = static_cast<size_t>(now_.limits.max_sessions_per_user());
  if (most == context_.admission->now().max_sessions) return;
  context_.admission->SetMaxSessions(most);
  changed_.Set();
}

io::Task<void> LimitsKeeper::Run(io::StopToken stop) {
  while (!stop.stop_requested()) {
    const absl::Status woken = co_await changed_.Wait(stop);
    if (!woken.ok()) co_return;
    changed_.Reset();
    const absl::Status written = co_await context_.admission->Write();
    if (written.ok()) continue;
    (void)co_await context_.reactor->Sleep(context_.reactor->Now() + kTryAgainAfter, stop);
    changed_.Set();
  }
}

}  // namespace mosh::mgmt
