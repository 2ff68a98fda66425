// Command-line options as people's fingers know them from mosh (docs/spec/cli.md §2): long names
// with one or two dashes, any unique prefix, upper or lower case, `--name=value` or `--name value`,
// options before or after the other words, until
// `--`. Short options are not bundled.
//
// Pure. Errors are collected as complaints, in the order met, and parsing goes on: the caller
// decides what to print.
#ifndef CLIENT_WRAPPER_OPTION_PARSER_H_
#define CLIENT_WRAPPER_OPTION_PARSER_H_

#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosh::client {

struct OptionSpec {
  enum class Kind {
    kFlag,            // --name
    kNegatable,       // --name, --no-name, --noname
    kOptionalString,  // --name, --name=value
    kString,          // --name=value, --name value; the value may not be empty in the first form
  };
  int id;
  Kind kind;
  std::vector<std::string> names;  // lower case; the first is the canonical one
  // Never abbreviated: options that stock does not have, or hides, leave the prefixes people know
  // as they are.
  bool exact_only = false;
  // Once given, the first plain word ends the options, as if `--` stood before it.
  bool words_end_options = false;
};

struct ParsedOption {
  int id;
  bool negated = false;
  std::string value;
};

struct ParsedCommandLine {
  std::vector<ParsedOption> options;    // in the order given
  std::vector<std::string> words;       // everything else, in order; the `--` itself removed
  std::vector<std::string> complaints;  // e.g. "Unknown option: x"
};

ParsedCommandLine ParseCommandLine(std::span<const std::string> arguments,
                                   std::span<const OptionSpec> specs);

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_OPTION_PARSER_H_
