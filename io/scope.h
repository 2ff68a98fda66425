// Scope: the owner of coroutines that run beside each other. There is no other way to start one:
// nothing is detached.
//
//   Task<void> Serve(Reactor* reactor, StopToken stop) {
//     Scope scope(stop);                              // stops when `stop` does
//     scope.Spawn(ReadDatagrams(&core, scope.token()));
//     scope.Spawn(ReadKeys(&core, scope.token()));
//     ... the driver's own loop ...
//     co_await scope.CancelAndJoin();                 // on every path out
//   }
//
// Join() is finished when every child has ended and its frame is gone; the destructor CHECKs that
// this happened (a scope that never had a child needs no Join). Children may spawn into their own
// scope, also while it is being joined. Spawning after the join is finished is a broken invariant.
#ifndef IO_SCOPE_H_
#define IO_SCOPE_H_

#include <cstddef>

#include "io/ready_queue.h"
#include "io/stop.h"
#include "io/task.h"

namespace mosh::io {

class Scope {
 public:
  Scope() = default;
  explicit Scope(StopToken parent) : source_(parent) {}
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // `child` starts when the caller next suspends, not inside this call.
  void Spawn(Task<void> child);

  // To be handed to the children. Valid as long as the scope.
  StopToken token() { return source_.token(); }
  // Asks the children to stop; they are finished only after Join().
  void Cancel() { source_.RequestStop(); }

  // Waits until all children have ended. At most one coroutine may join.
  Task<void> Join();
  Task<void> CancelAndJoin();

  size_t children() const { return children_; }

 private:
  class JoinAwaiter;
  struct Child;
  static Child RunChild(Scope* scope, Task<void> task);
  void ChildDone();

  StopSource source_;
  size_t children_ = 0;
  bool closed_ = false;
  Waiter* joiner_ = nullptr;
};

}  // namespace mosh::io

#endif  // IO_SCOPE_H_
