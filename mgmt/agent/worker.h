// A thread for what would make the loop wait: files that must be on the disk, /proc, the user
// database. One job at a time, in order.
//
//   const Usage usage = co_await worker->Run<Usage>([pid] { return ReadUsage(pid); });
#ifndef MGMT_AGENT_WORKER_H_
#define MGMT_AGENT_WORKER_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "io/event.h"
#include "io/task.h"
#include "mgmt/agent/mailbox.h"

namespace mosh::mgmt {

class Worker {
 public:
  // `mailbox` brings the results; it outlives the worker and runs as long as a job is awaited.
  explicit Worker(Mailbox* mailbox);
  // Waits for the job it is at.
  ~Worker();

  // Loop. The job runs in the worker's thread. It can't be cancelled, so it should end by itself
  // soon.
  template <class T>
  io::Task<T> Run(std::function<T()> job) {
    std::optional<T> result;
    io::Event done;
    Add([this, &result, &done, job = std::move(job)] {
      result.emplace(job());
      mailbox_->Post([&done] { done.Set(); });
    });
    (void)co_await done.Wait();
    co_return *std::move(result);
  }

 private:
  void Add(std::function<void()> job);
  void Work();

  Mailbox* mailbox_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;                       // guarded by mutex_
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_WORKER_H_
