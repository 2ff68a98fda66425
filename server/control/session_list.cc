#include "server/control/session_list.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace mosh::server {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The length of the UTF-8 character that begins here; 0 if none does.
size_t CharacterSize(absl::string_view text) {
  const unsigned char lead = text[0];
  const size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (size == 0 || lead > 0xf4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  return size;
}

// Text of programs' own, made harmless for a terminal: it could hold escape sequences.
std::string Harmless(absl::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    const unsigned char first = text[0];
    const bool control = first < 0x20 || first == 0x7f ||
                         (size == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);
    if (size == 0 || control) {
      result += '?';
    } else {
      result.append(text.data(), size);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return result;
}

size_t Characters(absl::string_view text) {
  return text.size() - std::count_if(text.begin(), text.end(), IsContinuation);
}

void CutTo(size_t characters, std::string& text) {
  size_t at = 0;
  for (size_t seen = 0; at < text.size(); ++at) {
    if (!IsContinuation(text[at]) && seen++ == characters) break;
  }
  text.resize(at);
}

std::string State(const control::Session& session, absl::Time now) {
  std::string state = "attached";
  if (session.detached_since() != 0) {
    state = session.pid() == 0
                ? "awaited"  // its first client
                : absl::StrCat("detached ",
                               RoughDuration(now - absl::FromUnixMicros(session.detached_since())));
  }
  return absl::StrCat(state, session.held() ? ", held" : "");
}

std::string Clients(const control::Session& session) {
  if (session.client_size() == 0) return "-";
  const std::string first = Harmless(session.client(0).address());
  const int others = session.client_size() - 1;
  return others == 0 ? first : absl::StrCat(first, " +", others);
}

std::string JsonString(absl::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    const unsigned char first = text[0];
    if (size == 0) {
      absl::StrAppend(&result, "\uFFFD");
    } else if (first == '"' || first == '\\') {
      result += '\\';
      result += text[0];
    } else if (first < 0x20 || first == 0x7f) {
      absl::StrAppendFormat(&result, "\\u%04x", first);
    } else {
      result.append(text.data(), size);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return result + "\"";
}

std::string JsonSize(const control::Size& size) {
  return absl::StrFormat("{\"columns\":%d,\"rows\":%d}", size.columns(), size.rows());
}

template <class Strings>
std::string JsonStrings(const Strings& strings) {
  std::vector<std::string> quoted;
  for (const std::string& text : strings) quoted.push_back(JsonString(text));
  return absl::StrCat("[", absl::StrJoin(quoted, ","), "]");
}

// Fields of an object, in order.
class JsonObject {
 public:
  void Add(absl::string_view name, absl::string_view json) {
    absl::StrAppend(&text_, text_.empty() ? "{" : ",", "\"", name, "\":", json);
  }
  void Add(absl::string_view name, int64_t number) { Add(name, absl::StrCat(number)); }
  void Add(absl::string_view name, uint64_t number) { Add(name, absl::StrCat(number)); }
  void Add(absl::string_view name, int32_t number) { Add(name, absl::StrCat(number)); }
  void Add(absl::string_view name, uint32_t number) { Add(name, absl::StrCat(number)); }
  std::string Text() const { return text_ + "}"; }

 private:
  std::string text_;
};

std::string JsonPredictions(const control::Predictions& predictions) {
  JsonObject object;
  object.Add("shown", predictions.shown());
  object.Add("correct", predictions.correct());
  object.Add("wrong", predictions.wrong());
  return object.Text();
}

std::string ClientJson(const control::Client& client) {
  JsonObject object;
  object.Add("id", JsonString(client.id()));
  object.Add("address", JsonString(client.address()));
  object.Add("earlier_address", JsonStrings(client.earlier_address()));
  object.Add("roam_count", client.roam_count());
  object.Add("view_only", client.view_only() ? "true" : "false");
  object.Add("attached_at", client.attached_at());
  object.Add("last_heard_at", client.last_heard_at());
  object.Add("size", JsonSize(client.size()));
  object.Add("srtt_us", client.srtt_us());
  object.Add("rttvar_us", client.rttvar_us());
  object.Add("datagrams_received", client.datagrams_received());
  object.Add("datagrams_sent", client.datagrams_sent());
  object.Add("bytes_received", client.bytes_received());
  object.Add("bytes_sent", client.bytes_sent());
  object.Add("losses_seen", client.losses_seen());
  object.Add("retransmissions", client.retransmissions());
  object.Add("capabilities", client.capabilities());
  object.Add("capability", JsonStrings(client.capability()));
  object.Add("frames_sent", client.frames_sent());
  object.Add("frames_received", client.frames_received());
  object.Add("loss_to_server_percent", client.loss_to_server_percent());
  if (client.has_loss_to_client_percent()) {
    object.Add("loss_to_client_percent", client.loss_to_client_percent());
  }
  if (client.has_predictions()) object.Add("predictions", JsonPredictions(client.predictions()));
  return object.Text();
}

std::string ToJson(const control::Session& session) {
  std::vector<std::string> clients;
  for (const control::Client& client : session.client()) clients.push_back(ClientJson(client));
  JsonObject object;
  object.Add("id", JsonString(session.id()));
  object.Add("user", JsonString(session.user()));
  object.Add("command", JsonStrings(session.command()));
  object.Add("pid", session.pid());
  object.Add("title", JsonString(session.title()));
  object.Add("size", JsonSize(session.size()));
  object.Add("created_at", session.created_at());
  object.Add("last_input_at", session.last_input_at());
  object.Add("detached_since", session.detached_since());
  object.Add("client", absl::StrCat("[", absl::StrJoin(clients, ","), "]"));
  object.Add("version", session.version());
  object.Add("server_pid", session.server_pid());
  object.Add("port", session.port());
  object.Add("history_lines", session.history_lines());
  object.Add("held", session.held() ? "true" : "false");
  object.Add("watcher", JsonStrings(session.watcher()));
  return object.Text();
}

}  // namespace

std::string RoughDuration(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (seconds < 3600) return absl::StrCat(seconds / 60, " min");
  if (seconds < 48 * 3600) return absl::StrCat(seconds / 3600, " h");
  return absl::StrCat(seconds / 86400, " d");
}

std::string SessionSubject(const control::Session& session) {
  if (!session.title().empty()) return Harmless(session.title());
  if (session.command_size() == 0) return "login shell";
  return Harmless(absl::StrJoin(session.command(), " "));
}

std::string SessionTable(std::span<const FoundSession> sessions, absl::Time now, int columns) {
  if (sessions.empty()) return "No sessions.\n";
  using Row = std::array<std::string, 6>;
  std::vector<Row> rows = {{"ID", "AGE", "STATE", "CLIENT", "SIZE", "TITLE OR COMMAND"}};
  for (const FoundSession& found : sessions) {
    const control::Session& session = found.session;
    rows.push_back({session.id(), RoughDuration(now - absl::FromUnixMicros(session.created_at())),
                    State(session, now), Clients(session),
                    absl::StrCat(session.size().columns(), "x", session.size().rows()),
                    SessionSubject(session)});
  }
  std::array<size_t, 6> widths = {};
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Characters(row[i]));
  }
  std::string table;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i]);
      // Nothing follows the last one.
      if (i + 1 < row.size()) line.append(widths[i] - Characters(row[i]) + 2, ' ');
    }
    if (columns > 0) CutTo(columns, line);
    absl::StrAppend(&table, line, "\n");
  }
  return table;
}

std::string SessionJson(std::span<const FoundSession> sessions) {
  std::vector<std::string> objects;
  for (const FoundSession& found : sessions) objects.push_back(ToJson(found.session));
  return absl::StrCat("[", absl::StrJoin(objects, ",\n "), "]\n");
}

}  // namespace mosh::server
