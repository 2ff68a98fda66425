// The program inside a benchmarked session. It talks to its terminal only, in raw mode, so that
// every byte counts.
//
//   workload echo                     prints READY, then every byte it reads
//   workload ready                    prints READY and waits
//   workload flood KIND BYTES         waits for a byte, prints BYTES of payload KIND and then DONE
//   on a clean screen workload endless KIND             waits for a byte, prints payload KIND until
//   it reads Ctrl-C, then STOPPED
//
// Ends at end of file or Ctrl-D.
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "bench/payload.h"

namespace {

constexpr char kEndOfFile = 4;
constexpr char kInterrupt = 3;
constexpr size_t kBlock = 1 << 20;
constexpr absl::string_view kCleanScreen = "\x1b[r\x1b[m\x1b[2J\x1b[H";

void MakeRaw() {
  termios tty;
  if (tcgetattr(STDIN_FILENO, &tty) != 0) {
    std::perror("workload needs a terminal");
    std::exit(1);
  }
  cfmakeraw(&tty);
  tcsetattr(STDIN_FILENO, TCSANOW, &tty);
}

bool WriteAll(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// On a clean screen, because a stock server leaves a blank first line.
void SayReady() {
  WriteAll(kCleanScreen);
  WriteAll("READY\r\n");
}

// The next byte, or kEndOfFile.
char ReadByte() {
  char byte;
  return read(STDIN_FILENO, &byte, 1) == 1 ? byte : kEndOfFile;
}

bool InterruptTyped() {
  pollfd waiting = {STDIN_FILENO, POLLIN, 0};
  return poll(&waiting, 1, 0) == 1 && ReadByte() == kInterrupt;
}

void WaitForEnd() {
  while (ReadByte() != kEndOfFile) {
  }
}

void Echo() {
  SayReady();
  char bytes[4096];
  ssize_t n;
  while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0) {
    const absl::string_view text(bytes, static_cast<size_t>(n));
    if (text.find(kEndOfFile) != absl::string_view::npos) return;
    if (!WriteAll(text)) return;
  }
}

void Flood(absl::string_view kind, size_t size) {
  const std::string block = mosh::bench::MakePayload(kind, kBlock);
  SayReady();
  ReadByte();
  for (size_t left = size; left > 0;) {
    const absl::string_view part = absl::string_view(block).substr(0, left);
    if (!WriteAll(part)) return;
    left -= part.size();
  }
  // The cut may be inside a sequence: CAN ends it.
  WriteAll("\x18");
  WriteAll(kCleanScreen);
  WriteAll("DONE\r\n");
  WaitForEnd();
}

void Endless(absl::string_view kind) {
  const std::string block = mosh::bench::MakePayload(kind, kBlock);
  SayReady();
  ReadByte();
  for (size_t at = 0; !InterruptTyped(); at = (at + 4096) % (kBlock - 4096)) {
    if (!WriteAll(absl::string_view(block).substr(at, 4096))) return;
  }
  // What an interrupted program leaves in the terminal's queue is thrown away, as the line
  // discipline does for Ctrl-C.
  tcflush(STDOUT_FILENO, TCOFLUSH);
  WriteAll("\x18");
  WriteAll(kCleanScreen);
  WriteAll("STOPPED\r\n");
  WaitForEnd();
}

}  // namespace

int main(int argc, char** argv) {
  const absl::string_view mode = argc > 1 ? argv[1] : "";
  uint64_t size = 0;
  if (mode == "echo" && argc == 2) {
    MakeRaw();
    Echo();
  } else if (mode == "ready" && argc == 2) {
    MakeRaw();
    SayReady();
    WaitForEnd();
  } else if (mode == "flood" && argc == 4 && absl::SimpleAtoi(argv[3], &size)) {
    MakeRaw();
    Flood(argv[2], size);
  } else if (mode == "endless" && argc == 3) {
    MakeRaw();
    Endless(argv[2]);
  } else {
    std::fprintf(stderr, "usage: workload echo | ready | flood KIND BYTES | endless KIND\n");
    return 2;
  }
  return 0;
}
