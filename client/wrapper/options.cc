#include "client/wrapper/options.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/wrapper/option_parser.h"
#include "client/wrapper/shell_words.h"

namespace mosh::client {
namespace {

enum OptionId {
  kClient,
  kServer,
  kPredict,
  kPredictOverwrite,
  kAlways,
  kNever,
  kInet,
  kInet6,
  kFamily,
  kPort,
  kBindServer,
  kSsh,
  kSshPty,
  kInit,
  kLocal,
  kRemoteIp,
  kHelp,
  kVersion,
  kFakeProxy,
  kHere,
  kNet,
  kEscapeKey,
  kList,
  kAttach,
  kView,
  kSteal,
  kResume,
  kNoResume,
  kForget,
};

const std::vector<OptionSpec>& Specs() {
  using Kind = OptionSpec::Kind;
  static const auto& specs = *new std::vector<OptionSpec>{
      {kClient, Kind::kString, {"client"}},
      {kServer, Kind::kString, {"server"}},
      {kPredict, Kind::kString, {"predict"}},
      {kPredictOverwrite, Kind::kNegatable, {"predict-overwrite", "o"}},
      {kAlways, Kind::kFlag, {"a"}},
      {kNever, Kind::kFlag, {"n"}},
      {kInet, Kind::kFlag, {"4"}},
      {kInet6, Kind::kFlag, {"6"}},
      {kFamily, Kind::kString, {"family"}},
      {kPort, Kind::kString, {"port", "p"}},
      {kBindServer, Kind::kString, {"bind-server"}},
      {kSsh, Kind::kString, {"ssh"}},
      {kSshPty, Kind::kNegatable, {"ssh-pty"}},
      {kInit, Kind::kNegatable, {"init"}},
      {kLocal, Kind::kFlag, {"local"}},
      {kRemoteIp, Kind::kString, {"experimental-remote-ip"}},
      {kHelp, Kind::kFlag, {"help"}},
      {kVersion, Kind::kFlag, {"version"}},
      {kFakeProxy, Kind::kNegatable, {"fake-proxy"}, /*exact_only=*/true},
      {kRemoteIp, Kind::kString, {"remote-ip"}, /*exact_only=*/true},
      {kHere, Kind::kFlag, {"here"}, /*exact_only=*/true, /*words_end_options=*/true},
      {kNet, Kind::kString, {"net"}, /*exact_only=*/true},
      {kEscapeKey, Kind::kString, {"escape-key"}, /*exact_only=*/true},
      {kList, Kind::kFlag, {"list"}, /*exact_only=*/true},
      {kAttach, Kind::kOptionalString, {"attach"}, /*exact_only=*/true},
      {kView, Kind::kFlag, {"view"}, /*exact_only=*/true},
      {kSteal, Kind::kFlag, {"steal"}, /*exact_only=*/true},
      {kResume, Kind::kOptionalString, {"resume"}, /*exact_only=*/true},
      {kNoResume, Kind::kFlag, {"no-resume"}, /*exact_only=*/true},
      {kForget, Kind::kString, {"forget"}, /*exact_only=*/true},
  };
  return specs;
}

// What the options say, before any of it is checked.
struct RawOptions {
  WrapperOptions options;
  bool help = false;
  bool version = false;
  std::optional<std::string> predict;
  std::optional<std::string> port;
  std::optional<std::string> ssh;
  std::string remote_ip;
  std::optional<std::string> escape_key;
  bool net_given = false;
};

void Store(const ParsedOption& option, RawOptions& raw) {
  WrapperOptions& options = raw.options;
  switch (static_cast<OptionId>(option.id)) {
    case kClient:
      options.client = option.value;
      break;
    case kServer:
      options.server = option.value;
      break;
    case kPredict:
      raw.predict = option.value;
      break;
    case kPredictOverwrite:
      options.predict_overwrite = !option.negated;
      break;
    case kAlways:
      raw.predict = "always";
      break;
    case kNever:
      raw.predict = "never";
      break;
    case kInet:
      options.family = "inet";
      break;
    case kInet6:
      options.family = "inet6";
      break;
    case kFamily:
      options.family = absl::AsciiStrToLower(option.value);
      break;
    case kPort:
      raw.port = option.value;
      break;
    case kBindServer:
      options.bind_server = option.value;
      break;
    case kSsh:
      raw.ssh = option.value;
      break;
    case kSshPty:
      options.ssh_pty = !option.negated;
      break;
    case kInit:
      options.init = !option.negated;
      break;
    case kLocal:
      options.local = true;
      break;
    case kRemoteIp:
      raw.remote_ip = option.value;
      break;
    case kHelp:
      raw.help = true;
      break;
    case kVersion:
      raw.version = true;
      break;
    case kFakeProxy:
      options.fake_proxy = !option.negated;
      break;
    case kHere:
      options.here = true;
      break;
    case kNet:
      options.net = option.value;
      raw.net_given = true;
      break;
    case kEscapeKey:
      raw.escape_key = option.value;
      break;
    case kList:
      options.list = true;
      break;
    case kAttach:
      options.attach = option.value;
      break;
    case kView:
      options.view_only = true;
      break;
    case kSteal:
      options.steal = true;
      break;
    case kResume:
      options.resume = option.value;
      break;
    case kNoResume:
      options.no_resume = true;
      break;
    case kForget:
      options.forget = option.value;
      break;
  }
}

bool IsPredictMode(absl::string_view mode) {
  return mode == "adaptive" || mode == "always" || mode == "never" || mode == "experimental";
}

// Each Check… returns the complaint, empty if all is well, and stores the checked value.
std::string CheckPredict(const RawOptions& raw, const Environment& environment,
                         WrapperOptions& options) {
  if (raw.predict.has_value()) {
    if (!IsPredictMode(*raw.predict)) return absl::StrCat("Unknown mode \"", *raw.predict, "\".");
    options.predict = *raw.predict;
    return "";
  }
  const std::optional<std::string> inherited = environment("MOSH_PREDICTION_DISPLAY");
  if (!inherited.has_value() || inherited->empty()) return "";
  if (!IsPredictMode(*inherited)) {
    return absl::StrCat("Unknown mode \"", *inherited,
                        "\" (MOSH_PREDICTION_DISPLAY in environment).");
  }
  options.predict = *inherited;
  return "";
}

std::string CheckRemoteIp(absl::string_view text, WrapperOptions& options) {
  if (text.empty()) return "";
  options.remote_ip_given = true;
  if (text == "proxy")
    options.remote_ip = RemoteIp::kProxy;
  else if (text == "remote")
    options.remote_ip = RemoteIp::kRemote;
  else if (text == "local")
    options.remote_ip = RemoteIp::kLocal;
  else
    return absl::StrCat("Unknown parameter ", text, " (--remote-ip is proxy, remote or local).");
  return "";
}

// --list, --attach and what goes with them. The other words have been sorted out.
std::string CheckSessions(const WrapperOptions& options) {
  if (!options.list && !options.attach.has_value()) {
    return options.view_only || options.steal ? "--view and --steal go with --attach." : "";
  }
  if (options.list && options.attach.has_value()) {
    return "--list shows sessions, --attach goes into one; give one of them.";
  }
  if (options.list && (options.view_only || options.steal)) {
    return "--view and --steal go with --attach.";
  }
  if (!options.command.empty()) {
    return absl::StrCat("With --list and --attach nothing is started: leave \"",
                        options.command.front(), "\" out.");
  }
  if (!options.ports.empty()) {
    return "-p chooses the port of a new session; with --list and --attach none is started.";
  }
  for (const char c : options.attach.value_or("")) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      return absl::StrCat("--attach=", *options.attach,
                          " is not the ID of a session; --list shows them.");
    }
  }
  return "";
}

OptionsResult Failure(std::string errors) {
  return {.options = std::nullopt, .output = "", .errors = std::move(errors), .exit_status = 255};
}

bool AllDigits(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
}

bool InPortRange(absl::string_view digits, int lowest) {
  int number = 0;
  return absl::SimpleAtoi(digits, &number) && number >= lowest && number <= 65535;
}

}  // namespace

Environment SystemEnvironment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

std::string CheckPorts(absl::string_view ports) {
  const size_t colon = ports.find(':');
  const bool is_range = colon != absl::string_view::npos;
  const absl::string_view low = ports.substr(0, colon);
  const absl::string_view high = is_range ? ports.substr(colon + 1) : "";
  if (!AllDigits(low) || (is_range && !AllDigits(high))) {
    return absl::StrCat("Server-side port or range (", ports, ") is not valid.");
  }
  if (!InPortRange(low, 0)) {
    return absl::StrCat("Server-side (low) port (", low,
                        ") must be within valid range [0..65535].");
  }
  if (!is_range) return "";
  if (!InPortRange(high, 1)) {
    return absl::StrCat("Server-side high port (", high,
                        ") must be within valid range [1..65535].");
  }
  const int low_number = std::atoi(std::string(low).c_str());
  if (low_number == 0) {
    return absl::StrCat("Server-side port ranges may not be used with starting port 0 (", ports,
                        ").");
  }
  if (low_number > std::atoi(std::string(high).c_str())) {
    return absl::StrCat("Server-side port range (", ports, "): low port greater than high port.");
  }
  return "";
}

std::optional<std::string> EscapeKeyFromOption(absl::string_view text) {
  const std::string lower = absl::AsciiStrToLower(text);
  if (lower == "none") return "";
  if (text.size() == 1) return std::string(text);
  absl::string_view letter = text;
  if (!absl::ConsumePrefix(&letter, "^")) {
    if (!absl::StartsWith(lower, "ctrl-")) return std::nullopt;
    letter.remove_prefix(5);
  }
  if (letter.size() != 1) return std::nullopt;
  const char upper = absl::ascii_toupper(static_cast<unsigned char>(letter[0]));
  if (upper <= '@' || upper > '_') return std::nullopt;
  return std::string(1, static_cast<char>(upper - '@'));
}

OptionsResult ParseWrapperOptions(absl::string_view program, std::span<const std::string> arguments,
                                  const Environment& environment) {
  const ParsedCommandLine line = ParseCommandLine(arguments, Specs());
  if (!line.complaints.empty()) {
    std::string errors;
    for (const std::string& complaint : line.complaints) absl::StrAppend(&errors, complaint, "\n");
    return Failure(absl::StrCat(errors, WrapperUsage(program)));
  }
  RawOptions raw;
  for (const ParsedOption& option : line.options) Store(option, raw);
  if (raw.help) return {.options = std::nullopt, .output = WrapperUsage(program)};
  if (raw.version) return {.options = std::nullopt, .output = VersionText("mosh")};

  WrapperOptions options = raw.options;
  const auto fail = [&](absl::string_view complaint) {
    return Failure(absl::StrCat(program, ": ", complaint, "\n"));
  };
  if (const std::string bad = CheckPredict(raw, environment, options); !bad.empty()) {
    return Failure(absl::StrCat(program, ": ", bad, "\n\n", WrapperUsage(program)));
  }
  if (raw.port.has_value()) {
    if (const std::string bad = CheckPorts(*raw.port); !bad.empty()) return fail(bad);
    options.ports = *raw.port;
  }
  if (const std::string bad = CheckRemoteIp(raw.remote_ip, options); !bad.empty()) return fail(bad);
  if (raw.ssh.has_value()) {
    const auto words = SplitShellWords(*raw.ssh);
    if (!words.has_value() || words->empty()) {
      return fail(absl::StrCat("--ssh=", *raw.ssh, " is not a command (is a quote left open?)."));
    }
    options.ssh = *words;
  }
  if (raw.escape_key.has_value()) {
    options.escape_key = EscapeKeyFromOption(*raw.escape_key);
    if (!options.escape_key.has_value()) {
      return fail(absl::StrCat("--escape-key=", *raw.escape_key,
                               " is not a key; write for example ~ or ^X or Ctrl-X, or none."));
    }
  }
  if (raw.net_given && !options.here) {
    return fail("--net= puts a bad network before a server started with --here; give --here too.");
  }
  options.command = line.words;
  if (options.resume.has_value() || options.forget.has_value()) {
    const absl::string_view name = options.resume.has_value() ? "--resume" : "--forget";
    if (!line.words.empty()) {
      return fail(absl::StrCat(name, " goes on without ssh: it takes no host and no command. To ",
                               "choose a session: ", name, "=ID, see --resume=list."));
    }
    if (!options.client.empty()) {
      return fail(absl::StrCat(name, " needs this program as the client, without --client."));
    }
    return {.options = options};
  }
  if (options.here) {
    const std::string bad = CheckSessions(options);
    return bad.empty() ? OptionsResult{.options = options} : fail(bad);
  }
  if (line.words.empty()) return Failure(WrapperUsage(program));
  options.user_host = line.words.front();
  options.command.erase(options.command.begin());
  if (!options.fake_proxy && absl::StartsWith(options.user_host, "-")) {
    // ssh would take it for an option of its own.
    return fail(absl::StrCat("\"", options.user_host, "\" is not a host name."));
  }
  if (const std::string bad = CheckSessions(options); !bad.empty()) return fail(bad);
  return {.options = options};
}

}  // namespace mosh::client
