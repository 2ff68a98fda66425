// What a HostedSession tells about itself.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "server/hosted_session.h"
#include "server/snapshot_rows.h"
#include "ssp/capabilities.h"
#include "ssp/predictions.h"
#include "term/history.h"
#include "term/renderer.h"

namespace mosh::server {
namespace {

// Somebody typing is told of at most so often.
constexpr std::chrono::seconds kInputGrain{5};

void SetSize(term::Size size, control::Size* out) {
  out->set_columns(static_cast<uint32_t>(size.columns));
  out->set_rows(static_cast<uint32_t>(size.rows));
}

int64_t Micros(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

// Rounded up: none means none.
uint32_t Percent(double share) { return static_cast<uint32_t>(std::ceil(share * 100)); }

void DescribeEndpoint(const Endpoint& endpoint, control::Client* out) {
  if (endpoint.has_rtt_sample()) {
    out->set_srtt_us(Micros(endpoint.srtt()));
    out->set_rttvar_us(Micros(endpoint.rttvar()));
  }
  const ssp::Stats stats = endpoint.stats();
  out->set_datagrams_received(stats.received.datagrams);
  out->set_datagrams_sent(stats.sent.datagrams);
  out->set_bytes_received(stats.received.bytes);
  out->set_bytes_sent(stats.sent.bytes);
  out->set_losses_seen(stats.lost_incoming);
  out->set_retransmissions(stats.retransmissions);
  const ssp::Capabilities capabilities = endpoint.client_capabilities();
  out->set_capabilities(capabilities.wire());
  for (const ssp::CapabilityName& known : ssp::kCapabilityNames) {
    if (capabilities.Has(known.capability)) out->add_capability(known.name);
  }
  out->set_frames_sent(stats.states_sent);
  out->set_frames_received(stats.states_received);
  out->set_loss_to_server_percent(Percent(stats.incoming_loss_rate));
  if (const std::optional<double> loss = endpoint.loss_to_client()) {
    out->set_loss_to_client_percent(Percent(*loss));
  }
  if (const std::optional<ssp::Predictions>& predictions = endpoint.predictions()) {
    out->mutable_predictions()->set_shown(predictions->shown);
    out->mutable_predictions()->set_correct(predictions->correct);
    out->mutable_predictions()->set_wrong(predictions->wrong);
  }
}

}  // namespace

int64_t HostedSession::WallMicros(Instant when) const {
  return services_->options->WallMicros(Now() - when);
}

bool HostedSession::TakeChanged() {
  const std::string& title = session_.terminal().screen().title();
  if (title != told_title_) {
    told_title_ = title;
    changed_ = true;
  }
  if (last_input_at_ && (!told_input_at_ || *last_input_at_ - *told_input_at_ >= kInputGrain)) {
    told_input_at_ = last_input_at_;
    changed_ = true;
  }
  if (changed_) ++version_;
  return std::exchange(changed_, false);
}

void HostedSession::Describe(control::Session* facts) const {
  const term::Screen& screen = session_.terminal().screen();
  facts->set_id(id_);
  facts->set_user(services_->options->user);
  for (const std::string& word : command_) facts->add_command(word);
  facts->set_pid(pid_);
  facts->set_title(screen.title());
  SetSize(screen.size(), facts->mutable_size());
  facts->set_created_at(WallMicros(created_at_));
  facts->set_last_input_at(last_input_at_ ? WallMicros(*last_input_at_) : 0);
  facts->set_detached_since(detached_since_ ? WallMicros(*detached_since_) : 0);
  facts->set_version(version_);
  if (const term::History* history = session_.terminal().history()) {
    facts->set_history_lines(static_cast<uint64_t>(history->LineCount()));
  }
  facts->set_held(top_row_.held.has_value());
  for (std::string& name : watched_.Names()) facts->add_watcher(std::move(name));
  for (const auto& client : clients_) {
    // One that hasn't come yet is only a key.
    if (!client->attached_at()) continue;
    control::Client* const out = facts->add_client();
    out->set_id(client->terms().id);
    out->set_address(client->address().Unmapped().ToString());
    for (const io::SocketAddress& earlier : client->earlier_addresses()) {
      out->add_earlier_address(earlier.Unmapped().ToString());
    }
    out->set_roam_count(client->roam_count());
    out->set_view_only(!client->may_type());
    out->set_attached_at(WallMicros(*client->attached_at()));
    const std::optional<Instant> heard = client->endpoint().last_heard();
    out->set_last_heard_at(heard ? WallMicros(*heard) : 0);
    if (client->window()) SetSize(*client->window(), out->mutable_size());
    DescribeEndpoint(client->endpoint(), out);
  }
}

control::Snapshot HostedSession::TakeSnapshot(const control::TakeSnapshot& request) const {
  const term::Screen& screen = session_.terminal().screen();
  control::Snapshot snapshot;
  SetSize(screen.size(), snapshot.mutable_size());
  snapshot.set_cursor_column(static_cast<uint32_t>(screen.cursor().column));
  snapshot.set_cursor_row(static_cast<uint32_t>(screen.cursor().row));
  snapshot.set_cursor_hidden(!screen.cursor().visible);
  snapshot.set_title(screen.title());
  if (request.cells()) AddRows(screen, &snapshot);
  if (request.ansi()) {
    snapshot.set_ansi(
        term::RenderFrame(nullptr, screen, {.target = term::RenderTarget::kRealTerminal}));
    return snapshot;
  }
  if (const term::History* history = session_.terminal().history()) {
    const int lines = history->LineCount();
    const int wanted = static_cast<int>(std::min<uint64_t>(request.history_lines(), lines));
    for (int line = lines - wanted; line < lines; ++line) snapshot.add_line(history->Text(line));
    snapshot.set_history(static_cast<uint32_t>(wanted));
  }
  for (int row = 0; row < screen.rows(); ++row) snapshot.add_line(screen.RowText(row));
  return snapshot;
}

}  // namespace mosh::server
