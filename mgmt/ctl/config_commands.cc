#include "mgmt/ctl/config_commands.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "io/owned_fd.h"
#include "mgmt/ctl/config.h"
#include "mgmt/ctl/table.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {
namespace {

bool WriteAll(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(written);
  }
  return true;
}

absl::Status ReplaceFile(const std::string& path, absl::string_view text) {
  // Behind a symbolic link, the file itself: people keep their settings elsewhere and link to them.
  char* const real = realpath(path.c_str(), nullptr);
  const std::string target = real != nullptr ? real : path;
  free(real);
  struct stat old;
  const mode_t mode = stat(target.c_str(), &old) == 0 ? old.st_mode & 0777 : 0600;
  std::string temporary = absl::StrCat(target, ".XXXXXX");
  const io::OwnedFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, temporary);
  if (!WriteAll(fd.get(), text) || fchmod(fd.get(), mode) != 0 || fsync(fd.get()) != 0 ||
      rename(temporary.c_str(), target.c_str()) != 0) {
    const absl::Status status = absl::ErrnoToStatus(errno, target);
    unlink(temporary.c_str());
    return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status GetContextsCommand(const Surroundings& surroundings) {
  const absl::StatusOr<Config> config = ReadConfig(surroundings);
  if (!config.ok()) return config.status();
  if (config->contexts.empty()) {
    surroundings.Print(
        absl::StrCat("No contexts; ", ConfigPath(surroundings), " could have some.\n"));
    return absl::OkStatus();
  }
  std::vector<std::vector<Cell>> rows = {{{"CURRENT", kBold}, {"NAME", kBold}, {"SERVER", kBold}}};
  for (const Context& context : config->contexts) {
    rows.push_back({{context.name == config->current_context ? "*" : ""},
                    {Harmless(context.name)},
                    {Harmless(context.server)}});
  }
  surroundings.Print(FormatTable(rows, surroundings.columns, surroundings.colors));
  return absl::OkStatus();
}

absl::Status UseContextCommand(const Surroundings& surroundings, const std::string& name) {
  const std::string path = ConfigPath(surroundings);
  const absl::StatusOr<std::string> text = ReadConfigText(path);
  if (!text.ok()) return text.status();
  const absl::StatusOr<std::string> changed = WithCurrentContext(*text, path, name);
  if (!changed.ok()) return changed.status();
  return ReplaceFile(path, *changed);
}

std::vector<std::string> ContextNames(const Surroundings& surroundings) {
  std::vector<std::string> names;
  const absl::StatusOr<Config> config = ReadConfig(surroundings);
  if (!config.ok()) return names;
  for (const Context& context : config->contexts) names.push_back(Harmless(context.name));
  return names;
}

}  // namespace mosh::mgmt::ctl
