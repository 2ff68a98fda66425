// A session's screen, live or recorded, on this terminal. What it is drawn from goes through an
// emulator of our own: nothing of it reaches the terminal as it is.
#ifndef MGMT_CTL_SCREEN_MIRROR_H_
#define MGMT_CTL_SCREEN_MIRROR_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mgmt/ctl/live_terminal.h"
#include "server/view.h"
#include "term/screen.h"
#include "term/size.h"
#include "term/terminal.h"

namespace mosh::mgmt::ctl {

// Only the characters, their colours and the cursor: titles, bells, the clipboard, mouse and paste
// modes are the watched user's and not the watching one's. Pure.
term::Screen PictureOf(const term::Screen& screen);

// In a smaller window, the part with the cursor is shown.
class ScreenMirror {
 public:
  // `terminal` outlives it.
  explicit ScreenMirror(LiveTerminal* terminal) : terminal_(terminal), view_(terminal->size()) {}

  // A blank one of that size.
  void Begin(term::Size size) { screen_ = term::Terminal(size, term::Dialect::kProgram); }
  void SetSize(term::Size size);
  void Feed(absl::string_view bytes);
  // Printable ASCII on the terminal's last row, over what is there; empty: nothing.
  void SetNote(std::string note) { note_ = std::move(note); }
  // The terminal has another size.
  void OnTerminalResized();
  // False: the terminal is gone.
  bool Draw();

 private:
  LiveTerminal* terminal_;
  term::Terminal screen_ = term::Terminal({}, term::Dialect::kProgram);
  server::View view_;
  std::string note_;
  std::optional<term::Screen> shown_;
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_SCREEN_MIRROR_H_
