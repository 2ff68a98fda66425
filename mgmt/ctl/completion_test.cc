#include "mgmt/ctl/completion.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::mgmt::ctl {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> Candidates(const std::vector<std::string>& words) {
  return Complete(words, {.session_ids =
                              [] {
                                return std::vector<std::string>{"ab12", "ab34", "cd56"};
                              },
                          .node_ids =
                              [] {
                                return std::vector<std::string>{"n1", "n2"};
                              },
                          .contexts =
                              [] {
                                return std::vector<std::string>{"here", "prod"};
                              }});
}

TEST(Completion, Commands) {
  EXPECT_THAT(Candidates({"de"}), ElementsAre("describe", "detach"));
  EXPECT_THAT(Candidates({""}), Contains("kill"));
  EXPECT_THAT(Candidates({}), Contains("top"));
  EXPECT_THAT(Candidates({"config", ""}), ElementsAre("get-contexts", "use-context"));
  EXPECT_THAT(Candidates({"--server", "unix:/x", "to"}), ElementsAre("top"));
}

TEST(Completion, OptionsOfTheCommandAndOfAll) {
  EXPECT_THAT(Candidates({"kill", "--f"}), ElementsAre("--force"));
  EXPECT_THAT(Candidates({"kill", "--"}), Contains("--timeout"));
  EXPECT_THAT(Candidates({"ls", "--"}), Not(Contains("--force")));
}

TEST(Completion, Values) {
  EXPECT_THAT(Candidates({"ls", "-o", ""}), ElementsAre("table", "wide", "json", "yaml"));
  EXPECT_THAT(Candidates({"--context", "p"}), ElementsAre("prod"));
  EXPECT_THAT(Candidates({"kill", "--reason", ""}), IsEmpty());
  EXPECT_THAT(Candidates({"config", "use-context", "h"}), ElementsAre("here"));
  EXPECT_THAT(Candidates({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
}

TEST(Completion, Nodes) {
  EXPECT_THAT(Candidates({"nodes", ""}), ElementsAre("forget", "n1", "n2"));
  EXPECT_THAT(Candidates({"nodes", "forget", "n2"}), ElementsAre("n2"));
}

TEST(Completion, Sessions) {
  EXPECT_THAT(Candidates({"kill", "ab"}), ElementsAre("ab12", "ab34"));
  EXPECT_THAT(Candidates({"kill", "--force", "ab12", ""}), ElementsAre("ab12", "ab34", "cd56"));
  EXPECT_THAT(Candidates({"ls", ""}), IsEmpty());
}

TEST(Completion, ScriptsForEachShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_NE(CompletionScript(shell).find("moshctl __complete"), std::string::npos);
  }
}

}  // namespace
}  // namespace mosh::mgmt::ctl
