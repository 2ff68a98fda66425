#include "mgmt/ctl/session_view.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

std::string StateName(fleet::Session::State state) {
  if (state == fleet::Session::STATE_UNSPECIFIED) return "unknown";
  const std::string name = fleet::Session::State_Name(state);
  return name.empty() ? absl::StrCat("state ", state) : absl::AsciiStrToLower(name);
}

std::string SizeText(const fleet::Size& size) {
  return absl::StrCat(size.columns(), "x", size.rows());
}

std::string TimeText(const google::protobuf::Timestamp& timestamp) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", ToTime(timestamp), absl::LocalTimeZone());
}

// "2026-01-02 03:04:05 (5 min ago)"
std::string TimeAgo(const google::protobuf::Timestamp& timestamp, absl::Time now) {
  return absl::StrCat(TimeText(timestamp), " (", RoughDuration(now - ToTime(timestamp)), " ago)");
}

template <class Strings>
std::string Joined(const Strings& strings, absl::string_view separator) {
  return Harmless(absl::StrJoin(strings, separator));
}

std::string OrDash(std::string text) { return text.empty() ? "-" : text; }

// Facts, one a line, their names aligned.
class Facts {
 public:
  explicit Facts(bool colors) : colors_(colors) {}

  void Add(absl::string_view name, const std::string& value, const char* style = kPlain) {
    const std::string label = FitTo(absl::StrCat(indent_, name, ":"), 18);
    absl::StrAppend(&text_, colors_ ? Styled(label, kFaint) : label, " ",
                    colors_ ? Styled(value, style) : value, "\n");
  }
  void Heading(const std::string& heading) {
    absl::StrAppend(&text_, colors_ ? Styled(heading, kBold) : heading, "\n");
    indent_ = "  ";
  }
  std::string Text() && { return std::move(text_); }

 private:
  bool colors_;
  std::string indent_;
  std::string text_;
};

void DescribeClient(const fleet::Client& client, absl::Time now, Facts& facts) {
  facts.Heading(absl::StrCat("Client ", Harmless(client.client_id())));
  facts.Add("address", Harmless(client.address()));
  if (client.roam_count() > 0) {
    facts.Add("roamed", absl::StrCat(client.roam_count(), " times; earlier ",
                                     OrDash(Joined(client.earlier_addresses(), ", "))));
  }
  facts.Add("protocol", absl::StrCat(OrDash(Harmless(client.protocol())),
                                     client.view_only() ? ", view only" : "",
                                     client.capabilities_size() > 0 ? "; " : "",
                                     Joined(client.capabilities(), ", ")));
  if (client.has_attach_time()) facts.Add("attached", TimeAgo(client.attach_time(), now));
  if (client.has_last_heard_time()) facts.Add("last heard", TimeAgo(client.last_heard_time(), now));
  facts.Add("window", SizeText(client.size()));
  std::optional<absl::Duration> round_trip;
  if (client.has_srtt()) round_trip = ToDuration(client.srtt());
  facts.Add("round trip",
            absl::StrCat(RoundTripText(round_trip),
                         client.has_rttvar()
                             ? absl::StrCat(" ± ", ShortDuration(ToDuration(client.rttvar())))
                             : ""),
            RoundTripStyle(round_trip));
  std::optional<double> to_client;
  if (client.has_loss_to_client()) to_client = client.loss_to_client();
  facts.Add("loss",
            absl::StrCat(LossText(client.loss_to_server()), " to the server, ", LossText(to_client),
                         " to the client"),
            LossStyle(std::max(client.loss_to_server(), to_client.value_or(0))));
  facts.Add("sent", absl::StrFormat("%s in %d datagrams, %d frames; %d sent again",
                                    ByteCount(client.bytes_sent()), client.datagrams_sent(),
                                    client.frames_sent(), client.retransmissions()));
  facts.Add("received",
            absl::StrFormat("%s in %d datagrams, %d frames; %d lost",
                            ByteCount(client.bytes_received()), client.datagrams_received(),
                            client.frames_received(), client.datagrams_lost()));
  if (client.has_predictions()) {
    facts.Add("predictions",
              absl::StrFormat("%d shown, %d right, %d wrong", client.predictions().shown(),
                              client.predictions().correct(), client.predictions().wrong()));
  }
}

Cell Right(std::string text, const char* style = kPlain) { return {std::move(text), style, true}; }

std::string NodeId(const fleet::Node& node) {
  return Harmless(absl::StripPrefix(node.name(), "nodes/"));
}

std::string NodeStateText(const fleet::Node& node) {
  if (node.state() == fleet::Node::STATE_UNSPECIFIED) return "unknown";
  const std::string name = fleet::Node::State_Name(node.state());
  return name.empty() ? absl::StrCat("state ", node.state()) : absl::AsciiStrToLower(name);
}

const char* NodeStateStyle(const fleet::Node& node) {
  return node.state() == fleet::Node::LOST    ? kRed
         : node.state() == fleet::Node::READY ? kGreen
                                              : kYellow;
}

// "rack=b,tier=web"
std::string LabelsText(const fleet::Node& node) {
  const std::map<std::string, std::string> labels(node.labels().begin(), node.labels().end());
  return Harmless(absl::StrJoin(labels, ",", absl::PairFormatter("=")));
}

std::vector<Cell> Heading(std::initializer_list<absl::string_view> names) {
  std::vector<Cell> cells;
  // A name that begins with '>' stands over a right-aligned column.
  for (absl::string_view name : names) {
    const bool right = name[0] == '>';
    cells.push_back({std::string(name.substr(right ? 1 : 0)), kBold, right});
  }
  return cells;
}

}  // namespace

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

std::string Subject(const fleet::Session& session) {
  if (!session.title().empty()) return Harmless(session.title());
  if (session.command_size() == 0) return "login shell";
  return Joined(session.command(), " ");
}

std::string StateText(const fleet::Session& session, absl::Time now) {
  std::string text = StateName(session.state());
  if (session.state() == fleet::Session::DETACHED && session.has_detach_time()) {
    absl::StrAppend(&text, " ", RoughDuration(now - ToTime(session.detach_time())));
  } else if (session.state() == fleet::Session::UNHEARD && session.has_last_heard_time()) {
    absl::StrAppend(&text, " ", RoughDuration(now - ToTime(session.last_heard_time())));
  }
  if (session.held()) absl::StrAppend(&text, ", held");
  return text;
}

const char* StateStyle(const fleet::Session& session) {
  if (session.held()) return kRed;
  switch (session.state()) {
    case fleet::Session::ATTACHED:
      return kGreen;
    case fleet::Session::UNHEARD:
    case fleet::Session::ENDING:
      return kYellow;
    case fleet::Session::DETACHED:
    case fleet::Session::ENDED:
      return kFaint;
    default:
      return kPlain;
  }
}

std::string ClientText(const fleet::Session& session) {
  if (session.clients().empty()) return "-";
  const std::string first = Harmless(session.clients(0).address());
  const int others = session.clients_size() - 1;
  return others == 0 ? first : absl::StrCat(first, " +", others);
}

std::optional<absl::Duration> WorstRoundTrip(const fleet::Session& session) {
  std::optional<absl::Duration> worst;
  for (const fleet::Client& client : session.clients()) {
    if (client.has_srtt()) {
      worst = std::max(worst.value_or(absl::ZeroDuration()), ToDuration(client.srtt()));
    }
  }
  return worst;
}

std::optional<double> WorstLoss(const fleet::Session& session) {
  std::optional<double> worst;
  for (const fleet::Client& client : session.clients()) {
    worst = std::max({worst.value_or(0), client.loss_to_server(), client.loss_to_client()});
  }
  return worst;
}

std::string RoundTripText(std::optional<absl::Duration> round_trip) {
  return round_trip ? ShortDuration(*round_trip) : "-";
}

std::string LossText(std::optional<double> loss) {
  if (!loss) return "-";
  const double percent = *loss * 100;
  return absl::StrFormat("%.*f%%", percent > 0 && percent < 9.95 ? 1 : 0, percent);
}

const char* RoundTripStyle(std::optional<absl::Duration> round_trip) {
  if (!round_trip || *round_trip < absl::Milliseconds(150)) return kPlain;
  return *round_trip < absl::Milliseconds(400) ? kYellow : kRed;
}

const char* LossStyle(std::optional<double> loss) {
  if (!loss || *loss < 0.02) return kPlain;
  return *loss < 0.1 ? kYellow : kRed;
}

std::vector<std::vector<Cell>> SessionRows(
    const google::protobuf::RepeatedPtrField<fleet::Session>& sessions, bool wide, absl::Time now) {
  // Where there is one node only it says nothing.
  std::set<std::string> nodes;
  for (const fleet::Session& session : sessions) nodes.insert(NodeOf(session));
  const bool with_node = nodes.size() > 1 && !wide;
  std::vector<std::vector<Cell>> rows;
  rows.push_back(wide ? Heading({"ID", "USER", "STATE", "CLIENT", ">RTT", ">LOSS", ">ROAMS", "SIZE",
                                 ">AGE", ">IDLE", ">PID", ">PORT", "NODE", "TITLE", "COMMAND"})
                      : Heading({"ID", "USER", "STATE", "CLIENT", ">RTT", ">LOSS", ">AGE",
                                 "TITLE OR COMMAND"}));
  if (with_node) rows[0].insert(rows[0].begin() + 1, {"NODE", kBold, false});
  for (const fleet::Session& session : sessions) {
    const auto round_trip = WorstRoundTrip(session);
    const auto loss = WorstLoss(session);
    const std::string age = RoughDuration(now - ToTime(session.create_time()));
    std::vector<Cell> row = {{Harmless(session.session_id())},
                             {Harmless(session.user())},
                             {StateText(session, now), StateStyle(session)},
                             {ClientText(session)},
                             Right(RoundTripText(round_trip), RoundTripStyle(round_trip)),
                             Right(LossText(loss), LossStyle(loss))};
    if (with_node) row.insert(row.begin() + 1, {NodeOf(session)});
    if (!wide) {
      row.push_back(Right(age));
      row.push_back({Subject(session)});
      rows.push_back(std::move(row));
      continue;
    }
    uint64_t roams = 0;
    for (const fleet::Client& client : session.clients()) roams += client.roam_count();
    row.push_back(Right(absl::StrCat(roams)));
    row.push_back({SizeText(session.size())});
    row.push_back(Right(age));
    row.push_back(Right(session.has_last_input_time()
                            ? RoughDuration(now - ToTime(session.last_input_time()))
                            : "-"));
    row.push_back(Right(absl::StrCat(session.pid())));
    row.push_back(Right(absl::StrCat(session.port())));
    row.push_back({OrDash(NodeOf(session))});
    row.push_back({OrDash(Harmless(session.title()))});
    row.push_back({session.command().empty() ? "login shell" : Joined(session.command(), " ")});
    rows.push_back(std::move(row));
  }
  return rows;
}

namespace {

// Since when only of what doesn't last.
Cell NodeStateCell(const fleet::Node& node, absl::Time now) {
  const std::string since = node.has_state_time()
                                ? absl::StrCat(" ", RoughDuration(now - ToTime(node.state_time())))
                                : "";
  switch (node.state()) {
    case fleet::Node::READY:
      return {"ready", kGreen};
    case fleet::Node::DRAINING:
      return {absl::StrCat("draining", since), kYellow};
    case fleet::Node::DRAINED:
      return {absl::StrCat("drained", since), kRed};
    case fleet::Node::LOST:
      return {absl::StrCat("lost", since), kRed};
    default:
      return {"-"};
  }
}

}  // namespace

std::vector<std::vector<Cell>> NodeRows(const fleet::Node& node, absl::Time now) {
  return {Heading({"NODE", "HOSTNAME", "STATE", ">SESSIONS", ">DETACHED", ">CLIENTS", ">HOSTS",
                   ">LOAD", ">MEMORY FREE", ">UP", "AGENT"}),
          {{Harmless(node.name())},
           {Harmless(node.hostname())},
           NodeStateCell(node, now),
           Right(absl::StrCat(node.session_count())),
           Right(absl::StrCat(node.detached_session_count())),
           Right(absl::StrCat(node.client_count())),
           Right(absl::StrCat(node.hosts_size())),
           Right(absl::StrFormat("%.2f", node.load_average_1m())),
           Right(ByteCount(node.memory_available_bytes())),
           Right(node.has_boot_time() ? RoughDuration(now - ToTime(node.boot_time())) : "-"),
           {OrDash(Harmless(node.agent_version()))}}};
}

std::vector<std::vector<Cell>> FleetRows(
    const google::protobuf::RepeatedPtrField<fleet::Node>& nodes, absl::Time now) {
  std::vector<std::vector<Cell>> rows = {
      Heading({"NODE", "STATE", ">SESSIONS", "LABELS", "ENDPOINT", "VERSION", ">SINCE"})};
  for (const fleet::Node& node : nodes) {
    rows.push_back(
        {{NodeId(node)},
         {NodeStateText(node), NodeStateStyle(node)},
         Right(node.has_session_count() ? absl::StrCat(node.session_count()) : "-"),
         {OrDash(LabelsText(node))},
         {OrDash(Harmless(node.endpoint()))},
         {OrDash(Harmless(node.agent_version()))},
         Right(node.has_state_time() ? RoughDuration(now - ToTime(node.state_time())) : "-")});
  }
  return rows;
}

std::string NodeEventLine(const fleet::NodeEvent& event, absl::Time now, bool colors) {
  const fleet::Node& node = event.node();
  const bool gone = event.type() == fleet::NodeEvent::DELETED;
  const char* const mark = gone ? "-" : event.type() == fleet::NodeEvent::ADDED ? "+" : "~";
  std::string line = absl::StrCat(absl::FormatTime("%H:%M:%S", now, absl::LocalTimeZone()), " ",
                                  mark, " ", NodeId(node));
  if (!gone) {
    const std::string state = NodeStateText(node);
    absl::StrAppend(&line, "  ", colors ? Styled(state, NodeStateStyle(node)) : state);
    const std::string labels = LabelsText(node);
    if (!labels.empty()) absl::StrAppend(&line, "  ", labels);
    if (!node.endpoint().empty()) absl::StrAppend(&line, "  ", Harmless(node.endpoint()));
  }
  return absl::StrCat(line, "\n");
}

std::vector<std::vector<Cell>> HostRows(const fleet::Node& node, absl::Time now) {
  std::vector<std::vector<Cell>> rows = {
      Heading({">PID", "USER", ">PORT", ">SESSIONS", "KIND", ">AGE", ">MEMORY", "VERSION"})};
  for (const fleet::Host& host : node.hosts()) {
    rows.push_back(
        {Right(absl::StrCat(host.pid())),
         {Harmless(host.user())},
         Right(absl::StrCat(host.port())),
         Right(absl::StrCat(host.session_count())),
         {host.shared() ? "moshd" : "standalone"},
         Right(host.has_start_time() ? RoughDuration(now - ToTime(host.start_time())) : "-"),
         Right(ByteCount(host.memory_bytes())),
         {OrDash(Harmless(host.version()))}});
  }
  return rows;
}

std::string Describe(const fleet::Session& session, absl::Time now, bool colors) {
  Facts facts(colors);
  facts.Heading(absl::StrCat("Session ", Harmless(session.session_id())));
  facts.Add("name", Harmless(session.name()));
  facts.Add("user", absl::StrCat(Harmless(session.user()), " (", session.uid(), ")"));
  facts.Add("command", session.command().empty() ? "login shell" : Joined(session.command(), " "));
  facts.Add("title", OrDash(Harmless(session.title())));
  facts.Add("state", StateText(session, now), StateStyle(session));
  if (session.state_history_size() > 1) {
    std::vector<std::string> changes;
    for (const auto& change : session.state_history()) {
      changes.push_back(
          absl::StrCat(StateName(change.state()), " ",
                       absl::FormatTime("%H:%M:%S", ToTime(change.time()), absl::LocalTimeZone())));
    }
    facts.Add("history", absl::StrJoin(changes, ", "));
  }
  facts.Add("created", TimeAgo(session.create_time(), now));
  facts.Add("last input",
            session.has_last_input_time() ? TimeAgo(session.last_input_time(), now) : "never");
  if (session.has_last_heard_time())
    facts.Add("last heard", TimeAgo(session.last_heard_time(), now));
  if (!session.watchers().empty())
    facts.Add("watched by", Joined(session.watchers(), ", "), kYellow);
  facts.Add("size", absl::StrCat(SizeText(session.size()), ", ", session.history_lines(),
                                 " lines of history"));
  facts.Add("process", absl::StrCat(session.pid(), ", server ", session.host_pid(), ", port ",
                                    session.port()));
  if (session.has_usage()) {
    const fleet::Usage& usage = session.usage();
    facts.Add("usage", absl::StrFormat("%.1f s of CPU, %s, %d processes",
                                       absl::ToDoubleSeconds(ToDuration(usage.cpu_time())),
                                       ByteCount(usage.memory_bytes()), usage.process_count()));
  }
  for (const fleet::Client& client : session.clients()) DescribeClient(client, now, facts);
  return std::move(facts).Text();
}

std::string NodeOf(const fleet::Session& session) {
  const std::vector<std::string> segments = absl::StrSplit(session.name(), '/');
  return segments.size() == 4 ? Harmless(segments[1]) : "";
}

std::string UnreachableText(const google::protobuf::RepeatedPtrField<std::string>& names) {
  constexpr int kShown = 5;
  if (names.empty()) return "";
  if (names.size() == 1) return absl::StrCat(Harmless(names[0]), " doesn't answer: its");
  std::vector<std::string> shown;
  for (int i = 0; i < std::min(names.size(), kShown); ++i) shown.push_back(Harmless(names[i]));
  const int others = names.size() - static_cast<int>(shown.size());
  return absl::StrCat(
      absl::StrJoin(shown, ", "),
      others > 0 ? absl::StrCat(" and ", others, others > 1 ? " others" : " other") : "",
      " don't answer: their");
}

std::string EventLine(const fleet::SessionEvent& event, bool with_node, absl::Time now,
                      bool colors) {
  const fleet::Session& session = event.session();
  const std::string time = absl::FormatTime("%H:%M:%S", now, absl::LocalTimeZone());
  const std::string node = with_node ? absl::StrCat("  ", NodeOf(session)) : "";
  const auto styled = [colors](const std::string& text, const char* style) {
    return colors ? Styled(text, style) : text;
  };
  switch (event.type()) {
    case fleet::SessionEvent::ADDED:
    case fleet::SessionEvent::MODIFIED: {
      const bool added = event.type() == fleet::SessionEvent::ADDED;
      return absl::StrCat(time, " ", styled(added ? "+" : "~", added ? kGreen : kPlain), " ",
                          Harmless(session.session_id()), node, "  ", Harmless(session.user()),
                          "  ", styled(StateText(session, now), StateStyle(session)), "  ",
                          ClientText(session), "  ", RoundTripText(WorstRoundTrip(session)), "  ",
                          LossText(WorstLoss(session)), "  ", Subject(session), "\n");
    }
    case fleet::SessionEvent::DELETED: {
      const std::vector<std::string> segments = absl::StrSplit(session.name(), '/');
      return absl::StrCat(time, " ", styled("-", kRed), " ", Harmless(segments.back()), node, "\n");
    }
    default:
      return "";
  }
}

std::string AuditLine(const fleet::AuditEntry& entry, bool with_node, bool colors) {
  const std::vector<std::string> method = absl::StrSplit(entry.method(), '/');
  const std::string outcome =
      entry.code() == 0 ? "done" : absl::StrCat("refused (", entry.code(), ")");
  const std::string node = Harmless(entry.node().substr(entry.node().rfind('/') + 1));
  std::string line =
      absl::StrCat(with_node ? absl::StrCat(node, "  ") : "", entry.sequence(), "  ",
                   TimeText(entry.time()), "  ", Harmless(entry.caller()), "  ",
                   Harmless(method.back()), "  ", OrDash(Harmless(entry.resource())), "  ",
                   colors && entry.code() != 0 ? Styled(outcome, kRed) : outcome);
  if (!entry.detail().empty()) absl::StrAppend(&line, "  ", Harmless(entry.detail()));
  if (!entry.reason().empty()) absl::StrAppend(&line, "  \"", Harmless(entry.reason()), "\"");
  return line + "\n";
}

}  // namespace mosh::mgmt::ctl
