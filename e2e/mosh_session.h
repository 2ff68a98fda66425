// A whole mosh session for a test: a server, the bad-network relay, and a client in a terminal.
//
//   terminal + client ──▶ netem-relay ──▶ server + pty + command
//
// Which client and which server, and which I/O backend ours use, is a Pairing, a parameter of
// nearly every test.
#ifndef E2E_MOSH_SESSION_H_
#define E2E_MOSH_SESSION_H_

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "e2e/process.h"
#include "e2e/terminal_program.h"

namespace mosh::e2e {

struct Pairing {
  std::string client;   // "ours" or "stock"
  std::string server;   // "ours" or "stock"
  std::string backend;  // MOSH_IO_BACKEND of ours: "io_uring", "epoll"; "" for stock alone

  bool server_is_ours() const { return server == "ours"; }
  bool client_is_ours() const { return client == "ours"; }
  // As a test's name: "ours_stock_epoll".
  std::string Name() const;
  friend std::ostream& operator<<(std::ostream& out, const Pairing& p) { return out << p.Name(); }
};

// From the variable E2E_PAIRINGS: words such as "stock/stock" and "ours/stock/epoll", client first.
std::vector<Pairing> PairingsUnderTest();

// The program that this environment variable names (Bazel sets them, see defs.bzl), absolute. Ends
// the run if none.
std::string RequireVariable(const char* name);

// A folder with the pairing's client under both its names, "mosh" and "mosh-client".
std::string ClientFolder(const Pairing& pairing);

// The program's path: stock's through RequireTool, ours from E2E_OUR_CLIENT and E2E_OUR_SERVER.
std::string ServerPath(const Pairing& pairing);

// netem-relay (E2E_RELAY) in front of a server on 127.0.0.1.
class RelayProcess {
 public:
  RelayProcess(int server_port, const std::string& profile, const Environment& environment);
  ~RelayProcess();
  RelayProcess(const RelayProcess&) = delete;
  RelayProcess& operator=(const RelayProcess&) = delete;

  int port() const { return port_; }
  // Sends one control line (netem/relay/relay.h) and returns its answer.
  std::string Ask(absl::string_view line);
  // One number of the answer to "stats".
  long Stat(absl::string_view key);

 private:
  std::string ReadLine();
  int in_ = -1, out_ = -1;
  int port_ = 0;
  Process process_;
};

// A server that has said MOSH CONNECT and detached.
struct StartedServer {
  int port = 0;
  std::string key;
  Process process;     // the detached one
  std::string output;  // stdout and stderr, for messages
};
// `arguments` follow "mosh-server new". On failure port is 0 and output says why.
StartedServer StartServer(const std::string& path, const std::vector<std::string>& arguments,
                          const Environment& environment);

class MoshSession {
 public:
  struct Options {
    std::vector<std::string> command = {"/bin/sh"};
    TerminalSize size;
    std::string net = "clean";  // netem profile
    Environment extra;          // for both programs
    std::string predict = "never";
  };
  MoshSession(const Pairing& pairing, const Options& options);
  // Kills what is left.
  ~MoshSession();
  MoshSession(const MoshSession&) = delete;
  MoshSession& operator=(const MoshSession&) = delete;

  TerminalProgram& terminal() { return *terminal_; }
  RelayProcess& relay() { return *relay_; }
  Process& server() { return server_.process; }
  const std::string& mark() const { return mark_; }

  // The usual end: types Ctrl-^ . , and waits until client and server have gone. False with a
  // message: not so.
  bool Quit();
  // After both programs have ended: processes that should not be there any more.
  std::vector<std::string> Strays();
  // Everything a failed test's message should say.
  std::string Describe();

 private:
  std::string mark_;
  Pairing pairing_;
  StartedServer server_;
  std::unique_ptr<RelayProcess> relay_;
  std::unique_ptr<TerminalProgram> terminal_;
};

// A fresh value for MOSH_E2E_MARK.
std::string NewMark();

// The utmp entries whose host text names this server ("mosh [PID]"), as "line host". Empty also if
// there is no utmp.
std::vector<std::string> UtmpEntriesOf(pid_t server_pid);

}  // namespace mosh::e2e

#endif  // E2E_MOSH_SESSION_H_
