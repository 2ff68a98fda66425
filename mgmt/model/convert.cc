#include "mgmt/model/convert.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mgmt/model/fields.h"
#include "mgmt/model/fingerprint.h"
#include "mgmt/model/utf8.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::Duration;
using google::protobuf::Timestamp;

// A Host knows monotonic times and works the wall clock's out of them whenever it is asked. So near
// to what it said before it is the same; a clock that was set moves it.
constexpr absl::Duration kSameTime = absl::Milliseconds(500);

// Of at most 10,000 years, as Duration wants it.
Duration DurationOfMicros(int64_t micros) {
  micros = std::clamp<int64_t>(micros, 0, 315'576'000'000 * 1'000'000);
  Duration duration;
  duration.set_seconds(micros / 1'000'000);
  duration.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1000));
  return duration;
}

// In 0001 to 9999, as Timestamp wants it. A Host may say anything.
Timestamp TimestampOfMicros(int64_t micros) {
  constexpr int64_t kFirst = -62'135'596'800, kLast = 253'402'300'799;
  return ToTimestamp(
      absl::FromUnixMicros(std::clamp(micros, kFirst * 1'000'000, kLast * 1'000'000)));
}

Timestamp Steady(int64_t micros, const Timestamp* before) {
  Timestamp time = TimestampOfMicros(micros);
  if (before != nullptr &&
      absl::AbsDuration(FromTimestamp(time) - FromTimestamp(*before)) < kSameTime) {
    return *before;
  }
  return time;
}

void SetSize(const control::Size& size, fleet::Size* out) {
  out->set_columns(static_cast<int32_t>(std::min<uint32_t>(size.columns(), INT32_MAX)));
  out->set_rows(static_cast<int32_t>(std::min<uint32_t>(size.rows(), INT32_MAX)));
}

const fleet::Client* FindClient(const fleet::Session* session, absl::string_view id) {
  if (session == nullptr) return nullptr;
  for (const fleet::Client& client : session->clients()) {
    if (client.client_id() == id) return &client;
  }
  return nullptr;
}

void SetTraffic(const control::Client& told, fleet::Client* out) {
  if (told.has_srtt_us()) *out->mutable_srtt() = DurationOfMicros(told.srtt_us());
  if (told.has_rttvar_us()) *out->mutable_rttvar() = DurationOfMicros(told.rttvar_us());
  out->set_loss_to_server(std::min(told.loss_to_server_percent(), 100u) / 100.0);
  if (told.has_loss_to_client_percent()) {
    out->set_loss_to_client(std::min(told.loss_to_client_percent(), 100u) / 100.0);
  }
  out->set_datagrams_sent(told.datagrams_sent());
  out->set_datagrams_received(told.datagrams_received());
  out->set_bytes_sent(told.bytes_sent());
  out->set_bytes_received(told.bytes_received());
  out->set_frames_sent(told.frames_sent());
  out->set_frames_received(told.frames_received());
  out->set_datagrams_lost(told.losses_seen());
  out->set_retransmissions(told.retransmissions());
  if (told.has_predictions()) {
    out->mutable_predictions()->set_shown(told.predictions().shown());
    out->mutable_predictions()->set_correct(told.predictions().correct());
    out->mutable_predictions()->set_wrong(told.predictions().wrong());
  }
}

void SetClient(const control::Client& told, const fleet::Session* before, fleet::Client* out) {
  out->set_client_id(ValidUtf8(told.id()));
  const fleet::Client* earlier = FindClient(before, out->client_id());
  out->set_address(ValidUtf8(told.address()));
  for (const std::string& address : told.earlier_address()) {
    out->add_earlier_addresses(ValidUtf8(address));
  }
  out->set_roam_count(told.roam_count());
  out->set_view_only(told.view_only());
  *out->mutable_attach_time() =
      Steady(told.attached_at(), earlier != nullptr ? &earlier->attach_time() : nullptr);
  if (told.last_heard_at() != 0) {
    *out->mutable_last_heard_time() = TimestampOfMicros(told.last_heard_at());
  }
  if (told.has_size()) SetSize(told.size(), out->mutable_size());
  SetTraffic(told, out);
  // A client of ours announces something, stock's has nothing to announce.
  out->set_protocol(told.capabilities() != 0 ? "mosh-fleet" : "stock");
  for (const std::string& name : told.capability()) out->add_capabilities(ValidUtf8(name));
}

void SetTimes(const control::Session& told, const fleet::Session* before, fleet::Session* out) {
  *out->mutable_create_time() =
      Steady(told.created_at(), before != nullptr ? &before->create_time() : nullptr);
  if (told.last_input_at() != 0) {
    const bool known = before != nullptr && before->has_last_input_time();
    *out->mutable_last_input_time() =
        Steady(told.last_input_at(), known ? &before->last_input_time() : nullptr);
  }
  if (told.detached_since() != 0) {
    const bool known = before != nullptr && before->has_detach_time();
    *out->mutable_detach_time() =
        Steady(told.detached_since(), known ? &before->detach_time() : nullptr);
  }
  // Of clients that have gone only what was known before is left.
  int64_t heard = 0;
  for (const control::Client& client : told.client()) {
    heard = std::max(heard, client.last_heard_at());
  }
  if (heard != 0) {
    *out->mutable_last_heard_time() = TimestampOfMicros(heard);
  } else if (before != nullptr && before->has_last_heard_time()) {
    *out->mutable_last_heard_time() = before->last_heard_time();
  }
}

void FindState(const control::Session& told, absl::Time now, fleet::Session* session) {
  // Who has been told to end does.
  if (session->state() == fleet::Session::ENDING) return;
  if (session->has_detach_time()) {
    const bool awaited = told.pid() == 0;
    SetState(awaited ? fleet::Session::AWAITED : fleet::Session::DETACHED,
             FromTimestamp(awaited ? session->create_time() : session->detach_time()), session);
    return;
  }
  if (session->clients_size() > 0 && session->has_last_heard_time() &&
      now - FromTimestamp(session->last_heard_time()) >= kUnheardAfter) {
    SetState(fleet::Session::UNHEARD, FromTimestamp(session->last_heard_time()), session);
    return;
  }
  absl::Time attached = now;
  // Of a session that is new to us; else it has just become so.
  if (session->state() == fleet::Session::STATE_UNSPECIFIED) {
    for (const fleet::Client& client : session->clients()) {
      attached = std::min(attached, FromTimestamp(client.attach_time()));
    }
  }
  SetState(fleet::Session::ATTACHED, attached, session);
}

void SetColor(const control::Color& color, fleet::Color* out) {
  if (color.has_rgb()) {
    out->set_rgb(color.rgb());
  } else {
    out->set_palette(color.palette());
  }
}

void SetRow(const control::Row& row, fleet::Row* out) {
  for (const control::Run& run : row.run()) {
    fleet::Run* const to = out->add_runs();
    to->set_text(ValidUtf8(run.text()));
    to->set_cells(static_cast<int32_t>(run.cells()));
    to->set_columns_per_cell(static_cast<int32_t>(run.columns_of_each()));
    if (run.has_foreground()) SetColor(run.foreground(), to->mutable_foreground());
    if (run.has_background()) SetColor(run.background(), to->mutable_background());
    for (int bit = control::Attribute_MIN; bit <= control::Attribute_MAX; ++bit) {
      // The API's have 0 for none.
      if ((run.attributes() & (1u << bit)) != 0) {
        to->add_attributes(static_cast<fleet::Run::Attribute>(bit + 1));
      }
    }
  }
}

}  // namespace

bool IsSessionId(absl::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](char c) { return absl::ascii_isalnum(c); });
}

fleet::Session FromHost(const control::Session& told, absl::string_view node, const Owner& owner,
                        const fleet::Session* before, absl::Time now) {
  fleet::Session session;
  session.set_name(absl::StrCat(node, "/sessions/", told.id()));
  session.set_session_id(told.id());
  session.set_user(owner.user);
  session.set_uid(owner.uid);
  for (const std::string& word : told.command()) session.add_command(ValidUtf8(word));
  session.set_title(ValidUtf8(told.title()));
  if (told.has_size()) SetSize(told.size(), session.mutable_size());
  for (const control::Client& client : told.client()) {
    SetClient(client, before, session.add_clients());
  }
  session.set_held(told.held());
  for (const std::string& watcher : told.watcher()) session.add_watchers(ValidUtf8(watcher));
  session.set_pid(told.pid());
  session.set_host_pid(told.server_pid());
  session.set_port(told.port());
  session.set_history_lines(told.history_lines());
  SetTimes(told, before, &session);
  if (before != nullptr) {
    session.set_state(before->state());
    *session.mutable_state_history() = before->state_history();
  }
  FindState(told, now, &session);
  session.set_etag(EtagOf(session));
  return session;
}

void SetState(fleet::Session::State state, absl::Time since, fleet::Session* session) {
  if (session->state() == state) return;
  session->set_state(state);
  auto* const history = session->mutable_state_history();
  // A Host's word on a time doesn't turn the order round.
  if (!history->empty()) since = std::max(since, FromTimestamp(history->rbegin()->time()));
  if (history->size() == kMaxStateHistory) history->DeleteSubrange(0, 1);
  fleet::Session::StateChange* const change = history->Add();
  change->set_state(state);
  *change->mutable_time() = ToTimestamp(since);
}

std::string EtagOf(const fleet::Session& session) {
  fleet::Session rest = session;
  ClearMeasurements(&rest);
  rest.clear_etag();
  return absl::StrFormat("%016x", Fingerprint(rest.SerializeAsString()));
}

control::Snapshot JoinSnapshot(const std::vector<control::Reply>& replies) {
  control::Snapshot whole;
  std::string ansi;
  for (const control::Reply& reply : replies) {
    ansi += reply.snapshot().ansi();
    whole.MergeFrom(reply.snapshot());
  }
  if (!ansi.empty()) whole.set_ansi(std::move(ansi));
  return whole;
}

fleet::Screen ScreenFromHost(const control::Snapshot& snapshot, fleet::ScreenFormat format,
                             absl::string_view session_name, absl::Time now) {
  fleet::Screen screen;
  screen.set_session(std::string(session_name));
  *screen.mutable_time() = ToTimestamp(now);
  SetSize(snapshot.size(), screen.mutable_size());
  screen.set_title(ValidUtf8(snapshot.title()));
  screen.set_cursor_column(static_cast<int32_t>(snapshot.cursor_column()));
  screen.set_cursor_row(static_cast<int32_t>(snapshot.cursor_row()));
  screen.set_cursor_hidden(snapshot.cursor_hidden());
  if (format == fleet::ANSI) {
    screen.set_ansi(ValidUtf8(snapshot.ansi()));
    return screen;
  }
  for (int i = 0; i < snapshot.line_size(); ++i) {
    const bool scrolled_off = static_cast<uint32_t>(i) < snapshot.history();
    std::string line = ValidUtf8(snapshot.line(i));
    if (scrolled_off) {
      screen.add_history(std::move(line));
    } else {
      screen.add_lines(std::move(line));
    }
  }
  if (format == fleet::CELLS) {
    for (const control::Row& row : snapshot.row()) SetRow(row, screen.add_rows());
  }
  return screen;
}

Timestamp ToTimestamp(absl::Time time) {
  Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

absl::Time FromTimestamp(const Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace mosh::mgmt
