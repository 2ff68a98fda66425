// Which build of the program a process runs, to tell the Hosts of an earlier one. A number, the
// same for all processes of one executable file.
#ifndef SERVER_GATE_BUILD_ID_H_
#define SERVER_GATE_BUILD_ID_H_

#include <sys/stat.h>

#include <cstdint>

namespace mosh::server::gate {

inline uint64_t BuildId() {
  struct stat file;
  if (stat("/proc/self/exe", &file) != 0) return 0;
  uint64_t id = 0;
  for (const uint64_t part : {uint64_t(file.st_dev), uint64_t(file.st_ino), uint64_t(file.st_size),
                              uint64_t(file.st_mtim.tv_sec), uint64_t(file.st_mtim.tv_nsec)}) {
    id = (id ^ part) * 0x9e3779b97f4a7c15;
  }
  return id;
}

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_BUILD_ID_H_
