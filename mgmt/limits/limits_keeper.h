// LimitsKeeper: makes the policies hold on this node. Hosts are told the limits of time, and the
// admission file how many sessions a user may have. Loop thread only.
#ifndef MGMT_LIMITS_LIMITS_KEEPER_H_
#define MGMT_LIMITS_LIMITS_KEEPER_H_

#include <functional>
#include <string>
#include <utility>

#include "io/event.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/drain/admission_keeper.h"
#include "mgmt/limits/limit_policy.h"
#include "mgmt/limits/policy_store.h"

namespace mosh::mgmt {

class LimitsKeeper {
 public:
  // All outlive it.
  struct Context {
    io::Reactor* reactor;
    PolicyStore* store;
    AdmissionKeeper* admission;
    std::string node;  // "nodes/NODE"
    Labels labels;
    std::function<void(const control::Limits&)> tell_hosts;
  };
  // Follows the store from here on.
  explicit LimitsKeeper(Context context);

  // What holds now; nothing before the store is known.
  const LimitsInForce& now() const { return now_; }
  // Writes the admission file whenever it has to change, again and again if it can't, until `stop`.
  io::Task<void> Run(io::StopToken stop);

 private:
  void Update();

  const Context context_;
  LimitsInForce now_;
  io::Event changed_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LIMITS_LIMITS_KEEPER_H_
