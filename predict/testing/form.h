// A form with fields of fixed width, in which typing replaces.
#ifndef PREDICT_TESTING_FORM_H_
#define PREDICT_TESTING_FORM_H_

#include <array>
#include <string>

#include "absl/strings/string_view.h"
#include "predict/testing/screen_program.h"

namespace mosh::predict {

class Form final : public ScreenProgram {
 private:
  static constexpr int kWidth = 20;
  void OnKey(absl::string_view key) override;
  Picture Show() const override;

  std::array<std::string, 5> fields_ = {"Smith", "12 High Street", "Springfield", "90210", "none"};
  size_t field_ = 0;
  int column_ = 0;
};

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_FORM_H_
