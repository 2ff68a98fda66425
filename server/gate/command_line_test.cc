#include "server/gate/command_line.h"

#include <vector>

#include "gtest/gtest.h"

namespace mosh::server::gate {
namespace {

using Words = std::vector<const char*>;
using Action = CommandLine::Action;

TEST(MoshdCommandLine, ServesByDefault) {
  const ParsedCommandLine parsed = ParseCommandLine(Words{});
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.line.action, Action::kServe);
  EXPECT_FALSE(parsed.line.config.has_value());
}

TEST(MoshdCommandLine, ConfigBothWays) {
  EXPECT_EQ(ParseCommandLine(Words{"--config=a"}).line.config, "a");
  const ParsedCommandLine parsed = ParseCommandLine(Words{"--check", "--config", "b"});
  EXPECT_EQ(parsed.line.config, "b");
  EXPECT_EQ(parsed.line.action, Action::kCheck);
}

TEST(MoshdCommandLine, Actions) {
  EXPECT_EQ(ParseCommandLine(Words{"--status"}).line.action, Action::kStatus);
  EXPECT_EQ(ParseCommandLine(Words{"--help"}).line.action, Action::kHelp);
  EXPECT_EQ(ParseCommandLine(Words{"--version"}).line.action, Action::kVersion);
}

TEST(MoshdCommandLine, Mistakes) {
  EXPECT_EQ(ParseCommandLine(Words{"--config"}).error, "--config needs a file");
  EXPECT_EQ(ParseCommandLine(Words{"--config="}).error, "--config needs a file");
  EXPECT_EQ(ParseCommandLine(Words{"-x"}).error, "unknown word \"-x\"");
  EXPECT_EQ(ParseCommandLine(Words{"--check", "--status"}).error,
            "only one of --check, --status, --help and --version");
}

}  // namespace
}  // namespace mosh::server::gate
