// Commands that make, look at and play recordings.
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mgmt/ctl/commands.h"
#include "mgmt/ctl/download.h"
#include "mgmt/ctl/each_node.h"
#include "mgmt/ctl/node_view.h"
#include "mgmt/ctl/replay.h"
#include "mgmt/ctl/session_view.h"
#include "mgmt/ctl/status_line.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

// The last segment of a resource name.
std::string IdOf(const std::string& name) { return Harmless(name.substr(name.rfind('/') + 1)); }

// The resource name of the one whose id is or begins with `id`.
absl::StatusOr<std::string> FindRecording(const std::string& id,
                                          const fleet::ListRecordingsResponse& all) {
  if (absl::StartsWith(id, "nodes/")) return id;
  std::vector<std::string> found;
  for (const fleet::Recording& recording : all.recordings()) {
    const std::string own = recording.name().substr(recording.name().rfind('/') + 1);
    if (own == id) return recording.name();
    if (absl::StartsWith(own, id)) found.push_back(recording.name());
  }
  if (id.empty() || found.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no recording that you may see has an id that begins with '", Harmless(id),
                     "'\n  `moshctl record ls` shows what there is."));
  }
  if (found.size() == 1) return found[0];
  return absl::NotFoundError(absl::StrCat("'", Harmless(id), "' begins the ids of ", found.size(),
                                          " recordings\n  Give more of it."));
}

// Of all nodes, the newest first.
struct Listed {
  fleet::ListRecordingsResponse list;
  bool several = false;  // nodes
};
absl::StatusOr<Listed> ListRecordings(const Workplace& work, const std::string& node,
                                      const std::string& session) {
  const auto answers =
      AskNodes<fleet::ListRecordingsResponse>(work, node, [&session](const NodeAgent& agent) {
        return agent.api->ListRecordings(agent.node, session);
      });
  if (!answers.ok()) return answers.status();
  Listed all{.several = answers->several};
  int total = 0;
  for (const fleet::ListRecordingsResponse& each : answers->of) {
    total += each.total_size();
    all.list.MergeFrom(each);
  }
  all.list.set_total_size(total);
  // Ids sort by start time.
  auto& recordings = *all.list.mutable_recordings();
  std::sort(recordings.begin(), recordings.end(),
            [](const fleet::Recording& a, const fleet::Recording& b) {
              const std::string a_id = LastSegment(a.name()), b_id = LastSegment(b.name());
              return a_id != b_id ? a_id > b_id : a.name() < b.name();
            });
  return all;
}

absl::StatusOr<std::vector<std::string>> ResolveRecordings(const Workplace& work,
                                                           const std::vector<std::string>& given) {
  fleet::ListRecordingsResponse all;
  if (!std::all_of(given.begin(), given.end(),
                   [](const std::string& id) { return absl::StartsWith(id, "nodes/"); })) {
    absl::StatusOr<Listed> listed = ListRecordings(work, "", "");
    if (!listed.ok()) return listed.status();
    all = std::move(listed->list);
  }
  std::vector<std::string> names;
  for (const std::string& id : given) {
    absl::StatusOr<std::string> name = FindRecording(id, all);
    if (!name.ok()) return name.status();
    names.push_back(*std::move(name));
  }
  return names;
}

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

// Does it to each; one that fails doesn't keep it from the others.
template <class Act>
absl::Status ForEach(const std::vector<std::string>& names, const Act& act) {
  absl::Status first;
  std::vector<std::string> failures;
  for (const std::string& name : names) {
    const absl::Status status = act(name);
    first.Update(status);
    if (!status.ok()) {
      failures.push_back(absl::StrCat(IdOf(name), ": ", absl::string_view(status.message())));
    }
  }
  return absl::Status(first.code(), absl::StrJoin(failures, "\n"));
}

std::string StateOf(const fleet::Recording& recording) {
  switch (recording.state()) {
    case fleet::Recording::RECORDING:
      return "recording";
    case fleet::Recording::FINISHED:
      return "finished";
    case fleet::Recording::FAILED:
      return "failed";
    default:
      return "?";
  }
}

std::vector<std::vector<Cell>> Rows(const Listed& listed, bool wide, absl::Time now) {
  std::vector<std::vector<Cell>> rows(1);
  rows[0].push_back({"ID", kBold});
  if (listed.several) rows[0].push_back({"NODE", kBold});
  for (const char* title : {"SESSION", "USER", "STATE"}) rows[0].push_back({title, kBold});
  for (const char* title : {"LENGTH", "SIZE"}) rows[0].push_back({title, kBold, true});
  rows[0].push_back({"TITLE", kBold});
  if (wide) {
    for (const char* title : {"INPUT", "STARTED BY", "REASON", "ENDED BECAUSE"}) {
      rows[0].push_back({title, kBold});
    }
  }
  for (const fleet::Recording& recording : listed.list.recordings()) {
    const bool running = recording.state() == fleet::Recording::RECORDING;
    const absl::Time end = running ? now : ToTime(recording.end_time());
    const char* const style = running                                         ? kGreen
                              : recording.state() == fleet::Recording::FAILED ? kRed
                                                                              : kPlain;
    std::vector<Cell>& row = rows.emplace_back();
    row.push_back({IdOf(recording.name())});
    if (listed.several) row.push_back({NodeOf(recording.name())});
    row.push_back({IdOf(recording.session())});
    row.push_back({Harmless(recording.user())});
    row.push_back({StateOf(recording), style});
    const absl::Duration length = end - ToTime(recording.start_time());
    row.push_back({RoughDuration(std::max(length, absl::ZeroDuration())), kPlain, true});
    const int64_t size = std::max<int64_t>(recording.size_bytes(), 0);
    row.push_back({ByteCount(static_cast<uint64_t>(size)), kPlain, true});
    row.push_back({Harmless(recording.title())});
    if (wide) {
      for (const std::string& text :
           {std::string(recording.has_input() ? "yes" : "no"), recording.started_by(),
            recording.reason(), recording.end_reason()}) {
        row.push_back({Harmless(text)});
      }
    }
  }
  return rows;
}

absl::StatusOr<fleet::Recording> Fetch(const Workplace& work, const std::string& name,
                                       const std::string& path) {
  fleet::DownloadRecordingRequest request;
  request.set_name(name);
  request.set_reason(work.options.reason);
  StatusLine bar(work.surroundings);
  return DownloadRecording(work.api, request, path, [&bar](int64_t done, int64_t size) {
    bar.Show(ProgressBar(done, size));
  });
}

// A directory that is gone with it.
struct TemporaryDirectory {
  explicit TemporaryDirectory(const Surroundings& surroundings) {
    const std::string tmp = surroundings.variable("TMPDIR");
    path = absl::StrCat(tmp.empty() ? "/tmp" : tmp, "/moshctl.XXXXXX");
    if (mkdtemp(path.data()) == nullptr) path.clear();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

}  // namespace

absl::Status RecordStartCommand(const Workplace& work) {
  const absl::StatusOr<std::vector<std::string>> names = ResolveSessions(work);
  if (!names.ok()) return names.status();
  return ForEach(*names, [&work](const std::string& name) {
    fleet::StartRecordingRequest request;
    request.set_session(name);
    request.set_title(work.options.title);
    request.set_reason(work.options.reason);
    request.set_validate_only(work.options.dry_run);
    request.set_max_bytes(work.options.max_bytes);
    request.set_record_input(work.options.input);
    if (work.options.max_seconds > 0) {
      request.mutable_max_duration()->set_seconds(static_cast<int64_t>(work.options.max_seconds));
    }
    const absl::StatusOr<fleet::Recording> made =
        work.api.Call(&Api::RecordingStub::StartRecording, request);
    if (!made.ok()) return made.status();
    if (work.options.dry_run || ForPrograms(work.options.format)) {
      PrintDone(work, "recorded", name, *made);
    } else {
      work.surroundings.Print(absl::StrCat(IdOf(name), " is recorded",
                                           made->has_input() ? " with input: " : ": ",
                                           IdOf(made->name()), "\n"));
    }
    return absl::OkStatus();
  });
}

absl::Status RecordStopCommand(const Workplace& work) {
  const auto names = ResolveRecordings(work, work.options.recordings);
  if (!names.ok()) return names.status();
  return ForEach(*names, [&work](const std::string& name) {
    fleet::StopRecordingRequest request;
    request.set_name(name);
    request.set_reason(work.options.reason);
    request.set_validate_only(work.options.dry_run);
    const absl::StatusOr<fleet::Recording> stopped =
        work.api.Call(&Api::RecordingStub::StopRecording, request);
    if (stopped.ok()) PrintDone(work, "stopped", name, *stopped);
    return stopped.status();
  });
}

absl::Status RecordRemoveCommand(const Workplace& work) {
  const auto names = ResolveRecordings(work, work.options.recordings);
  if (!names.ok()) return names.status();
  return ForEach(*names, [&work](const std::string& name) {
    fleet::DeleteRecordingRequest request;
    request.set_name(name);
    request.set_reason(work.options.reason);
    request.set_validate_only(work.options.dry_run);
    const absl::StatusOr<fleet::DeleteRecordingResponse> deleted =
        work.api.Call(&Api::RecordingStub::DeleteRecording, request);
    if (deleted.ok()) PrintDone(work, "deleted", name, *deleted);
    return deleted.status();
  });
}

absl::Status RecordListCommand(const Workplace& work) {
  std::string session;
  if (!work.options.sessions.empty()) {
    // One that has ended is no session any more, but its recordings are there by its whole name.
    const absl::StatusOr<std::vector<std::string>> names = ResolveSessions(work);
    if (!names.ok()) return names.status();
    session = names->front();
  }
  // It is where its session is.
  const std::string node = session.empty() ? work.options.node : NodeOf(session);
  const absl::StatusOr<Listed> listed = ListRecordings(work, node, session);
  if (!listed.ok()) return listed.status();
  if (ForPrograms(work.options.format)) return PrintMessage(work, listed->list);
  if (listed->list.recordings().empty()) {
    work.surroundings.Print("No recordings.\n");
    return absl::OkStatus();
  }
  const bool wide = work.options.format == OutputFormat::kWide;
  work.surroundings.Print(FormatTable(Rows(*listed, wide, work.surroundings.now()),
                                      wide ? 0 : work.surroundings.columns,
                                      work.surroundings.colors));
  return absl::OkStatus();
}

absl::Status RecordGetCommand(const Workplace& work) {
  const auto names = ResolveRecordings(work, work.options.recordings);
  if (!names.ok()) return names.status();
  const std::string& name = names->front();
  // An id of the agent's must not choose another directory.
  const std::string id = name.substr(name.rfind('/') + 1);
  if (id.empty() || absl::StartsWith(id, ".")) {
    return absl::InvalidArgumentError(absl::StrCat("'", Harmless(name), "' is no recording"));
  }
  const std::string path =
      work.options.file.empty() ? absl::StrCat(id, ".cast") : work.options.file;
  const absl::StatusOr<fleet::Recording> recording = Fetch(work, name, path);
  if (!recording.ok()) return recording.status();
  if (ForPrograms(work.options.format)) {
    PrintDone(work, "", name, *recording);
    return absl::OkStatus();
  }
  work.surroundings.Print(absl::StrCat(Harmless(path), ": ",
                                       ByteCount(static_cast<uint64_t>(recording->size_bytes())),
                                       ", SHA-256 ", Harmless(recording->sha256()), "\n"));
  return absl::OkStatus();
}

absl::Status ReplayCommand(const Workplace& work) {
  const auto names = ResolveRecordings(work, {work.options.file});
  if (!names.ok()) return names.status();
  const TemporaryDirectory directory(work.surroundings);
  if (directory.path.empty()) return absl::InternalError("can't make a temporary directory");
  const std::string path = absl::StrCat(directory.path, "/recording.cast");
  const absl::StatusOr<fleet::Recording> recording = Fetch(work, names->front(), path);
  if (!recording.ok()) return recording.status();
  return ReplayFile(path, work.options, work.surroundings, *work.signals);
}

}  // namespace mosh::mgmt::ctl
