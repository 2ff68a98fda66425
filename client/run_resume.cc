#include "client/run_resume.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "client/resume_file.h"
#include "client/run_client.h"

namespace mosh::client {
namespace {

// As for every other failure before there is a session.
constexpr int kFailed = 255;

void Print(FILE* stream, absl::string_view text) {
  fwrite(text.data(), 1, text.size(), stream);
  fflush(stream);
}

int Fail(absl::string_view program, absl::string_view text) {
  Print(stderr, absl::StrCat(program, ": ", text, "\n"));
  return kFailed;
}

int PrintList(const std::vector<ResumableSession>& sessions) {
  if (sessions.empty()) {
    Print(stdout, "There is no session to resume.\n");
    return 0;
  }
  std::string text = absl::StrFormat("%-8s%-18s%s\n", "ID", "STARTED", "SESSION");
  for (const ResumableSession& session : sessions) {
    if (!session.status.ok() && !session.in_use) {
      absl::StrAppendFormat(&text, "%-8s%-18s%s: %s\n", session.id, "", session.path,
                            session.status.message());
      continue;
    }
    absl::StrAppendFormat(
        &text, "%-8s%-18s%s%s\n", session.id,
        absl::FormatTime("%Y-%m-%d %H:%M", session.started, absl::LocalTimeZone()), session.target,
        session.in_use ? " (in use)" : "");
  }
  Print(stdout, text);
  return 0;
}

// The first that fits; the sessions are sorted with the latest first. Null: none.
const ResumableSession* Find(const std::vector<ResumableSession>& sessions,
                             absl::string_view which) {
  const auto free = [](const ResumableSession& s) { return s.status.ok() && !s.in_use; };
  for (const ResumableSession& session : sessions) {
    if (!which.empty() && session.id == which) return &session;
  }
  for (const ResumableSession& session : sessions) {
    if (free(session) && (which.empty() || session.target == which)) return &session;
  }
  return nullptr;
}

std::string Complaint(const ResumableSession& session, const absl::Status& status) {
  if (absl::IsFailedPrecondition(status)) {
    return absl::StrCat("Session ", session.id, " (", session.target,
                        ") is in use: a client on this machine is running it.");
  }
  return absl::StrCat("Session ", session.id, " cannot be resumed: ", status.message(), ".\n",
                      "mosh --forget=", session.id, " removes ", session.path, ".");
}

std::string NothingFound(absl::string_view which, const std::vector<ResumableSession>& sessions) {
  const std::string what =
      which.empty() ? "There is no session to resume" : absl::StrCat("No session \"", which, "\"");
  return absl::StrCat(what, sessions.empty() ? "." : "; mosh --resume=list shows what there is.");
}

}  // namespace

int RunResume(absl::string_view program, absl::string_view which, const Environment& environment) {
  const std::string folder = ResumeFolder(environment);
  const std::vector<ResumableSession> sessions = ListResumable(folder);
  if (which == "list") return PrintList(sessions);
  if (!isatty(STDIN_FILENO)) return Fail(program, "Standard input is not a terminal.");
  const ResumableSession* const session = Find(sessions, which);
  if (session == nullptr) return Fail(program, NothingFound(which, sessions));

  absl::StatusOr<std::unique_ptr<ResumeFile>> file = ResumeFile::Open(folder, session->id);
  if (!file.ok()) return Fail(program, Complaint(*session, file.status()));
  absl::StatusOr<ResumeState> state = (*file)->Read();
  if (!state.ok()) return Fail(program, Complaint(*session, state.status()));
  const absl::StatusOr<ClientProcess> process = (*file)->Begin();
  if (!process.ok()) {
    return Fail(program, absl::StrCat("Cannot write ", session->path, ": ",
                                      process.status().message(), "."));
  }
  const auto others = std::count_if(sessions.begin(), sessions.end(), [&](const auto& other) {
    return other.status.ok() && !other.in_use && other.id != session->id;
  });
  if (which.empty() && others > 0) {
    Print(stderr, absl::StrCat(program, ": resuming ", session->target, "; ", others,
                               " more: mosh --resume=list\n"));
  }
  return RunClient({.address = state->address,
                    .port_text = absl::StrCat(state->port),
                    .port = state->port,
                    .key = state->key.ToBase64(),
                    .target = state->target,
                    .process = *process,
                    .file = *std::move(file)},
                   environment);
}

int RunForget(absl::string_view program, absl::string_view which, const Environment& environment) {
  const std::vector<ResumableSession> sessions = ListResumable(ResumeFolder(environment));
  const ResumableSession* const session = Find(sessions, which);
  if (session == nullptr) return Fail(program, NothingFound(which, sessions));
  if (session->in_use) return Fail(program, Complaint(*session, session->status));
  if (unlink(session->path.c_str()) != 0) {
    return Fail(program, absl::StrCat("Cannot remove ", session->path, "."));
  }
  Print(stdout, absl::StrCat("Session ", session->id, " is forgotten. If it is still running on ",
                             "its server, it goes on there.\n"));
  return 0;
}

}  // namespace mosh::client
