#include "mgmt/ctl/top_painter.h"

#include <algorithm>
#include <span>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "mgmt/ctl/session_view.h"
#include "mgmt/ctl/sparkline.h"
#include "mgmt/ctl/table.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {
namespace {

constexpr char kInverse[] = "7";
// Summary, filter, heading; keys.
constexpr int kRowsAround = 4;
// Narrower than this it is a list without the clients' addresses.
constexpr int kColumnsForClients = 110;
// So that columns stay where they are while the states change.
constexpr int kStateColumns = 14;
constexpr int kClientColumns = 24;

constexpr char kHelp[] =
    "q, Ctrl-C    quit\n"
    "up, down     choose a session (also j, k; Page Up, Page Down, Home, End)\n"
    "Enter        all about the chosen session; Enter or Esc: back\n"
    "s, S         sort by the next, the previous column (also left, right)\n"
    "r            the other way round\n"
    "/            filter, as with --filter: user = \"alice\" AND clients.srtt > 200ms\n"
    "?            this\n"
    "\n"
    "RTT and LOSS are those of the session's worst client. Their bars show the last\n"
    "minute or less, a second each, in fixed steps:\n"
    "  RTT   ▁ under 25 ms  ▂ 50  ▃ 100  ▄ 200  ▅ 300  ▆ 500 ms  ▇ 1 s  █ more\n"
    "  LOSS  · none  ▁ under 1%  ▂ 2  ▃ 5  ▄ 10  ▅ 20  ▆ 30  ▇ 50%  █ more\n";

std::vector<Cell> Heading(const TopModel& model, bool with_clients, bool with_nodes, int bars) {
  static constexpr const char* kNames[kTopColumns] = {"ID",  "USER", "STATE", "CLIENT",
                                                      "RTT", "LOSS", "AGE",   "TITLE OR COMMAND"};
  std::vector<Cell> cells;
  for (int i = 0; i < kTopColumns; ++i) {
    const TopColumn column = static_cast<TopColumn>(i);
    if (column == TopColumn::kClient && !with_clients) continue;
    const bool number =
        column == TopColumn::kRoundTrip || column == TopColumn::kLoss || column == TopColumn::kAge;
    std::string name = kNames[i];
    if (column == model.sort_column()) absl::StrAppend(&name, model.descending() ? "▼" : "▲");
    if (column == TopColumn::kState) name = FitTo(name, kStateColumns);
    cells.push_back({name, kBold, number});
    if (column == TopColumn::kId && with_nodes) cells.push_back({"NODE", kBold});
    if (column == TopColumn::kRoundTrip || column == TopColumn::kLoss) {
      cells.push_back({std::string(bars, ' '), kPlain});
    }
  }
  return cells;
}

std::vector<Cell> Row(const TopModel::Entry& entry, bool with_clients, bool with_nodes, int bars,
                      absl::Time now) {
  const auto round_trip = WorstRoundTrip(entry.session);
  const auto loss = WorstLoss(entry.session);
  std::vector<Cell> cells = {{Harmless(entry.session.session_id())},
                             {Harmless(entry.session.user())},
                             {StateText(entry.session, now), StateStyle(entry.session)}};
  if (with_nodes) cells.insert(cells.begin() + 1, {NodeOf(entry.session)});
  if (with_clients) cells.push_back({CutTo(ClientText(entry.session), kClientColumns)});
  cells.push_back({RoundTripText(round_trip), RoundTripStyle(round_trip), true});
  cells.push_back({Sparkline(entry.round_trip_levels, bars), RoundTripStyle(round_trip)});
  cells.push_back({LossText(loss), LossStyle(loss), true});
  cells.push_back({Sparkline(entry.loss_levels, bars), LossStyle(loss)});
  cells.push_back({RoughDuration(now - ToTime(entry.session.create_time())), kPlain, true});
  cells.push_back({Subject(entry.session)});
  return cells;
}

std::vector<std::string> Lines(absl::string_view text) {
  return absl::StrSplit(absl::StripSuffix(text, "\n"), '\n');
}

// The heading, and the part of the list with the chosen session in it.
std::vector<std::string> ListLines(const TopModel& model, const TopSurroundings& surroundings) {
  const bool with_clients = surroundings.columns >= kColumnsForClients;
  const bool with_nodes = model.several_nodes();
  const int bars = surroundings.columns >= kColumnsForClients ? 16 : 8;
  const std::vector<const TopModel::Entry*> sorted = model.Sorted();
  const int selected = model.SelectedIndex(sorted);
  const int page = TopListRows(surroundings.rows);
  const int first = selected < 0 ? 0 : selected / page * page;
  std::vector<std::vector<Cell>> rows = {Heading(model, with_clients, with_nodes, bars)};
  for (int i = first; i < std::min<int>(first + page, sorted.size()); ++i) {
    rows.push_back(Row(*sorted[i], with_clients, with_nodes, bars, surroundings.now));
  }
  std::vector<std::string> lines =
      Lines(FormatTable(rows, surroundings.columns, surroundings.colors));
  if (selected >= 0) {
    const std::vector<std::string> plain = Lines(FormatTable(rows, surroundings.columns, false));
    const size_t at = 1 + selected - first;
    // Inverse alone: other colours on it might not be seen.
    lines[at] = Styled(FitTo(plain[at], surroundings.columns), kInverse);
  }
  return lines;
}

std::string SummaryLine(const TopModel& model, const TopSurroundings& surroundings) {
  const TopModel::Counts counts = model.counts();
  const std::string left =
      absl::StrCat("moshctl top   ", counts.sessions,
                   counts.sessions == 1 ? " session: " : " sessions: ", counts.attached,
                   " attached, ", counts.detached, " detached, ", counts.unheard, " unheard");
  const std::string clock = absl::FormatTime("%H:%M:%S", surroundings.now, absl::LocalTimeZone());
  const int room = surroundings.columns - static_cast<int>(clock.size());
  if (room < TextWidth(left) + 2) return CutTo(left, surroundings.columns);
  return absl::StrCat(FitTo(left, room), clock);
}

std::string FilterLine(const TopControls& controls, const TopSurroundings& surroundings) {
  const int columns = surroundings.columns;
  if (controls.draft()) {
    // Its end, where it grows.
    std::string text = Harmless(*controls.draft());
    while (TextWidth(text) > columns - 10 && !text.empty()) {
      text.erase(0, 1);
      while (!text.empty() && (static_cast<unsigned char>(text[0]) & 0xc0) == 0x80)
        text.erase(0, 1);
    }
    return CutTo(absl::StrCat("filter: ", text, "_"), columns);
  }
  if (!surroundings.trouble.empty()) {
    const std::string text =
        CutTo(Harmless(absl::StrReplaceAll(surroundings.trouble, {{"\n", " "}})), columns);
    return surroundings.colors ? Styled(text, kRed) : text;
  }
  if (!controls.filter().empty()) {
    return CutTo(absl::StrCat("filter: ", Harmless(controls.filter())), columns);
  }
  return "";
}

}  // namespace

int TopListRows(int rows) { return std::max(1, rows - kRowsAround); }

std::vector<std::string> PaintTop(const TopModel& model, const TopControls& controls,
                                  const TopSurroundings& surroundings) {
  std::vector<std::string> lines = {SummaryLine(model, surroundings),
                                    FilterLine(controls, surroundings)};
  std::vector<std::string> body;
  const std::vector<const TopModel::Entry*> sorted = model.Sorted();
  const int selected = model.SelectedIndex(sorted);
  if (controls.view() == TopView::kHelp) {
    body = Lines(kHelp);
  } else if (controls.view() == TopView::kDetails && selected >= 0) {
    body = Lines(Describe(sorted[selected]->session, surroundings.now, false));
  } else {
    body = ListLines(model, surroundings);
  }
  for (std::string& line : body) {
    // The list's are cut already.
    if (!absl::StrContains(line, '\033')) line = CutTo(line, surroundings.columns);
    lines.push_back(std::move(line));
  }
  const size_t last = std::max(1, surroundings.rows - 1);
  lines.resize(last);
  const std::string keys =
      CutTo(controls.draft()
                ? "Enter: use this filter   Esc: keep the old one"
                : "q quit   ↑↓ choose   Enter details   s sort   r reverse   / filter   ? help",
            surroundings.columns);
  lines.push_back(surroundings.colors ? Styled(keys, kFaint) : keys);
  return lines;
}

std::string DrawLines(const std::vector<std::string>& lines) {
  // Each line is erased before it is written: after it, the cursor may still stand on a full line's
  // last character. At once, where the terminal knows ?2026.
  return absl::StrCat("\033[?2026h\033[H\033[K", absl::StrJoin(lines, "\r\n\033[K"), "\033[?2026l");
}

}  // namespace mosh::mgmt::ctl
