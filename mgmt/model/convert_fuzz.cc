// Whatever a Host tells: the API's messages can be sent and read again, and a session told twice is
// in the state it was in.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "mgmt/model/convert.h"

namespace mosh::mgmt {
namespace {

template <class Message>
void CheckReadable(const Message& message) {
  Message again;
  CHECK(again.ParseFromString(message.SerializeAsString()));
}

void CheckSession(const control::Session& told) {
  const Owner owner = {.uid = 1000, .user = "alice"};
  const absl::Time now = absl::FromUnixSeconds(1'793'620'800);
  const fleet::Session first = FromHost(told, "nodes/n", owner, nullptr, now);
  CheckReadable(first);
  const fleet::Session second = FromHost(told, "nodes/n", owner, &first, now);
  CHECK(second.state() == first.state());
  CHECK(second.state_history_size() == 1);
}

}  // namespace
}  // namespace mosh::mgmt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mosh::mgmt;
  control::Reply reply;
  if (!reply.ParseFromArray(data, static_cast<int>(size))) return 0;
  for (control::Session& session : *reply.mutable_session()) {
    // The directory takes no other ids.
    if (!IsSessionId(session.id())) session.set_id("a");
    CheckSession(session);
  }
  const control::Snapshot snapshot = JoinSnapshot({reply, reply});
  for (const auto format : {fleet::TEXT, fleet::ANSI, fleet::CELLS}) {
    CheckReadable(ScreenFromHost(snapshot, format, "s", absl::UnixEpoch()));
  }
  return 0;
}
