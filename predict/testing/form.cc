#include "predict/testing/form.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace mosh::predict {
namespace {

constexpr const char* kLabels[] = {"Name   ", "Street ", "Town   ", "Code   ", "Remarks"};
constexpr int kLabelWidth = 12;

}  // namespace

void Form::OnKey(absl::string_view key) {
  std::string& field = fields_[field_];
  field.resize(kWidth, ' ');
  if (key == "\t" || key == "\r") {
    field_ = (field_ + 1) % fields_.size();
    column_ = 0;
  } else if (key == "\x1b[D") {
    column_ = std::max(0, column_ - 1);
  } else if (key == "\x1b[C") {
    column_ = std::min(kWidth - 1, column_ + 1);
  } else if (key == "\x7f") {
    column_ = std::max(0, column_ - 1);
    field[static_cast<size_t>(column_)] = ' ';
  } else if (key[0] >= ' ') {
    field[static_cast<size_t>(column_)] = key[0];
    column_ = std::min(kWidth - 1, column_ + 1);
  }
}

ScreenProgram::Picture Form::Show() const {
  Picture picture;
  picture.rows[0] = "Customer record";
  for (size_t i = 0; i < fields_.size(); ++i) {
    std::string field = fields_[i];
    field.resize(kWidth, ' ');
    picture.rows[2 + 2 * i] = absl::StrCat("  ", kLabels[i], " [ ", field, "]  (required)");
  }
  picture.rows[kRows - 1] = "Tab: next field   F10: save";
  picture.cursor = {2 + 2 * static_cast<int>(field_), kLabelWidth + column_};
  return picture;
}

}  // namespace mosh::predict
