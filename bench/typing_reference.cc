#include "bench/typing_reference.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/measure.h"
#include "e2e/mosh_session.h"
#include "e2e/tools.h"

namespace mosh::bench {
namespace {

// A program that has been silent for so long and sleeps has answered. vim waits 20 ms after Escape.
constexpr double kQuiet = 60;
constexpr double kQuietAfterStart = 400;
constexpr double kQuietCommand = 150;  // Return may start other programs

const e2e::Deadline kNow = e2e::Deadline::In(std::chrono::seconds(0));

// The state letter in /proc/PID/stat, behind the name in brackets; 0: no such process.
char ProcessState(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');
  return name_end != std::string::npos && name_end + 2 < line.size() ? line[name_end + 2] : '\0';
}

}  // namespace

Picture TakePicture(const e2e::VtermScreen& screen) {
  Picture picture;
  picture.columns = screen.size().columns;
  picture.cells = screen.Characters();
  int row, column;
  screen.CursorPosition(&row, &column);
  picture.cursor = row * picture.columns + column;
  return picture;
}

bool OutputPieces::Begins(char c) {
  if (in_sequence_) {
    const bool opens = sequence_length_++ == 0 && c == '[';
    const bool intermediate = c >= ' ' && c <= (in_csi_ ? '?' : '/');
    in_csi_ |= opens;
    in_sequence_ = opens || intermediate;
    return false;
  }
  const bool control = static_cast<unsigned char>(c) < ' ';
  const bool begins = control || !in_text_;
  in_text_ = !control;
  in_sequence_ = c == '\x1b';
  in_csi_ = false;
  sequence_length_ = 0;
  return begins;
}

ReferenceTaker::ReferenceTaker(PreparedTrace* prepared, const e2e::Environment& environment)
    : prepared_(prepared),
      program_({.argv = prepared->trace.command, .environment = environment}),
      slow_(e2e::TerminalSize()),
      last_output_(NowMillis()) {}

bool ReferenceTaker::ProgramSleeps() {
  const pid_t foreground = tcgetpgrp(program_.fd());
  return foreground > 0 && ProcessState(foreground) == 'S';
}

void ReferenceTaker::ReadOutput(double now) {
  while (true) {
    program_.Pump(kNow);
    const absl::string_view output = program_.output();
    if (output.size() == seen_) return;
    last_output_ = now;
    for (; seen_ < output.size(); ++seen_) {
      if (pieces_.Begins(output[seen_]) && prepared_->reference != nullptr)
        passing_.push_back(TakePicture(slow_));
      slow_.Feed(output.substr(seen_, 1));
    }
  }
}

void ReferenceTaker::NoteAnswer() {
  if (prepared_->reference == nullptr) {
    prepared_->reference = std::make_unique<TypingReference>(TakePicture(slow_));
  } else {
    prepared_->reference->Add(TakePicture(slow_), passing_,
                              prepared_->trace.keys[next_ - 1].nature);
  }
  passing_.clear();
  const termios line = program_.modes();
  prepared_->answers.push_back(
      {.output = program_.output().substr(noted_),
       .modes = {.echo = (line.c_lflag & ECHO) != 0,
                 .canonical = (line.c_lflag & ICANON) != 0,
                 .foreground = static_cast<uint64_t>(tcgetpgrp(program_.fd()))}});
  noted_ = seen_;
}

void ReferenceTaker::Turn(double now) {
  ReadOutput(now);
  if (done()) return;
  const std::vector<TraceKey>& keys = prepared_->trace.keys;
  double quiet = kQuiet;
  if (prepared_->reference == nullptr) {
    quiet = kQuietAfterStart;
  } else if (keys[next_ - 1].bytes == "\r") {
    quiet = kQuietCommand;
  }
  wake_ = last_output_ + quiet;
  if (now < wake_) return;
  if (!ProgramSleeps()) {
    wake_ = now + 5;
    return;
  }
  NoteAnswer();
  done_ = next_ == keys.size();
  if (done_) return;
  program_.Type(keys[next_++].bytes);
  program_.Pump(kNow);
  last_output_ = NowMillis();
  wake_ = last_output_ + kQuiet;
}

std::map<std::string, PreparedTrace> PrepareTraces(const std::vector<std::string>& names,
                                                   unsigned seed, int keys,
                                                   const TracePrograms& programs) {
  std::map<std::string, PreparedTrace> prepared;
  for (const std::string& name : names)
    prepared[name].trace = MakeTrace(name, seed, keys, programs);
  std::vector<std::unique_ptr<ReferenceTaker>> takers;
  for (auto& [name, one] : prepared) {
    takers.push_back(std::make_unique<ReferenceTaker>(&one, e2e::BaseEnvironment(e2e::NewMark())));
  }
  std::vector<pollfd> fds;
  while (!takers.empty()) {
    fds.clear();
    double wake = std::numeric_limits<double>::infinity();
    for (const std::unique_ptr<ReferenceTaker>& taker : takers) {
      fds.push_back({taker->fd(), POLLIN, 0});
      wake = std::min(wake, taker->wake());
    }
    WaitUntil(fds, wake);
    std::erase_if(takers, [](const std::unique_ptr<ReferenceTaker>& taker) {
      taker->Turn(NowMillis());
      return taker->done();
    });
  }
  return prepared;
}

}  // namespace mosh::bench
