// The wrapper as a program, with scripts in the places of ssh and of the client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace mosh::client {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kConnect[] = "MOSH CONNECT 60001 SF/MlfhoOVaLoagbnZgzHQ";

struct Outcome {
  std::string text;  // both streams
  int status;
};

class WrapperTest : public ::testing::Test {
 protected:
  WrapperTest() {
    directory_ = absl::StrCat(getenv("TEST_TMPDIR"), "/wrapper.XXXXXX");
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    char here[4096];
    EXPECT_NE(getcwd(here, sizeof(here)), nullptr);
    program_ = absl::StrCat(here, "/client/mosh");
    // The client: counts colours, else says what it was started with.
    Script("client",
           "if [ \"$1\" = -c ]; then echo 256; exit 0; fi\n"
           "echo \"client:[$1][$2][$3] key=$MOSH_KEY predict=$MOSH_PREDICTION_DISPLAY "
           "over=$MOSH_PREDICTION_OVERWRITE init=$MOSH_NO_TERM_INIT escape=$MOSH_ESCAPE_KEY "
           "same=$([ \"$MOSH_CLIENT_PID\" = $$ ] && echo yes)\"\n");
  }

  void Script(const std::string& name, const std::string& body) {
    const std::string path = absl::StrCat(directory_, "/", name);
    std::ofstream(path) << "#!/bin/sh\n" << body;
    EXPECT_EQ(chmod(path.c_str(), 0755), 0);
  }

  // An ssh that leaves its arguments in a file and then does as `body` says.
  void Ssh(const std::string& body) {
    Script("fake",
           absl::StrCat("for a in \"$@\"; do echo \"[$a]\"; done > ", directory_, "/arguments\n",
                        "env > ", directory_, "/environment\n", body, "\n"));
  }
  std::string Left(const std::string& name) {
    std::ifstream file(absl::StrCat(directory_, "/", name));
    return (std::stringstream() << file.rdbuf()).str();
  }

  Outcome Run(const std::string& arguments) {
    const std::string command =
        absl::StrCat("env -u LC_ALL -u LC_CTYPE -u MOSH_PREDICTION_DISPLAY LANG=C.UTF-8 ", program_,
                     " --client=", directory_, "/client --ssh=", directory_, "/fake ", arguments,
                     " </dev/null 2>&1");
    FILE* pipe = popen(command.c_str(), "r");
    Outcome outcome;
    char buffer[4096];
    size_t count;
    while ((count = fread(buffer, 1, sizeof(buffer), pipe)) > 0) outcome.text.append(buffer, count);
    outcome.status = WEXITSTATUS(pclose(pipe));
    return outcome;
  }

  std::string directory_;
  std::string program_;
};

TEST_F(WrapperTest, HandsOverToTheClient) {
  Ssh(absl::StrCat("echo banner; echo MOSH IP 192.0.2.9 >&2; echo; echo '", kConnect, "'"));
  const Outcome outcome = Run("-a -o --no-init --escape-key=~ u@h -- ls -l");
  EXPECT_THAT(outcome.text, StartsWith("banner\n"));
  EXPECT_THAT(outcome.text,
              HasSubstr(" -a -o --no-init --escape-key=~ u@h -- ls -l |][192.0.2.9][60001] "
                        "key=SF/MlfhoOVaLoagbnZgzHQ predict=always over=yes init=1 escape=~ "
                        "same=yes"));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(Left("arguments"),
              AllOf(StartsWith("[-n]\n[-tt]\n[-S]\n[none]\n[-o]\n[ProxyCommand='/"),
                    EndsWith("[u@h]\n[--]\n[mosh-server 'new' '-c' '256' '-s' '-l' 'LANG=C.UTF-8' "
                             "'--' 'ls' '-l']\n")));
  EXPECT_THAT(Left("environment"),
              AllOf(HasSubstr("\nSHELL=/bin/sh\n"), HasSubstr("MOSH_CLIENT_PID="),
                    Not(HasSubstr("MOSH_PREDICTION_DISPLAY")), Not(HasSubstr("SF/Mlfho"))));
}

TEST_F(WrapperTest, RemoteModeTakesTheServersWord) {
  Ssh(absl::StrCat("echo 'MOSH SSH_CONNECTION 198.51.100.1 5 192.0.2.7 22'; echo '", kConnect,
                   "'"));
  const Outcome outcome = Run("--remote-ip=remote h");
  EXPECT_THAT(
      outcome.text,
      AllOf(HasSubstr("Using remote IP address 192.0.2.7 from $SSH_CONNECTION for hostname h"),
            HasSubstr("[192.0.2.7][60001]")));
}

TEST_F(WrapperTest, LocalModeLooksUpHere) {
  Ssh(absl::StrCat("echo '", kConnect, "'"));
  EXPECT_THAT(Run("--remote-ip=local u@127.0.0.1").text, HasSubstr("[127.0.0.1][60001]"));
  EXPECT_THAT(Left("arguments"), HasSubstr("[u@127.0.0.1]\n"));
}

TEST_F(WrapperTest, JumpHostMeansAskingTheServer) {
  // Named ssh, and so asked with -G first.
  Script("ssh", absl::StrCat("case \"$*\" in *-G*) echo proxyjump gate; exit;; esac\n",
                             "echo 'MOSH SSH_CONNECTION 198.51.100.1 5 192.0.2.7 22'; echo '",
                             kConnect, "'"));
  const Outcome outcome = Run(absl::StrCat("--ssh=", directory_, "/ssh h"));
  EXPECT_THAT(outcome.text,
              AllOf(HasSubstr("through the jump host gate"), HasSubstr("[192.0.2.7][60001]")));
}

TEST_F(WrapperTest, SaysWhatWentWrong) {
  Ssh("echo 'sh: mosh-server: command not found' >&2; exit 127");
  EXPECT_THAT(Run("--remote-ip=local 127.0.0.1").text,
              AllOf(HasSubstr("command not found"), HasSubstr("Install it")));
  Ssh("echo MOSH IP 192.0.2.9; echo 'Permission denied (publickey).'; exit 255");
  EXPECT_THAT(Run("h").text, HasSubstr("refused the login"));
  Ssh("echo 'MOSH IP 192.0.2.9'; echo 'MOSH IP 192.0.2.8'");
  EXPECT_THAT(Run("h").text, HasSubstr("mosh error: detected attempt to redefine MOSH IP."));
  Ssh("exit 0");
  EXPECT_THAT(Run("h").text, HasSubstr("Did not find remote IP address"));
  EXPECT_NE(Run("h").status, 0);
  EXPECT_THAT(Run("--ssh=/no/such/ssh h").text, HasSubstr("Cannot run \"/no/such/ssh\""));
  EXPECT_THAT(Run("--client=/no/such/client h").text, HasSubstr("Can't count colors"));
}

TEST_F(WrapperTest, LocalServer) {
  Script("server", absl::StrCat("echo \"$@\" >", directory_, "/arguments; echo '", kConnect, "'"));
  const Outcome outcome =
      Run(absl::StrCat("--local --server=", directory_, "/server 127.0.0.1 top"));
  EXPECT_THAT(outcome.text, HasSubstr("[127.0.0.1][60001]"));
  EXPECT_EQ(Left("arguments"), "new -c 256 -i 127.0.0.1 -l LANG=C.UTF-8 -- top\n");
}

TEST_F(WrapperTest, ListsSessions) {
  Ssh("echo 'ID  AGE'; echo warning >&2");
  const Outcome outcome = Run("--list u@h");
  EXPECT_EQ(outcome.text, "ID  AGE\nwarning\n");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(Left("arguments"), "[-n]\n[u@h]\n[--]\n[mosh-server 'list' '--columns=0']\n");
  Script("server", absl::StrCat("echo \"$@\" >", directory_, "/arguments; echo here"));
  EXPECT_EQ(Run(absl::StrCat("--here --list --server=", directory_, "/server")).text, "here\n");
  EXPECT_EQ(Left("arguments"), "list --columns=0\n");
}

TEST_F(WrapperTest, ListFromAnOldServer) {
  Ssh("echo 'Usage: mosh-server new [-s]' >&2; exit 1");
  const Outcome outcome = Run("--list u@h");
  EXPECT_THAT(outcome.text, HasSubstr("stock's or an old one"));
  EXPECT_EQ(outcome.status, 1);
}

TEST_F(WrapperTest, AttachesToASession) {
  Ssh(absl::StrCat("echo MOSH IP 192.0.2.9; echo '", kConnect, "'"));
  EXPECT_THAT(Run("--attach=k3x --steal u@h").text, HasSubstr("[192.0.2.9][60001]"));
  EXPECT_THAT(Left("arguments"),
              EndsWith("[u@h]\n[--]\n[mosh-server 'attach' 'k3x' '--steal' 'new' '-c' '256' '-s' "
                       "'-l' 'LANG=C.UTF-8']\n"));
  Ssh("echo MOSH IP 192.0.2.9; echo 'mosh-server: no session k3x' >&2; exit 2");
  EXPECT_THAT(Run("--attach=k3x u@h").text,
              AllOf(HasSubstr("no session k3x"), HasSubstr("--list u@h")));
}

TEST_F(WrapperTest, HereWithABadNetwork) {
  Script("server", absl::StrCat("echo '", kConnect, "'"));
  const std::string server = absl::StrCat("--here --server=", directory_, "/server ");
  EXPECT_THAT(Run(server).text, HasSubstr("[127.0.0.1][60001]"));
  EXPECT_THAT(Run(server + "--net=delay=10").text,
              AllOf(HasSubstr("[127.0.0.1]["), Not(HasSubstr("[60001]"))));
  EXPECT_THAT(Run(server + "--net=nonsense").text, HasSubstr("--net=nonsense: "));
}

TEST_F(WrapperTest, OwnClientWantsATerminal) {
  const std::string command = absl::StrCat(program_, " h </dev/null 2>&1");
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096] = {};
  EXPECT_GT(fread(buffer, 1, sizeof(buffer) - 1, pipe), 0);
  EXPECT_NE(pclose(pipe), 0);
  EXPECT_THAT(buffer, HasSubstr("Standard input is not a terminal"));
}

}  // namespace
}  // namespace mosh::client
