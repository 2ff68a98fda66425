#include "mgmt/agent/command_line.h"

#include <fstream>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

TEST(AgentCommandLine, NeedsNothing) {
  const ParsedOptions parsed = ParseOptions({});
  ASSERT_TRUE(parsed.run.has_value()) << parsed.err;
  EXPECT_EQ(parsed.run->listen, "");
}

TEST(AgentCommandLine, ReadsAConfigurationFileBelowTheCommandLine) {
  const std::string path = testing::TempDir() + "/agent.conf";
  std::ofstream(path) << "# ours\nnode=a-1\nmax-watchers=7\nmetrics=127.0.0.1:9100\n";
  const ParsedOptions parsed = ParseOptions({"--config", path, "--node", "b-2"});
  ASSERT_TRUE(parsed.run.has_value()) << parsed.err;
  EXPECT_EQ(parsed.run->node, "b-2");
  EXPECT_EQ(parsed.run->limits.max_watchers, 7);
  EXPECT_EQ(parsed.run->metrics, "127.0.0.1:9100");
}

TEST(AgentCommandLine, ReadsWhatAFleetNeeds) {
  const std::string path = testing::TempDir() + "/fleet.conf";
  std::ofstream(path) << "etcd=e1:2379,e2:2379\netcd-ca=/ca\nlabel=rack=b\n"
                         "label=tier=web\netcd-lease=5\n";
  const ParsedOptions parsed = ParseOptions({"--config", path});
  ASSERT_TRUE(parsed.run.has_value()) << parsed.err;
  const FleetOptions& fleet = parsed.run->fleet;
  EXPECT_EQ(fleet.etcd, (std::vector<std::string>{"e1:2379", "e2:2379"}));
  EXPECT_EQ(fleet.etcd_ca, "/ca");
  EXPECT_EQ(fleet.prefix, "/mosh-fleet/");
  EXPECT_EQ(fleet.lease_seconds, 5);
  EXPECT_EQ(fleet.labels, (std::map<std::string, std::string>{{"rack", "b"}, {"tier", "web"}}));
}

TEST(AgentCommandLine, AMisspeltLineOfTheFileIsAMistake) {
  const std::string path = testing::TempDir() + "/wrong.conf";
  std::ofstream(path) << "polcy=/etc/x\n";
  const ParsedOptions parsed = ParseOptions({"--config", path});
  EXPECT_FALSE(parsed.run.has_value());
  EXPECT_EQ(parsed.status, 2);
}

TEST(AgentCommandLine, RefusesWhatCantWork) {
  const struct {
    std::vector<std::string> arguments;
    const char* says;
  } kWrong[] = {
      {{"--nonsense"}, "--nonsense"},
      {{"--node", "a/b"}, "--node"},
      {{"--listen", "0.0.0.0:9443"}, "--tls-cert"},
      {{"--listen", "9443", "--tls-cert", "c", "--tls-key", "k", "--tls-ca", "a"}, "ADDRESS:PORT"},
      {{"--listen", "[::]:9443", "--tls-cert", "c", "--tls-key", "k", "--tls-ca", "a"}, "--policy"},
      {{"--tls-cert", "c"}, "--listen"},
      {{"--listen-unix", "none"}, "nothing to listen at"},
      {{"--max-watchers", "0"}, "max-watchers"},
      {{"--etcd", "e1"}, "HOST:PORT"},
      {{"--etcd", "e1:0"}, "HOST:PORT"},
      {{"--etcd", "e 1:2379"}, "HOST:PORT"},
      {{"--etcd", "e1:2379", "--etcd-cert", "c", "--etcd-key", "k"}, "--etcd-ca"},
      {{"--etcd", "e1:2379", "--etcd-ca", "a", "--etcd-cert", "c"}, "go together"},
      {{"--etcd-ca", "a"}, "--etcd"},
      {{"--etcd-prefix", "fleet"}, "--etcd-prefix"},
      {{"--etcd-lease", "1"}, "etcd-lease"},
      {{"--advertise", "h:1"}, "--listen"},
      {{"--label", "rack"}, "KEY=VALUE"},
      {{"--label", "1a=b"}, "KEY=VALUE"},
      {{"--label", "a.b=c"}, "KEY=VALUE"},
      {{"--label", "a=\x1b"}, "KEY=VALUE"},
      {{"--label", "a=1", "--label", "a=2"}, "given twice"},
      {{"--fleet-nodes", "nodes"}, "--fleet-nodes needs --listen"},
      {{"--fleet-nodes", "nodes", "--etcd", "e:2379"}, "one of both"},
      {{"--fleet-max-sessions", "0"}, "fleet-max-sessions"},
  };
  for (const auto& [arguments, says] : kWrong) {
    const ParsedOptions parsed = ParseOptions(arguments);
    EXPECT_FALSE(parsed.run.has_value()) << arguments[0];
    EXPECT_EQ(parsed.status, 2);
    EXPECT_TRUE(absl::StrContains(parsed.err, says)) << parsed.err;
  }
}

TEST(AgentCommandLine, HelpAndVersionAreNoMistakes) {
  for (const char* argument : {"--help", "--version"}) {
    const ParsedOptions parsed = ParseOptions({argument});
    EXPECT_FALSE(parsed.run.has_value());
    EXPECT_EQ(parsed.status, 0);
    EXPECT_TRUE(absl::StrContains(parsed.out, "mosh-agent")) << parsed.out;
  }
}

}  // namespace
}  // namespace mosh::mgmt
