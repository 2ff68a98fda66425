#include "server/gate/config.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace mosh::server::gate {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

std::string Problem(absl::string_view text) {
  const ParsedConfig parsed = ParseConfig(text);
  std::string all;
  for (const ConfigProblem& p : parsed.problems) absl::StrAppend(&all, p.line, ": ", p.text, "\n");
  return all;
}

TEST(Config, EmptyFileIsTheDefaults) {
  const ParsedConfig parsed = ParseConfig("");
  EXPECT_TRUE(parsed.problems.empty());
  EXPECT_EQ(parsed.config.port, 61000);
  EXPECT_TRUE(parsed.config.bind.empty());
  EXPECT_FALSE(parsed.config.limits.idle.has_value());
}

TEST(Config, EveryKey) {
  const ParsedConfig parsed = ParseConfig(
      "# a comment\n"
      "port=4000\n"
      "  bind = 192.0.2.1, 2001:db8::1   # two of them\n"
      "allow_users = alice bob\n"
      "allow_groups = staff\n"
      "deny_users = mallory\n"
      "deny_groups = guests,visitors\n"
      "max_hosts = 7\n"
      "max_sessions = 8\n"
      "idle_limit = 90\n"
      "lifetime_limit = 7d\n"
      "detached_limit = 12h\n"
      "history_lines = 50000\n"
      "history_memory = 64M\n"
      "linger = 5m\n"
      "offer_rate = 500\n"
      "pam_service = moshd\n"
      "log_level = debug\n");
  EXPECT_TRUE(parsed.problems.empty());
  const Config& c = parsed.config;
  EXPECT_EQ(c.port, 4000);
  EXPECT_EQ(c.bind, (Strings{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(c.allow_users, (Strings{"alice", "bob"}));
  EXPECT_EQ(c.allow_groups, Strings{"staff"});
  EXPECT_EQ(c.deny_users, Strings{"mallory"});
  EXPECT_EQ(c.deny_groups, (Strings{"guests", "visitors"}));
  EXPECT_EQ(c.max_hosts, 7);
  EXPECT_EQ(c.limits.sessions, 8);
  EXPECT_EQ(c.limits.idle, 90s);
  EXPECT_EQ(c.limits.lifetime, 168h);
  EXPECT_EQ(c.limits.detached, 12h);
  EXPECT_EQ(c.history.lines, 50'000);
  EXPECT_EQ(c.history.bytes, size_t{64} << 20);
  EXPECT_EQ(c.linger, 5min);
  EXPECT_EQ(c.offer_rate, 500);
  EXPECT_EQ(c.pam_service, "moshd");
  EXPECT_EQ(c.log_level, LogLevel::kDebug);
}

TEST(Config, WordsForNothing) {
  const ParsedConfig parsed = ParseConfig(
      "bind = any\nmax_sessions = off\nidle_limit = off\nlifetime_limit = off\n"
      "detached_limit = off\nhistory_lines = off\npam_service = off\n");
  EXPECT_TRUE(parsed.problems.empty());
  EXPECT_TRUE(parsed.config.bind.empty());
  EXPECT_EQ(parsed.config.limits.sessions, 0);
  EXPECT_EQ(parsed.config.history.lines, 0);
  EXPECT_EQ(parsed.config.pam_service, "");
}

TEST(Config, ProblemsNameTheLineAndWhatIsAllowed) {
  EXPECT_EQ(Problem("\nport = 0\n"), "2: port = 0: must be a whole number from 1 to 65535\n");
  EXPECT_EQ(Problem("port = 61000x"), "1: port = 61000x: must be a whole number from 1 to 65535\n");
  EXPECT_EQ(Problem("linger = off"),
            "1: linger = off: must be a time such as 90s, 15m, 12h or 7d\n");
  EXPECT_EQ(Problem("idle_limit = soon"),
            "1: idle_limit = soon: must be a time such as 90s, 15m, 12h or 7d, or off\n");
  EXPECT_EQ(Problem("history_lines = 0"),
            "1: history_lines = 0: must be a whole number from 1 to 1000000, or off\n");
  for (const char* bad : {"63K", "2G", "off", "4MB", ""}) {
    EXPECT_EQ(Problem(absl::StrCat("history_memory = ", bad)),
              absl::StrCat("1: history_memory = ", bad,
                           ": must be a size from 64K to 1G, such as 512K or 4M\n"));
  }
  EXPECT_EQ(Problem("max_hosts = 4096"),
            "1: max_hosts = 4096: must be a whole number from 1 to 4095\n");
  EXPECT_EQ(Problem("log_level = loud"),
            "1: log_level = loud: must be error, warning, info or debug\n");
  EXPECT_EQ(Problem("pam_service = ../x"),
            "1: pam_service = ../x: must be the name of a PAM service, such as moshd, or off\n");
  EXPECT_EQ(Problem("bind = localhost"),
            "1: bind = localhost: must be any, or up to 8 different numeric IP addresses\n");
  EXPECT_EQ(Problem("hello"), "1: \"hello\" is no setting: a line is `key = value`\n");
  EXPECT_EQ(Problem("port ="), "1: port = : must be a whole number from 1 to 65535\n");
  EXPECT_EQ(Problem("port = 1\nport = 2"), "2: port is set twice\n");
  const std::string unknown = Problem("prot = 1\nbind = x\n");
  EXPECT_TRUE(absl::StartsWith(unknown, "1: unknown key \"prot\"; the keys are port, bind, "));
  EXPECT_TRUE(absl::StrContains(unknown, "\n2: bind = x"));
}

TEST(Config, SpansAreBounded) {
  std::optional<std::chrono::seconds> span;
  EXPECT_TRUE(ParseSpan("3650d", &span));
  for (const char* bad : {"", "s", "-1", "+1", "1w", "3651d", "99999999999", "1.5h", " 1"}) {
    EXPECT_FALSE(ParseSpan(bad, &span)) << bad;
  }
}

TEST(Config, SizesAreBounded) {
  uint64_t size;
  EXPECT_TRUE(ParseSize("1024G", &size));
  EXPECT_EQ(size, uint64_t{1} << 40);
  EXPECT_TRUE(ParseSize("65536", &size));
  EXPECT_EQ(size, 65'536);
  for (const char* bad : {"", "K", "-1", "+1", "1k", "1T", "1025G", "18014398509481985K", "1.5M"}) {
    EXPECT_FALSE(ParseSize(bad, &size)) << bad;
  }
}

TEST(Config, HostsAreToldTheirPart) {
  const Config config = ParseConfig(
                            "max_sessions = 3\nidle_limit = 1h\nhistory_lines = off\n"
                            "history_memory = 512K\nlinger = 2m\nport = 4000")
                            .config;
  const ParsedConfig told = ParseConfig(HostLines(config));
  EXPECT_TRUE(told.problems.empty());
  EXPECT_EQ(told.config.limits.sessions, 3);
  EXPECT_EQ(told.config.limits.idle, 1h);
  EXPECT_FALSE(told.config.limits.lifetime.has_value());
  EXPECT_EQ(told.config.history.lines, 0);
  EXPECT_EQ(told.config.history.bytes, size_t{512} << 10);
  EXPECT_EQ(told.config.linger, 2min);
  EXPECT_EQ(told.config.port, 61000);
}

// The example says of every key what holds without it.
TEST(Config, ExampleIsComplete) {
  std::ifstream file(absl::StrCat(std::getenv("TEST_SRCDIR"), "/", std::getenv("TEST_WORKSPACE"),
                                  "/server/gate/packaging/moshd.conf"));
  ASSERT_TRUE(file.is_open());
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(Problem(text.str()), "");
  std::string uncommented;
  int settings = 0;
  for (absl::string_view line : absl::StrSplit(text.str(), '\n')) {
    if (line.size() < 2 || line[0] != '#' || !absl::ascii_islower(line[1])) continue;
    absl::StrAppend(&uncommented, line.substr(1), "\n");
    ++settings;
  }
  EXPECT_EQ(settings, 17);
  EXPECT_EQ(Problem(uncommented), "");
  const Config stated = ParseConfig(uncommented).config;
  EXPECT_TRUE(SamePort(stated, Config()));
  EXPECT_EQ(HostLines(stated), HostLines(Config()));
  EXPECT_EQ(stated.max_hosts, Config().max_hosts);
  EXPECT_EQ(stated.offer_rate, Config().offer_rate);
  EXPECT_EQ(stated.pam_service, Config().pam_service);
  EXPECT_EQ(stated.log_level, Config().log_level);
  EXPECT_TRUE(stated.allow_users.empty());
}

}  // namespace
}  // namespace mosh::server::gate
