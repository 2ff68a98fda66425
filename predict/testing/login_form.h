// A form with a field that is filled in without echo, in the ways in which such forms differ.
#ifndef PREDICT_TESTING_LOGIN_FORM_H_
#define PREDICT_TESTING_LOGIN_FORM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "predict/testing/screen_program.h"

namespace mosh::predict {

struct LoginFormStyle {
  enum class Secret : uint8_t { kMasked, kBlank, kCursorStays };
  Secret secret = Secret::kMasked;
  size_t secret_field = 2;
  // The field before it is left out, or is there, from this lap on: nothing on the screen says so.
  int skips_from = 0;
  // It is there from this lap on.
  int secret_from = 0;
  bool always_seen = false;    // its label is there before
  bool full_leads_on = false;  // the last character of a field
};

class LoginForm final : public ScreenProgram {
 public:
  explicit LoginForm(LoginFormStyle style) : style_(style) {}

  // What is typed next must not be shown.
  bool asks_secret() const { return field_ == style_.secret_field; }
  bool shows_secret_field() const { return style_.always_seen || lap_ >= style_.secret_from; }

 private:
  static constexpr size_t kWidth = 8;
  static constexpr size_t kFields = 4;
  void OnKey(absl::string_view key) override;
  Picture Show() const override;
  void NextField();

  LoginFormStyle style_;
  std::array<std::string, kFields> fields_;
  size_t field_ = 0;
  int lap_ = 0;
};

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_LOGIN_FORM_H_
