// What `mosh-server list`, `attach`, `detach`, `terminate`, `notify`, `hold`, `release` and
// `snapshot` are asked to do. docs/control.md describes them. Pure.
#ifndef SERVER_SUBCOMMAND_H_
#define SERVER_SUBCOMMAND_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosh::server {

struct Subcommand {
  enum class Verb { kList, kAttach, kDetach, kTerminate, kNotify, kHold, kRelease, kSnapshot };
  Verb verb = Verb::kList;
  std::string session;  // an id or the beginning of one; empty: none given

  bool json = false;                 // list
  int columns = 0;                   // list: the width to keep to; 0: none
  bool view_only = false;            // attach
  bool steal = false;                // attach
  int verbosity = 0;                 // attach
  bool at_once = false;              // terminate
  std::string text;                  // notify, hold
  uint32_t seconds = 0;              // notify; 0: as long as the server finds good
  bool ansi = false;                 // snapshot
  uint32_t history_lines = 0;        // snapshot
  std::vector<std::string> ignored;  // attach: what `new` would understand, for its parser to check
};

std::optional<Subcommand::Verb> VerbOf(absl::string_view word);

// `words` follow the verb, up to `--`; `after_dashes` follow that. An error's message is for the
// user, without the program's name.
absl::StatusOr<Subcommand> ParseSubcommand(Subcommand::Verb verb,
                                           std::span<const char* const> words,
                                           const std::vector<std::string>& after_dashes);

// Their part of the help text.
extern const char kSubcommandHelp[];

}  // namespace mosh::server

#endif  // SERVER_SUBCOMMAND_H_
