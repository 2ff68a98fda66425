// Any packets from whoever may connect, against sessions that come and go: nothing aborts, every
// packet gets its answer, replies stay within their size and what waits within its bound.
//
// Input: records of an operation octet, an octet of length, and so many octets. Operations: a
// packet; a session changes; a session ends; some output is taken; a session's screen changes; time
// passes; something is typed.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/instant.h"
#include "io/unix_socket.h"
#include "server/control/dialogue.h"
#include "server/control/testing/fake_host_control.h"
#include "term/terminal.h"

namespace {

using namespace mosh;
using namespace mosh::server;

void Take(Dialogue& dialogue, int packets, Instant now) {
  for (int i = 0; i < packets; ++i) {
    const std::string packet = dialogue.NextPacket(now);
    if (packet.empty()) return;
    CHECK(packet.size() <= io::UnixConnection::kMaxMessageSize);
    control::Reply reply;
    CHECK(reply.ParseFromString(packet));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FakeHostControl host;
  host.snapshot.add_line("text");
  Instant now = Instant::FromNanos(1);
  int outputs = 0;
  {
    Dialogue dialogue(&host, [&outputs] { ++outputs; });
    for (size_t at = 0; at + 2 <= size;) {
      const uint8_t operation = data[at];
      const size_t length = std::min<size_t>(data[at + 1], size - at - 2);
      const uint8_t* bytes = data + at + 2;
      at += 2 + length;
      const std::string id = absl::StrCat("s", length > 0 ? bytes[0] % 16 : 0);
      switch (operation % 7) {
        case 0: {
          if (!dialogue.WantsInput()) Take(dialogue, 1000, now);
          CHECK(dialogue.WantsInput());
          const int before = outputs;
          dialogue.OnPacket({bytes, length});
          CHECK(outputs > before);
          break;
        }
        case 1: {
          control::Session session;
          if (!session.ParseFromArray(bytes, static_cast<int>(length))) session.Clear();
          session.set_id(id);
          host.Put(std::move(session));
          break;
        }
        case 2:
          host.Remove(id);
          break;
        case 3:
          Take(dialogue, static_cast<int>(length) + 1, now);
          break;
        case 4: {
          // Wide enough for frames in several parts.
          term::Terminal terminal({length > 1 ? 16 * bytes[1] : 1, 24}, term::Dialect::kProgram);
          terminal.Feed({reinterpret_cast<const char*>(bytes), length});
          const bool kept_back = terminal.synchronized_output();
          host.Draw(id, kept_back ? std::nullopt : std::optional(terminal.Snapshot()));
          break;
        }
        case 5:
          now += std::chrono::milliseconds(length);
          break;
        default:
          host.Type(id, length > 1 ? std::optional(absl::string_view(
                                         reinterpret_cast<const char*>(bytes), length))
                                   : std::nullopt);
      }
    }
    Take(dialogue, 1000, now);
    CHECK(dialogue.NextPacket(now).empty());
    CHECK(dialogue.NextDeadline() > now);
  }
  CHECK(host.watchers() == 0);
  CHECK(host.screen_watchers() == 0);
  return 0;
}
