#include "server/control/reply_parts.h"

#include <algorithm>
#include <string>
#include <utility>

namespace mosh::server {
namespace {

// Tag and length of a field of a Row, at least.
constexpr size_t kRunOverhead = 2;

void TrimRow(size_t max_size, control::Row* row) {
  size_t size = row->ByteSizeLong();
  while (size > max_size && row->run_size() > 1) {
    size -= row->run(row->run_size() - 1).ByteSizeLong() + kRunOverhead;
    row->mutable_run()->RemoveLast();
  }
}

}  // namespace

size_t CharacterBoundary(absl::string_view text, size_t size) {
  if (size >= text.size()) return text.size();
  size_t cut = size;
  while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xc0) == 0x80) --cut;
  return cut > 0 ? cut : size;
}

void TrimSession(size_t max_size, control::Session* session) {
  size_t size = session->ByteSizeLong();
  while (size > max_size && session->command_size() > 0) {
    size -= session->command(session->command_size() - 1).size();
    session->mutable_command()->RemoveLast();
  }
  while (size > max_size && session->client_size() > 0) {
    size -= session->client(session->client_size() - 1).ByteSizeLong();
    session->mutable_client()->RemoveLast();
  }
  while (size > max_size && session->watcher_size() > 0) {
    size -= session->watcher(session->watcher_size() - 1).size();
    session->mutable_watcher()->RemoveLast();
  }
}

std::vector<control::Snapshot> SplitSnapshot(control::Snapshot snapshot, size_t max_size) {
  std::vector<std::string> lines(snapshot.mutable_line()->begin(), snapshot.mutable_line()->end());
  std::vector<control::Row> rows(snapshot.mutable_row()->begin(), snapshot.mutable_row()->end());
  const std::string ansi = snapshot.ansi();
  const bool has_ansi = snapshot.has_ansi();
  snapshot.clear_line();
  snapshot.clear_row();
  snapshot.clear_ansi();

  std::vector<control::Snapshot> parts;
  parts.push_back(std::move(snapshot));
  size_t size = parts.back().ByteSizeLong();
  const auto make_room = [&](size_t wanted) {
    if (size + wanted + kFieldOverhead <= max_size) return;
    parts.emplace_back();
    size = 0;
  };
  for (std::string& line : lines) {
    line.resize(CharacterBoundary(line, max_size - kFieldOverhead));
    make_room(line.size());
    size += line.size() + kFieldOverhead;
    parts.back().add_line(std::move(line));
  }
  for (control::Row& row : rows) {
    TrimRow(max_size - kFieldOverhead, &row);
    const size_t row_size = row.ByteSizeLong();
    make_room(row_size);
    size += row_size + kFieldOverhead;
    *parts.back().add_row() = std::move(row);
  }
  for (size_t at = 0; has_ansi;) {
    make_room(std::min(ansi.size() - at, max_size - kFieldOverhead));
    const size_t end = std::min(ansi.size(), at + max_size - kFieldOverhead);
    parts.back().set_ansi(ansi.substr(at, end - at));
    size = max_size;
    at = end;
    if (at == ansi.size()) break;
  }
  return parts;
}

}  // namespace mosh::server
