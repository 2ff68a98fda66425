#include "client/wrapper/ssh_command.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/wrapper/shell_words.h"

namespace mosh::client {

const char* const kLocaleVariables[15] = {
    "LANG",       "LANGUAGE",     "LC_CTYPE",       "LC_NUMERIC",        "LC_TIME",
    "LC_COLLATE", "LC_MONETARY",  "LC_MESSAGES",    "LC_PAPER",          "LC_NAME",
    "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION", "LC_ALL"};

namespace {

// The locale variables to pass on, as NAME=VALUE. A stock server refuses to start when neither its
// own environment nor these say UTF-8, so where ours don't, character classes alone are asked for
// in a locale that is everywhere.
std::vector<std::string> LocaleSettings(const Environment& environment) {
  std::string effective;
  for (const char* name : {"LANG", "LC_CTYPE", "LC_ALL"}) {
    const std::optional<std::string> value = environment(name);
    if (value.has_value() && !value->empty()) effective = absl::AsciiStrToLower(*value);
  }
  const bool utf8 = absl::StrContains(effective, "utf-8") || absl::StrContains(effective, "utf8");
  std::vector<std::string> settings;
  for (const absl::string_view name : kLocaleVariables) {
    const std::optional<std::string> value = environment(std::string(name).c_str());
    // LC_ALL would overrule the character classes.
    if (!value.has_value() || (!utf8 && (name == "LC_ALL" || name == "LC_CTYPE"))) continue;
    settings.push_back(absl::StrCat(name, "=", *value));
  }
  if (!utf8) settings.push_back("LC_CTYPE=C.UTF-8");
  return settings;
}

}  // namespace

std::vector<std::string> ServerArguments(const WrapperOptions& options, int colors,
                                         const std::vector<std::string>& bind,
                                         const Environment& environment) {
  std::vector<std::string> words;
  if (options.attach.has_value()) {
    words.push_back("attach");
    if (!options.attach->empty()) words.push_back(*options.attach);
    if (options.view_only) words.push_back("--view");
    if (options.steal) words.push_back("--steal");
  }
  words.insert(words.end(), {"new", "-c", absl::StrCat(colors)});
  words.insert(words.end(), bind.begin(), bind.end());
  if (!options.ports.empty()) {
    words.push_back("-p");
    words.push_back(options.ports);
  }
  for (std::string& setting : LocaleSettings(environment)) {
    words.push_back("-l");
    words.push_back(std::move(setting));
  }
  if (!options.command.empty()) {
    words.push_back("--");
    words.insert(words.end(), options.command.begin(), options.command.end());
  }
  return words;
}

std::vector<std::string> BindArguments(const WrapperOptions& options,
                                       absl::string_view local_address) {
  const std::string lower = absl::AsciiStrToLower(options.bind_server);
  if (lower == "any") return {};
  if (lower != "ssh") return {"-i", options.bind_server};
  if (!local_address.empty()) return {"-i", std::string(local_address)};
  return {"-s"};
}

std::vector<std::string> SshCommand(const WrapperOptions& options, absl::string_view self,
                                    absl::string_view target,
                                    const std::vector<std::string>& server_arguments) {
  std::vector<std::string> words = options.ssh;
  words.push_back("-n");
  if (options.ssh_pty) words.push_back("-tt");
  std::string remote;
  if (options.remote_ip == RemoteIp::kProxy) {
    // ssh expands % itself before the shell sees the line.
    const std::string program = absl::StrReplaceAll(ShellQuote(self), {{"%", "%%"}});
    const std::string family =
        absl::StrReplaceAll(ShellQuote(absl::StrCat("--family=", options.family)), {{"%", "%%"}});
    words.insert(words.end(),
                 {"-S", "none", "-o",
                  absl::StrCat("ProxyCommand=", program, " ", family, " --fake-proxy -- %h %p")});
  } else if (options.remote_ip == RemoteIp::kRemote) {
    if (options.family == "inet") words.push_back("-4");
    if (options.family == "inet6") words.push_back("-6");
    remote =
        "sh -c '[ -n \"$SSH_CONNECTION\" ] && printf \"\\nMOSH SSH_CONNECTION %s\\n\" "
        "\"$SSH_CONNECTION\"' ; ";
  }
  absl::StrAppend(&remote, options.server, " ", ShellQuoteAll(server_arguments));
  words.insert(words.end(), {std::string(target), "--", remote});
  return words;
}

std::vector<std::string> ListArguments(int columns) {
  return {"list", absl::StrCat("--columns=", columns)};
}

std::vector<std::string> PlainSshCommand(const WrapperOptions& options,
                                         const std::vector<std::string>& server_arguments) {
  std::vector<std::string> words = options.ssh;
  words.push_back("-n");
  if (options.family == "inet") words.push_back("-4");
  if (options.family == "inet6") words.push_back("-6");
  words.insert(words.end(), {options.user_host, "--",
                             absl::StrCat(options.server, " ", ShellQuoteAll(server_arguments))});
  return words;
}

}  // namespace mosh::client
