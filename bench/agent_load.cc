// What callers of the management API do to an agent: lists of all sessions, and many who watch
// them, one of whom has stopped reading. A process of its own, because gRPC's library and ours for
// cryptography exclude each other. bench/agent.cc starts it.
//
//   agent_load unix:SOCKET list|watch SECONDS WATCHERS
//
// Writes lines of "name value" when it has ended: list_ms_median, list_ms_most, sessions, lists;
// watchers, events, slowest (a watcher's events, of those who read), cpu_ms. "ready" as soon as all
// watchers have everything that there was.
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "bench/measure.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"
#include "mosh/fleet/v1/fleet_service.grpc.pb.h"

namespace mosh::bench {
namespace {

namespace fleet = ::mosh::fleet::v1;

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

void List(const std::string& address, std::chrono::seconds time) {
  const auto stub = fleet::FleetService::NewStub(Connect(address));
  Samples all, first_page;
  int sessions = 0;
  const double end = NowMillis() + static_cast<double>(time.count()) * 1000;
  do {
    fleet::ListSessionsRequest request;
    request.set_parent("nodes/-");
    request.set_page_size(10'000);
    const double start = NowMillis();
    sessions = 0;
    do {
      grpc::ClientContext context;
      fleet::ListSessionsResponse response;
      const grpc::Status status = stub->ListSessions(&context, request, &response);
      if (!status.ok()) {
        fprintf(stderr, "agent_load: ListSessions: %s\n", status.error_message().c_str());
        exit(1);
      }
      sessions += response.sessions_size();
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    all.Add(NowMillis() - start);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  } while (NowMillis() < end);
  printf("sessions %d\nlists %zu\nlist_ms_median %.1f\nlist_ms_most %.1f\n", sessions, all.size(),
         all.Median(), all.Percentile(100));
}

// One who watches all sessions; reads on, or never again after the first message. What comes is
// looked at as long as it tells of what there was, and by `counts` all the time: the others stand
// for machines whose processors are not this one's.
class Watcher final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  enum class Kind { kStuck, kReads, kCounts };
  Watcher(const std::string& address, Kind kind, std::atomic<int>* synced)
      : stub_(Connect(address)), kind_(kind), synced_(synced) {
    fleet::WatchSessionsRequest request;
    request.set_parent("nodes/-");
    bool own = false;
    CHECK(
        grpc::SerializationTraits<fleet::WatchSessionsRequest>::Serialize(request, &request_, &own)
            .ok());
    stub_.PrepareBidiStreamingCall(&context_, "/mosh.fleet.v1.FleetService/WatchSessions", {},
                                   this);
    StartWriteLast(&request_, {});
    StartRead(&response_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    bytes_ += static_cast<int64_t>(response_.Length());
    if (!is_synced_ || kind_ == Kind::kCounts) Look();
    if (kind_ != Kind::kStuck) StartRead(&response_);
  }
  void OnDone(const grpc::Status& status) override {
    if (status.error_code() != grpc::StatusCode::CANCELLED) {
      fprintf(stderr, "agent_load: a watch ended: %s\n", status.error_message().c_str());
      exit(1);
    }
    done_ = true;
    done_.notify_all();
  }
  void End() {
    context_.TryCancel();
    done_.wait(false);
  }
  int events() const { return events_; }
  int64_t bytes() const { return bytes_; }

 private:
  void Look() {
    fleet::WatchSessionsResponse response;
    CHECK(
        grpc::SerializationTraits<fleet::WatchSessionsResponse>::Deserialize(&response_, &response)
            .ok());
    events_ += response.events_size();
    for (const fleet::SessionEvent& event : response.events()) {
      if (event.type() != fleet::SessionEvent::SYNCED) continue;
      is_synced_ = true;
      ++*synced_;
    }
  }

  grpc::GenericStub stub_;
  const Kind kind_;
  std::atomic<int>* const synced_;
  bool is_synced_ = false;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_, response_;
  std::atomic<int> events_ = 0;
  std::atomic<int64_t> bytes_ = 0;
  std::atomic<bool> done_ = false;
};

void WatchAll(const std::string& address, std::chrono::seconds time, int count) {
  std::atomic<int> synced = 0;
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < count; ++i) {
    const Watcher::Kind kind = i == 0   ? Watcher::Kind::kStuck
                               : i == 1 ? Watcher::Kind::kCounts
                                        : Watcher::Kind::kReads;
    watchers.push_back(std::make_unique<Watcher>(address, kind, &synced));
  }
  while (synced < count - 1) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const int events = watchers[1]->events();
  std::vector<int64_t> before;
  for (const auto& watcher : watchers) before.push_back(watcher->bytes());
  printf("ready\n");
  fflush(stdout);
  std::this_thread::sleep_for(time);
  printf("watchers %d\nevents %d\n", count, watchers[1]->events() - events);
  Samples bytes;
  for (size_t i = 1; i < watchers.size(); ++i) {
    bytes.Add(static_cast<double>(watchers[i]->bytes() - before[i]));
  }
  for (const auto& watcher : watchers) watcher->End();
  printf("slowest_share %.3f\n", bytes.Percentile(0) / bytes.Median());
}

}  // namespace
}  // namespace mosh::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "Usage: agent_load unix:SOCKET list|watch SECONDS WATCHERS\n");
    return 2;
  }
  // Stands for callers on other machines, who take nothing of this one's processors.
  const sched_param parameters = {};
  CHECK(sched_setscheduler(0, SCHED_IDLE, &parameters) == 0);
  const std::chrono::seconds time(atoi(argv[3]));
  if (std::string(argv[2]) == "list") {
    mosh::bench::List(argv[1], time);
  } else {
    mosh::bench::WatchAll(argv[1], time, atoi(argv[4]));
  }
  rusage usage;
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  printf("cpu_ms %ld\n", (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                             (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
  return 0;
}
