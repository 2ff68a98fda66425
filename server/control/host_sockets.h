// The names of the control sockets in a runtime directory, and which of them to ask.
//
//   PID.sock             a Host's own
//   moshd.sock           the gate's, of a moshd that an ordinary user runs
//   moshd.sock.running   the same gate's, for whoever wants no Host to be started
#ifndef SERVER_CONTROL_HOST_SOCKETS_H_
#define SERVER_CONTROL_HOST_SOCKETS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace mosh::server {

std::string HostSocketPath(const std::string& directory, pid_t pid);

// Paths of the Hosts' sockets there, in the order of their numbers. Empty if it can't be read.
std::vector<std::string> HostSockets(const std::string& directory);

// Removes sockets that nobody listens on and whose process is gone.
void RemoveDeadHostSockets(const std::string& directory);

// Where a moshd listens, if there is one: what MOSHD_SOCKET names (empty: none shall be asked),
// else the machine's, else the user's own in `directory` (empty: there is none).
std::string GateSocket(const std::optional<std::string>& moshd_socket,
                       const std::string& directory);

// Where the same moshd hands connections to a Host that there is already, and closes those of users
// who have none: for looking, which shall start nothing.
std::string RunningHostsSocket(const std::string& gate_socket);

// GateSocket from this process's surroundings.
std::string GateSocketOfProcess();

// All that this process can ask: the Hosts' and a moshd's. Clears away dead ones first. Why the
// runtime directory can't be used, if so, goes to `problem` unless that is null.
std::vector<std::string> ControlSockets(std::string* problem);

}  // namespace mosh::server

#endif  // SERVER_CONTROL_HOST_SOCKETS_H_
