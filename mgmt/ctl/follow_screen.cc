#include "mgmt/ctl/follow_screen.h"

#include <memory>
#include <optional>
#include <string>

#include "mgmt/ctl/keys.h"
#include "mgmt/ctl/stream_reader.h"
#include "server/view.h"
#include "term/renderer.h"
#include "term/terminal.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

using Reader = StreamReader<fleet::ScreenFrame>;

// What is followed, on this terminal. The frames go through an emulator of our own: nothing of them
// reaches the terminal as it is.
class Follower {
 public:
  explicit Follower(LiveTerminal* terminal) : terminal_(terminal), view_(terminal->size()) {}

  void Apply(const fleet::ScreenFrame& frame) {
    const term::Size size = term::ClampSize({frame.size().columns(), frame.size().rows()});
    if (frame.restart()) {
      screen_ = term::Terminal(size, term::Dialect::kProgram);
    } else if (screen_.screen().size() != size) {
      screen_.Resize(size);
    }
    screen_.Feed(frame.ansi());
    (void)screen_.TakeReplies();
  }

  void Resize() {
    view_.Resize(terminal_->size());
    shown_.reset();
  }

  // False: the terminal is gone.
  bool Draw() {
    term::Screen next = PictureOf(view_.Of(screen_.screen()));
    const std::string bytes = term::RenderFrame(shown_ ? &*shown_ : nullptr, next,
                                                {.target = term::RenderTarget::kRealTerminal,
                                                 .bce = false,
                                                 .title = false,
                                                 .synchronized_output = true});
    shown_ = std::move(next);
    return terminal_->Write(bytes);
  }

 private:
  LiveTerminal* terminal_;
  term::Terminal screen_ = term::Terminal({}, term::Dialect::kProgram);
  server::View view_;
  std::optional<term::Screen> shown_;
};

bool WantsToQuit(const std::string& typed) {
  if (typed.empty()) return true;
  for (const Key& key : DecodeKeys(typed)) {
    if (key.kind == Key::kInterrupt || key.text == "q") return true;
  }
  return false;
}

// How the stream ended, if it isn't just that the session did.
absl::Status EndOf(const grpc::Status& status, const Api& api, const Surroundings& surroundings) {
  if (status.ok() || status.error_code() == grpc::StatusCode::NOT_FOUND) {
    surroundings.Remark("the session has ended");
    return absl::OkStatus();
  }
  return api.Explain(status);
}

// How the stream ended; nullopt: the user has had enough, or is gone.
std::optional<grpc::Status> Follow(Reader& reader, LiveTerminal& terminal, LiveSignals& signals) {
  Follower follower(&terminal);
  while (true) {
    while (std::optional<fleet::ScreenFrame> frame = reader.Take()) {
      follower.Apply(*frame);
      if (!follower.Draw()) return std::nullopt;
    }
    if (std::optional<grpc::Status> end = reader.end()) return end;
    const LiveTerminal::Ready ready = terminal.Wait(signals, reader.fd(), absl::InfiniteDuration());
    if (ready.typed && WantsToQuit(terminal.Read())) return std::nullopt;
    while (const std::optional<int> signal = signals.Take()) {
      if (*signal != SIGWINCH) return std::nullopt;
      follower.Resize();
      if (!follower.Draw()) return std::nullopt;
    }
  }
}

}  // namespace

term::Screen PictureOf(const term::Screen& screen) {
  term::Screen picture(screen.size());
  for (int row = 0; row < screen.rows(); ++row) {
    for (int column = 0; column < screen.columns(); ++column) {
      const term::Cell& cell = screen.cell(row, column);
      if (cell.wide_tail()) continue;
      picture.SetCellText(row, column, screen.CellText(cell), cell.wide(), screen.rendition(cell));
    }
  }
  const term::Cursor& cursor = screen.cursor();
  picture.SetCursorPosition(cursor.row, cursor.column);
  picture.SetCursorVisible(cursor.visible);
  picture.SetCursorShape(cursor.shape);
  picture.mutable_modes().reverse_video = screen.modes().reverse_video;
  return picture;
}

absl::Status FollowScreen(Api& api, const fleet::StreamScreenRequest& request,
                          const Surroundings& surroundings, LiveSignals& signals) {
  Reader reader([stub = api.stub(), request](grpc::ClientContext* context) {
    return stub->StreamScreen(context, request);
  });
  // Before the terminal is taken over: a refusal is said on a quiet line.
  if (!WaitForNews(reader, api.timeout())) {
    return api.Explain(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, ""));
  }
  if (const std::optional<grpc::Status> end = reader.end()) return api.Explain(*end);
  std::optional<grpc::Status> end;
  {
    auto terminal = LiveTerminal::Open(surroundings.terminal_in, surroundings.terminal_out);
    if (!terminal.ok()) return terminal.status();
    end = Follow(reader, **terminal, signals);
  }
  return end ? EndOf(*end, api, surroundings) : absl::OkStatus();
}

}  // namespace mosh::mgmt::ctl
