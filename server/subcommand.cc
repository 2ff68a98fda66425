#include "server/subcommand.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace mosh::server {
namespace {

using Verb = Subcommand::Verb;

absl::Status Mistake(absl::string_view text) { return absl::InvalidArgumentError(text); }

// Takes `word` if it is one of the verb's options. False: it isn't.
absl::StatusOr<bool> TakeOption(absl::string_view word, Subcommand& command) {
  const auto flag = [&](Verb verb, absl::string_view name, bool* value) {
    if (command.verb != verb || word != name) return false;
    *value = true;
    return true;
  };
  if (flag(Verb::kList, "--json", &command.json) ||
      flag(Verb::kAttach, "--view", &command.view_only) ||
      flag(Verb::kAttach, "--steal", &command.steal) ||
      flag(Verb::kTerminate, "--now", &command.at_once) ||
      flag(Verb::kSnapshot, "--ansi", &command.ansi)) {
    return true;
  }
  const auto number = [&](Verb verb, absl::string_view name, auto* value) -> absl::StatusOr<bool> {
    absl::string_view digits = word;
    if (command.verb != verb || !absl::ConsumePrefix(&digits, name)) return false;
    if (absl::SimpleAtoi(digits, value) && *value >= 0) return true;
    return Mistake(absl::StrCat(name, digits, ": expected a number"));
  };
  for (const absl::StatusOr<bool>& taken :
       {number(Verb::kList, "--columns=", &command.columns),
        number(Verb::kNotify, "--seconds=", &command.seconds),
        number(Verb::kSnapshot, "--history=", &command.history_lines)}) {
    if (!taken.ok() || *taken) return taken;
  }
  return false;
}

// What the verb does with words that are no options.
absl::Status TakePlainWords(std::vector<absl::string_view> words, Subcommand& command) {
  const bool wants_session = command.verb != Verb::kList;
  if (wants_session && !words.empty()) {
    command.session = std::string(words.front());
    words.erase(words.begin());
  }
  if (command.verb == Verb::kNotify || command.verb == Verb::kHold) {
    for (absl::string_view word : words) {
      absl::StrAppend(&command.text, command.text.empty() ? "" : " ", word);
    }
    words.clear();
  }
  if (!words.empty()) return Mistake(absl::StrCat("unexpected word \"", words.front(), "\""));
  const bool needs_session = wants_session && command.verb != Verb::kDetach;
  if (needs_session && command.session.empty()) return Mistake("which session? Give its ID");
  if (command.verb == Verb::kNotify && command.text.empty()) return Mistake("which text?");
  return absl::OkStatus();
}

// Whether the word after these options of `new` is the value of the last of them.
bool TakesNextWord(absl::string_view options) {
  const size_t at = options.find_first_of("@ipcl", 1);
  return at != absl::string_view::npos && at + 1 == options.size();
}

// `attach [ID] [--view] [--steal]`, then whatever a wrapper says to start a new session: stock's
// wrapper can't be told not to.
absl::StatusOr<Subcommand> ParseAttach(std::span<const char* const> words) {
  Subcommand command{.verb = Verb::kAttach};
  bool after_new = false;
  bool is_value = false;
  for (const absl::string_view word : words) {
    if (std::exchange(is_value, false)) {
      command.ignored.emplace_back(word);
      continue;
    }
    const absl::StatusOr<bool> taken = TakeOption(word, command);
    if (!taken.ok()) return taken.status();
    if (*taken) continue;
    if (absl::StartsWith(word, "--")) return Mistake(absl::StrCat("unknown option ", word));
    if (absl::StartsWith(word, "-")) {
      command.ignored.emplace_back(word);
      is_value = TakesNextWord(word);
    } else if (after_new) {
      command.ignored.emplace_back(word);
    } else if (word == "new") {
      after_new = true;
    } else if (command.session.empty()) {
      command.session = std::string(word);
    } else {
      return Mistake(absl::StrCat("unexpected word \"", word, "\""));
    }
  }
  return command;
}

}  // namespace

const char kSubcommandHelp[] =
    "\n"
    "Sessions of yours on this machine, started by mosh-server of mosh-fleet:\n"
    "  list [--json] [--columns=N]     show them\n"
    "  attach [ID] [--view] [--steal]  let one more client in, as `new` does for a new session.\n"
    "                                  Without ID: the session detached last. --view: it can only\n"
    "                                  watch. --steal: the other clients are told to leave.\n"
    "                                  What follows `new` is accepted and has no effect:\n"
    "                                  mosh --server='mosh-server attach ID' HOST\n"
    "  detach [ID]                     tell its clients to leave; it stays. Without ID: the "
    "session\n"
    "                                  that this command runs in\n"
    "  terminate ID [--now]            end it. --now: without a goodbye to its clients\n"
    "  notify ID [--seconds=N] TEXT    show a line on top of its clients' screens\n"
    "  hold ID [TEXT]                  let nothing that is typed reach it, and say so there, with\n"
    "                                  TEXT; what is typed meanwhile is lost\n"
    "  release ID                      end that\n"
    "  snapshot ID [--ansi] [--history=N]\n"
    "                                  print what it shows, and the N lines before\n"
    "The beginning of an ID will do. Status: 0 done, 1 mistake on the command line, 2 no such\n"
    "session, 3 it could not be done.\n";

std::optional<Verb> VerbOf(absl::string_view word) {
  if (word == "list") return Verb::kList;
  if (word == "attach") return Verb::kAttach;
  if (word == "detach") return Verb::kDetach;
  if (word == "terminate") return Verb::kTerminate;
  if (word == "notify") return Verb::kNotify;
  if (word == "hold") return Verb::kHold;
  if (word == "release") return Verb::kRelease;
  if (word == "snapshot") return Verb::kSnapshot;
  return std::nullopt;
}

absl::StatusOr<Subcommand> ParseSubcommand(Verb verb, std::span<const char* const> words,
                                           const std::vector<std::string>& after_dashes) {
  if (verb == Verb::kAttach) return ParseAttach(words);
  Subcommand command{.verb = verb};
  std::vector<absl::string_view> plain;
  for (const absl::string_view word : words) {
    const absl::StatusOr<bool> taken = TakeOption(word, command);
    if (!taken.ok()) return taken.status();
    if (*taken) continue;
    if (absl::StartsWith(word, "-")) return Mistake(absl::StrCat("unknown option ", word));
    plain.push_back(word);
  }
  plain.insert(plain.end(), after_dashes.begin(), after_dashes.end());
  const absl::Status status = TakePlainWords(std::move(plain), command);
  if (!status.ok()) return status;
  return command;
}

}  // namespace mosh::server
