#include "io/test_reactor.h"

#include <dirent.h>
#include <unistd.h>

#include "base/check.h"
#include "io/create_reactor.h"

namespace mosh::io {

ReactorTest::ReactorTest() {
  alarm(30);
  if (GetParam() == TestBackend::kSim) {
    world_ = std::make_unique<sim::SimWorld>(/*seed=*/1);
    reactor_ = &world_->AddHost("host", "192.0.2.1");
    world_->network().set_max_datagram(65507);
    return;
  }
  absl::StatusOr<std::unique_ptr<Reactor>> made =
      CreateReactor(GetParam() == TestBackend::kIoUring ? Backend::kIoUring : Backend::kEpoll);
  CHECK(made.ok());
  owned_ = *std::move(made);
  reactor_ = owned_.get();
}

ReactorTest::~ReactorTest() { alarm(0); }

int ReactorTest::OpenFds() {
  DIR* folder = opendir("/proc/self/fd");
  CHECK(folder != nullptr);
  int count = 0;
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

std::string BackendName(const testing::TestParamInfo<TestBackend>& info) {
  switch (info.param) {
    case TestBackend::kIoUring:
      return "IoUring";
    case TestBackend::kEpoll:
      return "Epoll";
    case TestBackend::kSim:
      return "Sim";
  }
  return "Unknown";
}

}  // namespace mosh::io
