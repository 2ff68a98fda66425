// Any keys, any output, any acknowledgements, in any order: nothing fails, drawing changes nothing
// but the frame, and when everything has been answered the server's screen is what is shown.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "base/check.h"
#include "predict/engine.h"
#include "term/terminal.h"

namespace mosh::predict {
namespace {

// Takes the input apart: a byte says what to do, and with how many of the bytes that follow.
class Script {
 public:
  Script(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool done() const { return at_ >= size_; }
  uint8_t Byte() { return done() ? 0 : data_[at_++]; }
  absl::string_view Bytes(size_t count) {
    count = count < size_ - at_ ? count : size_ - at_;
    const absl::string_view bytes(reinterpret_cast<const char*>(data_) + at_, count);
    at_ += count;
    return bytes;
  }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
};

void Play(Script script) {
  const uint8_t first = script.Byte();
  const Settings settings{.display = static_cast<Display>(first % 4),
                          .overwrite = (first & 4) != 0};
  term::Terminal terminal({1 + first / 16, 1 + script.Byte() % 8}, term::Dialect::kProgram);
  Engine engine(settings);
  Instant now = Instant::FromMillis(1000);
  uint64_t sent = 0;
  uint64_t ack = 0;
  while (!script.done()) {
    const uint8_t what = script.Byte();
    now += std::chrono::milliseconds(what);
    switch (what % 8) {
      case 0:
      case 1:
      case 2:
        engine.SetLastSentState(sent++);
        engine.OnTyped(script.Bytes(what / 8), now);
        break;
      case 3:
      case 4:
        terminal.Feed(script.Bytes(what / 8));
        break;
      case 5:
        ack = ack + what / 8 < sent ? ack + what / 8 : sent;
        break;
      case 6:
        if (what > 200) terminal.Resize({1 + what % 40, 1 + what % 7});
        engine.OnTime(now);
        break;
      case 7:
        engine.OnServerScreen(terminal.screen(), ack, now);
        break;
    }
    term::Screen frame = terminal.Snapshot();
    engine.Apply(frame);
    CHECK(engine.NextDeadline(now) >= Instant());
  }
  engine.OnServerScreen(terminal.screen(), sent, now);
  CHECK(engine.pending() == 0);
  term::Screen frame = terminal.Snapshot();
  engine.Apply(frame);
  CHECK(frame == terminal.screen());
}

}  // namespace
}  // namespace mosh::predict

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mosh::predict::Play({data, size});
  return 0;
}
