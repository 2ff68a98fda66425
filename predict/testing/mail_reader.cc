#include "predict/testing/mail_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace mosh::predict {
namespace {

constexpr int kLetters = 60;
constexpr int kLines = 200;
constexpr int kHeight = ScreenProgram::kRows - 2;

}  // namespace

void MailReader::OnKey(absl::string_view key) {
  int& at = open_ ? line_ : selected_;
  const int last = (open_ ? kLines : kLetters) - 1;
  if (key == "j" || key == "\x1b[B") at = std::min(at + 1, last);
  if (key == "k" || key == "\x1b[A") at = std::max(at - 1, 0);
  if (key == " ") at = std::min(at + kHeight, last);
  if (key == "\r") {
    open_ = true;
    line_ = 0;
  }
  if (key == "q") open_ = false;
  top_ = std::clamp(top_, std::max(0, selected_ - kHeight + 1), selected_);
}

ScreenProgram::Picture MailReader::Show() const {
  Picture picture;
  picture.rows[0] = "q:Quit  d:Del  s:Save  m:Mail  r:Reply  ?:Help";
  picture.rows[kRows - 1] = "---Mail: =inbox [Msgs:60]---(date/date)---";
  for (int i = 0; i < kHeight; ++i) {
    const int at = (open_ ? line_ : top_) + i;
    if (at >= (open_ ? kLines : kLetters)) continue;
    picture.rows[1 + i] =
        open_ ? absl::StrCat("line ", at * 7919 % 1009, " of this letter, number ", selected_)
              : absl::StrCat(at + 1, "   N Nov ", at % 30 + 1, "  sender ", at * 31 % 17, "  (", at,
                             ") about ", at * 7919 % 1009);
  }
  picture.cursor = {open_ ? kRows - 1 : 1 + selected_ - top_, kColumns - 1};
  return picture;
}

}  // namespace mosh::predict
