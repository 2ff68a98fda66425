#include "client/wrapper/wrapper.h"

#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/wrapper/child_process.h"
#include "client/wrapper/diagnosis.h"
#include "client/wrapper/here.h"
#include "client/wrapper/proxy_helper.h"
#include "client/wrapper/resolver.h"
#include "client/wrapper/server_output.h"
#include "client/wrapper/shell_words.h"
#include "client/wrapper/ssh_command.h"
#include "client/wrapper/ssh_config.h"

namespace mosh::client {
namespace {

constexpr int kWrapperError = 255;

void Print(FILE* stream, absl::string_view text) {
  fwrite(text.data(), 1, text.size(), stream);
  fflush(stream);
}

std::string BaseName(absl::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

void SetClientEnvironment(const WrapperOptions& options, absl::string_view key) {
  setenv("MOSH_PREDICTION_DISPLAY", options.predict.c_str(), 1);
  if (options.predict_overwrite) setenv("MOSH_PREDICTION_OVERWRITE", "yes", 1);
  if (!options.init) setenv("MOSH_NO_TERM_INIT", "1", 1);
  if (options.escape_key.has_value()) setenv("MOSH_ESCAPE_KEY", options.escape_key->c_str(), 1);
  if (options.no_resume) setenv("MOSH_NO_RESUME", "1", 1);
  setenv("MOSH_CLIENT_PID", absl::StrCat(getpid()).c_str(), 1);
  if (!key.empty()) setenv("MOSH_KEY", std::string(key).c_str(), 1);
}

class Wrapper {
 public:
  Wrapper(const WrapperContext& context, WrapperOptions options)
      : context_(context), options_(std::move(options)) {}

  int Run();
  // --list: shows what the server says; the process's exit status.
  int List();

 private:
  // Each step returns false after having said on stderr what is wrong.
  bool CheckTerminal();
  bool CountColors();
  bool ChooseRoute();
  bool ResolveTarget();
  bool StartServer();
  bool ReadServer(ChildProcess child, absl::string_view known_address);
  ChildOptions SshChild() const;
  ChildOptions LocalChild() const;
  // This machine's mosh-server with these words.
  std::vector<std::string> LocalServer(const std::vector<std::string>& words) const;
  int HandOver();

  bool Fail(absl::string_view text) {
    Print(stderr, absl::StrCat(context_.program, ": ", text, "\n"));
    return false;
  }

  const WrapperContext& context_;
  WrapperOptions options_;
  SshRoute route_;
  int colors_ = 0;
  std::string target_;         // [user@]host as ssh shall see it
  std::string known_address_;  // --remote-ip=local
  ClientStart start_;
};

int Wrapper::Run() {
  if (!CheckTerminal() || !CountColors()) return kWrapperError;
  if (!options_.net.empty()) {
    const absl::Status status = CheckNetProfile(options_.net);
    if (!status.ok()) return Fail(status.message()), kWrapperError;
  }
  if (!options_.here && !options_.local && (!ChooseRoute() || !ResolveTarget())) {
    return kWrapperError;
  }
  if (!StartServer()) return kWrapperError;
  if (options_.here && !options_.net.empty()) {
    const absl::Status status = StartNetRelay(options_.net, start_.port, start_.port);
    if (!status.ok()) return Fail(status.message()), kWrapperError;
  }
  return HandOver();
}

// Better before a password is asked for than after.
bool Wrapper::CheckTerminal() {
  if (!options_.client.empty() || isatty(STDIN_FILENO)) return true;
  return Fail(
      "Standard input is not a terminal. mosh is for interactive use; in scripts, use ssh.");
}

bool Wrapper::CountColors() {
  if (options_.client.empty()) {
    std::string error;
    colors_ = std::max(0, context_.count_colors(error));
    return error.empty() || Fail(error);
  }
  int error = 0;
  auto child = ChildProcess::Start(
      {.arguments = {options_.client, "-c"}, .errors = ChildOptions::Errors::kInherit}, error);
  if (!child.ok()) {
    return Fail(absl::StrCat("Can't count colors: ", options_.client, ": ", strerror(error)));
  }
  std::string output;
  while (child->Read(output)) continue;
  const int status = child->Wait();
  if (status != 0) {
    return Fail(absl::StrCat("\"", options_.client, " -c\" ended with status ", status, "."));
  }
  const absl::string_view digits = absl::StripTrailingAsciiWhitespace(output);
  const bool number = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
  if (!number || !absl::SimpleAtoi(digits, &colors_)) colors_ = 0;
  return true;
}

// The proxy helper connects to the host itself. Behind a jump host that is impossible, or reaches
// the wrong machine: there the server must be asked. Only OpenSSH can tell, and only if the user
// has not chosen.
bool Wrapper::ChooseRoute() {
  target_ = options_.user_host;
  if (options_.remote_ip != RemoteIp::kProxy) return true;
  bool is_openssh = false;
  for (const std::string& word : options_.ssh) is_openssh = is_openssh || BaseName(word) == "ssh";
  if (!is_openssh) return true;
  std::vector<std::string> arguments = options_.ssh;
  arguments.insert(arguments.end(), {"-G", options_.user_host});
  int error = 0;
  auto child = ChildProcess::Start(
      {.arguments = arguments, .errors = ChildOptions::Errors::kDiscard}, error);
  if (!child.ok()) {
    Print(stderr, DiagnoseNotStarted(context_.program, options_.ssh.front(), error));
    return false;
  }
  std::string output;
  while (child->Read(output)) continue;
  child->CloseOutput();
  if (child->Wait() == 0) route_ = ParseSshConfig(output);
  if (route_.direct() || options_.remote_ip_given) return true;
  options_.remote_ip = RemoteIp::kRemote;
  const std::string way = route_.proxy_jump.empty()
                              ? std::string("a ProxyCommand")
                              : absl::StrCat("the jump host ", route_.proxy_jump);
  Print(stderr,
        absl::StrCat(context_.program, ": ssh reaches ", options_.user_host, " through ", way,
                     ", so the server is asked for its address\n(--remote-ip=remote). UDP "
                     "does not pass through ssh: it must reach the server directly.\n"));
  return true;
}

bool Wrapper::ResolveTarget() {
  if (options_.remote_ip != RemoteIp::kLocal) return true;
  const size_t at = options_.user_host.rfind('@');
  const std::string user = at == std::string::npos ? "" : options_.user_host.substr(0, at + 1);
  const std::string host =
      at == std::string::npos ? options_.user_host : options_.user_host.substr(at + 1);
  const auto addresses = Resolve(host, "22", options_.family, SystemLookup());
  if (!addresses.ok()) return Fail(addresses.status().message());
  known_address_ = addresses->front().numeric;
  target_ = user + known_address_;
  return true;
}

ChildOptions Wrapper::SshChild() const {
  const std::vector<std::string> server =
      ServerArguments(options_, colors_, BindArguments(options_, ""), context_.environment);
  ChildOptions child = {.arguments = SshCommand(options_, context_.self, target_, server)};
  child.environment.push_back({"MOSH_PREDICTION_DISPLAY", std::nullopt});
  child.environment.push_back({"MOSH_CLIENT_PID", absl::StrCat(getpid())});
  if (options_.remote_ip == RemoteIp::kProxy) child.environment.push_back({"SHELL", "/bin/sh"});
  return child;
}

// --local and --here: the server is a child of ours, started as a login would start it.
ChildOptions Wrapper::LocalChild() const {
  const std::string address = options_.here ? "127.0.0.1" : options_.user_host;
  WrapperOptions options = options_;
  if (options_.here) options.bind_server = "ssh";
  const std::vector<std::string> server =
      ServerArguments(options, colors_, BindArguments(options, address), context_.environment);
  ChildOptions child;
  // The client tells the size of the window; a server that sees a terminal adds a blank line.
  child.null_input = options_.here;
  child.environment.push_back({"MOSH_PREDICTION_DISPLAY", std::nullopt});
  child.environment.push_back({"MOSH_CLIENT_PID", absl::StrCat(getpid())});
  child.environment.push_back({"SSH_CONNECTION", std::nullopt});
  child.arguments = LocalServer(server);
  if (options_.here && !context_.environment("MOSH_SERVER_NETWORK_TMOUT").has_value()) {
    // A trial's server shall not outlive a client that was killed by much.
    child.environment.push_back({"MOSH_SERVER_NETWORK_TMOUT", "300"});
  }
  const std::optional<std::string> home = context_.environment("HOME");
  if (home.has_value() && access(home->c_str(), X_OK) == 0) child.directory = *home;
  return child;
}

std::vector<std::string> Wrapper::LocalServer(const std::vector<std::string>& words) const {
  const std::string found = options_.here ? FindServer(context_.self, options_.server) : "";
  if (found.empty()) {
    return {"/bin/sh", "-c", absl::StrCat("exec ", options_.server, " ", ShellQuoteAll(words))};
  }
  std::vector<std::string> arguments = {found};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return arguments;
}

int Wrapper::List() {
  winsize window = {};
  ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
  const std::vector<std::string> words = ListArguments(window.ws_col);
  const bool over_ssh = !options_.here && !options_.local;
  const ChildOptions options = {.arguments = over_ssh ? PlainSshCommand(options_, words)
                                                      : LocalServer(words)};
  int error = 0;
  auto child = ChildProcess::Start(options, error);
  if (!child.ok()) {
    Print(stderr, DiagnoseNotStarted(context_.program, options.arguments.front(), error));
    return kWrapperError;
  }
  std::string output;
  while (child->Read(output)) continue;
  child->CloseOutput();
  const int status = child->Wait();
  Print(status == 0 ? stdout : stderr, output);
  if (status == 0) return 0;
  Print(stderr, DiagnoseList({.program = context_.program,
                              .options = &options_,
                              .route = &route_,
                              .output = output,
                              .exit_status = status}));
  return status;
}

bool Wrapper::StartServer() {
  const bool over_ssh = !options_.here && !options_.local;
  const ChildOptions child_options = over_ssh ? SshChild() : LocalChild();
  int error = 0;
  auto child = ChildProcess::Start(child_options, error);
  if (!child.ok()) {
    Print(stderr, DiagnoseNotStarted(context_.program, child_options.arguments.front(), error));
    return false;
  }
  std::string address = known_address_;
  if (options_.here) address = "127.0.0.1";
  if (options_.local) address = options_.user_host;
  return ReadServer(*std::move(child), address);
}

bool Wrapper::ReadServer(ChildProcess child, absl::string_view known_address) {
  ServerOutput parser{std::string(known_address)};
  std::string bytes;
  std::string show;
  ServerOutput::State state = ServerOutput::State::kReading;
  while (state == ServerOutput::State::kReading && child.Read(bytes)) {
    state = parser.Feed(bytes, show);
    explicit_bzero(bytes.data(), bytes.size());
    bytes.clear();
    Print(stdout, show);
    show.clear();
  }
  state = parser.Finish(show);
  Print(stdout, show);
  child.CloseOutput();
  const int status = child.Wait();
  if (state == ServerOutput::State::kFailed) {
    const bool ours = absl::StartsWith(parser.failure(), "error:");
    Print(stderr,
          absl::StrCat(ours ? context_.program : "", ours ? " " : "", parser.failure(), "\n"));
    return false;
  }
  const bool connected = state == ServerOutput::State::kConnected;
  if (!connected || parser.address().empty()) {
    Print(stderr, Diagnose({.program = context_.program,
                            .options = &options_,
                            .route = &route_,
                            .output = parser.seen(),
                            .exit_status = status,
                            .have_address = !parser.address().empty(),
                            .have_connect = connected}));
    parser.WipeKey();
    return false;
  }
  if (parser.address_from_server()) {
    Print(stderr, absl::StrCat(context_.program, ": Using remote IP address ", parser.address(),
                               " from $SSH_CONNECTION for hostname ", options_.user_host, "\n"));
  }
  start_.address = parser.address();
  start_.port = parser.port();
  start_.key = parser.key();
  parser.WipeKey();
  return true;
}

int Wrapper::HandOver() {
  start_.arguments_shown = absl::StrCat("-# ", absl::StrJoin(context_.arguments, " "), " |");
  if (options_.client.empty()) {
    // In this very process: the key never stands in an environment that others could read.
    SetClientEnvironment(options_, "");
    // A bad network that was put in between ends with this process.
    if (options_.net.empty()) start_.target = options_.here ? "--here" : options_.user_host;
    return context_.run_client(std::move(start_));
  }
  SetClientEnvironment(options_, start_.key);
  execlp(options_.client.c_str(), options_.client.c_str(), start_.arguments_shown.c_str(),
         start_.address.c_str(), start_.port.c_str(), static_cast<char*>(nullptr));
  Print(stderr, DiagnoseNotStarted(context_.program, options_.client, errno));
  return kWrapperError;
}

}  // namespace

int RunWrapper(const WrapperContext& context) {
  OptionsResult parsed =
      ParseWrapperOptions(context.program, context.arguments, context.environment);
  Print(stdout, parsed.output);
  Print(stderr, parsed.errors);
  if (!parsed.options.has_value()) return parsed.exit_status;
  if (parsed.options->fake_proxy) {
    const std::string port =
        parsed.options->command.empty() ? "22" : parsed.options->command.front();
    const absl::Status status =
        RunProxyHelper(parsed.options->user_host, port, parsed.options->family, SystemLookup(),
                       {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
    if (status.ok()) return 0;
    Print(stderr, absl::StrCat(context.program, ": ", status.message(), "\n"));
    return kWrapperError;
  }
  if (parsed.options->resume.has_value()) {
    SetClientEnvironment(*parsed.options, "");
    return context.resume(context.program, *parsed.options->resume, context.environment);
  }
  if (parsed.options->forget.has_value()) {
    return context.forget(context.program, *parsed.options->forget, context.environment);
  }
  const bool list = parsed.options->list;
  Wrapper wrapper(context, *std::move(parsed.options));
  return list ? wrapper.List() : wrapper.Run();
}

}  // namespace mosh::client
