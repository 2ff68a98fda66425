// Two editors: one with modes, as vi has them, and one without, as nano.
#ifndef PREDICT_TESTING_EDITOR_H_
#define PREDICT_TESTING_EDITOR_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "predict/testing/screen_program.h"

namespace mosh::predict {

class Editor final : public ScreenProgram {
 public:
  enum class Kind : uint8_t { kModal, kModeless };
  Editor(Kind kind, std::vector<std::string> lines) : kind_(kind), lines_(std::move(lines)) {}

 private:
  void OnKey(absl::string_view key) override;
  Picture Show() const override;

  bool modal() const { return kind_ == Kind::kModal; }
  std::string& line() { return lines_[row_]; }
  int length() const { return static_cast<int>(lines_[row_].size()); }
  void Insert(absl::string_view key);
  void Command(char key);
  void Arrow(char final);
  void Vertical(int rows);
  void OpenLine(int row);
  void BreakLine();
  void Erase();
  void Scroll();

  Kind kind_;
  std::vector<std::string> lines_;
  int row_ = 0;
  int column_ = 0;
  int wanted_ = 0;  // the column that Up and Down go for
  int top_ = 0;
  bool inserting_ = false;
  char pending_ = 0;  // the `d` of `dd`
};

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_EDITOR_H_
