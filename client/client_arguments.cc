#include "client/client_arguments.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/wrapper/options.h"

namespace mosh::client {
namespace {

std::string Usage(absl::string_view program) {
  return absl::StrCat(VersionText("mosh-client"), "\nUsage: ", program,
                      " [-# 'ARGS'] IP PORT\n       ", program, " -c\n");
}

ClientArgumentsResult Refuse(absl::string_view program, absl::string_view complaint) {
  return {.arguments = std::nullopt,
          .output = "",
          .errors = absl::StrCat(complaint, Usage(program)),
          .exit_status = 1};
}

}  // namespace

bool IsPredictionMode(absl::string_view mode) {
  return mode == "adaptive" || mode == "always" || mode == "never" || mode == "experimental";
}

ClientArgumentsResult ParseClientArguments(absl::string_view program,
                                           std::span<const std::string> arguments) {
  ClientArguments parsed;
  std::vector<std::string> words;
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view word = arguments[i];
    if (word == "--help") return {.arguments = std::nullopt, .output = Usage(program)};
    if (word == "--version") {
      return {.arguments = std::nullopt, .output = VersionText("mosh-client")};
    }
    if (word == "--") {
      words.insert(words.end(), arguments.begin() + i + 1, arguments.end());
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      words.emplace_back(word);
      continue;
    }
    // "-# text" as two words, or in one, as the wrapper writes it for ps.
    if (word[1] == '#') {
      if (word.size() == 2) ++i;
      continue;
    }
    for (const char flag : word.substr(1)) {
      if (flag == 'c')
        parsed.count_colors = true;
      else if (flag == 'v')
        ++parsed.verbosity;
      else
        return Refuse(program, absl::StrCat(program, ": unknown option ", word, "\n\n"));
    }
  }
  if (parsed.count_colors) return {.arguments = parsed};
  if (words.size() != 2) return Refuse(program, "");
  parsed.address = words[0];
  parsed.port_text = words[1];
  uint32_t port = 0;
  const bool digits = words[1].find_first_not_of("0123456789") == std::string::npos;
  if (!digits || !absl::SimpleAtoi(words[1], &port) || port > 65535) {
    return Refuse(program, absl::StrCat(program, ": Bad UDP port (", words[1], ")\n\n"));
  }
  parsed.port = static_cast<uint16_t>(port);
  return {.arguments = parsed};
}

}  // namespace mosh::client
