// A line on stderr that moves, where stderr is a terminal; it is left empty.
#ifndef MGMT_CTL_STATUS_LINE_H_
#define MGMT_CTL_STATUS_LINE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mgmt/ctl/surroundings.h"

namespace mosh::mgmt::ctl {

class StatusLine {
 public:
  explicit StatusLine(const Surroundings& surroundings) : surroundings_(surroundings) {}
  ~StatusLine() { Clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void Show(const std::string& text) {
    if (!surroundings_.progress || text == last_) return;
    *surroundings_.err << "\r" << text << "\033[K" << std::flush;
    last_ = text;
  }
  void Clear() {
    if (!last_.empty()) *surroundings_.err << "\r\033[K" << std::flush;
    last_.clear();
  }

 private:
  const Surroundings& surroundings_;
  std::string last_;
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_STATUS_LINE_H_
