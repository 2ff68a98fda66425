// What one client's window shows of a session's screen, whose size may be another: all of it, or
// the part with the cursor, or all of it with blanks at the right and the bottom.
#ifndef SERVER_VIEW_H_
#define SERVER_VIEW_H_

#include "term/screen.h"
#include "term/size.h"

namespace mosh::server {

class View {
 public:
  explicit View(term::Size window) : window_(window) {}

  term::Size window() const { return window_; }
  void Resize(term::Size window) { window_ = window; }

  // A part stays the same part as long as the cursor is in it.
  term::Screen Of(const term::Screen& screen);

 private:
  term::Size window_;
  int top_ = 0;
  int left_ = 0;
};

}  // namespace mosh::server

#endif  // SERVER_VIEW_H_
