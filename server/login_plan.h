// What will run in a session, and in which surroundings. Source: docs/spec/cli.md §3.1 step 4 and
// §3.3. Pure.
#ifndef SERVER_LOGIN_PLAN_H_
#define SERVER_LOGIN_PLAN_H_

#include <span>
#include <string>
#include <vector>

#include "server/environment.h"

namespace mosh::server {

// What the user database says about the user; empty strings where it says nothing.
struct Account {
  std::string name;
  std::string home;
  std::string shell;
};

struct LoginPlan {
  std::string program;            // looked up in PATH if it has no slash
  std::vector<std::string> argv;  // argv[0] of a login shell begins with '-'
  Environment environment;
  std::string home;          // where it starts; empty: stay here
  bool login_shell = false;  // the default shell: it gets the message of the day
};

// `environment` already names a UTF-8 locale. An empty `command` means the user's shell.
LoginPlan PlanLogin(std::span<const std::string> command, int colors, const Account& account,
                    Environment environment);

}  // namespace mosh::server

#endif  // SERVER_LOGIN_PLAN_H_
