#include "mgmt/ctl/keys.h"

#include <utility>

#include "absl/strings/strip.h"
#include "term/utf8.h"

namespace mosh::mgmt::ctl {
namespace {

constexpr std::pair<absl::string_view, Key::Kind> kSequences[] = {
    {"A", Key::kUp},      {"B", Key::kDown},      {"C", Key::kRight}, {"D", Key::kLeft},
    {"5~", Key::kPageUp}, {"6~", Key::kPageDown}, {"H", Key::kHome},  {"F", Key::kEnd},
    {"1~", Key::kHome},   {"4~", Key::kEnd},
};

// A CSI or SS3 sequence behind its introducer; its bytes are removed.
void DecodeSequence(absl::string_view& bytes, std::vector<Key>& keys) {
  size_t size = 0;
  while (size < bytes.size() && (bytes[size] < 0x40 || bytes[size] > 0x7e)) ++size;
  if (size < bytes.size()) ++size;  // its final byte
  for (const auto& [sequence, kind] : kSequences) {
    if (bytes.substr(0, size) == sequence) keys.push_back({kind, ""});
  }
  bytes.remove_prefix(size);
}

void DecodeControl(char c, std::vector<Key>& keys) {
  if (c == '\r' || c == '\n') keys.push_back({Key::kEnter, ""});
  if (c == '\x7f' || c == '\b') keys.push_back({Key::kBackspace, ""});
  if (c == '\x03') keys.push_back({Key::kInterrupt, ""});
}

}  // namespace

std::vector<Key> DecodeKeys(absl::string_view bytes) {
  std::vector<Key> keys;
  while (!bytes.empty()) {
    const unsigned char c = bytes[0];
    if (absl::ConsumePrefix(&bytes, "\033[") || absl::ConsumePrefix(&bytes, "\033O")) {
      DecodeSequence(bytes, keys);
    } else if (absl::ConsumePrefix(&bytes, "\033")) {
      // Before another key it is Alt, which means nothing here.
      if (bytes.empty()) keys.push_back({Key::kEscape, ""});
    } else if (c < 0x20 || c == 0x7f) {
      DecodeControl(bytes[0], keys);
      bytes.remove_prefix(1);
    } else {
      const auto [length, code_point] = term::DecodeUtf8Prefix(bytes);
      if (code_point != term::kReplacementCharacter) {
        keys.push_back({Key::kText, std::string(bytes.substr(0, length))});
      }
      bytes.remove_prefix(length);
    }
  }
  return keys;
}

}  // namespace mosh::mgmt::ctl
