// HostCalls by the Hosts of this machine.
#ifndef MGMT_AGENT_HOSTS_CALLS_H_
#define MGMT_AGENT_HOSTS_CALLS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/attributes.h"
#include "mgmt/agent/host_calls.h"
#include "mgmt/link/hosts.h"

namespace mosh::mgmt {

class HostsCalls final : public HostCalls {
 public:
  explicit HostsCalls(Hosts* hosts) : hosts_(hosts) {}

  MOSH_CORO_WRAPPER io::Task<absl::StatusOr<Replies>> AskAbout(std::string session_id,
                                                               control::Request request,
                                                               Nanos patience,
                                                               io::StopToken stop) override {
    return hosts_->AskAbout(std::move(session_id), std::move(request), patience, stop);
  }
  MOSH_CORO_WRAPPER io::Task<absl::Status> RefreshSession(std::string session_id, Nanos patience,
                                                          io::StopToken stop) override {
    return hosts_->RefreshSession(std::move(session_id), patience, stop);
  }
  MOSH_CORO_WRAPPER io::Task<void> Refresh(Nanos max_age, Nanos patience,
                                           io::StopToken stop) override {
    return hosts_->Refresh(max_age, patience, stop);
  }
  io::Task<absl::StatusOr<std::unique_ptr<ScreenFeed>>> WatchScreen(ScreenLink::Terms terms,
                                                                    Nanos patience,
                                                                    io::StopToken stop) override {
    absl::StatusOr<std::unique_ptr<ScreenLink>> link =
        co_await hosts_->WatchScreen(std::move(terms), patience, stop);
    if (!link.ok()) co_return link.status();
    co_return std::unique_ptr<ScreenFeed>(new Feed(*std::move(link)));
  }
  void KeepFresh(bool fresh) override { hosts_->KeepFresh(fresh); }
  std::vector<HostState> states() const override { return hosts_->states(); }
  std::vector<std::string> problems() const override { return hosts_->problems(); }

 private:
  class Feed final : public ScreenFeed {
   public:
    explicit Feed(std::unique_ptr<ScreenLink> link) : link_(std::move(link)) {}
    MOSH_CORO_WRAPPER io::Task<absl::StatusOr<control::Frame>> Next(io::StopToken stop) override {
      return link_->Next(stop);
    }

   private:
    std::unique_ptr<ScreenLink> link_;
  };

  Hosts* const hosts_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_HOSTS_CALLS_H_
