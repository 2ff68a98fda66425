#include "mgmt/ctl/run_moshctl.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/version.h"
#include "mgmt/ctl/command_line.h"
#include "mgmt/ctl/commands.h"
#include "mgmt/ctl/completion.h"
#include "mgmt/ctl/config_commands.h"
#include "mgmt/ctl/fleet_choice.h"
#include "mgmt/ctl/node_view.h"
#include "mgmt/ctl/private_agent.h"
#include "mgmt/ctl/replay.h"
#include "mgmt/ctl/server_choice.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

// Nobody waits longer for a completion.
constexpr double kCompletionTimeout_s = 2;

struct Command {
  absl::string_view name;
  absl::Status (*run)(const Workplace& work);
};

constexpr Command kCommands[] = {
    {"ls", ListCommand},
    {"describe", DescribeCommand},
    {"top", TopCommand},
    {"watch", WatchCommand},
    {"screen", ScreenCommand},
    {"nodes", NodesCommand},
    {"nodes forget", NodesForgetCommand},
    {"audit", AuditCommand},
    {"notify", NotifyCommand},
    {"hold", HoldCommand},
    {"release", HoldCommand},
    {"detach", DetachCommand},
    {"kill", KillCommand},
    {"attach-ticket", AttachTicketCommand},
    {"record start", RecordStartCommand},
    {"record stop", RecordStopCommand},
    {"record ls", RecordListCommand},
    {"record get", RecordGetCommand},
    {"record rm", RecordRemoveCommand},
    {"replay", ReplayCommand},
    {"drain", DrainCommand},
    {"undrain", UndrainCommand},
    {"operations ls", OperationsListCommand},
    {"operations describe", OperationsDescribeCommand},
    {"operations cancel", OperationsCancelCommand},
    {"policy ls", PolicyListCommand},
    {"policy get", PolicyGetCommand},
    {"policy set", PolicySetCommand},
    {"policy rm", PolicyRemoveCommand},
};

// A way to an agent: to that of somebody's choice, or to a private one, which lives as long.
struct Connection {
  std::unique_ptr<PrivateAgent> agent;
  std::unique_ptr<Api> api;
};

std::string HostName() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

absl::StatusOr<Connection> Connect(const Options& options, const Surroundings& surroundings) {
  absl::StatusOr<ServerChoice> choice = ChooseServer(options.server, surroundings);
  if (!choice.ok()) return choice.status();
  Connection connection;
  if (!choice->fleet.etcd.empty()) {
    absl::StatusOr<std::string> agent =
        ChooseAgent(*choice, HostName(), options.timeout(), [&](const std::string& remark) {
          if (options.verbose) surroundings.Remark(remark);
        });
    if (!agent.ok()) return agent.status();
    choice->address = *std::move(agent);
  } else if (choice->address.empty()) {
    absl::StatusOr<std::unique_ptr<PrivateAgent>> agent =
        PrivateAgent::Start(surroundings, options.timeout(), options.verbose);
    if (!agent.ok()) return agent.status();
    choice->address = absl::StrCat("unix:", (*agent)->socket());
    connection.agent = *std::move(agent);
  } else if (options.verbose) {
    surroundings.Remark(absl::StrCat("asking ", choice->address));
  }
  const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = OpenChannel(*choice);
  if (!channel.ok()) return channel.status();
  connection.api = std::make_unique<Api>(
      *channel, choice->address, options.timeout(),
      [tls = choice->tls, &surroundings, verbose = options.verbose](const std::string& endpoint) {
        if (verbose) surroundings.Remark(absl::StrCat("asking ", Harmless(endpoint)));
        return OpenChannel({.address = endpoint, .tls = tls});
      });
  return connection;
}

absl::Status RunWithAgent(const Options& options, const Surroundings& surroundings) {
  // Before gRPC has threads, which would take the signals otherwise.
  std::optional<LiveSignals> signals;
  if (options.command == "top" || options.command == "replay" ||
      (options.command == "screen" && options.follow) ||
      (options.command == "drain" && !options.no_wait && !options.dry_run)) {
    signals.emplace();
  }
  absl::StatusOr<Connection> connection = Connect(options, surroundings);
  if (!connection.ok()) return connection.status();
  const Workplace work = {.api = *connection->api,
                          .options = options,
                          .surroundings = surroundings,
                          .signals = signals ? &*signals : nullptr};
  for (const Command& command : kCommands) {
    if (command.name == options.command) return command.run(work);
  }
  return absl::InternalError(absl::StrCat("nobody does '", options.command, "'"));
}

absl::Status Run(const Options& options, const Surroundings& surroundings) {
  if (options.command == "version") {
    surroundings.Print("moshctl (mosh-fleet " MOSH_FLEET_VERSION ")\n");
    return absl::OkStatus();
  }
  if (options.command == "completion") {
    surroundings.Print(CompletionScript(options.name));
    return absl::OkStatus();
  }
  if (options.command == "config get-contexts") return GetContextsCommand(surroundings);
  if (options.command == "config use-context") return UseContextCommand(surroundings, options.name);
  if (options.command == "replay" && access(options.file.c_str(), F_OK) == 0) {
    LiveSignals signals;
    return ReplayFile(options.file, options, surroundings, signals);
  }
  return RunWithAgent(options, surroundings);
}

// The last segments of the names of what is listed.
template <class Method, class Request, class Items>
std::vector<std::string> IdsOf(const Surroundings& surroundings, Method method,
                               const Request& request, const Items& items) {
  Options options;
  options.timeout_s = kCompletionTimeout_s;
  std::vector<std::string> ids;
  absl::StatusOr<Connection> connection = Connect(options, surroundings);
  if (!connection.ok()) return ids;
  const auto list = connection->api->Call(method, request);
  if (!list.ok()) return ids;
  for (const auto& item : items(*list)) ids.push_back(LastSegment(item.name()));
  return ids;
}

std::vector<std::string> SessionIds(const Surroundings& surroundings) {
  Options options;
  options.timeout_s = kCompletionTimeout_s;
  std::vector<std::string> ids;
  absl::StatusOr<Connection> connection = Connect(options, surroundings);
  if (!connection.ok()) return ids;
  fleet::ListSessionsRequest request;
  request.mutable_read_mask()->add_paths("session_id");
  const absl::StatusOr<fleet::ListSessionsResponse> list = connection->api->ListSessions(request);
  if (!list.ok()) return ids;
  for (const fleet::Session& session : list->sessions()) {
    ids.push_back(Harmless(session.session_id()));
  }
  return ids;
}

std::vector<std::string> NodeIds(const Surroundings& surroundings) {
  // As many as anybody reads.
  return IdsOf(surroundings, &Api::Stub::ListNodes, fleet::ListNodesRequest(),
               [](const fleet::ListNodesResponse& list) { return list.nodes(); });
}

std::vector<std::string> OperationIds(const Surroundings& surroundings) {
  fleet::ListOperationsRequest request;
  request.set_parent(kAnyNode);
  return IdsOf(surroundings, &Api::OperationStub::ListOperations, request,
               [](const fleet::ListOperationsResponse& list) { return list.operations(); });
}

std::vector<std::string> PolicyIds(const Surroundings& surroundings) {
  return IdsOf(surroundings, &Api::PolicyStub::ListPolicies, fleet::ListPoliciesRequest(),
               [](const fleet::ListPoliciesResponse& list) { return list.policies(); });
}

int RunCompletion(const std::vector<std::string>& words, const Surroundings& surroundings) {
  const CompletionSources sources = {
      .session_ids = [&surroundings] { return SessionIds(surroundings); },
      .node_ids = [&surroundings] { return NodeIds(surroundings); },
      .contexts = [&surroundings] { return ContextNames(surroundings); },
      .operations = [&surroundings] { return OperationIds(surroundings); },
      .policies = [&surroundings] { return PolicyIds(surroundings); }};
  for (const std::string& candidate : Complete(words, sources)) {
    surroundings.Print(absl::StrCat(candidate, "\n"));
  }
  return kDone;
}

}  // namespace

int RunMoshctl(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  if (!arguments.empty() && arguments[0] == "__complete") {
    return RunCompletion({arguments.begin() + 1, arguments.end()}, surroundings);
  }
  const CommandLine line = ParseCommandLine(arguments);
  if (!line.options) {
    surroundings.Print(line.out);
    *surroundings.err << line.err;
    return line.exit_code;
  }
  const absl::Status status = Run(*line.options, surroundings);
  surroundings.out->flush();
  if (!status.ok()) surroundings.Remark(status.message());
  return ExitCodeOf(status);
}

}  // namespace mosh::mgmt::ctl
