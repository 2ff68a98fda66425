// Commands that do something to sessions.
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mgmt/ctl/commands.h"
#include "mgmt/ctl/session_view.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

// The last segment of a resource name.
std::string IdOf(const std::string& name) { return Harmless(name.substr(name.rfind('/') + 1)); }

void PrintDone(const Workplace& work, absl::string_view done, const std::string& name,
               const google::protobuf::Message& answer) {
  if (ForPrograms(work.options.format)) {
    const absl::StatusOr<std::string> text = FormatStreamed(answer, work.options.format);
    if (text.ok()) work.surroundings.Print(*text);
    return;
  }
  work.surroundings.Print(
      absl::StrCat(IdOf(name), work.options.dry_run ? " could be " : " ", done, "\n"));
}

// Does it to each session, one that fails doesn't keep it from the others. Before anything is done,
// all of them must be clear.
template <class Request, class Response>
absl::Status ForEachSession(const Workplace& work, absl::string_view done,
                            grpc::Status (Api::Stub::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
                            Request request) {
  const absl::StatusOr<std::vector<std::string>> names = ResolveSessions(work);
  if (!names.ok()) return names.status();
  request.set_validate_only(work.options.dry_run);
  request.set_reason(work.options.reason);
  absl::Status first;
  std::vector<std::string> failures;
  for (const std::string& name : *names) {
    request.set_name(name);
    const absl::StatusOr<Response> response = work.api.Call(method, request);
    if (response.ok()) {
      PrintDone(work, done, name, *response);
    } else {
      first.Update(response.status());
      failures.push_back(
          absl::StrCat(IdOf(name), ": ", absl::string_view(response.status().message())));
    }
  }
  return absl::Status(first.code(), absl::StrJoin(failures, "\n"));
}

}  // namespace

absl::Status KillCommand(const Workplace& work) {
  fleet::TerminateSessionRequest request;
  request.set_force(work.options.force);
  return ForEachSession(work, "ended", &Api::Stub::TerminateSession, request);
}

absl::Status DetachCommand(const Workplace& work) {
  fleet::DetachClientRequest request;
  request.set_client_id(work.options.client);
  return ForEachSession(work, "detached", &Api::Stub::DetachClient, request);
}

absl::Status HoldCommand(const Workplace& work) {
  fleet::HoldSessionRequest request;
  request.set_hold(work.options.command == "hold");
  return ForEachSession(work, request.hold() ? "held" : "released", &Api::Stub::HoldSession,
                        request);
}

absl::Status NotifyCommand(const Workplace& work) {
  const Options& options = work.options;
  fleet::NotifySessionsRequest request;
  request.set_parent(options.parent());
  request.set_filter(options.all ? "*" : options.filter);
  if (!options.sessions.empty()) {
    const absl::StatusOr<std::vector<std::string>> names = ResolveSessions(work);
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) request.add_names(name);
  }
  request.set_text(options.message);
  if (options.seconds > 0) {
    const absl::Duration display = absl::Seconds(options.seconds);
    request.mutable_display_duration()->set_seconds(absl::ToInt64Seconds(display));
  }
  request.set_validate_only(options.dry_run);
  request.set_reason(options.reason);
  const absl::StatusOr<fleet::NotifySessionsResponse> response =
      work.api.Call(&Api::Stub::NotifySessions, request);
  if (!response.ok()) return response.status();
  if (ForPrograms(options.format)) {
    const absl::StatusOr<std::string> text = FormatMessage(*response, options.format);
    if (!text.ok()) return text.status();
    work.surroundings.Print(*text);
  } else {
    const int count = response->notified_count();
    work.surroundings.Print(absl::StrCat(options.dry_run ? "would tell " : "told ", count,
                                         count == 1 ? " session\n" : " sessions\n"));
  }
  const std::string unreachable = UnreachableText(response->unreachable());
  if (!unreachable.empty()) {
    work.surroundings.Remark(absl::StrCat(
        unreachable, options.dry_run ? " sessions are not counted" : " sessions may not be told"));
  }
  if (response->failed().empty()) {
    // A count is right of those that it is of; a notice is for all.
    return unreachable.empty() || options.dry_run
               ? absl::OkStatus()
               : absl::UnavailableError("not everybody could be told");
  }
  std::vector<std::string> failed;
  for (const std::string& name : response->failed()) failed.push_back(IdOf(name));
  return absl::UnknownError(absl::StrCat("could not be told: ", absl::StrJoin(failed, ", ")));
}

absl::Status AttachTicketCommand(const Workplace& work) {
  const absl::StatusOr<std::vector<std::string>> names = ResolveSessions(work);
  if (!names.ok()) return names.status();
  fleet::CreateAttachTicketRequest request;
  request.set_name(names->front());
  request.set_view_only(work.options.view_only);
  request.set_steal(work.options.steal);
  request.set_reason(work.options.reason);
  const absl::StatusOr<fleet::AttachTicket> ticket =
      work.api.Call(&Api::Stub::CreateAttachTicket, request);
  if (!ticket.ok()) return ticket.status();
  if (ForPrograms(work.options.format)) {
    const absl::StatusOr<std::string> text = FormatMessage(*ticket, work.options.format);
    if (text.ok()) work.surroundings.Print(*text);
    return text.status();
  }
  work.surroundings.Print(
      absl::StrCat("MOSH CONNECT ", ticket->port(), " ", Harmless(ticket->key()), "\n"));
  return absl::OkStatus();
}

}  // namespace mosh::mgmt::ctl
