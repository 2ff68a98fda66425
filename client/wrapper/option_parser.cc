#include "client/wrapper/option_parser.h"

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace mosh::client {
namespace {

// One spelling of an option.
struct Meaning {
  const OptionSpec* spec;
  bool negated;
};

using Spellings = std::map<std::string, Meaning>;  // sorted: complaints list candidates in order

Spellings AllSpellings(std::span<const OptionSpec> specs) {
  Spellings spellings;
  for (const OptionSpec& spec : specs) {
    for (const std::string& name : spec.names) {
      spellings[name] = {&spec, false};
      if (spec.kind != OptionSpec::Kind::kNegatable) continue;
      spellings[absl::StrCat("no", name)] = {&spec, true};
      spellings[absl::StrCat("no-", name)] = {&spec, true};
    }
  }
  return spellings;
}

// The meaning of what was typed; nullopt after adding a complaint.
std::optional<Meaning> Find(const Spellings& spellings, absl::string_view typed,
                            std::vector<std::string>& complaints) {
  const std::string lower = absl::AsciiStrToLower(typed);
  if (auto exact = spellings.find(lower); exact != spellings.end()) return exact->second;
  std::vector<std::string> candidates;
  std::optional<Meaning> meaning;
  bool ambiguous = false;
  for (const auto& [name, candidate] : spellings) {
    if (candidate.spec->exact_only || !absl::StartsWith(name, lower)) continue;
    candidates.push_back(name);
    if (meaning.has_value() &&
        (meaning->spec != candidate.spec || meaning->negated != candidate.negated)) {
      ambiguous = true;
    }
    meaning = candidate;
  }
  if (!meaning.has_value()) {
    complaints.push_back(absl::StrCat("Unknown option: ", typed));
  } else if (ambiguous) {
    complaints.push_back(
        absl::StrCat("Option ", typed, " is ambiguous (", absl::StrJoin(candidates, ", "), ")"));
    return std::nullopt;
  }
  return meaning;
}

}  // namespace

ParsedCommandLine ParseCommandLine(std::span<const std::string> arguments,
                                   std::span<const OptionSpec> specs) {
  const Spellings spellings = AllSpellings(specs);
  ParsedCommandLine parsed;
  bool words_end_options = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view word = arguments[i];
    if (word == "--") {
      parsed.words.insert(parsed.words.end(), arguments.begin() + i + 1, arguments.end());
      break;
    }
    if (word == "-" || !absl::StartsWith(word, "-")) {
      if (words_end_options) {
        parsed.words.insert(parsed.words.end(), arguments.begin() + i, arguments.end());
        break;
      }
      parsed.words.emplace_back(word);
      continue;
    }
    word.remove_prefix(absl::StartsWith(word, "--") ? 2 : 1);
    std::optional<std::string> value;
    if (const size_t equals = word.find('='); equals != absl::string_view::npos && equals > 0) {
      value = std::string(word.substr(equals + 1));
      word = word.substr(0, equals);
    }
    const std::optional<Meaning> meaning = Find(spellings, word, parsed.complaints);
    if (!meaning.has_value()) continue;
    words_end_options = words_end_options || meaning->spec->words_end_options;
    if (meaning->spec->kind == OptionSpec::Kind::kOptionalString) {
      parsed.options.push_back({meaning->spec->id, false, value.value_or("")});
      continue;
    }
    if (meaning->spec->kind != OptionSpec::Kind::kString) {
      if (value.has_value()) {
        parsed.complaints.push_back(absl::StrCat("Option ", word, " does not take an argument"));
        continue;
      }
      parsed.options.push_back({meaning->spec->id, meaning->negated, ""});
      continue;
    }
    if (!value.has_value() && i + 1 < arguments.size()) {
      value = arguments[++i];
    } else if (!value.has_value() || value->empty()) {
      parsed.complaints.push_back(absl::StrCat("Option ", word, " requires an argument"));
      continue;
    }
    parsed.options.push_back({meaning->spec->id, false, *value});
  }
  return parsed;
}

}  // namespace mosh::client
