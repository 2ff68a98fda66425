#include "mgmt/ctl/completion.h"

#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mgmt/ctl/command_line.h"

namespace mosh::mgmt::ctl {
namespace {

constexpr char kBash[] = R"sh(# moshctl completion for bash: source <(moshctl completion bash)
_moshctl() {
  local IFS=$'\n'
  COMPREPLY=($(moshctl __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _moshctl moshctl
)sh";

constexpr char kZsh[] = R"sh(#compdef moshctl
# moshctl completion for zsh: source <(moshctl completion zsh)
_moshctl() {
  local -a candidates
  candidates=("${(@f)$(moshctl __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a candidates
}
compdef _moshctl moshctl
)sh";

constexpr char kFish[] = R"sh(# moshctl completion for fish: moshctl completion fish | source
function __moshctl_complete
  set -l words (commandline -opc)
  set -e words[1]
  moshctl __complete $words (commandline -ct) 2>/dev/null
end
complete -c moshctl -f -a '(__moshctl_complete)'
)sh";

using Words = std::vector<std::string>;

CLI::App* FindCommand(CLI::App* app, const std::string& word) {
  for (CLI::App* command : app->get_subcommands({})) {
    if (command->check_name(word)) return command;
  }
  return nullptr;
}

// The option that takes the word after `word` for its value, if one does.
const CLI::Option* OptionWithValue(const CLI::App& app, const std::string& word) {
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      if (option->check_name(word) && option->get_items_expected_max() > 0) return option;
    }
  }
  return nullptr;
}

Words ValuesOf(const std::string& option, const CompletionSources& sources) {
  if (option == "--output") return {"table", "wide", "json", "yaml"};
  if (option == "--context") return sources.contexts();
  return {};
}

Words OptionsOf(const CLI::App& app) {
  Words options;
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames())
        options.push_back(absl::StrCat("--", name));
    }
  }
  return options;
}

Words Positionals(const CLI::App& command, const CompletionSources& sources) {
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name(/*positional=*/true);
    if (name == "SESSION") return sources.session_ids();
    if (name == "NODE") return sources.node_ids();
    if (name == "OPERATION") return sources.operations();
    if (name == "POLICY") return sources.policies();
    if (name == "NAME") return sources.contexts();
    if (name == "SHELL") return {"bash", "zsh", "fish"};
  }
  return {};
}

Words AllCandidates(const Words& words, const CompletionSources& sources) {
  Options unused;
  const std::unique_ptr<CLI::App> grammar = MakeGrammar(&unused);
  CLI::App* command = grammar.get();
  const CLI::Option* wants_value = nullptr;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (wants_value != nullptr) {
      wants_value = nullptr;
    } else if (absl::StartsWith(words[i], "-")) {
      wants_value = OptionWithValue(*command, words[i]);
    } else if (CLI::App* const next = FindCommand(command, words[i])) {
      command = next;
    }
  }
  if (wants_value != nullptr) return ValuesOf(wants_value->get_name(), sources);
  if (!words.empty() && absl::StartsWith(words.back(), "-")) return OptionsOf(*command);
  Words commands;
  for (const CLI::App* next : command->get_subcommands({})) commands.push_back(next->get_name());
  for (std::string& word : Positionals(*command, sources)) commands.push_back(std::move(word));
  return commands;
}

}  // namespace

std::string CompletionScript(const std::string& shell) {
  return shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish;
}

std::vector<std::string> Complete(const std::vector<std::string>& words,
                                  const CompletionSources& sources) {
  const std::string begun = words.empty() ? "" : words.back();
  Words candidates = AllCandidates(words, sources);
  std::erase_if(candidates, [&begun](const std::string& candidate) {
    return !absl::StartsWith(candidate, begun);
  });
  return candidates;
}

}  // namespace mosh::mgmt::ctl
