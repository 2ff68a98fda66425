// Paints screens on the user's terminal: one write for each frame, and never more frames than the
// terminal takes. While a write waits, newer screens replace each other; the next frame shows the
// latest.
#ifndef CLIENT_PAINTER_H_
#define CLIENT_PAINTER_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "io/event.h"
#include "io/stop.h"
#include "io/stream.h"
#include "io/task.h"
#include "term/renderer.h"
#include "term/screen.h"

namespace mosh::client {

class Painter {
 public:
  // `compose` makes the screen to show, when there is room to show it. `output` and what `compose`
  // refers to outlive the painter. `broken` is set when the terminal is gone.
  Painter(io::Stream* output, const term::RenderOptions& options,
          std::function<term::Screen()> compose, io::Event* broken)
      : output_(output), options_(options), compose_(std::move(compose)), broken_event_(broken) {}

  // Something may look different. Cheap, and may be called at any time.
  void Request() { wanted_.Set(); }
  // What the terminal shows is not known any more: `prefix`, and then everything, is to be drawn.
  void Invalidate(absl::string_view prefix);
  // A write has failed: nobody sees this terminal any more.
  bool broken() const { return broken_; }

  // Paints until `stop`. A frame that is being written then may stay unfinished.
  io::Task<void> Run(io::StopToken stop);
  // Waits until no write is under way.
  io::Task<void> WaitIdle(io::StopToken stop);
  // A last frame and the text after it, when Run is not running. Gives up at `stop`.
  io::Task<void> Finish(term::Screen last, std::string text, io::StopToken stop);
  // Text as it is, when Run is not running. Gives up at `stop`.
  io::Task<void> Write(std::string bytes, io::StopToken stop);

 private:
  std::string NextFrame(const term::Screen& screen);

  io::Stream* output_;
  term::RenderOptions options_;
  std::function<term::Screen()> compose_;
  io::Event* broken_event_;
  io::Event wanted_;
  io::Event idle_;
  bool writing_ = false;
  bool broken_ = false;
  std::optional<term::Screen> shown_;  // nullopt: unknown
  std::string prefix_;
};

}  // namespace mosh::client

#endif  // CLIENT_PAINTER_H_
