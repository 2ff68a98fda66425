#include "e2e/tools.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/check.h"

namespace mosh::e2e {
namespace {

std::string Getenv(const char* name) {
  const char* value = getenv(name);
  return value != nullptr ? value : "";
}

std::vector<std::string> ProgramFolders() {
  std::vector<std::string> folders;
  if (const std::string tools = Getenv("MOSH_TEST_TOOLS"); !tools.empty()) {
    for (const char* sub : {"/usr/bin", "/usr/sbin", "/bin", "/sbin"})
      folders.push_back(tools + sub);
  }
  for (absl::string_view folder : absl::StrSplit(Getenv("PATH"), ':', absl::SkipEmpty())) {
    folders.emplace_back(folder);
  }
  for (const char* folder : {"/usr/bin", "/usr/sbin", "/bin", "/sbin"})
    folders.emplace_back(folder);
  return folders;
}

// Shared libraries and data of unpacked packages are not where their programs look for them.
void AddToolFolders(const std::string& tools, Environment& environment) {
  std::vector<std::string> libraries;
  for (const char* sub : {"/usr/lib", "/lib"}) {
    for (const char* triplet : {"/x86_64-linux-gnu", "/aarch64-linux-gnu", ""}) {
      const std::string folder = absl::StrCat(tools, sub, triplet);
      if (access(folder.c_str(), X_OK) == 0) libraries.push_back(folder);
    }
  }
  if (!libraries.empty()) environment["LD_LIBRARY_PATH"] = absl::StrJoin(libraries, ":");
  const std::string vim = tools + "/usr/share/vim/vim90";
  if (access(vim.c_str(), X_OK) == 0) environment["VIMRUNTIME"] = vim;
  const std::string mc = tools + "/usr/share/mc";
  if (access(mc.c_str(), X_OK) == 0) environment["MC_DATADIR"] = tools + "/etc/mc";
}

}  // namespace

std::string FindTool(absl::string_view name) {
  if (absl::StrContains(name, "/")) return std::string(name);
  for (const std::string& folder : ProgramFolders()) {
    const std::string path = absl::StrCat(folder, "/", name);
    struct stat info;
    if (stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0)
      return path;
  }
  // The plain name is a link that only an installed package gets.
  if (name == "vim") return FindTool("vim.basic");
  return "";
}

std::string RequireTool(absl::string_view name) {
  std::string path = FindTool(name);
  if (!path.empty()) return path;
  fprintf(stderr,
          "e2e: %s was not found in MOSH_TEST_TOOLS (%s) nor in PATH (%s).\n"
          "Run the tests through ./tools/bazel, which fetches it, or install the package that has "
          "it.\n",
          std::string(name).c_str(), Getenv("MOSH_TEST_TOOLS").c_str(), Getenv("PATH").c_str());
  exit(1);
}

Environment BaseEnvironment(absl::string_view mark) {
  Environment environment = {
      {"HOME", MakeTempFolder("home")},
      {"LANG", "C.UTF-8"},
      {"LOGNAME", "tester"},
      {"MOSHD_SOCKET", ""},
      {"PATH", absl::StrJoin(ProgramFolders(), ":")},
      {"PS1", "$ "},
      {"SHELL", "/bin/sh"},
      {"TERM", "xterm-256color"},
      {"USER", "tester"},
      {"XDG_RUNTIME_DIR", MakeRuntimeFolder()},
      {kMarkVariable, std::string(mark)},
  };
  if (const std::string tools = Getenv("MOSH_TEST_TOOLS"); !tools.empty())
    AddToolFolders(tools, environment);
  // So that a sanitized program reports as the test run was told to.
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const std::string value = Getenv(name); !value.empty()) environment[name] = value;
  }
  return environment;
}

std::string MakeTempFolder(absl::string_view name) {
  std::string base = Getenv("TEST_TMPDIR");
  if (base.empty()) base = "/tmp";
  std::string path = absl::StrCat(base, "/", name, "-XXXXXX");
  CHECK(mkdtemp(path.data()) != nullptr);
  return path;
}

std::string MakeRuntimeFolder() {
  class Root {
   public:
    Root() { CHECK(mkdtemp(path.data()) != nullptr); }
    ~Root() { std::filesystem::remove_all(path); }
    std::string path = "/tmp/mosh-e2e-XXXXXX";
  };
  static const Root root;
  std::string path = absl::StrCat(root.path, "/XXXXXX");
  CHECK(mkdtemp(path.data()) != nullptr);
  return path;
}

void WriteFile(const std::string& path, absl::string_view content, int mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  CHECK(fd >= 0);
  CHECK(write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  fchmod(fd, static_cast<mode_t>(mode));
  close(fd);
}

}  // namespace mosh::e2e
