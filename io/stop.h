// Cancellation on one thread: a StopSource says stop, StopTokens made from it are passed down to
// whoever should listen.
//
//   StopSource source;
//   Task<void> t = Pump(source.token());     // every wait inside takes the token
//   source.RequestStop();                    // waits end with kCancelled, once the kernel let go
//   of their buffers
//
// A source may have a parent token: it stops when the parent does. A token refers to its source,
// which must outlive it (the usual owner is a Scope, which outlives its children). A default token
// never stops.
#ifndef IO_STOP_H_
#define IO_STOP_H_

#include "io/intrusive_list.h"

namespace mosh::io {

class StopSource;

class StopToken {
 public:
  // Never stops.
  StopToken() = default;

  bool stop_requested() const;

 private:
  friend class StopSource;
  friend class StopListener;
  explicit StopToken(StopSource* source) : source_(source) {}
  StopSource* source_ = nullptr;
};

// Derive from this to be told of a stop. The destructor unregisters.
class StopListener : private ListNode {
 public:
  StopListener() = default;

  // Registers with the token's source. If that has stopped already, OnStop() is called at once.
  void Listen(StopToken token);
  void StopListening() { Unlink(); }

 protected:
  ~StopListener() = default;

 private:
  friend class StopSource;
  template <class T>
  friend class IntrusiveList;
  // Called at most once per Listen(). May destroy this listener and others, but not the source.
  virtual void OnStop() noexcept = 0;
};

class StopSource : private StopListener {
 public:
  StopSource() = default;
  explicit StopSource(StopToken parent) { Listen(parent); }
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;

  StopToken token() { return StopToken(this); }
  bool stop_requested() const { return stopped_; }

  // Idempotent. Listeners are told in the order in which they registered.
  void RequestStop();

 private:
  friend class StopListener;
  void OnStop() noexcept override { RequestStop(); }

  bool stopped_ = false;
  IntrusiveList<StopListener> listeners_;
};

inline bool StopToken::stop_requested() const {
  return source_ != nullptr && source_->stop_requested();
}

}  // namespace mosh::io

#endif  // IO_STOP_H_
