#include "client/escape_key.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace mosh::client {
namespace {

constexpr uint8_t kDefaultKey = 0x1E;  // Ctrl-^
constexpr uint8_t kFormFeed = 0x0C;
constexpr uint8_t kSuspendKey = 0x1A;
constexpr uint8_t kControlOffset = 0x40;

// Adds to the last kSend event, or begins one.
void Send(uint8_t byte, std::vector<KeyEvent>& events) {
  if (events.empty() || events.back().kind != KeyEvent::Kind::kSend) {
    events.push_back({KeyEvent::Kind::kSend, ""});
  }
  events.back().bytes += static_cast<char>(byte);
}

void Add(KeyEvent::Kind kind, std::vector<KeyEvent>& events) { events.push_back({kind, ""}); }

}  // namespace

EscapeKey EscapeKey::FromEnvironment(const std::optional<std::string>& value) {
  if (!value.has_value()) return EscapeKey(kDefaultKey);
  if (value->empty()) return EscapeKey(0);
  const uint8_t key = static_cast<uint8_t>(value->front());
  if (value->size() != 1 || key >= 0x80) return EscapeKey(kDefaultKey);
  // Ctrl-C, Ctrl-D, line feed, Ctrl-L and carriage return are needed for other things.
  for (const uint8_t refused : {0x03, 0x04, 0x0A, 0x0C, 0x0D}) {
    if (key == refused) return EscapeKey(kDefaultKey);
  }
  return EscapeKey(key);
}

bool EscapeKey::IsPassKey(uint8_t byte) const {
  const uint8_t pass = is_control() ? key_ + kControlOffset : key_;
  return byte == pass || byte == static_cast<uint8_t>(absl::ascii_tolower(pass));
}

std::string EscapeKey::Name() const {
  if (!enabled()) return "";
  if (is_control())
    return absl::StrCat("Ctrl-", std::string(1, static_cast<char>(key_ + kControlOffset)));
  return absl::StrCat("\"", std::string(1, static_cast<char>(key_)), "\"");
}

std::string EscapeKey::HelpLine() const {
  const char pass = static_cast<char>(is_control() ? key_ + kControlOffset : key_);
  return absl::StrCat("Commands: Ctrl-Z suspends, \".\" quits, \"", std::string(1, pass),
                      "\" gives literal ", Name());
}

bool EscapeMachine::Opens(uint8_t byte) const {
  return key_.enabled() && byte == key_.key() && (key_.is_control() || after_line_);
}

bool EscapeMachine::TakeCommand(uint8_t byte, std::vector<KeyEvent>& events) {
  pending_ = false;
  Add(KeyEvent::Kind::kHideHelp, events);
  if (byte == '.') {
    Add(KeyEvent::Kind::kQuit, events);
    return false;
  }
  if (byte == kSuspendKey) {
    Add(KeyEvent::Kind::kSuspend, events);
    return true;
  }
  Send(key_.key(), events);
  if (!key_.IsPassKey(byte)) Send(byte, events);
  return true;
}

std::vector<KeyEvent> EscapeMachine::Feed(absl::string_view typed) {
  std::vector<KeyEvent> events;
  for (const char c : typed) {
    const uint8_t byte = static_cast<uint8_t>(c);
    if (pending_) {
      if (!TakeCommand(byte, events)) return events;
    } else if (Opens(byte)) {
      pending_ = true;
      Add(KeyEvent::Kind::kShowHelp, events);
    } else {
      if (byte == kFormFeed) Add(KeyEvent::Kind::kRepaint, events);
      Send(byte, events);
    }
    after_line_ = byte == '\r' || byte == '\n';
  }
  return events;
}

}  // namespace mosh::client
