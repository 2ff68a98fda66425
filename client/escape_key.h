// The escape key and what may follow it (docs/spec/cli.md §4.4, docs/spec/prediction.md §9), as a
// machine from typed bytes to events. Pure.
#ifndef CLIENT_ESCAPE_KEY_H_
#define CLIENT_ESCAPE_KEY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosh::client {

class EscapeKey {
 public:
  // From the value of MOSH_ESCAPE_KEY: unset or unusable gives Ctrl-^; empty disables.
  static EscapeKey FromEnvironment(const std::optional<std::string>& value);

  bool enabled() const { return key_ != 0; }
  uint8_t key() const { return key_; }
  bool is_control() const { return key_ < 0x20; }
  // After the escape key, `byte` sends the key itself.
  bool IsPassKey(uint8_t byte) const;
  // `Ctrl-^` or `"~"`; empty if disabled.
  std::string Name() const;
  // `Commands: Ctrl-Z suspends, "." quits, "^" gives literal Ctrl-^`
  std::string HelpLine() const;

 private:
  explicit EscapeKey(uint8_t key) : key_(key) {}
  uint8_t key_;  // 0: disabled
};

struct KeyEvent {
  enum class Kind {
    kSend,      // `bytes` go to the server
    kShowHelp,  // the escape key was typed: say what may follow
    kHideHelp,  // what followed has come
    kQuit,      // the rest of what was read is dropped
    kSuspend,
    kRepaint,  // Ctrl-L, which is also sent
  };
  Kind kind;
  std::string bytes;
  friend bool operator==(const KeyEvent&, const KeyEvent&) = default;
};

class EscapeMachine {
 public:
  explicit EscapeMachine(EscapeKey key) : key_(key) {}

  // What one read of the terminal means, in order.
  std::vector<KeyEvent> Feed(absl::string_view typed);

  const EscapeKey& key() const { return key_; }

 private:
  bool Opens(uint8_t byte) const;
  // The byte after the escape key. False: nothing further counts.
  bool TakeCommand(uint8_t byte, std::vector<KeyEvent>& events);

  EscapeKey key_;
  bool pending_ = false;     // the escape key was typed
  bool after_line_ = false;  // the byte before was CR or LF
};

}  // namespace mosh::client

#endif  // CLIENT_ESCAPE_KEY_H_
