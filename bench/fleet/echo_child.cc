// The program inside each session of the fleet: small, static, and answers every key by drawing it
// into the corner of the screen. With an argument it puts the key into the title, too.
#include <termios.h>
#include <unistd.h>

int main(int argc, char**) {
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
    const char key = keys[count - 1];
    const char answer[] = {'\r', key, '\033', ']', '0', ';', key, '\a'};
    if (write(1, answer, argc > 1 ? sizeof answer : 2) < 0) break;
  }
  return 0;
}
