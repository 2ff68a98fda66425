#include "server/control/admission.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "io/owned_fd.h"

namespace mosh::server {
namespace {

constexpr char kHeading[] =
    "# What holds for new sessions, as mosh-agent says, which writes this file anew\n"
    "# (docs/drain.md). While it doesn't run, removing the file lets everything in.\n";
constexpr char kClosed[] = "closed";
constexpr char kMaxSessions[] = "max_sessions_per_user";
// More is no such file.
constexpr size_t kMaxSize = 4096;

std::string OneLine(absl::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  absl::StripAsciiWhitespace(&line);
  return line;
}

absl::StatusOr<std::string> ReadAll(int fd, const std::string& path) {
  std::string text(kMaxSize + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > kMaxSize) return absl::DataLossError(absl::StrCat(path, ": is too long"));
  text.resize(size);
  return text;
}

absl::Status WriteAll(int fd, absl::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, path);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

Admission Strictest(Admission a, const Admission& b) {
  if (!a.closed || (a.closed->empty() && b.closed)) a.closed = b.closed;
  if (a.max_sessions == 0 || (b.max_sessions != 0 && b.max_sessions < a.max_sessions)) {
    a.max_sessions = b.max_sessions;
  }
  return a;
}

std::string FormatAdmission(const Admission& admission) {
  std::string text = kHeading;
  if (admission.closed) {
    absl::StrAppend(&text, kClosed, " = ", OneLine(*admission.closed), "\n");
  }
  if (admission.max_sessions != 0) {
    absl::StrAppend(&text, kMaxSessions, " = ", admission.max_sessions, "\n");
  }
  return text;
}

Admission ParseAdmission(absl::string_view text, std::vector<std::string>* problems) {
  Admission admission;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    const absl::string_view key = absl::StripAsciiWhitespace(parts.first);
    const absl::string_view value = absl::StripAsciiWhitespace(parts.second);
    if (key == kClosed) {
      admission.closed = OneLine(value);
    } else if (key == kMaxSessions && !absl::SimpleAtoi(value, &admission.max_sessions)) {
      admission.max_sessions = 0;
      if (problems != nullptr) {
        problems->push_back(absl::StrCat("line ", number, ": ", key, " is no number"));
      }
    }
  }
  return admission;
}

absl::Status CheckAdmission(const Admission& admission, size_t sessions) {
  if (admission.closed) {
    return absl::UnavailableError(absl::StrCat("no new sessions are taken here",
                                               admission.closed->empty() ? "" : ": ",
                                               *admission.closed));
  }
  if (admission.max_sessions != 0 && sessions >= admission.max_sessions) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "you have ", sessions, sessions == 1 ? " session" : " sessions", " here, and no more than ",
        admission.max_sessions, admission.max_sessions == 1 ? " is" : " are",
        " allowed: end one, or attach to it"));
  }
  return absl::OkStatus();
}

std::string MachinesAdmissionPath(absl::string_view root) {
  return absl::StrCat(root, "/run/mosh-agent/admission");
}

std::string UsersAdmissionPath(absl::string_view runtime_directory) {
  return absl::StrCat(runtime_directory, "/admission");
}

absl::StatusOr<Admission> ReadAdmission(const std::string& path, uid_t uid,
                                        std::vector<std::string>* problems) {
  // A pipe in its place mustn't make anybody wait.
  const io::OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid() && (errno == ENOENT || errno == ENOTDIR)) return Admission();
  if (!fd.valid()) return absl::ErrnoToStatus(errno, path);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return absl::ErrnoToStatus(errno, path);
  if (!S_ISREG(info.st_mode) || (info.st_uid != 0 && info.st_uid != uid) ||
      (info.st_mode & 022) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": must be a file of root's or the user's that nobody else may write"));
  }
  const absl::StatusOr<std::string> text = ReadAll(fd.get(), path);
  if (!text.ok()) return text.status();
  std::vector<std::string> mistakes;
  Admission admission = ParseAdmission(*text, &mistakes);
  for (const std::string& mistake : mistakes) {
    if (problems != nullptr) problems->push_back(absl::StrCat(path, ": ", mistake));
  }
  return admission;
}

Admission ReadAdmissions(const RuntimePlaces& places, std::vector<std::string>* problems) {
  std::vector<std::string> paths = {MachinesAdmissionPath(places.root)};
  const absl::StatusOr<std::string> own = RuntimeDirectory(places);
  if (own.ok()) paths.push_back(UsersAdmissionPath(*own));
  Admission all;
  for (const std::string& path : paths) {
    const absl::StatusOr<Admission> one = ReadAdmission(path, places.uid, problems);
    if (one.ok()) {
      all = Strictest(std::move(all), *one);
    } else if (problems != nullptr) {
      problems->push_back(std::string(one.status().message()));
    }
  }
  return all;
}

absl::Status WriteAdmission(const std::string& path, const Admission& admission) {
  if (admission.open()) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return absl::ErrnoToStatus(errno, path);
    return absl::OkStatus();
  }
  const std::string next = absl::StrCat(path, ".new");
  // Left by a crash, if it is there.
  unlink(next.c_str());
  const io::OwnedFd fd(
      open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, next);
  absl::Status status = WriteAll(fd.get(), FormatAdmission(admission), next);
  // Whatever the umask is.
  if (status.ok() && fchmod(fd.get(), 0644) != 0) status = absl::ErrnoToStatus(errno, next);
  if (status.ok() && rename(next.c_str(), path.c_str()) != 0) {
    status = absl::ErrnoToStatus(errno, path);
  }
  if (!status.ok()) unlink(next.c_str());
  return status;
}

}  // namespace mosh::server
