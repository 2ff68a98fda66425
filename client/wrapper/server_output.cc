#include "client/wrapper/server_output.h"

#include <cstring>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace mosh::client {
namespace {

constexpr size_t kLongestLine = 65536;
constexpr size_t kSeenKept = 16384;
constexpr size_t kKeyLength = 22;

bool IsKeyCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '+';
}

std::vector<absl::string_view> Words(absl::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t\r\v\f"), absl::SkipEmpty());
}

void Wipe(std::string& text) {
  if (!text.empty()) explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace

void ServerOutput::Show(absl::string_view text, std::string& show) {
  absl::StrAppend(&show, text);
  absl::StrAppend(&seen_, text);
  if (seen_.size() > kSeenKept) seen_.erase(0, seen_.size() - kSeenKept);
}

void ServerOutput::Fail(std::string why) {
  failure_ = std::move(why);
  state_ = State::kFailed;
}

ServerOutput::State ServerOutput::Feed(absl::string_view bytes, std::string& show) {
  while (state_ == State::kReading && !bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end == absl::string_view::npos) {
      absl::StrAppend(&partial_, bytes);
      if (partial_.size() > kLongestLine) {
        Show(partial_, show);
        Wipe(partial_);
      }
      break;
    }
    absl::StrAppend(&partial_, bytes.substr(0, end + 1));
    bytes.remove_prefix(end + 1);
    TakeLine(partial_, show);
    Wipe(partial_);
  }
  return state_;
}

ServerOutput::State ServerOutput::Finish(std::string& show) {
  if (state_ == State::kReading && !partial_.empty()) {
    TakeLine(partial_, show);
    Wipe(partial_);
  }
  return state_;
}

void ServerOutput::TakeLine(absl::string_view line, std::string& show) {
  const absl::string_view text = absl::StripTrailingAsciiWhitespace(line);
  if (absl::StartsWith(text, "MOSH IP ") || text == "MOSH IP")
    TakeAddress(text);
  else if (absl::StartsWith(text, "MOSH SSH_CONNECTION"))
    TakeSshConnection(text);
  else if (absl::StartsWith(text, "MOSH CONNECT "))
    TakeConnect(text);
  else
    Show(line, show);
}

void ServerOutput::TakeAddress(absl::string_view line) {
  const std::vector<absl::string_view> words = Words(line);
  if (words.size() != 3) return Fail(absl::StrCat("Bad MOSH IP string: ", line));
  if (!address_.empty() && !from_server_) {
    return Fail("error: detected attempt to redefine MOSH IP.");
  }
  address_ = std::string(words[2]);
  from_server_ = false;
  fixed_ = true;
}

void ServerOutput::TakeSshConnection(absl::string_view line) {
  const std::vector<absl::string_view> words = Words(line);
  if (words.size() != 6) return Fail(absl::StrCat("Bad MOSH SSH_CONNECTION string: ", line));
  if (fixed_) return;
  address_ = std::string(words[4]);
  from_server_ = true;
}

void ServerOutput::TakeConnect(absl::string_view line) {
  const std::vector<absl::string_view> words = Words(line);
  bool good = words.size() == 4 && words[3].size() == kKeyLength;
  if (good) {
    good = words[2].find_first_not_of("0123456789") == absl::string_view::npos;
  }
  if (good) {
    for (const char c : words[3]) good = good && IsKeyCharacter(c);
  }
  if (!good) return Fail(absl::StrCat("Bad MOSH CONNECT string: ", line));
  port_ = std::string(words[2]);
  key_ = std::string(words[3]);
  state_ = State::kConnected;
}

void ServerOutput::WipeKey() {
  Wipe(key_);
  Wipe(partial_);
}

}  // namespace mosh::client
