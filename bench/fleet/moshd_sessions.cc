#include "bench/fleet/moshd_sessions.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "e2e/tools.h"
#include "server/control/control_client.h"

namespace mosh::bench {
namespace {

constexpr char kGateSocket[] = "/run/moshd/gate.sock";

}  // namespace

std::string RaiseLimitsFor(int sessions) {
  const rlim_t wanted = static_cast<rlim_t>(sessions) + 2000;
  const rlimit limit{wanted, wanted};
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return "needs root for more descriptors";
  e2e::WriteFile("/proc/sys/kernel/pty/max", absl::StrCat(wanted, "\n"));
  return "";
}

std::string AsUser(uid_t uid, const std::function<void(FILE* out)>& task) {
  std::array<int, 2> ends;
  CHECK(pipe2(ends.data(), O_CLOEXEC) == 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK(setgroups(0, nullptr) == 0 && setgid(uid) == 0 && setuid(uid) == 0);
    FILE* const out = fdopen(ends[1], "w");
    task(out);
    fflush(out);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  std::array<char, 65536> buffer;
  ssize_t size;
  while ((size = read(ends[0], buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<size_t>(size));
  }
  close(ends[0]);
  waitpid(pid, nullptr, 0);
  return text;
}

std::vector<OpenedSession> OpenSessionsAs(uid_t uid, int count,
                                          const std::vector<std::string>& command) {
  const std::string grants = AsUser(uid, [count, &command](FILE* out) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    auto client = server::ControlClient::Connect(kGateSocket, deadline);
    if (!client.ok()) {
      fprintf(stderr, "%s\n", std::string(client.status().message()).c_str());
      return;
    }
    for (int i = 0; i < count; ++i) {
      server::control::Request request;
      for (const std::string& word : command) request.mutable_new_session()->add_command(word);
      request.mutable_new_session()->add_environment("HOME=/");
      const auto replies = client->Ask(std::move(request), deadline);
      if (!replies.ok()) {
        fprintf(stderr, "%s\n", std::string(replies.status().message()).c_str());
        return;
      }
      const server::control::Grant& grant = replies->front().grant();
      fprintf(out, "%s %s\n", grant.session_id().c_str(), grant.key().c_str());
    }
  });
  std::vector<OpenedSession> opened;
  for (absl::string_view line : absl::StrSplit(grants, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> words = absl::StrSplit(line, ' ');
    opened.push_back({words.first, words.second});
  }
  return opened;
}

}  // namespace mosh::bench
