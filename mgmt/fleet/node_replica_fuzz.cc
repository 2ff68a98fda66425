// Whatever a node's agent tells: the directory has its own sessions alone, those of others are as
// they were, and a watcher of all is told what there is.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "base/check.h"
#include "mgmt/fleet/node_replica.h"
#include "mgmt/model/watch.h"

namespace mosh::mgmt {
namespace {

constexpr size_t kMaxSessions = 5;

fleet::Session SessionOf(const std::string& node, const std::string& id) {
  fleet::Session session;
  session.set_name(Directory::PrefixOf(node) + id);
  session.set_session_id(id);
  return session;
}

// What a watcher knows, and what there is.
void Compare(Watch* watch, const Directory& directory, std::set<std::string>* known) {
  for (;;) {
    const absl::StatusOr<Watch::Batch> batch = watch->Next(1'000);
    CHECK(batch.ok());
    if (batch->empty()) break;
    fleet::WatchSessionsResponse response;
    CHECK(response.ParseFromString(batch->response));
    for (const fleet::SessionEvent& event : response.events()) {
      if (event.type() == fleet::SessionEvent::ADDED) {
        CHECK(known->insert(event.session().name()).second);
      } else if (event.type() == fleet::SessionEvent::DELETED) {
        CHECK(known->erase(event.session().name()) == 1);
      }
    }
  }
  CHECK(known->size() == directory.size());
  for (const std::string& name : *known) CHECK(directory.FindNamed(name) != nullptr);
}

}  // namespace
}  // namespace mosh::mgmt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mosh::mgmt;  // NOLINT
  Directory directory({.node = "n1", .instance = "i"});
  CHECK(directory.PutOf("nodes/n1", SessionOf("nodes/n1", "a")).ok());
  CHECK(directory.PutOf("nodes/n22", SessionOf("nodes/n22", "b")).ok());
  const SessionPtr own = directory.Find("a")->session;
  absl::StatusOr<Watch> watch = Watch::Begin(&directory, {}, "");
  CHECK(watch.ok());
  std::set<std::string> known;
  NodeReplica replica(&directory, "nodes/n2", kMaxSessions);
  for (int round = 0; round < 2; ++round) {
    replica.Begin();
    fleet::WatchSessionsResponse response;
    if (!response.ParseFromArray(data, static_cast<int>(size))) return 0;
    replica.Apply(&response);
    size_t count = 0;
    for (const auto& [name, record] : directory.records()) {
      count += absl::StartsWith(name, "nodes/n2/sessions/") ? 1 : 0;
    }
    CHECK(count == replica.count());
    CHECK(count <= kMaxSessions);
    CHECK(directory.size() == count + 2);
    CHECK(directory.Find("a")->session == own);
    for (const std::string& name : replica.unreachable()) {
      CHECK(absl::StartsWith(name, "nodes/n2/hosts/"));
    }
    Compare(&*watch, directory, &known);
  }
  replica.Forget();
  CHECK(directory.size() == 2);
  return 0;
}
