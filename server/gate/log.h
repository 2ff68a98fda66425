// moshd's log: lines on standard error, with the level in front where the journal reads them. Keys
// never get here; moshd has none.
#ifndef SERVER_GATE_LOG_H_
#define SERVER_GATE_LOG_H_

#include "absl/strings/string_view.h"
#include "server/gate/config.h"

namespace mosh::server::gate {

class Log {
 public:
  // `journal`: standard error goes to systemd's journal.
  Log(LogLevel least, bool journal) : least_(least), journal_(journal) {}
  // By JOURNAL_STREAM.
  static Log OfProcess(LogLevel least);

  void set_least(LogLevel least) { least_ = least; }

  void Error(absl::string_view text) const { Write(LogLevel::kError, text); }
  void Warning(absl::string_view text) const { Write(LogLevel::kWarning, text); }
  void Info(absl::string_view text) const { Write(LogLevel::kInfo, text); }
  void Debug(absl::string_view text) const { Write(LogLevel::kDebug, text); }

 private:
  void Write(LogLevel level, absl::string_view text) const;

  LogLevel least_;
  bool journal_;
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_LOG_H_
