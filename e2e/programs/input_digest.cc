// input_digest N: puts its terminal into raw mode, reads N octets from it, and says how many it got
// and their digest (FNV-1a, 64 bits): "GOT n xxxxxxxxxxxxxxxx". Proves that typing arrives whole,
// once and in order.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long wanted = atol(argv[1]);
  termios modes;
  if (tcgetattr(0, &modes) != 0) return 1;
  const termios before = modes;
  cfmakeraw(&modes);
  tcsetattr(0, TCSANOW, &modes);
  printf("READY\r\n");
  fflush(stdout);
  uint64_t digest = 0xcbf29ce484222325u;
  long got = 0;
  char bytes[4096];
  while (got < wanted) {
    const ssize_t n = read(0, bytes, sizeof bytes);
    if (n <= 0) break;
    for (ssize_t i = 0; i < n; ++i)
      digest = (digest ^ static_cast<uint8_t>(bytes[i])) * 0x100000001b3u;
    got += n;
  }
  printf("GOT %ld %016lx\r\n", got, static_cast<unsigned long>(digest));
  fflush(stdout);
  static_cast<void>(!read(0, bytes, 1));
  tcsetattr(0, TCSANOW, &before);
  return 0;
}
