// The program inside each session of the fleet: small, static, and answers every key by drawing it
// into the corner of the screen.
#include <termios.h>
#include <unistd.h>

int main() {
  termios modes;
  if (tcgetattr(0, &modes) == 0) {
    cfmakeraw(&modes);
    tcsetattr(0, TCSANOW, &modes);
  }
  const char prompt[] = "\033[2J\033[H$";
  if (write(1, prompt, sizeof prompt - 1) < 0) return 1;
  char keys[256];
  ssize_t count;
  while ((count = read(0, keys, sizeof keys)) > 0) {
    const char answer[2] = {'\r', keys[count - 1]};
    if (write(1, answer, sizeof answer) < 0) break;
  }
  return 0;
}
