#include "mgmt/ctl/command_line.h"

#include <cstdint>
#include <sstream>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mgmt/ctl/failure.h"
#include "mgmt/ctl/node_view.h"

namespace mosh::mgmt::ctl {
namespace {

constexpr char kFooter[] =
    "SESSION is an id as `moshctl ls` shows it, its beginning, or a resource name "
    "(nodes/NODE/sessions/ID).\n"
    "Without --server, --context, MOSHCTL_SERVER and a configuration, the agent of this machine is "
    "asked; if none\n"
    "runs, moshctl starts one for itself.\n"
    "Exit status: 0 done, 1 mistake on the command line, 2 not found, 3 refused, 4 unreachable, 5 "
    "failed otherwise.";

constexpr char kSeeHelp[] = "\n  --help shows what there is.\n";

std::optional<OutputFormat> FormatOf(const std::string& name) {
  if (name == "table") return OutputFormat::kTable;
  if (name == "wide") return OutputFormat::kWide;
  if (name == "json") return OutputFormat::kJson;
  if (name == "yaml") return OutputFormat::kYaml;
  return std::nullopt;
}

// notify without -m: what follows the session, or all words where none is to be named, is the line.
void TakeMessageFromWords(Options* options) {
  std::vector<std::string>& words = options->sessions;
  const bool unnamed = options->all || !options->filter.empty();
  const auto text = words.begin() + (unnamed || words.empty() ? 0 : 1);
  options->message = absl::StrJoin(text, words.end(), " ");
  words.erase(text, words.end());
}

class Grammar {
 public:
  explicit Grammar(Options* options)
      : options_(*options),
        app_(std::make_unique<CLI::App>("See and control the live mosh sessions of a machine.",
                                        "moshctl")) {
    app_->require_subcommand(0, 1);  // none is explained by MistakeIn
    app_->failure_message([](const CLI::App*, const CLI::Error& error) {
      return absl::StrCat("moshctl: ", error.what(), kSeeHelp);
    });
    // Options of all commands may stand behind the command, too.
    app_->fallthrough();
    AddGlobalOptions();
    AddLooking();
    AddActing();
    AddRecording();
    AddDraining();
    AddPolicies();
    AddOwn();
    // Last: subcommands would inherit it.
    app_->footer(kFooter);
  }

  std::unique_ptr<CLI::App> Take() && { return std::move(app_); }

 private:
  void AddGlobalOptions() {
    app_->add_option("--server", options_.server.server, "The agent: unix:PATH or HOST:PORT");
    app_->add_option("--context", options_.server.context, "A server of the configuration");
    app_->add_option("--etcd", options_.server.fleet.etcd,
                     "One of the agents that this etcd has (HOST:PORT,...), instead of --server")
        ->delimiter(',')
        ->expected(1);
    app_->add_option("--etcd-ca", options_.server.fleet.tls.ca,
                     "Who signed etcd's certificates (PEM); without, no TLS to etcd");
    app_->add_option("--etcd-cert", options_.server.fleet.tls.cert, "What etcd is shown (PEM)");
    app_->add_option("--etcd-key", options_.server.fleet.tls.key, "Its key (PEM)");
    app_->add_option("--etcd-prefix", options_.server.fleet.prefix,
                     "Of the fleet's keys (else /mosh-fleet/)");
    app_->add_option("--tls-ca", options_.server.tls.ca,
                     "Who signed the agent's certificate (PEM)");
    app_->add_option("--tls-cert", options_.server.tls.cert, "This user's certificate (PEM)");
    app_->add_option("--tls-key", options_.server.tls.key, "Its key (PEM)");
    app_->add_option("--timeout", options_.timeout_s, "Seconds that an answer may take")
        ->check(CLI::Range(0.01, 86400.0).description(""))
        ->capture_default_str();
    app_->add_option_function<std::string>(
            "-o,--output",
            [options = &options_](const std::string& name) { options->format = *FormatOf(name); },
            "table, wide, json or yaml")
        ->check(CLI::Validator(
            [](const std::string& name) {
              return FormatOf(name) ? std::string()
                                    : absl::StrCat(name, " is none of table, wide, json, yaml");
            },
            ""))
        ->type_name("FORMAT");
    app_->add_flag("-v,--verbose", options_.verbose, "Say which agent is asked");
  }

  // The options outlive the grammar, which outlives this.
  void SetsCommand(CLI::App* command, const std::string& name) {
    command->callback([options = &options_, name] { options->command = name; });
  }
  CLI::App* Command(const std::string& name, const std::string& description) {
    CLI::App* const command = app_->add_subcommand(name, description);
    SetsCommand(command, name);
    return command;
  }
  void AddSessions(CLI::App* command, int at_least, int at_most) {
    command->add_option("SESSION", options_.sessions, "Which")->expected(at_least, at_most);
    if (at_least > 0) command->get_option("SESSION")->required();
  }
  void AddFilter(CLI::App* command) {
    command->add_option("--node", options_.node, "Only this node's");
    command->add_option("--filter", options_.filter,
                        "Only these: user = \"alice\" AND state = DETACHED");
  }
  void AddReason(CLI::App* command) {
    command->add_option("--reason", options_.reason, "Why; goes into the audit log");
  }
  void AddDryRun(CLI::App* command) {
    command->add_flag("--dry-run", options_.dry_run, "Only check whether it could be done");
  }

  void AddLooking() {
    CLI::App* const ls = Command("ls", "List sessions");
    ls->alias("list");
    AddFilter(ls);
    ls->add_option("--order-by", options_.order_by, "Fields: create_time desc, user");
    AddSessions(Command("describe", "All that is known of sessions"), 1, kMany);
    AddFilter(Command("top", "Watch all sessions on a live screen"));
    AddFilter(Command("watch", "Print sessions as they come, change and go"));
    CLI::App* const screen = Command("screen", "Show what a session shows");
    AddSessions(screen, 1, 1);
    CLI::Option* const ansi =
        screen->add_flag("--ansi", options_.ansi, "With colours, as escape sequences");
    CLI::Option* const history =
        screen->add_option("--history", options_.history, "Lines before, that have scrolled off")
            ->check(CLI::Range(0, 10000).description(""));
    screen->add_flag("-f,--follow", options_.follow, "Live; q ends it")
        ->excludes(ansi)
        ->excludes(history);
    AddReason(screen);
    CLI::App* const nodes = Command("nodes", "The fleet's nodes; of one, the servers on it");
    // A command of its own, too, which is run before this one's callback.
    nodes->callback([options = &options_, nodes] {
      if (nodes->get_subcommands().empty()) options->command = "nodes";
    });
    nodes->add_option("NODE", options_.nodes, "Only this one, and all of it")->expected(0, 1);
    nodes->add_flag("-w,--watch", options_.follow, "Print nodes as they come, change and go");
    nodes->add_option("--filter", options_.filter,
                      "Only these: labels.rack = \"b\" AND state = READY");
    CLI::App* const forget =
        nodes->add_subcommand("forget", "Take nodes that are lost out of the fleet");
    SetsCommand(forget, "nodes forget");
    forget->add_option("NODE", options_.nodes, "Which")->expected(1, kMany)->required();
    AddReason(forget);
    AddDryRun(forget);
    CLI::App* const audit = Command("audit", "Who did what");
    audit->add_option("-n,--count", options_.count, "So many of the last entries")
        ->check(CLI::Range(1, 1000000).description(""))
        ->capture_default_str();
    audit->add_option("--from", options_.from, "From the entry of this number on")
        ->check(CLI::Range(int64_t{1}, INT64_MAX).description(""));
    audit->add_flag("-f,--follow", options_.follow, "And those to come");
    AddNode(audit);
  }

  void AddActing() {
    CLI::App* const notify = Command("notify", "Show a line on top of users' screens");
    AddSessions(notify, 0, kMany);
    notify->get_option("SESSION")->description("Which; without -m one, and the line behind it");
    AddFilter(notify);
    notify->add_flag("--all", options_.all, "Tell all sessions");
    CLI::Option* const message = notify->add_option("-m,--message", options_.message, "The line");
    notify->callback([options = &options_, message] {
      options->command = "notify";
      if (message->count() == 0) TakeMessageFromWords(options);
    });
    notify->add_option("--seconds", options_.seconds, "How long it stays (else 10)")
        ->check(CLI::Range(1.0, 86400.0).description(""));
    AddReason(notify);
    AddDryRun(notify);
    CLI::App* const hold = Command("hold", "Let nothing that is typed reach sessions");
    AddSessions(hold, 1, kMany);
    AddReason(hold);
    AddDryRun(hold);
    CLI::App* const release = Command("release", "Let it through again");
    AddSessions(release, 1, kMany);
    AddReason(release);
    AddDryRun(release);
    CLI::App* const detach = Command("detach", "Tell clients to leave; the sessions stay");
    AddSessions(detach, 1, kMany);
    detach->add_option("--client", options_.client, "Only this one of the session's clients");
    AddReason(detach);
    AddDryRun(detach);
    CLI::App* const kill = Command("kill", "End sessions");
    AddSessions(kill, 1, kMany);
    kill->add_flag("--force", options_.force, "Without the goodbye to their clients");
    AddReason(kill);
    AddDryRun(kill);
    CLI::App* const ticket =
        Command("attach-ticket", "A key for one more client, as MOSH CONNECT prints it");
    AddSessions(ticket, 1, 1);
    ticket->add_flag("--view", options_.view_only, "It only watches");
    ticket->add_flag("--steal", options_.steal, "The others are told to leave");
    AddReason(ticket);
  }

  void AddRecordings(CLI::App* command, int at_most) {
    command->add_option("RECORDING", options_.recordings, "Which, as `moshctl record ls` has them")
        ->expected(1, at_most)
        ->required();
  }
  void AddRecording() {
    CLI::App* const record = app_->add_subcommand("record", "Keep what sessions show, as files");
    record->require_subcommand(1);
    const auto add = [&](const std::string& name, const std::string& description) {
      CLI::App* const command = record->add_subcommand(name, description);
      SetsCommand(command, absl::StrCat("record ", name));
      return command;
    };
    CLI::App* const start = add("start", "Begin to record sessions");
    AddSessions(start, 1, kMany);
    start->add_option("--title", options_.title, "What the recordings are called");
    start->add_option("--max-seconds", options_.max_seconds, "It ends after so long (else a day)")
        ->check(CLI::Range(1.0, 2678399.0).description(""));
    start
        ->add_option("--max-bytes", options_.max_bytes,
                     "It ends before the file is larger (else 256 MiB)")
        ->check(CLI::Range(int64_t{65536}, INT64_MAX).description(""));
    start->add_flag("--input", options_.input,
                    "Also what is typed, but for passwords; needs a right of its own");
    AddReason(start);
    AddDryRun(start);
    CLI::App* const stop = add("stop", "End recordings; the sessions go on");
    AddRecordings(stop, kMany);
    AddReason(stop);
    AddDryRun(stop);
    CLI::App* const ls = add("ls", "List recordings, the newest first");
    ls->alias("list");
    AddSessions(ls, 0, 1);
    AddNode(ls);
    CLI::App* const get = add("get", "Fetch a recording's file; goes on with one that was cut off");
    AddRecordings(get, 1);
    get->add_option("-O,--file", options_.file, "Where to (else RECORDING.cast)");
    AddReason(get);
    CLI::App* const rm = add("rm", "Delete recordings");
    AddRecordings(rm, kMany);
    AddReason(rm);
    AddDryRun(rm);
    CLI::App* const replay =
        Command("replay", "Play a recording; space pauses, . steps, q ends it");
    replay->add_option("FILE", options_.file, "A file, or a recording as `record ls` has them")
        ->required();
    replay->add_option("--speed", options_.speed, "So many times as fast")
        ->check(CLI::Range(0.01, 1000.0).description(""))
        ->capture_default_str();
    replay->add_option("--max-pause", options_.max_pause, "No pause is longer, in seconds")
        ->check(CLI::Range(0.001, 86400.0).description(""));
    AddReason(replay);
  }

  void AddNode(CLI::App* command) {
    command->add_option("NODE", options_.node, "Which; else the one that answers");
  }
  void AddDraining() {
    CLI::App* const drain =
        Command("drain", "Empty a node: no new sessions, a countdown for users, then the end");
    AddNode(drain);
    drain
        ->add_option("--grace", options_.grace, "How long users have: 90s, 10m, 2h, 1d; 0: at once")
        ->check(Span())
        ->type_name("TIME")
        ->capture_default_str();
    drain->add_flag("--leave", options_.leave, "Leave sessions that are there at the end");
    drain->add_option("-m,--message", options_.message, "For users, and those who are refused");
    drain->add_flag("--no-wait", options_.no_wait, "Return when it has begun");
    AddReason(drain);
    AddDryRun(drain);
    CLI::App* const undrain =
        Command("undrain", "Let new sessions in again; calls off a drain that goes on");
    AddNode(undrain);
    AddReason(undrain);
    AddDryRun(undrain);
    CLI::App* const operations = app_->add_subcommand("operations", "What takes longer: drains");
    operations->require_subcommand(1);
    const auto add = [&](const std::string& name, const std::string& description) {
      CLI::App* const command = operations->add_subcommand(name, description);
      SetsCommand(command, absl::StrCat("operations ", name));
      return command;
    };
    CLI::App* const ls = add("ls", "List them, the newest first");
    ls->alias("list");
    AddNode(ls);
    CLI::App* const describe = add("describe", "All about one");
    CLI::App* const cancel = add("cancel", "End it");
    for (CLI::App* const command : {describe, cancel}) {
      command
          ->add_option("OPERATION", options_.operation, "Which, as `moshctl operations ls` has it")
          ->required();
    }
    AddReason(cancel);
    AddDryRun(cancel);
  }

  void AddPolicies() {
    CLI::App* const policy = app_->add_subcommand("policy", "Limits of sessions, by node or label");
    policy->require_subcommand(1);
    const auto add = [&](const std::string& name, const std::string& description) {
      CLI::App* const command = policy->add_subcommand(name, description);
      SetsCommand(command, absl::StrCat("policy ", name));
      return command;
    };
    add("ls", "List them")->alias("list");
    CLI::App* const get = add("get", "All about one");
    CLI::App* const set = add("set", "Make one, or change what is given of it");
    CLI::App* const rm = add("rm", "Delete one: what it limited is as without it");
    for (CLI::App* const command : {get, set, rm}) {
      command->add_option("POLICY", options_.policy, "Which, as `moshctl policy ls` has it")
          ->required();
    }
    const auto limit = [&](const char* name, std::string* value, const char* description) {
      set->add_option(name, *value, description)->check(Span())->type_name("TIME");
    };
    limit("--idle", &options_.idle,
          "Sessions end when nobody has typed for so long; off: no limit");
    limit("--lifetime", &options_.lifetime, "Sessions end when they have lived so long");
    limit("--detached", &options_.detached, "Sessions end when no client was there for so long");
    set->add_option("--max-sessions-per-user", options_.max_sessions,
                    "New ones are refused beyond; 0: any number")
        ->check(CLI::Range(0, 1000000).description(""));
    set->add_option("--label", options_.labels,
                    "KEY=VALUE: only on nodes that have it; all of them")
        ->check(CLI::Validator(
            [](const std::string& label) {
              const size_t equals = label.find('=');
              return equals == std::string::npos || equals == 0
                         ? absl::StrCat(label, " is not KEY=VALUE")
                         : std::string();
            },
            ""));
    CLI::Option* const nodes = set->add_option("--node", options_.nodes, "Only on these nodes");
    set->add_flag("--everywhere", options_.everywhere, "On all nodes")
        ->excludes(nodes)
        ->excludes(set->get_option("--label"));
    set->add_option("--description", options_.description, "For people");
    for (CLI::App* const command : {set, rm}) {
      command->add_option("--etag", options_.etag, "Only if it is still the one with this etag");
      AddReason(command);
      AddDryRun(command);
    }
  }
  static CLI::Validator Span() {
    return CLI::Validator(
        [](const std::string& text) {
          return ParseSpan(text)
                     ? std::string()
                     : absl::StrCat(text, " is no time: 90s, 10m, 8h, 7d, 1h30m or off");
        },
        "");
  }

  void AddOwn() {
    CLI::App* const config = app_->add_subcommand("config", "Named servers");
    config->require_subcommand(1);
    SetsCommand(config->add_subcommand("get-contexts", "List them"), "config get-contexts");
    CLI::App* const use = config->add_subcommand("use-context", "Ask this one from now on");
    use->add_option("NAME", options_.name)->required();
    SetsCommand(use, "config use-context");
    Command("completion", "A script that completes moshctl's command lines")
        ->add_option("SHELL", options_.name, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
    Command("version", "Print the version");
  }

  static constexpr int kMany = 10000;

  Options& options_;
  std::unique_ptr<CLI::App> app_;
};

// What the grammar can't say.
std::string MistakeIn(const Options& options) {
  if (options.command.empty()) return "which command?";
  if (options.command == "notify") {
    const int ways = !options.sessions.empty() + !options.filter.empty() + options.all;
    if (ways != 1) return "notify wants one of: sessions, --filter, --all";
    if (options.message.empty()) {
      return "what are they to read? notify SESSION TEXT, or -m TEXT for several sessions";
    }
  }
  if (!options.server.fleet.etcd.empty() &&
      (!options.server.server.empty() || !options.server.context.empty())) {
    return "--etcd goes without --server and --context";
  }
  if (options.command == "nodes" && !options.nodes.empty() &&
      (options.follow || !options.filter.empty())) {
    return "one node needs no --watch and no --filter";
  }
  if (!options.node.empty() && !options.sessions.empty()) {
    return "--node goes with --filter or --all; a session's name has its node";
  }
  if (options.command == "policy set" && options.idle.empty() && options.lifetime.empty() &&
      options.detached.empty() && !options.max_sessions && !options.description &&
      options.labels.empty() && options.nodes.empty() && !options.everywhere) {
    return "policy set: what is to be set?";
  }
  if (!options.client.empty() && options.sessions.size() > 1)
    return "--client goes with one session";
  if (options.format == OutputFormat::kWide && options.command != "ls" &&
      options.command != "record ls")
    return "-o wide is only for ls";
  if ((options.command == "top" || options.command == "replay" ||
       (options.command == "screen" && options.follow)) &&
      ForPrograms(options.format)) {
    return absl::StrCat("-o is not for a live screen; `moshctl watch` streams JSON");
  }
  return "";
}

}  // namespace

std::unique_ptr<CLI::App> MakeGrammar(Options* options) { return Grammar(options).Take(); }

CommandLine ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine result;
  Options options;
  const std::unique_ptr<CLI::App> grammar = MakeGrammar(&options);
  // CLI11 takes them from the back.
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    grammar->parse(reversed);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;
    result.exit_code = grammar->exit(error, out, err) == 0 ? kDone : kUsage;
    result.out = out.str();
    result.err = err.str();
    return result;
  }
  const std::string mistake = MistakeIn(options);
  if (!mistake.empty()) {
    result.exit_code = kUsage;
    result.err = absl::StrCat("moshctl: ", mistake, kSeeHelp);
    return result;
  }
  result.options = std::move(options);
  return result;
}

}  // namespace mosh::mgmt::ctl
