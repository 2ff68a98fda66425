// A list of letters to move about in and to open, as mutt shows them; an open letter is a pager.
#ifndef PREDICT_TESTING_MAIL_READER_H_
#define PREDICT_TESTING_MAIL_READER_H_

#include "absl/strings/string_view.h"
#include "predict/testing/screen_program.h"

namespace mosh::predict {

class MailReader final : public ScreenProgram {
 private:
  void OnKey(absl::string_view key) override;
  Picture Show() const override;

  int selected_ = 0;
  int top_ = 0;
  bool open_ = false;
  int line_ = 0;  // of the open letter, at the top
};

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_MAIL_READER_H_
