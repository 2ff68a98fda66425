// Commands that empty nodes, and those about operations.
#include <signal.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "mgmt/ctl/commands.h"
#include "mgmt/ctl/each_node.h"
#include "mgmt/ctl/node_view.h"
#include "mgmt/ctl/status_line.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

// How often it is looked whether somebody has pressed Ctrl-C, and the bar moves.
constexpr absl::Duration kLook = absl::Seconds(1);
// An agent that is being restarted is waited for.
constexpr absl::Duration kPatience = absl::Minutes(2);

// The resource name of the node that was named, or of the one that answers.
absl::StatusOr<std::string> ResolveNode(const Workplace& work) {
  const std::string& given = work.options.node;
  if (absl::StartsWith(given, "nodes/")) return given;
  if (!given.empty()) return absl::StrCat("nodes/", given);
  fleet::GetNodeRequest request;
  request.set_name(kAnyNode);
  const absl::StatusOr<fleet::Node> node = work.api.Call(&Api::Stub::GetNode, request);
  if (!node.ok()) return node.status();
  return node->name();
}

// Of the node, or of all; the newest first.
absl::StatusOr<fleet::ListOperationsResponse> ListOperations(const Workplace& work,
                                                             const std::string& node) {
  const auto answers =
      AskNodes<fleet::ListOperationsResponse>(work, node, [](const NodeAgent& agent) {
        fleet::ListOperationsRequest request;
        request.set_parent(agent.node);
        return agent.api->Call(&Api::OperationStub::ListOperations, request);
      });
  if (!answers.ok()) return answers.status();
  fleet::ListOperationsResponse all;
  for (const fleet::ListOperationsResponse& each : answers->of) all.MergeFrom(each);
  // Ids sort by start time.
  auto& operations = *all.mutable_operations();
  std::sort(operations.begin(), operations.end(),
            [](const fleet::Operation& a, const fleet::Operation& b) {
              const std::string a_id = LastSegment(a.name()), b_id = LastSegment(b.name());
              return a_id != b_id ? a_id > b_id : a.name() < b.name();
            });
  return all;
}

absl::StatusOr<std::string> ResolveOperation(const Workplace& work, const std::string& given) {
  if (absl::StartsWith(given, "nodes/")) return given;
  const absl::StatusOr<fleet::ListOperationsResponse> list = ListOperations(work, "");
  if (!list.ok()) return list.status();
  std::vector<std::string> found;
  for (const fleet::Operation& operation : list->operations()) {
    const std::string id = operation.name().substr(operation.name().rfind('/') + 1);
    if (absl::StartsWith(id, given)) found.push_back(operation.name());
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    return absl::NotFoundError(absl::StrCat("no operation has an id that begins with '",
                                            Harmless(given),
                                            "'\n  `moshctl operations ls` shows what there is."));
  }
  return absl::NotFoundError(absl::StrCat("'", Harmless(given), "' begins the ids of ",
                                          found.size(), " operations\n  Give more of it."));
}

bool Interrupted(const Workplace& work) {
  if (work.signals == nullptr) return false;
  while (const std::optional<int> signal = work.signals->Take()) {
    if (*signal != SIGWINCH) return true;
  }
  return false;
}

absl::Status StillGoesOn(const std::string& name, absl::string_view why) {
  return absl::CancelledError(absl::StrCat(
      why, "the drain of ", NodeOf(name), " goes on\n  `moshctl operations describe ",
      LastSegment(name), "` shows it, `moshctl undrain ", NodeOf(name), "` calls it off."));
}

// What is shown while it goes on: a bar that moves, or a line whenever a session has ended.
class Progress {
 public:
  explicit Progress(const Workplace& work) : work_(work), line_(work.surroundings) {}
  void Show(const fleet::Operation& operation) {
    fleet::DrainNodeMetadata drain;
    if (operation.done() || !operation.metadata().UnpackTo(&drain)) return line_.Clear();
    const absl::Time now = work_.surroundings.now();
    if (work_.surroundings.progress) return line_.Show(DrainBar(drain, now));
    if (ForPrograms(work_.options.format) ||
        (shown_ && drain.session_count() == last_.session_count() &&
         drain.state() == last_.state()))
      return;
    shown_ = true;
    last_ = drain;
    work_.surroundings.Print(
        absl::StrCat(NodeOf(operation.name()), ": ", DrainProgress(drain, now), "\n"));
    work_.surroundings.out->flush();
  }

 private:
  const Workplace& work_;
  StatusLine line_;
  bool shown_ = false;
  fleet::DrainNodeMetadata last_;
};

// Until it is done.
absl::StatusOr<fleet::Operation> Follow(const Workplace& work, fleet::Operation operation) {
  Progress progress(work);
  absl::Time last_heard = absl::Now();
  fleet::WaitOperationRequest request;
  request.set_name(operation.name());
  request.mutable_timeout()->set_seconds(absl::ToInt64Seconds(kLook));
  for (;;) {
    progress.Show(operation);
    if (operation.done()) return operation;
    if (Interrupted(work)) return StillGoesOn(operation.name(), "");
    absl::StatusOr<fleet::Operation> next =
        work.api.Call(&Api::OperationStub::WaitOperation, request);
    if (next.ok()) {
      operation = *std::move(next);
      last_heard = absl::Now();
      continue;
    }
    const absl::Status& status = next.status();
    const bool away = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
                      absl::IsResourceExhausted(status);
    if (!away) return status;
    if (absl::Now() - last_heard > kPatience) {
      return absl::UnavailableError(
          StillGoesOn(operation.name(), absl::StrCat(absl::string_view(status.message()), "\n"))
              .message());
    }
    absl::SleepFor(kLook);
  }
}

}  // namespace

absl::Status DrainCommand(const Workplace& work) {
  const absl::StatusOr<std::string> node = ResolveNode(work);
  if (!node.ok()) return node.status();
  fleet::DrainNodeRequest request;
  request.set_name(*node);
  request.mutable_grace()->set_seconds(
      absl::ToInt64Seconds(ParseSpan(work.options.grace).value_or(absl::ZeroDuration())));
  request.set_at_end(work.options.leave ? fleet::LEAVE : fleet::TERMINATE);
  request.set_message(work.options.message);
  request.set_reason(work.options.reason);
  request.set_validate_only(work.options.dry_run);
  absl::StatusOr<fleet::Operation> operation = work.api.Call(&Api::Stub::DrainNode, request);
  if (!operation.ok()) return operation.status();
  if (work.options.dry_run) {
    work.surroundings.Print(absl::StrCat(NodeOf(*node), " could be drained\n"));
    return absl::OkStatus();
  }
  if (!work.options.no_wait) operation = Follow(work, *std::move(operation));
  if (!operation.ok()) return operation.status();
  if (ForPrograms(work.options.format)) {
    const absl::Status printed = PrintMessage(work, *operation);
    if (!printed.ok()) return printed;
  } else if (work.options.no_wait) {
    work.surroundings.Print(
        absl::StrCat(NodeOf(*node), " is being drained: ", LastSegment(operation->name()), "\n"));
  } else if (!operation->has_error()) {
    work.surroundings.Print(absl::StrCat(DrainOutcome(*operation), "\n"));
  }
  if (operation->has_error()) return absl::UnknownError(DrainOutcome(*operation));
  return absl::OkStatus();
}

absl::Status UndrainCommand(const Workplace& work) {
  const absl::StatusOr<std::string> name = ResolveNode(work);
  if (!name.ok()) return name.status();
  fleet::UndrainNodeRequest request;
  request.set_name(*name);
  request.set_reason(work.options.reason);
  request.set_validate_only(work.options.dry_run);
  const absl::StatusOr<fleet::Node> node = work.api.Call(&Api::Stub::UndrainNode, request);
  if (!node.ok()) return node.status();
  if (ForPrograms(work.options.format)) return PrintMessage(work, *node);
  work.surroundings.Print(absl::StrCat(
      NodeOf(*name), work.options.dry_run ? " could take" : " takes", " new sessions again\n"));
  return absl::OkStatus();
}

absl::Status OperationsListCommand(const Workplace& work) {
  const absl::StatusOr<fleet::ListOperationsResponse> list =
      ListOperations(work, work.options.node);
  if (!list.ok()) return list.status();
  if (ForPrograms(work.options.format)) return PrintMessage(work, *list);
  if (list->operations().empty()) {
    work.surroundings.Print("No operations.\n");
    return absl::OkStatus();
  }
  work.surroundings.Print(FormatTable(OperationRows(list->operations(), work.surroundings.now()),
                                      work.surroundings.columns, work.surroundings.colors));
  return absl::OkStatus();
}

absl::Status OperationsDescribeCommand(const Workplace& work) {
  const absl::StatusOr<std::string> name = ResolveOperation(work, work.options.operation);
  if (!name.ok()) return name.status();
  fleet::GetOperationRequest request;
  request.set_name(*name);
  const absl::StatusOr<fleet::Operation> operation =
      work.api.Call(&Api::OperationStub::GetOperation, request);
  if (!operation.ok()) return operation.status();
  if (ForPrograms(work.options.format)) return PrintMessage(work, *operation);
  work.surroundings.Print(DescribeOperation(*operation, work.surroundings.now()));
  return absl::OkStatus();
}

absl::Status OperationsCancelCommand(const Workplace& work) {
  const absl::StatusOr<std::string> name = ResolveOperation(work, work.options.operation);
  if (!name.ok()) return name.status();
  fleet::CancelOperationRequest request;
  request.set_name(*name);
  request.set_reason(work.options.reason);
  request.set_validate_only(work.options.dry_run);
  const absl::StatusOr<fleet::Operation> operation =
      work.api.Call(&Api::OperationStub::CancelOperation, request);
  if (!operation.ok()) return operation.status();
  if (ForPrograms(work.options.format)) return PrintMessage(work, *operation);
  const bool was_done = operation->done() && !operation->has_error();
  work.surroundings.Print(absl::StrCat(LastSegment(*name),
                                       was_done               ? " was done already"
                                       : work.options.dry_run ? " could be cancelled"
                                                              : " is cancelled",
                                       "\n"));
  return absl::OkStatus();
}

}  // namespace mosh::mgmt::ctl
