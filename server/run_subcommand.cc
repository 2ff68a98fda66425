#include "server/run_subcommand.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/control/control_client.h"
#include "server/control/session_finder.h"
#include "server/control/session_list.h"

namespace mosh::server {
namespace {

using Verb = Subcommand::Verb;
using Replies = std::vector<control::Reply>;

class Run {
 public:
  Run(const Subcommand& command, const SubcommandSurroundings& surroundings)
      : command_(command),
        surroundings_(surroundings),
        deadline_(std::chrono::steady_clock::now() + surroundings.patience) {}

  SubcommandOutcome operator()() {
    if (command_.verb == Verb::kDetach && command_.session.empty() &&
        surroundings_.own_session.empty()) {
      Complain("which session? Give its ID; this is not run in one of ours");
      outcome_.status = kStatusMistake;
      return std::move(outcome_);
    }
    found_ = FindSessions(surroundings_.sockets, deadline_);
    if (command_.verb == Verb::kList) {
      List();
    } else {
      AskAboutOne();
    }
    return std::move(outcome_);
  }

 private:
  void Complain(absl::string_view text) {
    absl::StrAppend(&outcome_.err, surroundings_.program, ": ", text, "\n");
  }
  void Fail(const absl::Status& status) {
    Complain(status.message());
    const bool choice = absl::IsNotFound(status) || absl::IsInvalidArgument(status);
    outcome_.status = choice ? kStatusNoSession : kStatusFailed;
  }
  // A server that doesn't answer shall not hide the others, but not be hidden either.
  void ComplainOfProblems() {
    for (const std::string& problem : found_.problems) Complain(problem);
  }

  void List() {
    ComplainOfProblems();
    if (found_.sessions.empty() && !found_.problems.empty()) outcome_.status = kStatusFailed;
    outcome_.out = command_.json
                       ? SessionJson(found_.sessions)
                       : SessionTable(found_.sessions, surroundings_.now, command_.columns);
  }

  absl::StatusOr<FoundSession> Choose() {
    if (!command_.session.empty()) return ChooseSession(found_, command_.session);
    if (command_.verb == Verb::kDetach) return ChooseSession(found_, surroundings_.own_session);
    return NewestDetached(found_);
  }

  void AskAboutOne() {
    const absl::StatusOr<FoundSession> chosen = Choose();
    if (!chosen.ok()) {
      ComplainOfProblems();
      return Fail(chosen.status());
    }
    absl::StatusOr<Replies> replies = Ask(*chosen);
    if (!replies.ok()) return Fail(replies.status());
    if (command_.verb == Verb::kAttach) TakeGrant(*replies, *chosen);
    if (command_.verb == Verb::kSnapshot) ShowSnapshot(*replies);
  }

  absl::StatusOr<Replies> Ask(const FoundSession& chosen) {
    absl::StatusOr<ControlClient> client = ControlClient::Connect(chosen.socket, deadline_);
    if (!client.ok()) return client.status();
    return client->Ask(RequestFor(chosen.session.id()), deadline_);
  }

  control::Request RequestFor(const std::string& id) const {
    control::Request request;
    switch (command_.verb) {
      case Verb::kList:
        request.mutable_list_sessions();
        break;
      case Verb::kAttach:
        request.mutable_attach()->set_session_id(id);
        request.mutable_attach()->set_view_only(command_.view_only);
        request.mutable_attach()->set_steal(command_.steal);
        break;
      case Verb::kDetach:
        request.mutable_detach()->set_session_id(id);
        break;
      case Verb::kTerminate:
        request.mutable_terminate()->set_session_id(id);
        request.mutable_terminate()->set_at_once(command_.at_once);
        break;
      case Verb::kNotify:
        request.mutable_notify()->set_session_id(id);
        request.mutable_notify()->set_text(command_.text);
        if (command_.seconds > 0) request.mutable_notify()->set_seconds(command_.seconds);
        break;
      case Verb::kHold:
      case Verb::kRelease:
        request.mutable_hold()->set_session_id(id);
        request.mutable_hold()->set_held(command_.verb == Verb::kHold);
        if (!command_.text.empty()) request.mutable_hold()->set_text(command_.text);
        break;
      case Verb::kSnapshot:
        request.mutable_take_snapshot()->set_session_id(id);
        request.mutable_take_snapshot()->set_ansi(command_.ansi);
        request.mutable_take_snapshot()->set_history_lines(command_.history_lines);
        break;
    }
    return request;
  }

  void TakeGrant(Replies& replies, const FoundSession& chosen) {
    control::Grant& grant = *replies.front().mutable_grant();
    if (grant.key().size() != 22 || grant.port() == 0 || grant.port() > 65535) {
      return Fail(absl::DataLossError("the server gave no port and key"));
    }
    outcome_.grant = std::move(grant);
    if (command_.verbosity > 0) {
      Complain(absl::StrCat("attached to session ", chosen.session.id(), " of server ",
                            chosen.session.server_pid(), " (", chosen.socket, ")"));
    }
  }

  void ShowSnapshot(const Replies& replies) {
    for (const control::Reply& reply : replies) {
      for (const std::string& line : reply.snapshot().line()) {
        absl::StrAppend(&outcome_.out, line, "\n");
      }
      absl::StrAppend(&outcome_.out, reply.snapshot().ansi());
    }
    if (command_.ansi && !absl::EndsWith(outcome_.out, "\n")) outcome_.out += "\n";
  }

  const Subcommand& command_;
  const SubcommandSurroundings& surroundings_;
  ControlClient::Deadline deadline_;
  FoundSessions found_;
  SubcommandOutcome outcome_;
};

}  // namespace

SubcommandOutcome RunSubcommand(const Subcommand& command,
                                const SubcommandSurroundings& surroundings) {
  return Run(command, surroundings)();
}

}  // namespace mosh::server
