// The program: assembles a gate and what it needs, in the order that matters.
#ifndef SERVER_GATE_MOSHD_H_
#define SERVER_GATE_MOSHD_H_

namespace mosh::server::gate {

// main(). Gives the exit status.
int RunMoshd(int argc, char** argv);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_MOSHD_H_
