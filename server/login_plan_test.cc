#include "server/login_plan.h"

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using Strings = std::vector<std::string>;

const Account kAda = {"ada", "/home/ada", "/bin/zsh"};

TEST(LoginPlan, ShellOfTheEnvironmentComesFirst) {
  const LoginPlan plan = PlanLogin({}, 0, kAda, Environment({"SHELL=/usr/bin/fish"}));
  EXPECT_EQ(plan.program, "/usr/bin/fish");
  EXPECT_EQ(plan.argv, (Strings{"-fish"}));
  EXPECT_TRUE(plan.login_shell);
}

TEST(LoginPlan, ThenTheAccountsThenTheStandardOne) {
  EXPECT_EQ(PlanLogin({}, 0, kAda, Environment()).program, "/bin/zsh");
  EXPECT_EQ(PlanLogin({}, 0, Account(), Environment({"SHELL="})).program, "/bin/sh");
  EXPECT_EQ(PlanLogin({}, 0, Account(), Environment()).argv, (Strings{"-sh"}));
}

TEST(LoginPlan, CommandRunsAsGiven) {
  const Strings command = {"top", "-d", "1"};
  const LoginPlan plan = PlanLogin(command, 0, kAda, Environment());
  EXPECT_EQ(plan.program, "top");
  EXPECT_EQ(plan.argv, command);
  EXPECT_FALSE(plan.login_shell);
}

TEST(LoginPlan, HomeOfTheEnvironmentOrTheAccount) {
  EXPECT_EQ(PlanLogin({}, 0, kAda, Environment({"HOME=/h"})).home, "/h");
  EXPECT_EQ(PlanLogin({}, 0, kAda, Environment()).home, "/home/ada");
  EXPECT_EQ(PlanLogin({}, 0, Account(), Environment({"PWD=/x"})).environment.Get("PWD"), "/x");
}

TEST(LoginPlan, Environment) {
  const Environment before({"TERM=vt52", "STY=1.tty", "SSH_CONNECTION=a b c d", "PWD=/tmp"});
  const LoginPlan plan = PlanLogin({}, 256, kAda, before);
  EXPECT_EQ(plan.environment.assignments(),
            (Strings{"SSH_CONNECTION=a b c d", "TERM=xterm-256color", "NCURSES_NO_UTF8_ACS=1",
                     "PWD=/home/ada"}));
}

TEST(LoginPlan, OnlyTwoTerminalTypes) {
  EXPECT_EQ(PlanLogin({}, 8, kAda, Environment()).environment.Get("TERM"), "xterm");
  EXPECT_EQ(PlanLogin({}, 16777216, kAda, Environment()).environment.Get("TERM"), "xterm");
}

}  // namespace
}  // namespace mosh::server
