// Many users with many sessions each under one moshd, on one UDP port: which process holds whose
// keys, what users can do to each other, and how soon a roaming stock client is found among all
// the others. Whole programs on a machine of the benchmark's own; needs root.
//
//   ./tools/bazel run //bench:users -- [--users=50] [--sessions=200] [--roams=40]
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "bench/fleet/moshd_sessions.h"
#include "bench/fleet/processes.h"
#include "bench/measure.h"
#include "crypto/session_key.h"
#include "e2e/mosh_session.h"
#include "e2e/moshd_process.h"
#include "e2e/private_machine.h"
#include "e2e/process.h"
#include "e2e/terminal_program.h"
#include "e2e/tools.h"
#include "io/address.h"

namespace mosh::bench {
namespace {

using e2e::PrivateMachine;

constexpr int kPort = 61000;
constexpr uid_t kFirstUid = 61001;

struct Options {
  int users = 50;
  int sessions = 200;  // of each user
  int roams = 40;
};

struct User {
  std::string name;
  uid_t uid;
  std::vector<std::string> keys, ids;
};

[[noreturn]] void Die(const std::string& why) {
  fprintf(stderr, "users: %s\n", why.c_str());
  exit(1);
}

void OpenSessions(User* user, int sessions) {
  for (OpenedSession& opened :
       OpenSessionsAs(user->uid, sessions, {PrivateMachine::Program("echo_child")})) {
    user->ids.push_back(std::move(opened.id));
    user->keys.push_back(std::move(opened.key));
  }
  if (std::ssize(user->keys) != sessions) Die("moshd didn't give all sessions");
}

// Finds keys, raw and as text, in a process's memory.
class KeySearch {
 public:
  explicit KeySearch(const std::vector<User>& users) {
    for (size_t u = 0; u < users.size(); ++u) {
      for (size_t k = 0; k < users[u].keys.size(); ++k) {
        const std::string& text = users[u].keys[k];
        const crypto::SessionKey key = *crypto::SessionKey::FromBase64(text);
        Add(std::string(key.secret_bytes().begin(), key.secret_bytes().end()), u, k);
        Add(text, u, k);
      }
    }
  }

  // By user, how many different keys of his are there.
  std::map<size_t, size_t> Find(pid_t pid) const {
    std::map<size_t, std::set<size_t>> found;
    std::ifstream maps(absl::StrCat("/proc/", pid, "/maps"));
    const int memory = open(absl::StrCat("/proc/", pid, "/mem").c_str(), O_RDONLY | O_CLOEXEC);
    CHECK(memory >= 0);
    std::string line, bytes;
    while (std::getline(maps, line)) {
      unsigned long begin, end;
      char access[8];
      CHECK(sscanf(line.c_str(), "%lx-%lx %7s", &begin, &end, access) == 3);
      if (access[0] != 'r' || access[1] != 'w') continue;
      bytes.resize(end - begin);
      const ssize_t size = pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(begin));
      if (size > 0) Look(absl::string_view(bytes.data(), static_cast<size_t>(size)), &found);
    }
    close(memory);
    std::map<size_t, size_t> counts;
    for (const auto& [user, keys] : found) counts[user] = keys.size();
    return counts;
  }

 private:
  struct Key {
    std::string bytes;
    size_t user, key;
  };

  static uint64_t Prefix(const char* bytes) {
    uint64_t prefix;
    memcpy(&prefix, bytes, sizeof prefix);
    return prefix;
  }
  void Add(std::string bytes, size_t user, size_t key) {
    const uint64_t prefix = Prefix(bytes.data());
    begins_[prefix & 0xffffff] = true;
    keys_[prefix] = {std::move(bytes), user, key};
  }
  void Look(absl::string_view bytes, std::map<size_t, std::set<size_t>>* found) const {
    for (size_t i = 0; i + 16 <= bytes.size(); ++i) {
      const uint64_t prefix = Prefix(bytes.data() + i);
      if (!begins_[prefix & 0xffffff]) continue;
      const auto key = keys_.find(prefix);
      if (key == keys_.end() || !absl::StartsWith(bytes.substr(i), key->second.bytes)) continue;
      (*found)[key->second.user].insert(key->second.key);
    }
  }

  std::vector<bool> begins_ = std::vector<bool>(1 << 24);
  absl::flat_hash_map<uint64_t, Key> keys_;
};

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

uid_t UidOf(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  std::string line;
  while (std::getline(status, line)) {
    unsigned uid;
    if (sscanf(line.c_str(), "Uid: %u", &uid) == 1) return uid;
  }
  return static_cast<uid_t>(-1);  // it has ended
}

bool ShowSeparation(const std::vector<User>& users, const e2e::MoshdProcess& moshd) {
  const KeySearch search(users);
  size_t own_least = SIZE_MAX, owners_most = 0, strangers = 0;
  const std::vector<pid_t> hosts = moshd.Find("moshd-host");
  for (const pid_t pid : hosts) {
    const auto found = search.Find(pid);
    owners_most = std::max(owners_most, found.size());
    const size_t owner = UidOf(pid) - kFirstUid;
    const auto own = found.find(owner);
    own_least = std::min(own_least, own == found.end() ? 0 : own->second);
    strangers += found.size() - (own == found.end() ? 0 : 1);
  }
  printf(
      "| process | how many | as | users whose keys it holds | of the owner's keys, at least |\n");
  printf("|---|---|---|---|---|\n");
  printf("| moshd-host | %zu | the user | %zu | %zu of %zu |\n", hosts.size(), owners_most,
         own_least, users.front().keys.size());
  size_t others = 0;
  for (const char* name : {"moshd", "moshd-keeper", "moshd-spawner"}) {
    const std::vector<pid_t> pids = moshd.Find(name);
    size_t most = 0;
    for (const pid_t pid : pids) most = std::max(most, search.Find(pid).size());
    others += most;
    printf("| %s | %zu | root | %zu | |\n", name, pids.size(), most);
  }
  return hosts.size() == users.size() && owners_most == 1 && strangers == 0 && others == 0 &&
         own_least == users.front().keys.size();
}

// What one user tries on another, and how each attempt ends.
bool ShowAttempts(const User& attacker, const User& victim, const e2e::MoshdProcess& moshd,
                  const std::string& mark) {
  const pid_t victims_host = moshd.HostOf(victim.name);
  const pid_t gate = moshd.Find("moshd").front();
  bool good = true;
  const auto tell = [&good](const std::string& what, bool refused, const std::string& how) {
    printf("| %s | %s | %s |\n", what.c_str(), refused ? "refused" : "**DONE**", how.c_str());
    good = good && refused;
  };
  printf("\n| a user tries on another | | |\n|---|---|---|\n");
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), PrivateMachine::Program("mosh-server"));
    return e2e::RunToEnd({.argv = PrivateMachine::As(attacker.name, words),
                          .environment = PrivateMachine::EnvironmentOf(attacker.name, mark)},
                         e2e::Patience());
  };
  const e2e::Output list = run({"list", "--json"});
  size_t own = 0, foreign = 0;
  for (const std::string& id : attacker.ids) own += absl::StrContains(list.out, "\"" + id + "\"");
  for (const std::string& id : victim.ids) foreign += absl::StrContains(list.out, "\"" + id + "\"");
  tell("list", foreign == 0 && own == attacker.ids.size(),
       absl::StrCat("sees ", own, " of his own and ", foreign, " of the other's"));
  const std::string& id = victim.ids.front();
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"attach", id},
                                             {"detach", id},
                                             {"terminate", id},
                                             {"notify", id, "boo"},
                                             {"snapshot", id}}) {
    const e2e::Output output = run(words);
    tell(words[0], output.exit_code == 2 && !absl::StrContains(output.out, "MOSH CONNECT"),
         std::string(absl::StripAsciiWhitespace(output.err)));
  }
  const std::string folder = absl::StrCat("/run/user/", victim.uid, "/mosh");
  const std::string tried = AsUser(attacker.uid, [&](FILE* out) {
    const auto report = [out](const char* what, bool refused) {
      fprintf(out, "%s\t%d\t%s\n", what, refused ? 1 : 0, refused ? strerror(errno) : "");
    };
    report("look into his runtime directory", access(folder.c_str(), R_OK) != 0);
    report("read his Host's memory",
           open(absl::StrCat("/proc/", victims_host, "/mem").c_str(), O_RDONLY) < 0);
    report("read his Host's environment",
           FirstLine(absl::StrCat("/proc/", victims_host, "/environ")).empty());
    report("trace his Host", ptrace(PTRACE_ATTACH, victims_host, nullptr, nullptr) != 0);
    report("signal his Host", kill(victims_host, SIGTERM) != 0);
    report("signal the gate", kill(gate, SIGTERM) != 0);
    const int port = socket(AF_INET, SOCK_DGRAM, 0);
    const int one = 1;
    setsockopt(port, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    const io::SocketAddress shared = io::SocketAddress::AnyV4(kPort);
    report("bind the port beside moshd", bind(port, shared.address(), shared.length()) != 0);
  });
  for (absl::string_view line : absl::StrSplit(tried, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(line, '\t');
    tell(parts[0], parts[1] == "1", parts[2]);
  }
  return good;
}

// A real stock client behind a relay that changes its address: from a key to the screen, at once
// after the change and without one.
void ShowRoaming(const Entry& entry, int roams, const std::string& mark) {
  e2e::RelayProcess relay(kPort, "clean", e2e::BaseEnvironment(mark));
  e2e::Environment environment = e2e::BaseEnvironment(mark);
  environment["MOSH_KEY"] = entry.key;
  environment["MOSH_PREDICTION_DISPLAY"] = "never";
  e2e::TerminalProgram client(
      {.argv = {e2e::RequireTool("mosh-client"), "127.0.0.1", absl::StrCat(relay.port())},
       .environment = environment});
  CHECK(client.WaitForText("$"));
  Samples still, roamed;
  for (int i = 0; i < 2 * roams; ++i) {
    const bool roam = i % 2 == 1;
    if (roam) CHECK(relay.Ask("roam") == "ok");
    const std::string key(1, static_cast<char>('a' + i % 26));
    const double before = NowMillis();
    client.Type(key);
    CHECK(client.WaitForText(key));
    (roam ? roamed : still).Add(NowMillis() - before);
    usleep(200'000);
  }
  printf("\n| a stock client's key to screen, ms | median | p99 | most |\n|---|---|---|---|\n");
  printf("| at a known address | %.1f | %.1f | %.1f |\n", still.Median(), still.Percentile(99),
         still.Percentile(100));
  printf("| the first after roaming | %.1f | %.1f | %.1f |\n", roamed.Median(),
         roamed.Percentile(99), roamed.Percentile(100));
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::pair<std::string, std::string> option = absl::StrSplit(argv[i], '=');
    int* number = option.first == "--users"      ? &options.users
                  : option.first == "--sessions" ? &options.sessions
                  : option.first == "--roams"    ? &options.roams
                                                 : nullptr;
    if (number != nullptr && absl::SimpleAtoi(option.second, number) && *number > 0) continue;
    fprintf(stderr, "Usage: users [--users=N] [--sessions=N] [--roams=N]\n");
    exit(2);
  }
  if (options.users < 2) Die("needs two users at least");
  return options;
}

int Main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string limited = RaiseLimitsFor(options.users * options.sessions);
  if (!limited.empty()) Die(limited);
  std::vector<User> users;
  PrivateMachine::Users accounts;
  for (int i = 0; i < options.users; ++i) {
    users.push_back({absl::StrCat("user", i), kFirstUid + static_cast<uid_t>(i), {}, {}});
    accounts[users.back().name] = users.back().uid;
  }
  const std::string why_not = PrivateMachine::Enter(
      accounts, {e2e::RequireVariable("BENCH_MOSHD"), e2e::RequireVariable("BENCH_SERVER"),
                 e2e::RequireVariable("BENCH_ECHO")});
  if (!why_not.empty()) Die(why_not);
  e2e::BecomeReaper();
  const std::string mark = e2e::NewMark();
  CrowdProcess crowd;
  e2e::MoshdProcess moshd(e2e::BaseEnvironment(mark),
                          absl::StrCat("max_sessions = ", options.sessions + 10, "\n"));

  const double start = NowMillis();
  for (User& user : users) {
    OpenSessions(&user, options.sessions);
    std::vector<Entry> entries;
    // The very last one is for the stock client; of the others each tenth counts as stock's do.
    const size_t connected = user.keys.size() - (&user == &users.back() ? 1 : 0);
    for (size_t i = 0; i < connected; ++i) {
      entries.push_back({kPort, user.keys[i],
                         i % 10 == 0 ? LightClient::Start::kAtZero : LightClient::Start::kAtTag});
    }
    crowd.Connect(entries);
  }
  printf("%d users with %d sessions each, all connected, in %.1f s\n\n", options.users,
         options.sessions, (NowMillis() - start) / 1000);

  bool good = ShowSeparation(users, moshd);
  good = ShowAttempts(users[0], users[1], moshd, mark) && good;
  ShowRoaming({kPort, users.back().keys.back(), LightClient::Start::kAtZero}, options.roams, mark);
  const std::string status = moshd.Status();
  printf("\n%s", status.substr(0, status.find("host ")).c_str());
  printf("\nusers are %s\n", good ? "separate" : "NOT separate");
  e2e::KillMarkedProcesses(mark);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace mosh::bench

int main(int argc, char** argv) { return mosh::bench::Main(argc, argv); }
