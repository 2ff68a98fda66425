// A program that draws its whole screen after every key, as editors and mail readers do.
#ifndef PREDICT_TESTING_SCREEN_PROGRAM_H_
#define PREDICT_TESTING_SCREEN_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "predict/row_model.h"
#include "predict/testing/typist.h"

namespace mosh::predict {

class ScreenProgram : public Program {
 public:
  static constexpr int kRows = 24;
  static constexpr int kColumns = 80;

  void Start() final { Draw(); }
  // One key.
  void OnInput(absl::string_view bytes) final {
    OnKey(bytes);
    Draw();
  }

 protected:
  struct Picture {
    std::vector<std::string> rows = std::vector<std::string>(kRows);
    Position cursor;
  };
  virtual void OnKey(absl::string_view key) = 0;
  virtual Picture Show() const = 0;

 private:
  void Draw();
};

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_SCREEN_PROGRAM_H_
