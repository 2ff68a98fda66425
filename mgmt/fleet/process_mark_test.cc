#include "mgmt/fleet/process_mark.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

TEST(ProcessMark, IsReadAsItWasWritten) {
  const ProcessMark mark = MarkOfThisProcess("abc");
  EXPECT_EQ(mark.pid, getpid());
  EXPECT_GT(mark.start, 0u);
  const auto read = ParseProcessMark(ToText(mark));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, mark);
}

TEST(ProcessMark, PassesOverWhatLaterVersionsAdd) {
  const auto read = ParseProcessMark("abc pid=7 colour=blue start=9");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->pid, 7);
  EXPECT_EQ(read->start, 9u);
}

TEST(ProcessMark, RefusesWhatIsNone) {
  for (const char* text : {"", "abc pid=x", "abc pid=-1", "abc pid=99999999999", "abc pid=0",
                           "abc start=", "abc pidns=a"}) {
    EXPECT_FALSE(ParseProcessMark(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseProcessMark(std::string(2'000, 'a')).has_value());
  EXPECT_FALSE(ParseProcessMark(absl::string_view()).has_value());
}

TEST(ProcessMark, SeesThatAProcessHasEnded) {
  const ProcessMark own = MarkOfThisProcess("own");
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = ToText(MarkOfThisProcess("child"));
    [[maybe_unused]] const ssize_t written = write(pipes[1], text.data(), text.size());
    pause();
    _exit(0);
  }
  char text[500];
  const ssize_t size = read(pipes[0], text, sizeof text);
  ASSERT_GT(size, 0);
  const auto mark = ParseProcessMark(absl::string_view(text, static_cast<size_t>(size)));
  ASSERT_TRUE(mark.has_value());
  EXPECT_FALSE(HasEnded(*mark, own));

  ProcessMark elsewhere = *mark;
  elsewhere.boot = "another";
  ProcessMark reused = *mark;
  reused.start += 1;
  EXPECT_TRUE(HasEnded(reused, own));

  kill(child, SIGKILL);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(HasEnded(*mark, own));  // not yet reaped
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(HasEnded(*mark, own));
  EXPECT_FALSE(HasEnded(elsewhere, own));
  close(pipes[0]);
  close(pipes[1]);
}

}  // namespace
}  // namespace mosh::mgmt
