#include "predict/testing/login_form.h"

#include "absl/strings/str_cat.h"

namespace mosh::predict {
namespace {

constexpr std::array<absl::string_view, 4> kLabels = {"User   ", "Domain ", "Host   ", "Remarks"};

}  // namespace

void LoginForm::NextField() {
  const auto passes = [this] {
    if (field_ == style_.secret_field) return lap_ >= style_.secret_from;
    const bool skips = field_ + 1 == style_.secret_field && style_.skips_from > 0;
    return !skips || lap_ < style_.skips_from;
  };
  do {
    field_ = (field_ + 1) % kFields;
    if (field_ == 0) ++lap_;
  } while (!passes());
  fields_[field_].clear();
}

void LoginForm::OnKey(absl::string_view key) {
  std::string& field = fields_[field_];
  if (key == "\t") {
    NextField();
  } else if (key == "\x7f") {
    if (!field.empty()) field.pop_back();
  } else if (key[0] >= ' ' && field.size() < kWidth) {
    absl::StrAppend(&field, key);
    if (field.size() == kWidth && style_.full_leads_on) NextField();
  }
}

ScreenProgram::Picture LoginForm::Show() const {
  Picture picture;
  picture.rows[0] = "Log in";
  for (size_t i = 0; i < kFields; ++i) {
    const bool secret = i == style_.secret_field;
    std::string text = fields_[i];
    if (secret)
      text.assign(text.size(), style_.secret == LoginFormStyle::Secret::kMasked ? '*' : ' ');
    text.resize(kWidth, secret ? ' ' : '_');
    if (secret && !shows_secret_field()) continue;
    picture.rows[2 + 2 * i] = absl::StrCat("  ", secret ? "Secret " : kLabels[i], " ", text);
  }
  picture.rows[kRows - 1] = "Tab: next field";
  const bool stays = asks_secret() && style_.secret == LoginFormStyle::Secret::kCursorStays;
  const size_t column = stays ? 0 : fields_[field_].size();
  picture.cursor = {2 + 2 * static_cast<int>(field_), 10 + static_cast<int>(column)};
  return picture;
}

}  // namespace mosh::predict
