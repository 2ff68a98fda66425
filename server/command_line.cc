#include "server/command_line.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/version.h"

namespace mosh::server {
namespace {

using Words = std::span<const char* const>;

// Walks options the way getopt does: letters may be bundled, a value may follow at once or as the
// next word, and words that are no options are passed over.
class OptionWalker {
 public:
  OptionWalker(absl::string_view program, Words words) : program_(program), words_(words) {}

  // The next option letter; nullopt at the end. An unknown letter, or one whose value is missing,
  // gives '?' and a complaint in `complaint`.
  std::optional<char> Next(absl::string_view taking_value, absl::string_view plain,
                           std::string& complaint) {
    while (rest_.empty()) {
      if (index_ == words_.size()) return std::nullopt;
      const absl::string_view word = words_[index_++];
      if (word.size() > 1 && word[0] == '-') rest_ = word.substr(1);
    }
    const char letter = rest_[0];
    rest_.remove_prefix(1);
    if (absl::StrContains(plain, letter)) return letter;
    if (!absl::StrContains(taking_value, letter)) {
      absl::StrAppend(&complaint, program_, ": invalid option -- '", absl::string_view(&letter, 1),
                      "'\n");
      return '?';
    }
    if (rest_.empty() && index_ == words_.size()) {
      absl::StrAppend(&complaint, program_, ": option requires an argument -- '",
                      absl::string_view(&letter, 1), "'\n");
      return '?';
    }
    value_ = rest_.empty() ? absl::string_view(words_[index_++]) : rest_;
    rest_ = {};
    return letter;
  }

  absl::string_view value() const { return value_; }

 private:
  absl::string_view program_;
  Words words_;
  size_t index_ = 0;
  absl::string_view rest_;  // letters left of a bundle
  absl::string_view value_;
};

bool ParseColors(absl::string_view text, int* colors) {
  const absl::string_view digits = absl::StartsWith(text, "-") ? text.substr(1) : text;
  for (char c : digits) {
    if (c < '0' || c > '9') return false;
  }
  return absl::SimpleAtoi(text, colors);
}

ParsedCommandLine Refuse(absl::string_view program, std::string err) {
  ParsedCommandLine parsed;
  parsed.err = absl::StrCat(err, Usage(program));
  parsed.status = 1;
  return parsed;
}

// -p and the old form's second word.
bool SetPorts(absl::string_view program, absl::string_view text, CommandLine& line,
              std::string& err) {
  absl::StatusOr<PortRange> ports = ParsePortRange(text);
  if (ports.ok()) {
    line.ports = *ports;
    line.ports_given = true;
    return true;
  }
  absl::StrAppend(&err, absl::string_view(ports.status().message()), "\n", program,
                  ": Bad UDP port range (", text, ")\n");
  return false;
}

// `mosh-server`, `mosh-server ADDR`, `mosh-server ADDR PORT`: what wrappers older than `new` say.
ParsedCommandLine ParseOldForm(absl::string_view program, Words words, CommandLine line) {
  if (words.size() > 2) return Refuse(program, "");
  for (const char* word : words) {
    if (word[0] == '-') return Refuse(program, "");
  }
  ParsedCommandLine parsed;
  if (!words.empty()) {
    line.bind = CommandLine::Bind::kAddress;
    line.address = words[0];
  }
  if (words.size() == 2 && !SetPorts(program, words[1], line, parsed.err)) {
    return Refuse(program, parsed.err);
  }
  parsed.run = std::move(line);
  return parsed;
}

ParsedCommandLine ParseNew(absl::string_view program, Words words, CommandLine line) {
  ParsedCommandLine parsed;
  std::string port_text;
  bool have_ports = false;
  OptionWalker options(program, words);
  while (std::optional<char> letter = options.Next("@ipcl", "sv", parsed.err)) {
    switch (*letter) {
      case 's':
        line.bind = CommandLine::Bind::kSshConnection;
        break;
      case 'i':
        line.bind = CommandLine::Bind::kAddress;
        line.address = std::string(options.value());
        break;
      case 'p':
        port_text = std::string(options.value());
        have_ports = true;
        break;
      case 'c':
        if (!ParseColors(options.value(), &line.colors)) {
          return Refuse(program, absl::StrCat(parsed.err, program, ": Bad number of colors (",
                                              options.value(), ")\n"));
        }
        break;
      case 'l':
        if (options.value().find('=') != absl::string_view::npos && options.value()[0] != '=') {
          line.locale.emplace_back(options.value());
        } else {
          absl::StrAppend(&parsed.err, program, ": Ignoring -l ", options.value(),
                          ": expected NAME=VALUE\n");
        }
        break;
      case 'v':
        ++line.verbosity;
        break;
      case '@':
        break;
      default:  // stock shows the usage and carries on
        absl::StrAppend(&parsed.err, Usage(program));
    }
  }
  if (have_ports && !SetPorts(program, port_text, line, parsed.err)) {
    return Refuse(program, parsed.err);
  }
  parsed.run = std::move(line);
  return parsed;
}

ParsedCommandLine ParseVerb(absl::string_view program, Subcommand::Verb verb, Words words,
                            const CommandLine& line) {
  ParsedCommandLine parsed;
  absl::StatusOr<Subcommand> command = ParseSubcommand(verb, words, line.command);
  if (!command.ok()) {
    parsed.err = absl::StrCat(program, ": ", absl::string_view(command.status().message()),
                              " (see ", program, " --help)\n");
    parsed.status = 1;
    return parsed;
  }
  std::vector<const char*> ignored;
  for (const std::string& word : command->ignored) ignored.push_back(word.c_str());
  ParsedCommandLine as_new = ParseNew(program, ignored, CommandLine());
  parsed.err = std::move(as_new.err);
  parsed.status = as_new.status;
  if (!as_new.run) return parsed;
  command->verbosity = as_new.run->verbosity;
  parsed.subcommand = *std::move(command);
  return parsed;
}

}  // namespace

std::string Usage(absl::string_view program) {
  return absl::StrCat("Usage: ", program,
                      " new [-s] [-v] [-i LOCALADDR] [-p PORT[:PORT2]] [-c COLORS] [-l NAME=VALUE] "
                      "[-- COMMAND...]\n");
}

ParsedCommandLine ParseCommandLine(std::span<const char* const> args) {
  const absl::string_view program =
      args.empty() || args[0][0] == '\0' ? absl::string_view(kProgramName) : args[0];
  Words words = args.empty() ? args : args.subspan(1);

  CommandLine line;
  for (size_t i = 0; i < words.size(); ++i) {
    if (absl::string_view(words[i]) != "--") continue;
    for (const char* word : words.subspan(i + 1)) line.command.emplace_back(word);
    words = words.first(i);
  }
  for (const char* word : words) {
    const absl::string_view text = word;
    ParsedCommandLine parsed;
    if (text == "--help" || text == "-h") parsed.out = Usage(program) + kSubcommandHelp;
    if (text == "--version") parsed.out = kVersionBanner;
    if (!parsed.out.empty()) return parsed;
  }
  const absl::string_view first = words.empty() ? absl::string_view() : words[0];
  if (first == "new") return ParseNew(program, words.subspan(1), std::move(line));
  if (const std::optional<Subcommand::Verb> verb = VerbOf(first)) {
    return ParseVerb(program, *verb, words.subspan(1), line);
  }
  return ParseOldForm(program, words, std::move(line));
}

}  // namespace mosh::server
