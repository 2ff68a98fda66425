// A child in a pseudo-terminal of its own: Reactor::SpawnPty.
#ifndef IO_PTY_H_
#define IO_PTY_H_

#include <memory>
#include <string>

#include "io/child.h"
#include "io/stream.h"

namespace mosh::io {

struct PtySpec {
  // Leader of a new session whose controlling terminal, and descriptors 0, 1, 2, are the pty.
  ChildSpec child;
  WindowSize size;
  // IUTF8: the line editor of the kernel erases whole UTF-8 characters.
  bool utf8 = true;
};

struct PtyProcess {
  // The master. Reads give 0 when the last process inside has closed the terminal; then destroy it.
  std::unique_ptr<Tty> master;
  std::unique_ptr<Child> child;
  // "/dev/pts/7".
  std::string slave_path;
};

}  // namespace mosh::io

#endif  // IO_PTY_H_
