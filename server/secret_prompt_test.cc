#include "server/secret_prompt.h"

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

termios Settings(tcflag_t local, tcflag_t input) {
  termios settings = {};
  settings.c_lflag = local;
  settings.c_iflag = input;
  return settings;
}

TEST(SecretPrompt, AnEchoingTerminalAsksForNothingSecret) {
  EXPECT_FALSE(AsksForSecret(Settings(ECHO | ICANON | ISIG, ICRNL)));
  EXPECT_FALSE(AsksForSecret(Settings(ECHO | ISIG, ICRNL))) << "single keys, echoed";
}

TEST(SecretPrompt, LinesWithoutEchoAreSecret) {
  EXPECT_TRUE(AsksForSecret(Settings(ICANON | ISIG, ICRNL)));
  EXPECT_TRUE(AsksForSecret(Settings(ICANON, 0)));
  EXPECT_TRUE(AsksForSecret(Settings(ICANON | ECHONL, ICRNL))) << "only the line's end is echoed";
}

TEST(SecretPrompt, KeysWithoutEchoAreSecretWhileReturnIsANewline) {
  EXPECT_TRUE(AsksForSecret(Settings(ISIG, ICRNL))) << "read -s -n 4";
}

TEST(SecretPrompt, LineEditorsAndFullScreenProgramsDrawWhatIsTyped) {
  EXPECT_FALSE(AsksForSecret(Settings(ISIG, IXON))) << "readline";
  EXPECT_FALSE(AsksForSecret(Settings(0, 0))) << "an editor";
  EXPECT_FALSE(AsksForSecret(Settings(ISIG, ICRNL | INLCR))) << "a line editor that swaps them";
}

}  // namespace
}  // namespace mosh::server
