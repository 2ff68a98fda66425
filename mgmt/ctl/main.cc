// moshctl. Assembles and does nothing else.
#include <cstdlib>

#include "mgmt/ctl/run_moshctl.h"

int main(int argc, char** argv) {
  // gRPC would write its own complaints over a live screen; what matters comes back as a status.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  return mosh::mgmt::ctl::RunMoshctl({argv + 1, argv + argc},
                                     mosh::mgmt::ctl::SurroundingsOfProcess());
}
