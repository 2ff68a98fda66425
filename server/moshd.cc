#include "server/gate/moshd.h"

int main(int argc, char* argv[]) { return mosh::server::gate::RunMoshd(argc, argv); }
