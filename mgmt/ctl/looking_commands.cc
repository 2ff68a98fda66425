// Commands that look and change nothing.
#include <poll.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mgmt/ctl/commands.h"
#include "mgmt/ctl/follow_screen.h"
#include "mgmt/ctl/run_top.h"
#include "mgmt/ctl/screen_mirror.h"
#include "mgmt/ctl/session_view.h"
#include "mgmt/ctl/session_watch.h"
#include "mgmt/ctl/short_id.h"
#include "mgmt/ctl/stream_reader.h"
#include "mgmt/ctl/text.h"
#include "term/renderer.h"
#include "term/terminal.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

absl::Status PrintMessage(const Workplace& work, const google::protobuf::Message& message) {
  const absl::StatusOr<std::string> text = FormatMessage(message, work.options.format);
  if (text.ok()) work.surroundings.Print(*text);
  return text.status();
}

absl::Status PrintStreamed(const Workplace& work, const google::protobuf::Message& message) {
  const absl::StatusOr<std::string> text = FormatStreamed(message, work.options.format);
  if (!text.ok()) return text.status();
  work.surroundings.Print(*text);
  work.surroundings.out->flush();
  return absl::OkStatus();
}

void PrintTable(const Workplace& work, const std::vector<std::vector<Cell>>& rows) {
  // Who wants all of it gets all of it.
  const int columns = work.options.format == OutputFormat::kWide ? 0 : work.surroundings.columns;
  work.surroundings.Print(FormatTable(rows, columns, work.surroundings.colors));
}

namespace {

// The screen as a real terminal should show it, and nothing else that the session's terminal was
// told.
std::string DrawnByUs(const fleet::Screen& screen) {
  term::Terminal terminal(term::ClampSize({screen.size().columns(), screen.size().rows()}),
                          term::Dialect::kProgram);
  terminal.Feed(screen.ansi());
  term::Screen picture = PictureOf(terminal.screen());
  picture.SetCursorPosition(picture.rows() - 1, 0);
  return absl::StrCat(
      term::RenderFrame(
          nullptr, picture,
          {.target = term::RenderTarget::kRealTerminal, .bce = false, .title = false}),
      "\033[m\033[?25h\r\n");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ResolveSessions(const Workplace& work) {
  const std::vector<std::string>& given = work.options.sessions;
  if (std::all_of(given.begin(), given.end(), IsSessionName)) return given;
  fleet::ListSessionsRequest request;
  request.mutable_read_mask()->add_paths("name");
  request.mutable_read_mask()->add_paths("session_id");
  const absl::StatusOr<fleet::ListSessionsResponse> list = work.api.ListSessions(request);
  if (!list.ok()) return list.status();
  std::vector<const fleet::Session*> sessions;
  for (const fleet::Session& session : list->sessions()) sessions.push_back(&session);
  std::vector<std::string> names;
  for (const std::string& id : given) {
    absl::StatusOr<std::string> name = IsSessionName(id) ? id : FindByShortId(id, sessions);
    if (!name.ok()) return name.status();
    names.push_back(*std::move(name));
  }
  return names;
}

absl::Status ListCommand(const Workplace& work) {
  fleet::ListSessionsRequest request;
  request.set_filter(work.options.filter);
  request.set_parent(work.options.parent());
  request.set_order_by(work.options.order_by);
  const absl::StatusOr<fleet::ListSessionsResponse> list = work.api.ListSessions(request);
  if (!list.ok()) return list.status();
  if (const std::string text = UnreachableText(list->unreachable()); !text.empty()) {
    work.surroundings.Remark(absl::StrCat(text, " sessions may be missing here"));
  }
  if (ForPrograms(work.options.format)) return PrintMessage(work, *list);
  if (list->sessions().empty()) {
    work.surroundings.Print(work.options.filter.empty()
                                ? "No sessions.\n"
                                : "No sessions that the filter lets through.\n");
    return absl::OkStatus();
  }
  PrintTable(work, SessionRows(list->sessions(), work.options.format == OutputFormat::kWide,
                               work.surroundings.now()));
  return absl::OkStatus();
}

absl::Status DescribeCommand(const Workplace& work) {
  const absl::StatusOr<std::vector<std::string>> names = ResolveSessions(work);
  if (!names.ok()) return names.status();
  fleet::ListSessionsResponse sessions;
  for (const std::string& name : *names) {
    fleet::GetSessionRequest request;
    request.set_name(name);
    absl::StatusOr<fleet::Session> session = work.api.Call(&Api::Stub::GetSession, request);
    if (!session.ok()) return session.status();
    *sessions.add_sessions() = *std::move(session);
  }
  if (ForPrograms(work.options.format)) {
    // One is itself, several are as in a list.
    if (sessions.sessions_size() == 1) return PrintMessage(work, sessions.sessions(0));
    sessions.set_total_size(sessions.sessions_size());
    return PrintMessage(work, sessions);
  }
  std::vector<std::string> texts;
  for (const fleet::Session& session : sessions.sessions()) {
    texts.push_back(Describe(session, work.surroundings.now(), work.surroundings.colors));
  }
  work.surroundings.Print(absl::StrJoin(texts, "\n"));
  return absl::OkStatus();
}

absl::Status TopCommand(const Workplace& work) {
  return RunTop(work.api, work.options.parent(), work.options.filter, work.surroundings,
                *work.signals);
}

absl::Status WatchCommand(const Workplace& work) {
  SessionWatch watch(&work.api, work.options.parent(), work.options.filter);
  std::set<std::string> nodes;
  bool everybody_answers = true;
  while (work.surroundings.out->good()) {
    absl::StatusOr<SessionWatch::News> news = watch.Poll(work.surroundings.now());
    if (!news.ok()) return news.status();
    for (const fleet::SessionEvent& event : news->events) {
      if (!event.session().name().empty()) nodes.insert(NodeOf(event.session()));
    }
    for (const fleet::SessionEvent& event : news->events) {
      if (ForPrograms(work.options.format)) {
        if (absl::Status status = PrintStreamed(work, event); !status.ok()) return status;
      } else {
        work.surroundings.Print(
            EventLine(event, nodes.size() > 1, work.surroundings.now(), work.surroundings.colors));
      }
    }
    work.surroundings.out->flush();
    if (news->unreachable) {
      const std::string text = UnreachableText(news->unreachable->names());
      if (!text.empty()) {
        work.surroundings.Remark(absl::StrCat(text, " sessions may be missing here"));
      } else if (!everybody_answers) {
        work.surroundings.Remark("everybody answers again");
      }
      everybody_answers = text.empty();
    }
    if (!news->trouble.empty()) {
      work.surroundings.Remark(absl::StrCat(news->trouble, "\n  Trying again."));
    }
    pollfd ready = {.fd = watch.fd(), .events = POLLIN, .revents = 0};
    const absl::Duration limit = watch.wake_time() - work.surroundings.now();
    const timespec timeout = absl::ToTimespec(std::max(limit, absl::ZeroDuration()));
    ppoll(&ready, 1, limit == absl::InfiniteDuration() ? nullptr : &timeout, nullptr);
  }
  return absl::UnknownError("nobody reads this any more");
}

absl::Status ScreenCommand(const Workplace& work) {
  const absl::StatusOr<std::vector<std::string>> names = ResolveSessions(work);
  if (!names.ok()) return names.status();
  if (work.options.follow) {
    fleet::StreamScreenRequest request;
    request.set_name(names->front());
    request.set_reason(work.options.reason);
    return FollowScreen(work.api, request, work.surroundings, *work.signals);
  }
  fleet::GetScreenRequest request;
  request.set_name(names->front());
  request.set_reason(work.options.reason);
  request.set_history_lines(work.options.history);
  request.set_format(work.options.ansi ? fleet::ANSI : fleet::TEXT);
  const absl::StatusOr<fleet::Screen> screen = work.api.Call(&Api::Stub::GetScreen, request);
  if (!screen.ok()) return screen.status();
  if (ForPrograms(work.options.format)) return PrintMessage(work, *screen);
  if (work.options.ansi) {
    work.surroundings.Print(DrawnByUs(*screen));
    return absl::OkStatus();
  }
  for (const auto* lines : {&screen->history(), &screen->lines()}) {
    for (const std::string& line : *lines) {
      work.surroundings.Print(absl::StrCat(Harmless(line), "\n"));
    }
  }
  return absl::OkStatus();
}

}  // namespace mosh::mgmt::ctl
