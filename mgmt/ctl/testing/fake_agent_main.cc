// Stands for mosh-agent where moshctl starts one: `mosh-agent --listen-unix PATH
// --exit-with-parent` serves sample sessions. MOSH_FAKE_AGENT=fail: it says why it can't, and ends.
#include <signal.h>
#include <sys/prctl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "mgmt/ctl/testing/fake_fleet.h"

int main(int argc, char** argv) {
  if (argc != 4 || strcmp(argv[1], "--listen-unix") != 0 ||
      strcmp(argv[3], "--exit-with-parent") != 0) {
    fputs("usage\n", stderr);
    return 1;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getenv("MOSH_FAKE_AGENT") != nullptr) {
    fputs("starting\nthe moon is full\n", stderr);
    return 1;
  }
  mosh::mgmt::ctl::FakeFleet fleet;
  mosh::mgmt::ctl::ServeAt(argv[2], &fleet)->Wait();
}
