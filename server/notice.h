// A line that the Host puts over the top row of its clients' pictures for a while. The program's
// own screen knows nothing of it; stock clients show it too, since it is part of the picture.
#ifndef SERVER_NOTICE_H_
#define SERVER_NOTICE_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "term/banner.h"
#include "term/screen.h"

namespace mosh::server {

class Notice {
 public:
  // Replaces the one before.
  void Show(absl::string_view text, Instant until) {
    text_ = std::string(text);
    until_ = until;
  }
  void Clear() { Show("", Instant::Max()); }

  bool shown() const { return !text_.empty(); }
  // True: its time is over, and it is gone.
  bool Expire(Instant now) {
    if (now < until_) return false;
    Clear();
    return true;
  }
  Instant NextDeadline() const { return until_; }

  // Over the top row; nothing if there is no notice.
  void Draw(term::Screen& picture) const {
    if (shown()) term::DrawBanner(text_, picture);
  }

 private:
  std::string text_;
  Instant until_ = Instant::Max();
};

}  // namespace mosh::server

#endif  // SERVER_NOTICE_H_
