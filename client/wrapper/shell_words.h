// Words and quotes as a POSIX shell understands them, without running one.
#ifndef CLIENT_WRAPPER_SHELL_WORDS_H_
#define CLIENT_WRAPPER_SHELL_WORDS_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosh::client {

// Splits at unquoted white space; honours '…', "…" and backslash. nullopt if a quote stays open.
std::optional<std::vector<std::string>> SplitShellWords(absl::string_view text);

// 'text', with each ' inside written as '\''. Any shell reads it back as exactly `text`.
std::string ShellQuote(absl::string_view text);

// Each word quoted, joined by spaces.
std::string ShellQuoteAll(std::span<const std::string> words);

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_SHELL_WORDS_H_
