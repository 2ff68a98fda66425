#include "server/subcommand.h"

#include <initializer_list>

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using Verb = Subcommand::Verb;

Subcommand Good(Verb verb, std::initializer_list<const char*> words,
                const std::vector<std::string>& after_dashes = {}) {
  const absl::StatusOr<Subcommand> command =
      ParseSubcommand(verb, std::span(words.begin(), words.size()), after_dashes);
  EXPECT_TRUE(command.ok()) << command.status();
  return command.value_or(Subcommand());
}

std::string Mistake(Verb verb, std::initializer_list<const char*> words) {
  return std::string(
      ParseSubcommand(verb, std::span(words.begin(), words.size()), {}).status().message());
}

TEST(Subcommand, Verbs) {
  EXPECT_EQ(VerbOf("list"), Verb::kList);
  EXPECT_EQ(VerbOf("snapshot"), Verb::kSnapshot);
  EXPECT_EQ(VerbOf("10.0.0.1"), std::nullopt);
  EXPECT_EQ(VerbOf("new"), std::nullopt);
  EXPECT_EQ(VerbOf(""), std::nullopt);
}

TEST(Subcommand, List) {
  EXPECT_FALSE(Good(Verb::kList, {}).json);
  EXPECT_TRUE(Good(Verb::kList, {"--json"}).json);
  EXPECT_EQ(Good(Verb::kList, {"--columns=100"}).columns, 100);
  EXPECT_EQ(Mistake(Verb::kList, {"--columns=wide"}), "--columns=wide: expected a number");
  EXPECT_EQ(Mistake(Verb::kList, {"k3x"}), "unexpected word \"k3x\"");
  EXPECT_EQ(Mistake(Verb::kList, {"--view"}), "unknown option --view");
}

TEST(Subcommand, Attach) {
  const Subcommand command = Good(Verb::kAttach, {"k3x", "--steal", "new", "-c", "256", "-s"});
  EXPECT_EQ(command.session, "k3x");
  EXPECT_TRUE(command.steal);
  EXPECT_EQ(command.ignored, (std::vector<std::string>{"-c", "256", "-s"}));
  EXPECT_EQ(Mistake(Verb::kAttach, {"k3x", "--veiw"}), "unknown option --veiw");
  EXPECT_EQ(Mistake(Verb::kAttach, {"k3x", "m77"}), "unexpected word \"m77\"");
  EXPECT_EQ(Mistake(Verb::kAttach, {"k3x", "--steal=no"}), "unknown option --steal=no");
}

TEST(Subcommand, AnIdIsToldFromAnOptionsValue) {
  EXPECT_EQ(Good(Verb::kAttach, {"-v", "k3x"}).session, "k3x");
  EXPECT_EQ(Good(Verb::kAttach, {"-c", "256", "k3x"}).session, "k3x");
  EXPECT_EQ(Good(Verb::kAttach, {"-vsc", "256", "k3x"}).session, "k3x");
  EXPECT_EQ(Good(Verb::kAttach, {"-c256", "k3x"}).session, "k3x");
  EXPECT_EQ(Good(Verb::kAttach, {"-p", "60001"}).session, "");
}

TEST(Subcommand, DetachAndTerminate) {
  EXPECT_EQ(Good(Verb::kDetach, {}).session, "");
  EXPECT_EQ(Good(Verb::kDetach, {"k3x"}).session, "k3x");
  EXPECT_TRUE(Good(Verb::kTerminate, {"--now", "k3x"}).at_once);
  EXPECT_EQ(Mistake(Verb::kTerminate, {"--now"}), "which session? Give its ID");
}

TEST(Subcommand, Notify) {
  const Subcommand command = Good(Verb::kNotify, {"k3x", "--seconds=5", "back", "at", "six"});
  EXPECT_EQ(command.session, "k3x");
  EXPECT_EQ(command.text, "back at six");
  EXPECT_EQ(command.seconds, 5);
  EXPECT_EQ(Good(Verb::kNotify, {"k3x"}, {"--dashed", "text"}).text, "--dashed text");
  EXPECT_EQ(Mistake(Verb::kNotify, {"k3x"}), "which text?");
}

TEST(Subcommand, HoldAndRelease) {
  EXPECT_EQ(VerbOf("hold"), Verb::kHold);
  EXPECT_EQ(VerbOf("release"), Verb::kRelease);
  const Subcommand command = Good(Verb::kHold, {"k3x", "back", "at", "six"});
  EXPECT_EQ(command.session, "k3x");
  EXPECT_EQ(command.text, "back at six");
  EXPECT_EQ(Good(Verb::kHold, {"k3x"}).text, "") << "needs no reason";
  EXPECT_EQ(Good(Verb::kRelease, {"k3x"}).session, "k3x");
  EXPECT_EQ(Mistake(Verb::kHold, {}), "which session? Give its ID");
  EXPECT_EQ(Mistake(Verb::kRelease, {}), "which session? Give its ID");
  EXPECT_EQ(Mistake(Verb::kRelease, {"k3x", "now"}), "unexpected word \"now\"");
}

TEST(Subcommand, Snapshot) {
  const Subcommand command = Good(Verb::kSnapshot, {"k3x", "--ansi", "--history=100"});
  EXPECT_TRUE(command.ansi);
  EXPECT_EQ(command.history_lines, 100);
  EXPECT_EQ(Mistake(Verb::kSnapshot, {}), "which session? Give its ID");
  EXPECT_EQ(Mistake(Verb::kSnapshot, {"k3x", "--history=-1"}), "--history=-1: expected a number");
  EXPECT_EQ(Mistake(Verb::kList, {"--columns=-1"}), "--columns=-1: expected a number");
}

}  // namespace
}  // namespace mosh::server
