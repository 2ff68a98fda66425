// TestReactor: a reactor of any backend for a parametrised test, and CO_ASSERT for tests that are
// coroutines.
//
//   Task<void> Scenario(Reactor* reactor) { ... CO_ASSERT_TRUE(socket.ok()); ... }
//   TEST_P(UdpTest, DoesThat) { Run(Scenario(reactor())); }
//   INSTANTIATE_TEST_SUITE_P(Backends, UdpTest, AllBackends(), BackendName);
#ifndef IO_TEST_REACTOR_H_
#define IO_TEST_REACTOR_H_

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "io/reactor.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_world.h"
#include "io/task.h"

#define CO_ASSERT_TRUE(condition) \
  if (!(condition)) {             \
    ADD_FAILURE() << #condition;  \
    co_return;                    \
  } else                          \
    static_cast<void>(0)

namespace mosh::io {

enum class TestBackend { kIoUring, kEpoll, kSim };

// Ends the test program if a test takes more than 30 s: the bound of every wait in it.
class ReactorTest : public testing::TestWithParam<TestBackend> {
 protected:
  ReactorTest();
  ~ReactorTest() override;

  Reactor* reactor() { return reactor_; }
  void Run(Task<void> task) { reactor_->Run(std::move(task)); }
  // Number of open descriptors of this process.
  static int OpenFds();

 private:
  std::unique_ptr<sim::SimWorld> world_;
  std::unique_ptr<Reactor> owned_;
  Reactor* reactor_;
};

inline auto AllBackends() {
  return testing::Values(TestBackend::kIoUring, TestBackend::kEpoll, TestBackend::kSim);
}
inline auto KernelBackends() { return testing::Values(TestBackend::kIoUring, TestBackend::kEpoll); }
std::string BackendName(const testing::TestParamInfo<TestBackend>& info);

}  // namespace mosh::io

#endif  // IO_TEST_REACTOR_H_
