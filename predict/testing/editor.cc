#include "predict/testing/editor.h"

#include <algorithm>
#include <utility>

namespace mosh::predict {

void Editor::OnKey(absl::string_view key) {
  if (key.size() == 3 && key.substr(0, 2) == "\x1b[") {
    Arrow(key[2]);
  } else if (modal() && !inserting_) {
    Command(key[0]);
  } else {
    Insert(key);
  }
  const int end = modal() && !inserting_ ? std::max(0, length() - 1) : length();
  column_ = std::clamp(column_, 0, end);
  Scroll();
}

void Editor::Insert(absl::string_view key) {
  if (key == "\x1b") {
    inserting_ = false;
    --column_;
  } else if (key == "\r") {
    BreakLine();
  } else if (key == "\x7f") {
    Erase();
  } else if (key[0] >= ' ') {
    line().insert(static_cast<size_t>(column_++), key.data(), key.size());
  }
  wanted_ = std::max(0, column_);
}

void Editor::BreakLine() {
  std::string rest = line().substr(static_cast<size_t>(column_));
  line().erase(static_cast<size_t>(column_));
  lines_.insert(lines_.begin() + ++row_, std::move(rest));
  column_ = 0;
}

void Editor::Erase() {
  if (column_ > 0) {
    line().erase(static_cast<size_t>(--column_), 1);
  } else if (row_ > 0) {
    const std::string rest = std::move(line());
    lines_.erase(lines_.begin() + row_--);
    column_ = length();
    line() += rest;
  }
}

void Editor::OpenLine(int row) {
  lines_.insert(lines_.begin() + row, std::string());
  row_ = row;
  column_ = 0;
  inserting_ = true;
}

void Editor::Vertical(int rows) {
  row_ = std::clamp(row_ + rows, 0, static_cast<int>(lines_.size()) - 1);
  column_ = wanted_;
}

void Editor::Arrow(char final) {
  if (final == 'A') return Vertical(-1);
  if (final == 'B') return Vertical(1);
  if (final == 'C') column_ = std::min(column_ + 1, length());
  if (final == 'D') column_ = std::max(column_ - 1, 0);
  wanted_ = column_;
}

void Editor::Command(char key) {
  if (std::exchange(pending_, 0) == 'd') {
    if (key != 'd' || lines_.size() == 1) return;
    lines_.erase(lines_.begin() + row_);
    row_ = std::min(row_, static_cast<int>(lines_.size()) - 1);
    column_ = 0;
    return;
  }
  switch (key) {
    case 'j':
      return Vertical(1);
    case 'k':
      return Vertical(-1);
    case 'h':
      --column_;
      break;
    case 'l':
      ++column_;
      break;
    case '0':
      column_ = 0;
      break;
    case '$':
      column_ = length();
      break;
    case 'x':
      if (length() > 0) line().erase(static_cast<size_t>(column_), 1);
      break;
    case 'd':
      pending_ = 'd';
      return;
    case 'i':
      inserting_ = true;
      break;
    case 'a':
      inserting_ = true;
      ++column_;
      break;
    case 'A':
      inserting_ = true;
      column_ = length();
      break;
    case 'o':
      return OpenLine(row_ + 1);
    case 'O':
      return OpenLine(row_);
    default:
      break;
  }
  wanted_ = std::clamp(column_, 0, length());
}

void Editor::Scroll() {
  const int height = modal() ? kRows - 1 : kRows - 4;
  top_ = std::clamp(top_, std::max(0, row_ - height + 1), row_);
}

ScreenProgram::Picture Editor::Show() const {
  Picture picture;
  const int first = modal() ? 0 : 1;
  const int height = modal() ? kRows - 1 : kRows - 4;  // nano: title, messages, keys
  for (int i = 0; i < height; ++i) {
    const size_t at = static_cast<size_t>(top_ + i);
    picture.rows[first + i] = at < lines_.size() ? lines_[at] : modal() ? "~" : "";
  }
  picture.cursor = {first + row_ - top_, std::min(column_, kColumns - 1)};
  if (modal()) {
    picture.rows[kRows - 1] = inserting_ ? "-- INSERT --" : "";
  } else {
    picture.rows[0] = "  edit 7.2                      notes.txt";
    picture.rows[kRows - 2] = "^G Help      ^O Write Out ^W Where Is  ^K Cut";
    picture.rows[kRows - 1] = "^X Exit      ^R Read File ^\\ Replace   ^U Paste";
  }
  return picture;
}

}  // namespace mosh::predict
