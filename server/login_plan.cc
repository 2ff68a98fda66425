#include "server/login_plan.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace mosh::server {
namespace {

std::string FirstNonEmpty(std::string a, std::string b, std::string c) {
  if (!a.empty()) return a;
  return b.empty() ? c : b;
}

}  // namespace

LoginPlan PlanLogin(std::span<const std::string> command, int colors, const Account& account,
                    Environment environment) {
  LoginPlan plan;
  if (command.empty()) {
    plan.login_shell = true;
    plan.program = FirstNonEmpty(environment.Get("SHELL").value_or(""), account.shell, "/bin/sh");
    plan.argv = {absl::StrCat("-", plan.program.substr(plan.program.rfind('/') + 1))};
  } else {
    plan.program = command[0];
    plan.argv.assign(command.begin(), command.end());
  }
  plan.home = FirstNonEmpty(environment.Get("HOME").value_or(""), account.home, "");

  environment.Set("TERM", colors == 256 ? "xterm-256color" : "xterm");
  // ncurses would otherwise take a UTF-8 xterm for one that needs the ACS character set for line
  // drawing.
  environment.Set("NCURSES_NO_UTF8_ACS", "1");
  // Left by a GNU screen around the server, it would tell programs that they run inside that
  // screen.
  environment.Unset("STY");
  if (!plan.home.empty()) environment.Set("PWD", plan.home);
  plan.environment = std::move(environment);
  return plan;
}

}  // namespace mosh::server
