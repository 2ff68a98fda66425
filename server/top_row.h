// What the Host writes over the top row of its clients' pictures: who watches, that input is held,
// and what operators and limits have to say, beside each other so that none hides another. The
// program's own screen knows nothing of it; stock clients show it too, since it is part of the
// picture.
#ifndef SERVER_TOP_ROW_H_
#define SERVER_TOP_ROW_H_

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "term/banner.h"
#include "term/screen.h"

namespace mosh::server {

// A text that is shown for a while.
class Notice {
 public:
  // Replaces the one before.
  void Show(absl::string_view text, Instant until) {
    text_ = std::string(text);
    until_ = until;
  }
  void Clear() { Show("", Instant::Max()); }

  const std::string& text() const { return text_; }
  // True: its time is over, and it is gone.
  bool Expire(Instant now) {
    if (now < until_) return false;
    Clear();
    return true;
  }
  Instant NextDeadline() const { return until_; }

 private:
  std::string text_;
  Instant until_ = Instant::Max();
};

struct TopRow {
  Notice watched;
  std::optional<std::string> held;  // why; until it is released
  Notice notice;

  // True: something is gone.
  bool Expire(Instant now) {
    const bool was_watched = watched.Expire(now);
    return notice.Expire(now) || was_watched;
  }
  Instant NextDeadline() const { return std::min(watched.NextDeadline(), notice.NextDeadline()); }

  // Empty: nothing is written.
  std::string Text() const {
    std::string text = watched.text();
    const auto add = [&text](absl::string_view more) {
      if (!more.empty()) absl::StrAppend(&text, text.empty() ? "" : " | ", more);
    };
    if (held) add(absl::StrCat("Input is held", held->empty() ? "" : ": ", *held));
    add(notice.text());
    return text;
  }
  void Draw(term::Screen& picture) const {
    const std::string text = Text();
    if (!text.empty()) term::DrawBanner(text, picture);
  }
};

}  // namespace mosh::server

#endif  // SERVER_TOP_ROW_H_
