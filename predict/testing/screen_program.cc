#include "predict/testing/screen_program.h"

#include "absl/strings/str_cat.h"

namespace mosh::predict {

void ScreenProgram::Draw() {
  const Picture picture = Show();
  std::string text;
  for (int row = 0; row < kRows; ++row) {
    absl::StrAppend(&text, "\x1b[", row + 1, "H", picture.rows[row].substr(0, kColumns), "\x1b[K");
  }
  absl::StrAppend(&text, "\x1b[", picture.cursor.row + 1, ";", picture.cursor.column + 1, "H");
  print(0, text, nullptr);
}

}  // namespace mosh::predict
